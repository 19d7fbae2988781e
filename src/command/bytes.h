// SPDX-License-Identifier: Apache-2.0
/* A file of the evidence as the output of a command. */
#ifndef LT_COMMAND_BYTES_H
#define LT_COMMAND_BYTES_H

#include "run/job.h"

/* Write the file at `path` of `fs` to the output, byte for byte, in little memory whatever its size. A terminal gets
 * text without control characters, as by lt_escape_name(), in which line breaks and tabs stay; it is said on stderr if
 * that makes a difference.
 *
 * LT_END: the file cannot be read to its end, and `err` says why. LT_FATAL: the output failed, or a signal came. */
enum lt_status lt_bytes_write(struct lt_job *job, struct lt_fs *fs, struct lt_str path, struct lt_err *err);

#endif
