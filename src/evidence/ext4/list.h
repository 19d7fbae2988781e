// SPDX-License-Identifier: Apache-2.0
/* Directories of ext2/3/4: their names, and those that were deleted from them. */
#ifndef LT_EVIDENCE_EXT4_LIST_H
#define LT_EVIDENCE_EXT4_LIST_H

#include "evidence/ext4/dirents.h"
#include "evidence/ext4/reader.h"

/* Call `each` for every name of the directory `ino` that is not deleted; see lt_names_of. LT_END: it is no directory.
 * LT_SKIP: names may be missing. */
enum lt_status lt_ext4_names_of(struct lt_fs *fs, uint64_t ino, lt_each_name *each, void *arg, struct lt_err *err);

/* The same with what the directory says of each name, and with those that were deleted, which are in its slack. Names
 * may be impossible. */
enum lt_status lt_ext4_all_names_of(struct lt_fs *fs, uint64_t ino, lt_ext4_each_name *each, void *arg,
                                    struct lt_err *err);

/* See lt_fs_ops.list: all entries with what their inodes say, those included that were deleted. */
enum lt_status lt_ext4_list(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena, struct lt_listing *out,
                            struct lt_err *err);

#endif
