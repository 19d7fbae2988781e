// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/inobt.h"

enum { KEY = 4, POINTER = 4, RECORD = 16, HOLE = 4 /* inodes for each bit of a hole mask */ };

static uint32_t start_of(const struct lt_xfs_inobt *block, unsigned entry)
{
    struct lt_cursor bytes = block->bytes;
    return (uint32_t)lt_cursor_be(&bytes, block->keys + (size_t)entry * (block->level ? KEY : RECORD), 4);
}

static bool in_order(const struct lt_xfs_inobt *block)
{
    unsigned apart = block->level ? 1 : LT_XFS_CHUNK;
    for (unsigned i = 1; i < block->count; i++)
        if ((uint64_t)start_of(block, i - 1) + apart > start_of(block, i))
            return false;
    return true;
}

enum lt_status lt_xfs_inobt(const struct lt_xfs *xfs, struct lt_cursor bytes, uint32_t ag, unsigned level,
                            struct lt_xfs_inobt *out, struct lt_err *err)
{
    struct lt_xfs_btree_block block;
    *out = (struct lt_xfs_inobt){.bytes = bytes};
    if (lt_xfs_btree_block(xfs, LT_XFS_INOBT, bytes, &block, err) != LT_OK)
        return LT_SKIP;
    size_t most = (bytes.len - block.head) / (level ? KEY + POINTER : RECORD);
    if (block.level != level || block.count > most || (xfs->v5 && block.owner != ag))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a block of another place in the inode btree");
    out->level = level;
    out->right = block.right;
    out->keys = block.head;
    out->pointers = block.head + most * KEY;
    out->count = block.count;
    out->damaged = block.damaged;
    if (in_order(out))
        return LT_OK;
    out->count = 0;
    return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a block of the inode btree is out of order");
}

/* Without sparse inodes the place of the hole mask is the upper half of a 32-bit count of free inodes, which is 0. */
struct lt_xfs_chunk lt_xfs_inobt_chunk(const struct lt_xfs *xfs, const struct lt_xfs_inobt *leaf, unsigned record)
{
    struct lt_cursor bytes = leaf->bytes;
    size_t at = leaf->keys + (size_t)record * RECORD;
    uint16_t holes = xfs->incompat & LT_XFS_INCOMPAT_SPINODES ? (uint16_t)lt_cursor_be(&bytes, at + 4, 2) : 0;
    struct lt_xfs_chunk chunk = {.start = start_of(leaf, record), .there = UINT64_MAX};
    for (unsigned i = 0; i < LT_XFS_CHUNK / HOLE; i++)
        if (holes >> i & 1)
            chunk.there &= ~(UINT64_C(0xF) << (i * HOLE));
    chunk.free = lt_cursor_be(&bytes, at + 8, 8) & chunk.there;
    return chunk;
}

uint32_t lt_xfs_inobt_child(const struct lt_xfs_inobt *node, unsigned entry)
{
    struct lt_cursor bytes = node->bytes;
    return (uint32_t)lt_cursor_be(&bytes, node->pointers + (size_t)entry * POINTER, 4);
}

unsigned lt_xfs_inobt_find(const struct lt_xfs_inobt *block, uint32_t in_ag)
{
    unsigned low = 0, high = block->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (start_of(block, middle) <= in_ag)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : block->count;
}
