// SPDX-License-Identifier: Apache-2.0
/* What the files of the command `recover` share. */
#ifndef LT_COMMAND_RECOVER_H
#define LT_COMMAND_RECOVER_H

#include "evidence/deleted.h"
#include "read/whose.h"
#include "run/job.h"

/* Reads the contents of finds, and writes them below the directory that the user named. */
struct lt_recover_keeper {
    struct lt_job *job;
    struct lt_map kept; /* SHA-256 -> struct lt_str *: path below the directory */
    uint64_t left;      /* bytes that may still be read */
    uint64_t left_out;  /* finds that would have been too much */
};

/* Append the SHA-256 of the contents. Nothing is appended if they cannot be read to their end, or are more than may
 * still be read. LT_FATAL: a signal came. */
enum lt_status lt_recover_hash(struct lt_recover_keeper *keeper, const struct lt_deleted *file, struct lt_buf *sha256,
                               struct lt_err *err);

/* Write the contents, unless a file has them already. `out` is the path of that file below the directory. Parts that
 * are lost, and zeros, become holes. LT_FATAL: writing failed, or a signal came. */
enum lt_status lt_recover_keep(struct lt_recover_keeper *keeper, const struct lt_deleted *file,
                               const struct lt_whose *whose, struct lt_str sha256, struct lt_str *out,
                               struct lt_err *err);

#endif
