// SPDX-License-Identifier: Apache-2.0
/* Deleted inodes that no directory names any more: those that the inode btrees call free and that were used before, and
 * those that were deleted while open. */
#ifndef LT_EVIDENCE_XFS_NAMELESS_H
#define LT_EVIDENCE_XFS_NAMELESS_H

#include "evidence/xfs/reader.h"

/* See lt_fs_ops.orphans. LT_SKIP: some could not be looked at; all others were passed on. */
enum lt_status lt_xfs_orphans(struct lt_fs *fs,
                              enum lt_status (*each)(void *arg, const struct lt_node *node, struct lt_err *), void *arg,
                              struct lt_err *err);

#endif
