// SPDX-License-Identifier: Apache-2.0
/* The runs of a container, made out of what witnesses that it started, lived or ended. Nothing is made up: a start or
 * an end that nobody witnesses has bounds at most. */
#ifndef LT_COMMAND_RUN_FOLD_H
#define LT_COMMAND_RUN_FOLD_H

#include "model/event.h"

/* What is witnessed, and on which side of the time that is: see runs.def. */
enum lt_sign_what { LT_SIGN_NOTHING, LT_SIGN_START, LT_SIGN_ALIVE, LT_SIGN_END };
enum lt_sign_side { LT_SIGN_AT, LT_SIGN_AFTER, LT_SIGN_BEFORE };

/* One witness of a container's life. */
struct lt_sign {
    enum lt_sign_what what;
    enum lt_sign_side side;
    unsigned rank;              /* the lowest of several witnesses gives the time */
    struct lt_time time;        /* by the host's clock; always set */
    struct lt_time until;       /* of several signs of life so close that they are one: the last */
    int64_t gap;                /* nanoseconds that two of these are apart at most; 0: it is one */
    struct lt_time first, last; /* bounds of an end that is inexact; either may be unset */
    const char *by;             /* the witness in words: static, or in the run arena */
    struct lt_str path;         /* of the file that says so */
    uint64_t offset;            /* of the line or item in it, if has_offset */
    bool has_offset, has_exit_code;
    int64_t exit_code;
};

/* A start or an end. */
struct lt_moment {
    struct lt_time time;        /* unset: nobody witnesses it */
    struct lt_time first, last; /* bounds if it is inexact; either may be unset */
    bool exact;                 /* its time was recorded as such */
    bool bounded;               /* bounds of it were recorded */
    unsigned rank;
    const char *by; /* NULL: nobody */
    struct lt_str path;
    uint64_t offset; /* if has_offset */
    bool has_offset;
};

/* An interval in which a container ran. */
struct lt_run {
    struct lt_moment started, ended;
    bool open;           /* no end is witnessed, and no later start */
    struct lt_time seen; /* its last sign of life or of its start; unset: there is none */
    const char *seen_by;
    bool has_exit_code;
    int64_t exit_code;
};

/* Two signs of one start, or of one end, are never further apart than this, in nanoseconds; nor is what a container
 * wrote from its end, when the daemon writes it down late. */
extern const int64_t lt_run_spread;

/* Fold `signs` (of struct lt_sign *, which are sorted) into runs in order of time: struct lt_run * in `arena`, appended
 * to `out`. `created` bounds the first start; it may be unset. */
void lt_runs_fold(struct lt_list *signs, struct lt_time created, struct lt_arena *arena, struct lt_list *out);

#endif
