// SPDX-License-Identifier: Apache-2.0
/* Where the blocks of a file lay when its inode was in a former state. Nodes of its map may have changed since: of
 * each, the version is sought that was there then. */
#ifndef LT_EVIDENCE_EXT4_FORMER_MAP_H
#define LT_EVIDENCE_EXT4_FORMER_MAP_H

#include "evidence/ext4/history.h"

/* A run of blocks: of the file from its block `logical` on, or of its map. */
struct lt_ext4_piece {
    uint64_t logical, block, count;
    bool unwritten; /* reads as zeros */
    bool node;      /* of the map or of the attributes */
};

struct lt_ext4_pieces {
    struct lt_ext4_piece *items; /* owned */
    size_t count, cap;
};

/* Append the map that `inode` had at transaction `sequence`. False: it is not whole, that is, nodes are lost, or the
 * inode had another number of blocks; the pieces that were found are appended all the same. */
bool lt_former_map(const struct lt_ext4_history *history, const struct lt_ext4_inode *inode, uint32_t sequence,
                   struct lt_ext4_pieces *out);

/* The same from leaves to which a freed inode still points, though it counts no entries: linux 6.18 does not wipe
 * them. The number of its blocks is not known any more. False: there are none, or not all are whole. */
bool lt_former_leaves(const struct lt_ext4_history *history, const struct lt_ext4_inode *inode,
                      struct lt_ext4_pieces *out);

/* The end of the file in blocks, as far as pieces tell. */
uint64_t lt_pieces_end(const struct lt_ext4_piece *pieces, size_t count);

#endif
