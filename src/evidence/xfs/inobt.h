// SPDX-License-Identifier: Apache-2.0
/* Which inodes of an AG there are, and which of them are free: blocks of the inode btree. Each function decodes one
 * block and touches nothing else. Facts: linux fs/xfs/libxfs/xfs_format.h (xfs_inobt_rec), xfs_ialloc_btree.c (kernel
 * 6.18). */
#ifndef LT_EVIDENCE_XFS_INOBT_H
#define LT_EVIDENCE_XFS_INOBT_H

#include "evidence/xfs/layout.h"

/* 64 inodes, whose numbers follow one another from `start`, in the AG. */
struct lt_xfs_chunk {
    uint32_t start;
    uint64_t there; /* a bit for each: on the disk. Of a sparse chunk parts may be missing */
    uint64_t free;  /* of those that are there */
};

/* A block of the btree. */
struct lt_xfs_inobt {
    struct lt_cursor bytes;
    unsigned count, level;
    size_t keys, pointers; /* where they begin; records begin at `keys` */
    uint64_t right;        /* the block to the right, in the AG; UINT64_MAX: none */
    bool damaged;          /* wrong checksum */
};

/* A block at `level` of the inode btree of AG number `ag`. LT_SKIP: it is none, its entries are out of order, or it is
 * of another AG. */
enum lt_status lt_xfs_inobt(const struct lt_xfs *xfs, struct lt_cursor bytes, uint32_t ag, unsigned level,
                            struct lt_xfs_inobt *out, struct lt_err *err);

/* A record of a leaf. */
struct lt_xfs_chunk lt_xfs_inobt_chunk(const struct lt_xfs *xfs, const struct lt_xfs_inobt *leaf, unsigned record);

/* The block in the AG that entry number `entry` of an inner node leads to. */
uint32_t lt_xfs_inobt_child(const struct lt_xfs_inobt *node, unsigned entry);

/* The last entry that begins at or before inode `in_ag`; `count` if there is none. */
unsigned lt_xfs_inobt_find(const struct lt_xfs_inobt *block, uint32_t in_ag);

#endif
