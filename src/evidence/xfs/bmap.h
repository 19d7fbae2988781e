// SPDX-License-Identifier: Apache-2.0
/* Where the blocks of a fork lie: its extents, in the inode or in a btree. Each function takes one step of the way
 * down; the caller reads the blocks. Facts: linux fs/xfs/libxfs/xfs_format.h (xfs_bmbt_rec, xfs_bmdr_block),
 * xfs_bmap_btree.c (kernel 6.18). */
#ifndef LT_EVIDENCE_XFS_BMAP_H
#define LT_EVIDENCE_XFS_BMAP_H

#include "evidence/xfs/layout.h"

enum { LT_XFS_EXTENT = 16 }; /* bytes of an extent */

/* A piece of a fork, or in an inner node (`count` 0) the node in `block`. Blocks have their AG in the upper bits. */
struct lt_xfs_extent {
    uint64_t logical, block, count;
    bool unwritten; /* allocated but never written: reads as zeros */
};

/* A node: all of a fork, or a block. Its entries are in order, and none lies over the next one. */
struct lt_xfs_map_node {
    struct lt_cursor bytes;
    unsigned count, level; /* entries; level 0 is a leaf */
    size_t keys, pointers; /* where they begin; extents begin at `keys` */
};

/* The root of a fork in extents or a btree form. LT_SKIP, and no entries: its format or its entries cannot be. */
enum lt_status lt_xfs_map_root(const struct lt_xfs_fork *fork, struct lt_xfs_map_node *out, struct lt_err *err);

/* A block of the btree of a fork, at `level`. `*damaged`: it has a wrong checksum, or says to be another inode's. */
enum lt_status lt_xfs_map_block(const struct lt_xfs *xfs, struct lt_cursor bytes, uint64_t ino, unsigned level,
                                struct lt_xfs_map_node *out, bool *damaged, struct lt_err *err);

/* Entry number `entry` of a node, which has it. */
struct lt_xfs_extent lt_xfs_map_entry(const struct lt_xfs_map_node *node, unsigned entry);

/* What a node of the tree says about one logical block. */
struct lt_xfs_step {
    bool down;      /* go on with the node in `block`; if not, the rest is the answer */
    bool zeros;     /* a hole, or never written */
    uint64_t block; /* the block */
    uint64_t count; /* for how many blocks from there on this holds, at least 1; UINT64_MAX: to the end of the node */
};

/* Look up block `logical` of the fork in a node. */
void lt_xfs_map_step(const struct lt_xfs_map_node *node, uint64_t logical, struct lt_xfs_step *out);

#endif
