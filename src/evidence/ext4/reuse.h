// SPDX-License-Identifier: Apache-2.0
/* Blocks that were free, and were taken again, as copies of block bitmaps in the journal tell. They know it also where
 * no copy of the inode that took a block is left. */
#ifndef LT_EVIDENCE_EXT4_REUSE_H
#define LT_EVIDENCE_EXT4_REUSE_H

#include "evidence/ext4/history.h"

/* A run of blocks that were last seen free in a transaction before one that shows them in use. */
struct lt_ext4_reused {
    uint64_t block, count;
    uint32_t free_at;
};

struct lt_ext4_reuse {
    struct lt_ext4_reused *items; /* owned; by block, none in two runs */
    size_t count, cap;
};

/* Find them in all groups. Descriptors and copies that cannot be read are left out. Free with lt_reuse_free(). */
void lt_reuse_find(struct lt_ext4_reuse *reuse, const struct lt_ext4_history *history);
void lt_reuse_free(struct lt_ext4_reuse *reuse);

/* Was the block free in a transaction after `sequence`, and in use after that? */
bool lt_reuse_after(const struct lt_ext4_reuse *reuse, uint64_t block, uint32_t sequence);

#endif
