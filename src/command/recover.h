// SPDX-License-Identifier: Apache-2.0
/* What the files of the command `recover` share. */
#ifndef LT_COMMAND_RECOVER_H
#define LT_COMMAND_RECOVER_H

#include "evidence/deleted.h"
#include "run/job.h"

/* Whose a file was, and its path as the owner's containers saw it: whole with a slash in front, or the last steps. */
struct lt_recover_whose {
    const struct lt_owner *owner;
    struct lt_str inside;
};

/* Layers that are gone, and the containers that they were of. */
struct lt_recover_owners {
    struct lt_inventory *inventory;
    struct lt_map by_layer; /* name of a layer's directory -> struct lt_owner * */
};

/* Keep what the file tells of such a layer, if it is a record of a store that is whole. */
void lt_recover_learn(struct lt_recover_owners *owners, const struct lt_host *host, struct lt_str path,
                      const struct lt_deleted *file);

/* Whose the file at `path` of the host was. Directories of what exists tell whose their deleted files are; of what is
 * gone, deleted records do. What lies in none of them is the store's, or the host's. */
struct lt_recover_whose lt_recover_whose_is(struct lt_recover_owners *owners, const struct lt_host *host,
                                            struct lt_str path);

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
                               const struct lt_recover_whose *whose, struct lt_str sha256, struct lt_str *out,
                               struct lt_err *err);

#endif
