// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/map.h"

enum { MAGIC = 0xF30A, ENTRY = 12, UNWRITTEN = 32768 };

static bool has_head(struct lt_ext4_node *node, int depth)
{
    struct lt_cursor *bytes = &node->bytes;
    unsigned most = lt_le16(bytes, 4);
    node->count = lt_le16(bytes, 2);
    node->depth = lt_le16(bytes, 6);
    return lt_le16(bytes, 0) == MAGIC && node->count <= most && ENTRY + (size_t)most * ENTRY <= bytes->len &&
           node->depth <= LT_EXT4_MAX_DEPTH && (depth < 0 || node->depth == (unsigned)depth) && !bytes->bad;
}

struct lt_ext4_extent lt_ext4_extent(struct lt_ext4_node *node, unsigned entry)
{
    struct lt_cursor *bytes = &node->bytes;
    size_t at = ENTRY + (size_t)entry * ENTRY;
    struct lt_ext4_extent out = {.logical = lt_le32(bytes, at)};
    if (node->depth) {
        out.block = lt_le32(bytes, at + 4) | (uint64_t)lt_le16(bytes, at + 8) << 32;
        return out;
    }
    out.count = lt_le16(bytes, at + 4);
    out.unwritten = out.count > UNWRITTEN;
    out.count -= out.unwritten ? UNWRITTEN : 0;
    out.block = lt_le32(bytes, at + 8) | (uint64_t)lt_le16(bytes, at + 6) << 32;
    return out;
}

enum lt_status lt_ext4_node(struct lt_cursor bytes, int depth, struct lt_ext4_node *out, struct lt_err *err)
{
    uint64_t end = 0;
    *out = (struct lt_ext4_node){.bytes = bytes};
    if (!has_head(out, depth)) {
        out->count = 0;
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no node of an extent tree where one must be");
    }
    for (unsigned i = 0; i < out->count; i++) {
        struct lt_ext4_extent extent = lt_ext4_extent(out, i);
        if (extent.logical < end) {
            out->count = 0;
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "extents out of order or one over the other");
        }
        end = extent.logical + (extent.count ? extent.count : 1);
    }
    return LT_OK;
}

/* The last entry that begins at or before `logical`, or `count` if there is none. */
static unsigned find(struct lt_ext4_node *node, uint64_t logical)
{
    unsigned low = 0, high = node->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (lt_ext4_extent(node, middle).logical <= logical)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? low - 1 : node->count;
}

enum lt_status lt_ext4_extent_step(struct lt_cursor bytes, int depth, uint64_t logical, struct lt_ext4_step *out,
                                   struct lt_err *err)
{
    struct lt_ext4_node node;
    *out = (struct lt_ext4_step){0};
    if (lt_ext4_node(bytes, depth, &node, err) != LT_OK)
        return LT_SKIP;
    unsigned at = find(&node, logical), next = at < node.count ? at + 1 : 0;
    out->depth = node.depth;
    out->count = next < node.count ? lt_ext4_extent(&node, next).logical - logical : UINT64_MAX;
    if (at == node.count)
        return LT_OK;
    struct lt_ext4_extent extent = lt_ext4_extent(&node, at);
    out->down = node.depth > 0;
    if (out->down)
        out->block = extent.block;
    if (out->down || logical - extent.logical >= extent.count)
        return LT_OK;
    if (!extent.block)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "an extent at block 0, where no data can be");
    out->block = extent.block + (logical - extent.logical);
    out->count = extent.count - (logical - extent.logical);
    out->unwritten = extent.unwritten;
    return LT_OK;
}

bool lt_ext4_extent_damaged(const struct lt_ext4 *ext4, struct lt_cursor node, uint32_t seed)
{
    size_t tail = ENTRY + (size_t)lt_le16(&node, 4) * ENTRY;
    if (!ext4->checksums)
        return false;
    return tail + 4 > node.len || lt_crc32c(seed, node.ptr, tail) != lt_le32(&node, tail);
}

enum lt_status lt_ext4_block_path(uint32_t block_size, uint64_t logical, struct lt_ext4_path *out, struct lt_err *err)
{
    uint64_t per_block = block_size / 4, span = 1;
    *out = (struct lt_ext4_path){0};
    if (logical < LT_EXT4_DIRECT) {
        out->root = (unsigned)logical;
        out->span[0] = 1;
        return LT_OK;
    }
    logical -= LT_EXT4_DIRECT;
    for (out->levels = 1; out->levels <= 3; out->levels++) {
        span *= per_block;
        if (logical < span)
            break;
        logical -= span;
    }
    if (out->levels > 3)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a block further than any block map reaches");
    out->root = LT_EXT4_DIRECT + out->levels - 1;
    out->span[0] = span;
    for (unsigned level = 0; level < out->levels; level++) {
        span /= per_block;
        out->span[level + 1] = span;
        out->index[level] = logical / span;
        logical %= span;
    }
    return LT_OK;
}
