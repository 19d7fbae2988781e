// SPDX-License-Identifier: Apache-2.0
/* Lines of a text file of the evidence, plain or gzip (told by its first bytes), in bounded memory whatever the size.
 */
#ifndef LT_EVIDENCE_LINES_H
#define LT_EVIDENCE_LINES_H

#include "evidence.h"

/* A longer line is skipped and reported: Docker itself cuts log lines at 16 KiB (moby daemon/logger/copier.go). */
enum { LT_MAX_LINE = 1024 * 1024 };

struct lt_lines;

struct lt_line {
    struct lt_str text; /* without the newline; borrowed until the next call */
    uint64_t offset;    /* of its first byte in the unpacked file */
    bool complete;      /* false: the file ends without a newline after it */
};

/* Open `path`. LT_END when missing. Free `*out` with lt_lines_close(). */
enum lt_status lt_lines_open(struct lt_fs *fs, struct lt_str path, struct lt_lines **out, struct lt_err *err);

/* The next line. LT_SKIP: something was lost (an overlong line, damaged gzip data, a failed read); the call after it
 * goes on behind the damage, or returns LT_END when nothing can follow. */
enum lt_status lt_lines_next(struct lt_lines *lines, struct lt_line *out, struct lt_err *err);

void lt_lines_close(struct lt_lines *lines);

#endif
