// SPDX-License-Identifier: Apache-2.0
/* Where the blocks of a file lie: nodes of an extent tree (linux fs/ext4/ext4_extents.h, extents.c; kernel 6.18) and
 * the older maps of block numbers (fs/ext4/indirect.c). One step of the way down each; the caller reads the blocks. */
#ifndef LT_EVIDENCE_EXT4_MAP_H
#define LT_EVIDENCE_EXT4_MAP_H

#include "evidence/ext4/layout.h"

enum {
    LT_EXT4_MAX_DEPTH = 5, /* of an extent tree: more has no use with 32-bit numbers of blocks */
    LT_EXT4_DIRECT = 12,   /* block numbers in the inode itself, before those of 1, 2 and 3 levels */
};

/* What a node of the tree says about one logical block. */
struct lt_ext4_step {
    bool down;      /* go on with the node in `block`; else the answer is: */
    uint64_t block; /* the physical block, 0 for a hole */
    uint64_t count; /* blocks from there on for which this holds, at least 1; UINT64_MAX: to the end of the node */
    bool unwritten; /* allocated but never written: reads as zeros */
    unsigned depth; /* of this node, 0 is a leaf */
};

/* Look up `logical` in a node: the 60 bytes of an inode or a whole block. `depth` is what the node above says of it, or
 * -1 for the root. LT_SKIP: no node, or an impossible one. */
enum lt_status lt_ext4_extent_step(struct lt_cursor node, int depth, uint64_t logical, struct lt_ext4_step *out,
                                   struct lt_err *err);

/* Is the checksum of a block of the tree wrong? `seed` is lt_ext4_inode_seed(). */
bool lt_ext4_extent_damaged(const struct lt_ext4 *ext4, struct lt_cursor node, uint32_t seed);

/* The way to block `logical` in a block map with `per_block` numbers a block. */
struct lt_ext4_path {
    unsigned root;     /* index in i_block */
    unsigned levels;   /* of blocks of numbers below it, 0..3 */
    uint64_t index[3]; /* in each of them, from the top */
    uint64_t span[4];  /* blocks that a number at each level stands for: span[0] at the root */
};

/* LT_SKIP: no map reaches that far. */
enum lt_status lt_ext4_block_path(uint32_t block_size, uint64_t logical, struct lt_ext4_path *out, struct lt_err *err);

#endif
