// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/map.h"

enum { MAGIC = 0xF30A, ENTRY = 12, UNWRITTEN = 32768 };

struct head {
    unsigned entries, max, depth;
};

static bool read_head(struct lt_cursor *node, int depth, struct head *out)
{
    *out = (struct head){lt_le16(node, 2), lt_le16(node, 4), lt_le16(node, 6)};
    return lt_le16(node, 0) == MAGIC && out->entries <= out->max && ENTRY + (size_t)out->max * ENTRY <= node->len &&
           out->depth <= LT_EXT4_MAX_DEPTH && (depth < 0 || out->depth == (unsigned)depth) && !node->bad;
}

/* The first block of the file behind an entry. An entry of an inner node tells only where it begins. */
static uint64_t end_of(struct lt_cursor *node, const struct head *head, size_t at)
{
    uint64_t length = head->depth ? 0 : lt_le16(node, at + 4);
    length -= length > UNWRITTEN ? UNWRITTEN : 0;
    return lt_le32(node, at) + (length ? length : 1);
}

/* The last entry that begins at or before `logical`, or `entries` if there is none. SIZE_MAX: the entries overlap or
 * are not in order. */
static size_t find(struct lt_cursor *node, const struct head *head, uint64_t logical)
{
    size_t found = head->entries;
    uint64_t end = 0;
    for (size_t i = 0; i < head->entries; i++) {
        uint64_t first = lt_le32(node, ENTRY + i * ENTRY);
        if (first < end)
            return SIZE_MAX;
        if (first <= logical)
            found = i;
        end = end_of(node, head, ENTRY + i * ENTRY);
    }
    return found;
}

static uint64_t first_of(struct lt_cursor *node, const struct head *head, size_t entry)
{
    return entry < head->entries ? lt_le32(node, ENTRY + entry * ENTRY) : UINT64_MAX;
}

static enum lt_status leaf_step(struct lt_cursor *node, const struct head *head, size_t found, uint64_t logical,
                                struct lt_ext4_step *out, struct lt_err *err)
{
    size_t at = ENTRY + found * ENTRY;
    if (found < head->entries) {
        uint64_t first = lt_le32(node, at), length = lt_le16(node, at + 4);
        bool unwritten = length > UNWRITTEN;
        length -= unwritten ? UNWRITTEN : 0;
        if (logical - first < length) {
            uint64_t start = lt_le32(node, at + 8) | (uint64_t)lt_le16(node, at + 6) << 32;
            if (!start)
                return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "an extent at block 0, where no data can be");
            out->block = start + (logical - first);
            out->count = length - (logical - first);
            out->unwritten = unwritten;
            return LT_OK;
        }
    }
    uint64_t next = first_of(node, head, found < head->entries ? found + 1 : 0);
    out->count = next == UINT64_MAX ? next : next - logical;
    return LT_OK;
}

enum lt_status lt_ext4_extent_step(struct lt_cursor node, int depth, uint64_t logical, struct lt_ext4_step *out,
                                   struct lt_err *err)
{
    struct head head;
    *out = (struct lt_ext4_step){0};
    if (!read_head(&node, depth, &head))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no node of an extent tree where one must be");
    size_t found = find(&node, &head, logical);
    if (found == SIZE_MAX)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "extents out of order or one over the other");
    out->depth = head.depth;
    if (!head.depth)
        return leaf_step(&node, &head, found, logical, out, err);
    uint64_t next = first_of(&node, &head, found < head.entries ? found + 1 : 0);
    out->count = next == UINT64_MAX ? next : next - logical;
    out->down = found < head.entries;
    if (out->down)
        out->block = lt_le32(&node, ENTRY + found * ENTRY + 4) | (uint64_t)lt_le16(&node, ENTRY + found * ENTRY + 8)
                                                                     << 32;
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
