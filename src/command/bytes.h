// SPDX-License-Identifier: Apache-2.0
/* A file of the evidence as the output of a command. */
#ifndef LT_COMMAND_BYTES_H
#define LT_COMMAND_BYTES_H

#include "run/job.h"

/* Contents: `read` is as lt_fs_ops.read. */
struct lt_bytes {
    ssize_t (*read)(void *arg, void *buffer, size_t size, uint64_t offset, struct lt_err *err);
    void *arg;
    uint64_t size;
};

/* Write them to the output, byte for byte, in little memory whatever their size. A terminal gets text without control
 * characters, as by lt_escape_name(), in which line breaks and tabs stay; it is said on stderr if that makes a
 * difference.
 *
 * LT_END: they cannot be read to their end, and `err` says why. LT_FATAL: the output failed, or a signal came. */
enum lt_status lt_bytes_write(struct lt_job *job, const struct lt_bytes *bytes, struct lt_err *err);

/* The same of the file at `path` of `fs`. */
enum lt_status lt_bytes_write_file(struct lt_job *job, struct lt_fs *fs, struct lt_str path, struct lt_err *err);

#endif
