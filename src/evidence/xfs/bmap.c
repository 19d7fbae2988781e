// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/bmap.h"

enum { KEY = 8, POINTER = 8, ROOT_HEAD = 4 };

/* An extent has 128 bits: a flag, 54 bits of its offset in the fork, 52 of its block, 21 of its length. */
static struct lt_xfs_extent decode_extent(struct lt_cursor bytes, size_t at)
{
    uint64_t high = lt_cursor_be(&bytes, at, 8), low = lt_cursor_be(&bytes, at + 8, 8);
    return (struct lt_xfs_extent){
        .logical = (high & UINT64_MAX >> 1) >> 9,
        .block = (high & 0x1FF) << 43 | low >> 21,
        .count = low & 0x1FFFFF,
        .unwritten = high >> 63,
    };
}

struct lt_xfs_extent lt_xfs_map_entry(const struct lt_xfs_map_node *node, unsigned entry)
{
    struct lt_cursor bytes = node->bytes;
    if (!node->level)
        return decode_extent(bytes, node->keys + (size_t)entry * LT_XFS_EXTENT);
    return (struct lt_xfs_extent){
        .logical = lt_cursor_be(&bytes, node->keys + (size_t)entry * KEY, 8),
        .block = lt_cursor_be(&bytes, node->pointers + (size_t)entry * POINTER, 8),
    };
}

static enum lt_status check_order(struct lt_xfs_map_node *node, struct lt_err *err)
{
    uint64_t end = 0;
    for (unsigned i = 0; i < node->count; i++) {
        struct lt_xfs_extent extent = lt_xfs_map_entry(node, i);
        if (extent.logical < end || (!node->level && !extent.count)) {
            node->count = 0;
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "extents out of order, empty, or one over the other");
        }
        end = extent.logical + (node->level ? 1 : extent.count);
    }
    return LT_OK;
}

/* `room` bytes are left for entries; keys and pointers share them, and lie apart. */
static enum lt_status take_entries(struct lt_xfs_map_node *node, size_t count, size_t room, struct lt_err *err)
{
    size_t most = room / LT_XFS_EXTENT; /* a key and a pointer take as much as an extent */
    if (count > most)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "more extents than there is room for");
    node->count = (unsigned)count;
    node->pointers = node->keys + most * KEY;
    return check_order(node, err);
}

enum lt_status lt_xfs_map_root(const struct lt_xfs_fork *fork, struct lt_xfs_map_node *out, struct lt_err *err)
{
    struct lt_cursor bytes = fork->bytes;
    *out = (struct lt_xfs_map_node){.bytes = bytes};
    if (fork->format == LT_XFS_EXTENTS)
        return take_entries(out, fork->extents < bytes.len ? (size_t)fork->extents : bytes.len, bytes.len, err);
    out->level = (unsigned)lt_cursor_be(&bytes, 0, 2);
    out->keys = ROOT_HEAD;
    size_t count = (size_t)lt_cursor_be(&bytes, 2, 2);
    if (fork->format != LT_XFS_BTREE || bytes.bad || !out->level || out->level >= LT_XFS_MAX_BTREE_LEVELS)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no extents where a file must have them");
    return take_entries(out, count, bytes.len - ROOT_HEAD, err);
}

enum lt_status lt_xfs_map_block(const struct lt_xfs *xfs, struct lt_cursor bytes, uint64_t ino, unsigned level,
                                struct lt_xfs_map_node *out, bool *damaged, struct lt_err *err)
{
    struct lt_xfs_btree_block block;
    *out = (struct lt_xfs_map_node){.bytes = bytes};
    *damaged = false;
    if (lt_xfs_btree_block(xfs, LT_XFS_BMBT, bytes, &block, err) != LT_OK)
        return LT_SKIP;
    if (block.level != level)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a block of another level in the btree of extents");
    *damaged = block.damaged || (xfs->v5 && block.owner != ino);
    out->level = level;
    out->keys = block.head;
    return take_entries(out, block.count, bytes.len - block.head, err);
}

/* The last entry that begins at or before `logical`, or `count` if there is none. */
static unsigned find(const struct lt_xfs_map_node *node, uint64_t logical)
{
    unsigned low = 0, high = node->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (lt_xfs_map_entry(node, middle).logical <= logical)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : node->count;
}

void lt_xfs_map_step(const struct lt_xfs_map_node *node, uint64_t logical, struct lt_xfs_step *out)
{
    unsigned at = find(node, logical), next = at < node->count ? at + 1 : 0;
    *out = (struct lt_xfs_step){.zeros = true, .count = UINT64_MAX};
    if (next < node->count)
        out->count = lt_xfs_map_entry(node, next).logical - logical;
    if (at == node->count)
        return;
    struct lt_xfs_extent extent = lt_xfs_map_entry(node, at);
    uint64_t inside = logical - extent.logical;
    out->down = node->level > 0;
    if (!out->down && inside >= extent.count)
        return;
    out->block = extent.block + (out->down ? 0 : inside);
    out->zeros = extent.unwritten;
    if (!out->down)
        out->count = extent.count - inside;
}
