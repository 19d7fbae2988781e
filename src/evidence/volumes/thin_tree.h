// SPDX-License-Identifier: Apache-2.0
/* The metadata of a pool of dm-thin: blocks of 4 KiB, the first of which is the superblock, and B-trees. A tree of the
 * devices has for each the root of a tree of its blocks. The bytes are hostile. Facts: linux 6.18
 * drivers/md/dm-thin-metadata.c and drivers/md/persistent-data/dm-btree-internal.h. Numbers are little-endian. */
#ifndef LT_EVIDENCE_VOLUMES_THIN_TREE_H
#define LT_EVIDENCE_VOLUMES_THIN_TREE_H

#include "base/cursor.h"

enum {
    LT_THIN_BLOCK = 4096,
    LT_THIN_LEVELS = 10, /* of a tree: with 126 keys in each node, 2^64 blocks take no more */
};

struct lt_thin_super {
    uint64_t mappings;   /* block of the root of the tree of devices */
    uint64_t block_size; /* of data, in bytes; not 0 */
};

/* Decode the superblock in the first block. False: it is none, or its checksum is wrong. */
bool lt_thin_super(struct lt_cursor block, struct lt_thin_super *out);

/* A node. Keys are in order. */
struct lt_thin_node {
    struct lt_cursor block;
    bool leaf;
    uint32_t count, most; /* entries, and places for them */
};

/* Decode the node in the block of that number. False: it is none, it does not hold together, or its checksum is wrong.
 * The entries may still be in no order. */
bool lt_thin_node(struct lt_cursor block, uint64_t number, struct lt_thin_node *out);

/* Find the value of `key` in a leaf, or that of the last key before it in other nodes. False: there is none. */
bool lt_thin_find(struct lt_thin_node *node, uint64_t key, uint64_t *value);

#endif
