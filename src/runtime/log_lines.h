// SPDX-License-Identifier: Apache-2.0
/* Lines of a container's log, whatever its format: pieces are joined, also across rotated files, and what is left of
 * damaged records is kept. */
#ifndef LT_RUNTIME_LOG_LINES_H
#define LT_RUNTIME_LOG_LINES_H

#include "clock/log_clock.h"

/* One record of a log. */
struct lt_log_record {
    unsigned stream; /* 0 stdout, 1 stderr */
    struct lt_str text;
    struct lt_time time;
    uint64_t offset;
    bool complete; /* it ends its line */
};

/* A line of which some pieces are still to come. */
struct lt_log_pending {
    struct lt_buf text;
    struct lt_str file; /* of its first piece */
    uint64_t offset;
    struct lt_time time; /* of that piece */
    bool open;
};

/* One log of one container, with all its rotated files, oldest first. Initialise the first members; release with
 * lt_log_lines_free(). */
struct lt_log_lines {
    struct lt_ctx *ctx;
    const struct lt_container *container;
    struct lt_log_clock *clock; /* the container's */
    enum lt_kind kind;
    bool one_time; /* all pieces of a line have the time of the first: a piece with another time is of another line */
    struct lt_log_pending pending[LT_LOG_STREAMS];
    struct lt_str path;     /* of the current file */
    struct lt_time written; /* its mtime; unset if unknown */
};

/* Begin with the file at `path`, of which `*stream` gives the bytes. LT_END: it cannot be read, which is reported. */
enum lt_status lt_log_lines_open(struct lt_log_lines *lines, struct lt_str path, struct lt_stream **stream);

/* Append a record to the pending line of its stream, and emit what is complete. A line of more than 1 MiB comes in
 * parts. */
enum lt_status lt_log_lines_add(struct lt_log_lines *lines, const struct lt_log_record *record, struct lt_err *err);

/* Emit the text of a record without a time. It is bounded by the line before it, and by `last` or else the file's
 * mtime. Nothing is emitted if neither bound is known. */
enum lt_status lt_log_lines_half(struct lt_log_lines *lines, struct lt_str text, uint64_t offset, struct lt_time last,
                                 struct lt_err *err);

/* Count and report NUL bytes at the start. After a power loss, a log may hold them where data never reached the
 * disk. */
size_t lt_log_lines_nul(struct lt_log_lines *lines, struct lt_str bytes, uint64_t offset);

/* `text` without NUL bytes at its end: space that was never written. */
struct lt_str lt_log_without_nul(struct lt_str text);

/* The log ends: emit the lines that lack their end. */
enum lt_status lt_log_lines_end(struct lt_log_lines *lines, struct lt_err *err);

void lt_log_lines_free(struct lt_log_lines *lines);

/* Is the decompressed file, as far as it can be read, a prefix of the plain one? Then compression was under way when
 * the host stopped, and the file adds nothing: the plain file is removed only afterwards. */
bool lt_log_is_copy(struct lt_fs *fs, struct lt_str plain, struct lt_str packed);

#endif
