// SPDX-License-Identifier: Apache-2.0
/* Lines of a container's log, whatever its format: pieces are joined, also across rotated files, and what is left of
 * damaged records is kept. */
#ifndef LT_RUNTIME_LOG_LINES_H
#define LT_RUNTIME_LOG_LINES_H

#include "clock/log_clock.h"

/* What becomes of lines. */
enum lt_log_use {
    LT_LOG_TELL,  /* they are emitted */
    LT_LOG_NOTE,  /* they are noted in lt_host.known_lines */
    LT_LOG_AGAIN, /* those that were noted, and that no other log had, are emitted */
};

/* One record of a log. */
struct lt_log_record {
    unsigned stream; /* 0 stdout, 1 stderr */
    struct lt_str text;
    struct lt_time time;
    uint64_t offset;
    bool complete;               /* it ends its line */
    const struct lt_list *attrs; /* of struct lt_str *: "key=value", may hold secrets; NULL: none */
    bool cut;                    /* its end is lost */
};

/* What is left of a record whose beginning or end is lost. What is lost is unset or "". */
struct lt_log_half {
    struct lt_str stream, text;
    struct lt_time time;         /* its own */
    struct lt_time after, next;  /* else: it is not earlier than this, or that of the line before it; and that of the
                                  * record after it */
    const struct lt_list *attrs; /* as in a record */
    uint64_t offset;
};

/* A line of which some pieces are still to come. */
struct lt_log_pending {
    struct lt_buf text;
    struct lt_str file; /* of its first piece */
    uint64_t offset;
    struct lt_time time;   /* of that piece */
    struct lt_list attrs;  /* of that piece, without secrets */
    struct lt_arena arena; /* holds them */
    bool open, cut;
};

/* One log of one container, with all its rotated files, oldest first. Initialise the first members; release with
 * lt_log_lines_free(). */
struct lt_log_lines {
    struct lt_ctx *ctx;
    const struct lt_container *container;
    struct lt_log_clock *clock; /* the container's */
    enum lt_kind kind;
    enum lt_log_use use;
    lt_tags tags;       /* of each line */
    struct lt_str hint; /* whose the log may be; "": its container is known, or there is no hint */
    bool one_time; /* all pieces of a line have the time of the first: a piece with another time is of another line */
    struct lt_log_pending pending[LT_LOG_STREAMS];
    struct lt_arena half;   /* for the attributes of a damaged record */
    struct lt_str path;     /* of the current file */
    struct lt_time written; /* its mtime; unset if unknown */
    uint64_t forgotten;     /* lines that there was no room to note */
    uint64_t kept;          /* damaged records of which something was emitted */
};

/* Begin with the file at `path`, of which `*stream` gives the bytes. LT_END: it cannot be read, which is reported. */
enum lt_status lt_log_lines_open(struct lt_log_lines *lines, struct lt_str path, struct lt_stream **stream);

/* Append a record to the pending line of its stream, and emit what is complete. A line of more than 1 MiB comes in
 * parts. */
enum lt_status lt_log_lines_add(struct lt_log_lines *lines, const struct lt_log_record *record, struct lt_err *err);

/* Emit what is left of a record, with the tag recovered. If its own time is lost, it is bounded by the line before it,
 * and by the one after it or else the file's mtime; nothing is emitted if neither is known, or if the text is lost as
 * well. */
enum lt_status lt_log_lines_half(struct lt_log_lines *lines, const struct lt_log_half *half, struct lt_err *err);

/* Count and report NUL bytes at the start. After a power loss, a log may hold them where data never reached the
 * disk. */
size_t lt_log_lines_nul(struct lt_log_lines *lines, struct lt_str bytes, uint64_t offset);

/* `text` without NUL bytes at its end: space that was never written. */
struct lt_str lt_log_without_nul(struct lt_str text);

/* The log ends: emit the lines that lack their end. */
enum lt_status lt_log_lines_end(struct lt_log_lines *lines, struct lt_err *err);

void lt_log_lines_free(struct lt_log_lines *lines);

#endif
