// SPDX-License-Identifier: Apache-2.0
/* --removed: what stores have no more, joined from all that still tells of it. */
#ifndef LT_COMMAND_REMOVED_H
#define LT_COMMAND_REMOVED_H

#include "run/job.h"

/* Write the removed containers of all stores, oldest first, each cell with its witness in `witnesses`. */
enum lt_status lt_removed_containers(struct lt_job *job, struct lt_err *err);

/* The same of images, of which those are that only a container still names; and of volumes. */
enum lt_status lt_removed_images(struct lt_job *job, struct lt_err *err);
enum lt_status lt_removed_volumes(struct lt_job *job, struct lt_err *err);

#endif
