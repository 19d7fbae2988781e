// SPDX-License-Identifier: Apache-2.0
/* Directories of XFS: their names, and those that were deleted from them. */
#ifndef LT_EVIDENCE_XFS_LIST_H
#define LT_EVIDENCE_XFS_LIST_H

#include "evidence/xfs/reader.h"

/* Call `each` for every name of the directory `ino` that is not deleted; see lt_names_of. LT_END: it is no directory.
 * LT_SKIP: names may be missing. */
enum lt_status lt_xfs_names_of(struct lt_fs *fs, uint64_t ino, lt_each_name *each, void *arg, struct lt_err *err);

/* See lt_fs_ops.list: all entries with what their inodes say, those included that were deleted. */
enum lt_status lt_xfs_list(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena, struct lt_listing *out,
                           struct lt_err *err);

#endif
