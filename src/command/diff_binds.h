// SPDX-License-Identifier: Apache-2.0
/* The part of `diff -v` about what a container binds of the host: what changed there while it may have run. Whether it
 * was the container that changed it, nothing on the disk tells. */
#ifndef LT_COMMAND_DIFF_BINDS_H
#define LT_COMMAND_DIFF_BINDS_H

#include "command/record.h"

/* Does the container bind anything of the host for writing? */
bool lt_diff_has_binds(struct lt_job *job, const struct lt_container *container);

/* Append a record for each entry that changed, sorted by path, in the run arena. */
enum lt_status lt_diff_binds(struct lt_job *job, const struct lt_container *container, struct lt_list *records,
                             struct lt_err *err);

/* Append their table to the output. */
void lt_diff_binds_table(struct lt_buf *out, const struct lt_list *records, const struct lt_style *style);

#endif
