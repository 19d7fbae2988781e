// SPDX-License-Identifier: Apache-2.0
/* Where results go: stdout, or a file that appears under its name only when it is complete. */
#ifndef LT_BASE_OUTPUT_H
#define LT_BASE_OUTPUT_H

#include "base/err.h"
#include "base/gz.h"
#include "base/sha256.h"
#include "base/str.h"

/* Who gives outputs their names, and removes their temporary files, where this process may not do so itself. */
struct lt_namer {
    int (*name)(void *arg, unsigned number); /* as lt_output_give_name() */
    void (*remove)(void *arg, unsigned number);
    void *arg;
};

struct lt_output {
    const char *path;     /* as given; NULL: stdout */
    bool force;           /* replace an existing file */
    int fd, dir;          /* the file to write to, and its directory; dir is -1 for stdout */
    int signals;          /* see lt_output_args */
    bool terminal;        /* somebody looks at it */
    bool waits;           /* a pipe, socket or terminal: a write may have to wait for a reader */
    char temporary[64];   /* name of the temporary file in `dir`; "" if there is none */
    const char *name;     /* final name in `dir`, borrowed from `path` */
    struct lt_buf buffer; /* text not yet written */
    struct lt_buf packed; /* the same, compressed */
    struct lt_deflate *deflate;
    struct lt_sha256 *hash; /* of the bytes of the file; NULL: not wanted */
    uint64_t bytes;         /* bytes written so far, after compression */
    struct lt_err failure;  /* the first failed write; nothing is written after it */
    bool complete;
    const struct lt_namer *namer; /* NULL: this process itself */
    unsigned number;              /* of this output, for the namer */
};

struct lt_output_args {
    const char *path; /* "-" or NULL: stdout */
    bool force;       /* replace an existing file */
    bool gzip, hash;
    int signals; /* a signalfd; a signal there ends the wait for a slow reader (LT_CODE_INTERRUPTED); -1: none */
};

/* Begin an output. For a file, create a hidden temporary file in its directory, and remove those that runs of this user
 * left there when they were killed; a character device or named pipe is written directly. LT_FATAL (LT_CODE_OUTPUT): it
 * cannot be opened, or the file exists and `force` is not set. End the output with lt_output_commit() or
 * lt_output_abort(). */
enum lt_status lt_output_open(struct lt_output *output, const struct lt_output_args *args, struct lt_err *err);

/* The buffer to append text to. Call lt_output_flush() after each record. */
static inline struct lt_buf *lt_output_buffer(struct lt_output *output)
{
    return &output->buffer;
}

/* Write the buffer once it holds 256 KiB. LT_FATAL: writing failed; errno is in err->sys. */
enum lt_status lt_output_flush(struct lt_output *output, struct lt_err *err);

/* Write the rest, and sync. Nothing can be appended any more. `sha256` may be NULL; it gets the hash of the file if
 * `hash` was set. */
enum lt_status lt_output_complete(struct lt_output *output, struct lt_buf *sha256, struct lt_err *err);

/* lt_output_complete() unless that was done, and give the file its name. The output is closed in any case. */
enum lt_status lt_output_commit(struct lt_output *output, struct lt_buf *sha256, struct lt_err *err);

/* Close the output and remove the temporary file. Harmless after a commit. */
void lt_output_abort(struct lt_output *output);

/* The two steps that change the directory, for a namer: give the temporary file its name, or remove it. Without
 * `force`, a file that was created in the meantime is never replaced. Returns errno, 0 if all is well. */
int lt_output_give_name(const struct lt_output *output);
void lt_output_remove(const struct lt_output *output);

/* Open the directory part of `path`; `*name` becomes the rest, borrowed. The caller closes the descriptor. -1: errno
 * tells why. With `access` O_PATH, it need not be readable. */
int lt_open_parent(const char *path, int access, const char **name);

/* Do both paths name the same file, so that it would be written twice? Always false for character devices. */
bool lt_output_same(const char *a, const char *b);

/* Is `path` (which need not exist) the file `evidence`, or anywhere below the directory `evidence`? */
bool lt_output_inside(const char *path, const char *evidence);

#endif
