// SPDX-License-Identifier: Apache-2.0
#include "evidence/btrfs/layout.h"

#include "base/crc32c.h"
#include "base/sha256.h"
#include "base/xxh64.h"

#include <string.h>

enum { KEY = 17, POINTER = KEY + 16, ITEM = KEY + 8, SUM = 32 };

int lt_btrfs_key_cmp(struct lt_btrfs_key a, struct lt_btrfs_key b)
{
    if (a.objectid != b.objectid)
        return a.objectid < b.objectid ? -1 : 1;
    if (a.type != b.type)
        return a.type < b.type ? -1 : 1;
    return (a.offset > b.offset) - (a.offset < b.offset);
}

struct lt_btrfs_key lt_btrfs_key(struct lt_cursor *bytes, size_t offset)
{
    return (struct lt_btrfs_key){
        .objectid = lt_cursor_le(bytes, offset, 8),
        .type = (uint8_t)lt_cursor_le(bytes, offset + 8, 1),
        .offset = lt_cursor_le(bytes, offset + 9, 8),
    };
}

static struct lt_str piece(struct lt_cursor bytes, size_t offset, size_t size)
{
    if (offset > bytes.len || bytes.len - offset < size)
        return LT_STR("");
    return (struct lt_str){(const char *)bytes.ptr + offset, size};
}

/* --- checksums --------------------------------------------------------------------------------------------------- */

static bool sha256_is_right(struct lt_cursor block)
{
    struct lt_sha256 *hash = lt_sha256_new();
    struct lt_buf got = {0}, wanted = {0};
    if (!hash)
        return true;
    lt_sha256_add(hash, piece(block, SUM, block.len - SUM));
    lt_sha256_finish(hash, &got);
    for (size_t i = 0; i < SUM; i++)
        lt_buf_printf(&wanted, "%02x", block.ptr[i]);
    bool right = lt_str_eq(lt_buf_view(&got), lt_buf_view(&wanted));
    lt_buf_free(&got);
    lt_buf_free(&wanted);
    return right;
}

bool lt_btrfs_sum_is_right(unsigned sum_type, struct lt_cursor block)
{
    if (block.len < SUM)
        return false;
    const unsigned char *summed = block.ptr + SUM;
    switch (sum_type) {
    case LT_BTRFS_CRC32C:
        return lt_le32(&block, 0) == (lt_crc32c(UINT32_MAX, summed, block.len - SUM) ^ UINT32_MAX);
    case LT_BTRFS_XXH64:
        return lt_cursor_le(&block, 0, 8) == lt_xxh64(summed, block.len - SUM);
    case LT_BTRFS_SHA256:
        return sha256_is_right(block);
    default:
        return true;
    }
}

const char *lt_btrfs_unverified(unsigned sum_type)
{
    if (sum_type == LT_BTRFS_SHA256)
        return lt_sha256_version() ? NULL : "SHA-256";
    if (sum_type == LT_BTRFS_BLAKE2)
        return "BLAKE2b";
    return sum_type > LT_BTRFS_BLAKE2 ? "an unknown kind" : NULL;
}

/* --- the superblock ---------------------------------------------------------------------------------------------- */

enum {
    FSID = 0x20,
    BYTENR = 0x30,
    MAGIC = 0x40,
    GENERATION = 0x48,
    ROOT = 0x50,
    CHUNK_ROOT = 0x58,
    LOG_ROOT = 0x60,
    TOTAL_BYTES = 0x70,
    BYTES_USED = 0x78,
    DEVICES = 0x88,
    SECTOR_SIZE = 0x90,
    NODE_SIZE = 0x94,
    ARRAY_SIZE = 0xa0,
    CHUNK_GENERATION = 0xa4,
    INCOMPAT = 0xbc,
    SUM_TYPE = 0xc4,
    ROOT_LEVEL = 0xc6,
    DEVICE = 0xc9, /* struct btrfs_dev_item begins with the number of the device */
    LABEL = 0x12b,
    METADATA_UUID = 0x23b,
    ARRAY = 0x32b,
    MAX_ARRAY = 2048,
};

bool lt_btrfs_is_super(struct lt_cursor bytes)
{
    return lt_str_eq(piece(bytes, MAGIC, 8), LT_STR("_BHRfS_M"));
}

