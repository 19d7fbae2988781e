// SPDX-License-Identifier: Apache-2.0
/* From paths to inodes in a disk image. Readers of artifacts ask for many paths in few directories, so each directory
 * is read once and all its names are kept. */
#ifndef LT_EVIDENCE_PATH_INDEX_H
#define LT_EVIDENCE_PATH_INDEX_H

#include "base/map.h"
#include "evidence/fs.h"

/* An entry as its directory has it. */
struct lt_found {
    uint64_t ino;
    unsigned type; /* S_IFMT bits; 0: the directory does not say */
};

/* Initialise with zeros; everything lives in the arena of the evidence. */
struct lt_path_index {
    struct lt_map found;  /* path -> struct lt_found * */
    struct lt_map listed; /* path of a directory whose names are known -> struct lt_err *: what is wrong with it */
    struct lt_err none;
};

/* Calls `each` for every name of the directory `ino`. LT_END: it is no directory. LT_SKIP: names may be missing. */
typedef enum lt_status lt_names_of(struct lt_fs *fs, uint64_t ino, lt_each_name *each, void *arg, struct lt_err *err);

/* Find the entry at `path`, from the directory with the inode `root` down. LT_END: there is no such path. LT_SKIP: what
 * an entry on the way calls a directory is none, or it cannot be read in full, and the part that was read does not have
 * what is looked for. */
enum lt_status lt_path_find(struct lt_path_index *index, struct lt_fs *fs, uint64_t root, lt_names_of *names,
                            struct lt_str path, struct lt_found *out, struct lt_err *err);

#endif
