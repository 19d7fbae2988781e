// SPDX-License-Identifier: Apache-2.0
#include "evidence/volumes/thin_tree.h"

#include "base/crc32c.h"

enum { SECTOR = 512, HEADER = 32, ENTRY = 16, VALUE = 8, LARGEST_DATA = 1 << 21 /* sectors: 1 GiB */ };

static bool is_summed(struct lt_cursor *block, uint32_t salt)
{
    return block->len == LT_THIN_BLOCK &&
           (lt_crc32c(~0u, block->ptr + 4, LT_THIN_BLOCK - 4) ^ salt) == lt_le32(block, 0);
}

bool lt_thin_super(struct lt_cursor block, struct lt_thin_super *out)
{
    enum { MAGIC = 27022010, SALT = 160774 };
    if (!is_summed(&block, SALT) || lt_cursor_le(&block, 32, 8) != MAGIC)
        return false;
    uint64_t sectors = lt_le32(&block, 336);
    *out = (struct lt_thin_super){lt_cursor_le(&block, 320, 8), sectors * SECTOR};
    return sectors && sectors <= LARGEST_DATA;
}

bool lt_thin_node(struct lt_cursor block, uint64_t number, struct lt_thin_node *out)
{
    enum { SALT = 121107, INTERNAL = 1, LEAF = 2 };
    if (!is_summed(&block, SALT) || lt_cursor_le(&block, 8, 8) != number)
        return false;
    uint32_t flags = lt_le32(&block, 4);
    *out = (struct lt_thin_node){block, flags & LEAF, lt_le32(&block, 16), lt_le32(&block, 20)};
    return (flags == INTERNAL || flags == LEAF) && lt_le32(&block, 24) == VALUE && out->count <= out->most &&
           out->most <= (LT_THIN_BLOCK - HEADER) / ENTRY;
}

bool lt_thin_find(struct lt_thin_node *node, uint64_t key, uint64_t *value)
{
    uint32_t low = 0, high = node->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (lt_cursor_le(&node->block, HEADER + (size_t)middle * 8, 8) <= key)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low)
        return false;
    size_t at = low - 1;
    *value = lt_cursor_le(&node->block, HEADER + (size_t)node->most * 8 + at * VALUE, 8);
    return !node->leaf || lt_cursor_le(&node->block, HEADER + at * 8, 8) == key;
}
