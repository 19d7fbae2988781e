// SPDX-License-Identifier: Apache-2.0
/* Files that no layer has any more. */
#ifndef LT_COMMAND_CAT_FREED_H
#define LT_COMMAND_CAT_FREED_H

#include "run/job.h"

/* Write what is left of a deleted file: at `path` in `container`, or of the host if that is NULL. Of several states it
 * is the newest, or that of --state. Lost parts are zeros; they are said on stderr, and the run is then incomplete.
 * LT_END: nothing is left, and `err`, unless it was set before, says so. LT_SKIP with LT_CODE_USAGE: there is no such
 * state. LT_FATAL: the run must end. */
enum lt_status lt_cat_freed(struct lt_job *job, const struct lt_container *container, const char *path,
                            struct lt_err *err);

#endif
