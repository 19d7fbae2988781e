// SPDX-License-Identifier: Apache-2.0
/* The extended attributes of an inode of XFS, wherever they lie. */
#ifndef LT_EVIDENCE_XFS_ATTRS_H
#define LT_EVIDENCE_XFS_ATTRS_H

#include "evidence/xfs/reader.h"

/* See lt_fs_ops.xattrs. */
enum lt_status lt_xfs_xattrs(struct lt_fs *fs, const struct lt_dir *dir, const struct lt_node *node,
                             struct lt_arena *arena, struct lt_list *out, struct lt_err *err);

#endif