static bool is_size(uint32_t size, uint32_t least)
{
    return size >= least && size <= LT_BTRFS_MAX_NODE && !(size & (size - 1));
}

static void read_roots(struct lt_cursor *bytes, struct lt_btrfs_super *out)
{
    out->root = (struct lt_btrfs_root){lt_cursor_le(bytes, ROOT, 8), out->generation,
                                       (uint8_t)lt_cursor_le(bytes, ROOT_LEVEL, 1)};
    out->chunk_root =
        (struct lt_btrfs_root){lt_cursor_le(bytes, CHUNK_ROOT, 8), lt_cursor_le(bytes, CHUNK_GENERATION, 8),
                               (uint8_t)lt_cursor_le(bytes, ROOT_LEVEL + 1, 1)};
    out->log_root = (struct lt_btrfs_root){lt_cursor_le(bytes, LOG_ROOT, 8), out->generation + 1,
                                           (uint8_t)lt_cursor_le(bytes, ROOT_LEVEL + 2, 1)};
}

enum lt_status lt_btrfs_read_super(struct lt_cursor bytes, struct lt_btrfs_super *out, struct lt_err *err)
{
    if (bytes.len < LT_BTRFS_SUPER_SIZE)
        return lt_fail(err, LT_SKIP, LT_CODE_TRUNCATED, 0, "the superblock breaks off");
    *out = (struct lt_btrfs_super){
        .at = lt_cursor_le(&bytes, BYTENR, 8),
        .generation = lt_cursor_le(&bytes, GENERATION, 8),
        .total_bytes = lt_cursor_le(&bytes, TOTAL_BYTES, 8),
        .bytes_used = lt_cursor_le(&bytes, BYTES_USED, 8),
        .devices = lt_cursor_le(&bytes, DEVICES, 8),
        .incompat = lt_cursor_le(&bytes, INCOMPAT, 8),
        .device = lt_cursor_le(&bytes, DEVICE, 8),
        .sector_size = lt_le32(&bytes, SECTOR_SIZE),
        .node_size = lt_le32(&bytes, NODE_SIZE),
        .sum_type = lt_le16(&bytes, SUM_TYPE),
    };
    memcpy(out->fsid, bytes.ptr + FSID, sizeof out->fsid);
    memcpy(out->metadata_uuid, bytes.ptr + (out->incompat & LT_BTRFS_METADATA_UUID ? METADATA_UUID : FSID),
           sizeof out->metadata_uuid);
    memcpy(out->label, bytes.ptr + LABEL, sizeof out->label);
    read_roots(&bytes, out);
    uint32_t array = lt_le32(&bytes, ARRAY_SIZE);
    out->array = piece(bytes, ARRAY, array);
    bool roots = out->root.level < LT_BTRFS_LEVELS && out->chunk_root.level < LT_BTRFS_LEVELS;
    if (!is_size(out->sector_size, LT_BTRFS_MIN_SECTOR) || !is_size(out->node_size, out->sector_size) || !roots ||
        array > MAX_ARRAY)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the superblock holds sizes that no btrfs has");
    return LT_OK;
}

/* --- chunks ------------------------------------------------------------------------------------------------------ */

enum { CHUNK_TYPE = 24, CHUNK_STRIPES = 44, STRIPE_AT = 48, STRIPE = 32 };

/* Bits of the type of a chunk (BTRFS_BLOCK_GROUP_*). */
static const struct {
    uint64_t bit;
    const char *name;
    bool spread;
} profiles[] = {
    {1 << 3, "raid0", true}, {1 << 4, "raid1", false}, {1 << 5, "dup", false},     {1 << 6, "raid10", true},
    {1 << 7, "raid5", true}, {1 << 8, "raid6", true},  {1 << 9, "raid1c3", false}, {1 << 10, "raid1c4", false},
};

static size_t profile_of(uint64_t type)
{
    size_t i = 0;
    while (i < sizeof profiles / sizeof *profiles && !(type & profiles[i].bit))
        i++;
    return i;
}

const char *lt_btrfs_profile(uint64_t type)
{
    size_t at = profile_of(type);
    return at < sizeof profiles / sizeof *profiles ? profiles[at].name : "single";
}

