// SPDX-License-Identifier: Apache-2.0
/* Files that a container made and deleted again. */
#ifndef LT_COMMAND_DIFF_FREED_H
#define LT_COMMAND_DIFF_FREED_H

#include "base/err.h"
#include "base/list.h"

struct lt_job;
struct lt_container;

/* Add a record for each file of the container's rw layer that is gone, and of which freed inodes have something: the
 * last state of each. LT_FATAL: the run must end. */
enum lt_status lt_diff_freed(struct lt_job *job, const struct lt_container *container, struct lt_list *records,
                             struct lt_err *err);

#endif
