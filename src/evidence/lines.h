// SPDX-License-Identifier: Apache-2.0
/* A stream, line by line. */
#ifndef LT_EVIDENCE_LINES_H
#define LT_EVIDENCE_LINES_H

#include "evidence/stream.h"

/* A longer line is skipped and reported: Docker itself cuts log lines at 16 KiB (moby daemon/logger/copier.go). */
enum { LT_MAX_LINE = 1024 * 1024 };

/* Initialise with the stream, which is borrowed. */
struct lt_lines {
    struct lt_stream *stream;
    size_t scanned; /* bytes of the view that are known to hold no newline */
    bool overlong;  /* the stream is inside a line that is being skipped */
    bool gap;       /* it is inside of NUL bytes that are */
    size_t most;    /* bytes; longer lines are skipped. 0 means LT_MAX_LINE */
};

struct lt_line {
    struct lt_str text; /* without the newline; borrowed until the next call */
    uint64_t offset;    /* of its first byte, in the unpacked file */
    bool complete;      /* false: the file ends without a newline after it, or a large gap of NUL bytes follows */
};

/* The next line. LT_END: there are no more. LT_SKIP: something was lost (an overlong line, damaged gzip data, a failed
 * read). The next call goes on behind the damage, or returns LT_END if nothing can follow. */
enum lt_status lt_lines_next(struct lt_lines *lines, struct lt_line *out, struct lt_err *err);

#endif