enum lt_status lt_btrfs_read_chunk(struct lt_cursor bytes, uint64_t logical, uint64_t device,
                                   struct lt_btrfs_chunk *out, size_t *used, struct lt_err *err)
{
    *out = (struct lt_btrfs_chunk){
        .logical = logical,
        .size = lt_cursor_le(&bytes, 0, 8),
        .type = lt_cursor_le(&bytes, CHUNK_TYPE, 8),
        .stripes = lt_le16(&bytes, CHUNK_STRIPES),
    };
    size_t profile = profile_of(out->type);
    out->spread = profile < sizeof profiles / sizeof *profiles && profiles[profile].spread && out->stripes > 1;
    *used = STRIPE_AT + (size_t)out->stripes * STRIPE;
    for (unsigned i = 0; i < out->stripes && !bytes.bad; i++) {
        uint64_t on = lt_cursor_le(&bytes, STRIPE_AT + i * STRIPE, 8);
        uint64_t at = lt_cursor_le(&bytes, STRIPE_AT + i * STRIPE + 8, 8);
        if (on == device && out->copies < LT_BTRFS_MAX_COPIES && at <= UINT64_MAX - out->size)
            out->physical[out->copies++] = at;
    }
    if (bytes.bad || !out->size || !out->stripes || out->size > UINT64_MAX - logical || *used > bytes.len)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the chunk at logical address %ju cannot be",
                       (uintmax_t)logical);
    return LT_OK;
}

/* --- nodes ------------------------------------------------------------------------------------------------------- */

struct lt_btrfs_header lt_btrfs_read_header(struct lt_cursor node)
{
    return (struct lt_btrfs_header){
        .at = lt_cursor_le(&node, 48, 8),
        .generation = lt_cursor_le(&node, 80, 8),
        .owner = lt_cursor_le(&node, 88, 8),
        .count = lt_le32(&node, 96),
        .level = (uint8_t)lt_cursor_le(&node, 100, 1),
    };
}

struct lt_btrfs_pointer lt_btrfs_read_pointer(struct lt_cursor node, uint32_t number)
{
    size_t at = LT_BTRFS_HEADER + (size_t)number * POINTER;
    return (struct lt_btrfs_pointer){lt_btrfs_key(&node, at), lt_cursor_le(&node, at + KEY, 8),
                                     lt_cursor_le(&node, at + KEY + 8, 8)};
}

struct lt_btrfs_item lt_btrfs_read_item(struct lt_cursor node, uint32_t number)
{
    size_t at = LT_BTRFS_HEADER + (size_t)number * ITEM;
    struct lt_btrfs_item item = {.key = lt_btrfs_key(&node, at)};
    struct lt_str data = piece(node, LT_BTRFS_HEADER + (size_t)lt_le32(&node, at + KEY), lt_le32(&node, at + KEY + 4));
    item.data = (struct lt_cursor){.ptr = (const unsigned char *)data.ptr, .len = data.len};
    return item;
}

/* Do the data of the item lie in the leaf, behind all heads? */
static bool item_fits(struct lt_cursor node, uint32_t number, size_t heads)
{
    size_t at = LT_BTRFS_HEADER + (size_t)number * ITEM + KEY;
    uint64_t from = (uint64_t)LT_BTRFS_HEADER + lt_le32(&node, at), size = lt_le32(&node, at + 4);
    return from >= heads && from <= node.len && size <= node.len - from;
}

bool lt_btrfs_node_is_sound(struct lt_cursor node)
{
    struct lt_btrfs_header header = lt_btrfs_read_header(node);
    size_t each = header.level ? POINTER : ITEM;
    struct lt_btrfs_key before = {0};
    if (node.len < LT_BTRFS_HEADER || header.count > (node.len - LT_BTRFS_HEADER) / each ||
        (header.level && !header.count))
        return false;
    for (uint32_t i = 0; i < header.count; i++) {
        struct lt_btrfs_key key = lt_btrfs_key(&node, LT_BTRFS_HEADER + i * each);
        if (i && lt_btrfs_key_cmp(before, key) >= 0)
            return false;
        if (!header.level && !item_fits(node, i, LT_BTRFS_HEADER + header.count * each))
            return false;
        before = key;
    }
    return true;
}
