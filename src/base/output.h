// SPDX-License-Identifier: Apache-2.0
/* Where results go: stdout, or a file that appears under its name only when it is complete. */
#ifndef LT_BASE_OUTPUT_H
#define LT_BASE_OUTPUT_H

#include "base/err.h"
#include "base/gz.h"
#include "base/sha256.h"
#include "base/str.h"

struct lt_output {
    const char *path;     /* as given; NULL: stdout */
    bool force;           /* replace an existing file */
    int fd, dir;          /* the temporary file and its directory; dir is -1 for stdout */
    int signals;          /* see lt_output_args */
    bool waits;           /* a pipe, socket or terminal: a write may have to wait for a reader */
    char temporary[64];   /* its name in `dir`, "" when there is none */
    const char *name;     /* final name in `dir`: borrowed from `path` */
    struct lt_buf buffer; /* text not yet written */
    struct lt_buf packed; /* the same, compressed */
    struct lt_deflate *deflate;
    struct lt_sha256 *hash; /* of the bytes of the file, NULL if not wanted */
    uint64_t bytes;         /* written so far, compressed where it is */
    struct lt_err failure;  /* the first failed write: later ones are not tried */
};

struct lt_output_args {
    const char *path; /* "-" or NULL: stdout */
    bool force;       /* may replace an existing file */
    bool gzip, hash;
    int signals; /* a signalfd: what arrives there ends the wait for a slow reader (LT_CODE_INTERRUPTED); -1: none */
};

/* Begin an output: for a file, a hidden temporary file in its directory. LT_FATAL (LT_CODE_OUTPUT) when that cannot be,
 * and right away when the file exists and `force` is not set. End it with lt_output_commit() or lt_output_abort(). */
enum lt_status lt_output_open(struct lt_output *output, const struct lt_output_args *args, struct lt_err *err);

/* Room to append text to. Call lt_output_flush() after each record. */
static inline struct lt_buf *lt_output_buffer(struct lt_output *output)
{
    return &output->buffer;
}

/* Write what is buffered once it is more than a megabyte. LT_FATAL with errno in err->sys when writing failed. */
enum lt_status lt_output_flush(struct lt_output *output, struct lt_err *err);

/* Write the rest, sync, and give the file its name. `sha256` (may be NULL) gets the hash of the file if it was wanted.
 */
enum lt_status lt_output_commit(struct lt_output *output, struct lt_buf *sha256, struct lt_err *err);

/* Leave nothing behind. Harmless after a commit. */
void lt_output_abort(struct lt_output *output);

/* Do both paths name one file, which would be written twice? Devices may be. */
bool lt_output_same(const char *a, const char *b);

/* Is the file at `path` (which need not exist) the file `evidence`, or anywhere below the directory `evidence`? */
bool lt_output_inside(const char *path, const char *evidence);

#endif
