// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/fast_tags.h"

enum {
    HEAD = 4,
    MOST_NAME = 255,
    LEAST_INODE = 128,
    MOST_BLOCKS = 32768 /* of an extent; a larger number means: not written yet */
};

static bool decode_range(struct lt_cursor value, struct lt_fast_tag *out)
{
    uint32_t count = lt_le16(&value, 8);
    out->ino = lt_le32(&value, 0);
    out->logical = lt_le32(&value, 4);
    out->unwritten = count > MOST_BLOCKS;
    out->count = out->unwritten ? count - MOST_BLOCKS : count;
    out->block = lt_le32(&value, 12) | (uint64_t)lt_le16(&value, 10) << 32;
    return !value.bad && out->count;
}

static bool decode_hole(struct lt_cursor value, struct lt_fast_tag *out)
{
    out->ino = lt_le32(&value, 0);
    out->logical = lt_le32(&value, 4);
    out->count = lt_le32(&value, 8);
    return !value.bad;
}

static bool decode_name(struct lt_cursor value, struct lt_fast_tag *out)
{
    enum { NAME = 8 };
    out->parent = lt_le32(&value, 0);
    out->ino = lt_le32(&value, 4);
    if (value.bad || value.len == NAME || value.len - NAME > MOST_NAME)
        return false;
    out->name = (struct lt_str){(const char *)value.ptr + NAME, value.len - NAME};
    return true;
}

static bool decode_inode(struct lt_cursor value, struct lt_fast_tag *out)
{
    out->ino = lt_le32(&value, 0);
    if (value.len < 4 + LEAST_INODE)
        return false;
    out->inode = (struct lt_cursor){.ptr = value.ptr + 4, .len = value.len - 4};
    return true;
}

/* The checksum covers a tail up to the checksum in it. */
static bool decode_tail(struct lt_cursor value, struct lt_fast_tag *out)
{
    out->sequence = lt_le32(&value, 0);
    out->checksum = lt_le32(&value, 4);
    out->summed.len = HEAD + 4;
    return !value.bad;
}

static bool decode_head(struct lt_cursor value, struct lt_fast_tag *out)
{
    out->features = lt_le32(&value, 0);
    out->sequence = lt_le32(&value, 4);
    return !value.bad;
}

static bool decode(struct lt_cursor value, struct lt_fast_tag *out)
{
    switch (out->type) {
    case LT_FAST_ADD_RANGE:
        return decode_range(value, out);
    case LT_FAST_DEL_RANGE:
        return decode_hole(value, out);
    case LT_FAST_CREATE:
    case LT_FAST_LINK:
    case LT_FAST_UNLINK:
        return decode_name(value, out);
    case LT_FAST_INODE:
        return decode_inode(value, out);
    case LT_FAST_PAD:
        return true;
    case LT_FAST_TAIL:
        return decode_tail(value, out);
    case LT_FAST_HEAD:
        return decode_head(value, out);
    }
    return false;
}

enum lt_status lt_fast_next(struct lt_cursor block, size_t *at, struct lt_fast_tag *out)
{
    *out = (struct lt_fast_tag){0};
    if (block.len < HEAD || *at > block.len - HEAD)
        return LT_END;
    size_t start = *at, size = lt_le16(&block, start + 2);
    out->type = (enum lt_fast_type)lt_le16(&block, start);
    if (size > block.len - HEAD - start)
        return LT_SKIP;
    out->summed = (struct lt_cursor){.ptr = block.ptr + start, .len = HEAD + size};
    if (!decode((struct lt_cursor){.ptr = block.ptr + start + HEAD, .len = size}, out))
        return LT_SKIP;
    *at = start + HEAD + size;
    return LT_OK;
}
