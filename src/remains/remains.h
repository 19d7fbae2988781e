// SPDX-License-Identifier: Apache-2.0
/* Logs that were deleted, and logs that lie in blocks which no file owns (--carve). Their lines are noted before any
 * log is read, and told when all were: a line that a log still has is told there. The map of this room:
 *
 *   carved_lines.c   the lines of one log; tells them
 *   carved.c         finds the logs, and notes their lines */
#ifndef LT_REMAINS_REMAINS_H
#define LT_REMAINS_REMAINS_H

#include "evidence/deleted.h"
#include "model/runtime.h"
#include "read/carving.h"
#include "runtime/known_lines.h"
#include "runtime/log_lines.h"

/* What was found of a host: lt_host.remains. */
struct lt_remains_found {
    struct lt_list logs;         /* of struct lt_carved_log * */
    struct lt_list problems;     /* of struct lt_err *: what could not be searched */
    struct lt_known_lines lines; /* of the logs */
    uint64_t forgotten;          /* lines that there was no room to note */
    struct lt_container nobody;  /* whose the lines are that nothing attributes: rows keep their owner */
};

/* A log that was found. All lives as long as the run. */
struct lt_carved_log {
    struct lt_str path;
    uint64_t size;                        /* bytes */
    const struct lt_container *container; /* NULL: nothing tells, but perhaps `hint` */
    struct lt_str hint;
    lt_tags tags; /* of its lines */
    lt_log_reader *reader;
    struct lt_fs *fs;
    const struct lt_deleted *deleted; /* either this */
    const struct lt_carved *carved;   /* or that */
};

/* Append the first `size` bytes, or all. False: they cannot be read to their end. */
bool lt_carved_load(const struct lt_carved_log *log, size_t size, struct lt_buf *out, struct lt_err *err);

/* Note the lines of the log. */
void lt_carved_note(struct lt_ctx *ctx, const struct lt_carved_log *log);

#endif
