// SPDX-License-Identifier: Apache-2.0
/* Blocks of the orphan file (feature orphan_file, the default of mke2fs since 1.47): the numbers of inodes that were
 * deleted, or were being cut short, while a process had them open. Each function decodes one block and touches nothing
 * else. Facts: linux fs/ext4/ext4.h (ext4_orphan_block_tail), fs/ext4/orphan.c (kernel 6.18). */
#ifndef LT_EVIDENCE_EXT4_ORPHAN_BLOCK_H
#define LT_EVIDENCE_EXT4_ORPHAN_BLOCK_H

#include "evidence/ext4/layout.h"

/* True if this is no block of an orphan file, or has a wrong checksum. `number` is its place on the disk, `seed` is
 * lt_ext4_inode_seed() of the orphan file. */
bool lt_ext4_orphans_damaged(const struct lt_ext4 *ext4, struct lt_cursor block, uint64_t number, uint32_t seed);

/* The next inode in a block, from `*at` on (0 at first), which is moved behind it. LT_END: there are no more. */
enum lt_status lt_ext4_next_orphan(struct lt_cursor block, size_t *at, uint32_t *ino);

#endif
