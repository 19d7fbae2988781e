// SPDX-License-Identifier: Apache-2.0
/* What must not be written: the evidence, and whatever it lies in. */
#ifndef LT_RUN_UNWRITTEN_H
#define LT_RUN_UNWRITTEN_H

#include "run/job.h"

/* Would a file at `path`, which need not exist, be written into evidence? That is so if it is, or replaces, a file that
 * the evidence consists of, if it lies below a directory of it, or on a file system that is mounted from it: from the
 * block device given or a part of it, also through LVM and the like, or from the image through a loop device. Of a live
 * host, whose root holds every path, the stores count. */
bool lt_is_unwritten(const struct lt_job *job, const char *path);

/* Is the evidence the root of this machine? */
bool lt_is_live(const struct lt_evidence *evidence);

#endif
