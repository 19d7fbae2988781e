// SPDX-License-Identifier: Apache-2.0
#ifndef LT_EVIDENCE_EXT4_EXTENTS_H
#define LT_EVIDENCE_EXT4_EXTENTS_H

#include "evidence/ext4/volume.h"

/* Check the blocks of the extent tree of an inode. LT_SKIP: one is damaged or unreadable; `err` has the first. If that
 * is but a wrong checksum, and the tree still has what it must, `inode->trusted` is set, and the file can be read: its
 * nodes are in order, lie in the file system, and have as many blocks as the inode counts
 * (linux fs/ext4/ext4.h, i_blocks_lo; fs/ext4/inode.c, ext4_inode_blocks(); 6.18). */
enum lt_status lt_extents_check(struct lt_ext4_volume *volume, struct lt_ext4_inode *inode, struct lt_err *err);

#endif
