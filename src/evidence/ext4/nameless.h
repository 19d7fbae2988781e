// SPDX-License-Identifier: Apache-2.0
/* Deleted inodes that no directory names any more. They are found in the inode tables: those that the bitmap calls
 * free, and those that were deleted while open. */
#ifndef LT_EVIDENCE_EXT4_NAMELESS_H
#define LT_EVIDENCE_EXT4_NAMELESS_H

#include "evidence/ext4/reader.h"

/* See lt_fs_ops.orphans. LT_SKIP: some could not be looked at; all others were passed on. */
enum lt_status lt_ext4_orphans(struct lt_fs *fs,
                               enum lt_status (*each)(void *arg, const struct lt_node *node, struct lt_err *),
                               void *arg, struct lt_err *err);

#endif
