// SPDX-License-Identifier: Apache-2.0
/* Errors. Every function that can fail takes a caller-owned `struct lt_err *err` last and returns a graded status. The
 * first error wins: lt_fail() on a set error changes nothing, so the root cause is reported. */
#ifndef LT_BASE_ERR_H
#define LT_BASE_ERR_H

#include <stdbool.h>

enum lt_status {
    LT_OK = 0,
    LT_END = 1,    /* nothing more to read, or the item looked for is absent: not an error */
    LT_SKIP = -1,  /* this item is lost; report it and continue with the next */
    LT_FATAL = -2, /* the run cannot continue */
};

/* Stable codes of error items (`code` in --errors): short words that scripts can count. */
#define LT_CODE_UNREADABLE  "unreadable"  /* the system refused; sys holds errno */
#define LT_CODE_MISSING     "missing"     /* a file that must be there is not */
#define LT_CODE_DAMAGED     "damaged"     /* contents that cannot be decoded */
#define LT_CODE_BAD_ID      "bad-id"      /* an identifier that does not follow its grammar */
#define LT_CODE_TOO_LARGE   "too-large"   /* exceeds a named cap */
#define LT_CODE_CYCLE       "cycle"       /* a chain that leads back to itself */
#define LT_CODE_UNSUPPORTED "unsupported" /* recognised, but this version cannot read it */
#define LT_CODE_TRUNCATED   "truncated"   /* evidence is shorter than it claims */
#define LT_CODE_JOURNAL     "journal"     /* a file system journal that was not replayed */
#define LT_CODE_BAD_TIME    "bad-time"    /* text or bytes that are not a time */
#define LT_CODE_TYPE        "wrong-type"  /* a FIFO, device, link... where a file must be */
#define LT_CODE_OUTPUT      "output"      /* writing failed */
#define LT_CODE_USAGE       "usage"
#define LT_CODE_INTERRUPTED "interrupted"
#define LT_CODE_INTERNAL    "internal" /* a broken invariant of this program */

struct lt_err {
    bool set;
    enum lt_status status;
    int sys;          /* errno, 0 if none */
    const char *code; /* one of LT_CODE_*, static */
    char text[400];   /* the reason, without the path of the file; bytes from the evidence are not escaped */
};

/* Record an error and return `status`, so that callers can write `return lt_fail(...)`. If `sys` is not 0, its
 * description is appended to the text. `err` may be NULL if the caller does not need the error. */
enum lt_status lt_fail(struct lt_err *err, enum lt_status status, const char *code, int sys, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Clear `err` for the next item. */
void lt_err_clear(struct lt_err *err);

#endif
