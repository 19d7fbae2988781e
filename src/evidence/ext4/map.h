// SPDX-License-Identifier: Apache-2.0
/* Where the blocks of a file lie: nodes of an extent tree (linux fs/ext4/ext4_extents.h, extents.c; kernel 6.18), and
 * the older maps of block numbers (fs/ext4/indirect.c). Each function takes one step of the way down; the caller reads
 * the blocks. */
#ifndef LT_EVIDENCE_EXT4_MAP_H
#define LT_EVIDENCE_EXT4_MAP_H

#include "evidence/ext4/layout.h"

enum {
    LT_EXT4_MAX_DEPTH = 5, /* of an extent tree; numbers of blocks have 32 bits, so more is of no use */
    LT_EXT4_DIRECT = 12,   /* numbers of blocks in the inode itself; those of maps with 1, 2 and 3 levels follow */
};

/* What a node of the tree says about one logical block. */
struct lt_ext4_step {
    bool down;      /* go on with the node in `block`; if not, the rest is the answer */
    uint64_t block; /* the physical block, 0 for a hole */
    uint64_t count; /* for how many blocks from there on this holds, at least 1; UINT64_MAX: to the end of the node */
    bool unwritten; /* allocated but never written: reads as zeros */
    unsigned depth; /* of this node, 0 is a leaf */
};

/* A node: the 60 bytes of an inode, or a whole block. */
struct lt_ext4_node {
    struct lt_cursor bytes;
    unsigned count; /* of entries */
    unsigned depth; /* 0 is a leaf */
};

/* An entry: a piece of the file, or in an inner node (`count` 0) the node in `block`. */
struct lt_ext4_extent {
    uint64_t logical, block, count;
    bool unwritten; /* allocated but never written: reads as zeros */
};

/* Decode the head of a node. `depth` is the one that the node above gives for it, or -1 for the root. LT_SKIP,
 * and no entries: it is none, or its entries are not in order. */
enum lt_status lt_ext4_node(struct lt_cursor bytes, int depth, struct lt_ext4_node *out, struct lt_err *err);
struct lt_ext4_extent lt_ext4_extent(struct lt_ext4_node *node, unsigned entry);

/* Look up block `logical` of the file in a node: the 60 bytes of an inode, or a whole block. `depth` is the one that
 * the node above gives for it, or -1 for the root. LT_SKIP: no node, or an impossible one. */
enum lt_status lt_ext4_extent_step(struct lt_cursor node, int depth, uint64_t logical, struct lt_ext4_step *out,
                                   struct lt_err *err);

/* Is the checksum of a block of the tree wrong? `seed` is lt_ext4_inode_seed() of the file. */
bool lt_ext4_extent_damaged(const struct lt_ext4 *ext4, struct lt_cursor node, uint32_t seed);

/* The way down to a block in a map of block numbers. */
struct lt_ext4_path {
    unsigned root;     /* index in i_block */
    unsigned levels;   /* blocks of numbers to go through below it, 0..3 */
    uint64_t index[3]; /* in each of them, from the top */
    uint64_t span[4];  /* blocks of the file for each number at that level; span[0] is the root's */
};

/* The way to block `logical` of a file. LT_SKIP: no map reaches that far. */
enum lt_status lt_ext4_block_path(uint32_t block_size, uint64_t logical, struct lt_ext4_path *out, struct lt_err *err);

#endif
