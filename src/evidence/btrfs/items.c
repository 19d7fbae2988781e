// SPDX-License-Identifier: Apache-2.0
#include "evidence/btrfs/layout.h"

enum { KEY = 17 };

static struct lt_str text(struct lt_cursor bytes, size_t offset, size_t size)
{
    return (struct lt_str){(const char *)bytes.ptr + offset, size};
}

/* Are there `size` bytes at `offset`? */
static bool holds(const struct lt_cursor *bytes, size_t offset, size_t size)
{
    return offset <= bytes->len && size <= bytes->len - offset;
}

/* --- inodes and roots -------------------------------------------------------------------------------------------- */

enum { INODE_SIZE = 160, ROOT_LEAST = 239, ROOT_AT = 176, ROOT_REFS = 216, ROOT_LEVEL = 238, ROOT_GENERATION = 160 };

static struct lt_time read_time(struct lt_cursor *item, size_t offset, bool *bad)
{
    enum { NANOSECONDS = 1000000000 };
    int64_t seconds = (int64_t)lt_cursor_le(item, offset, 8);
    uint32_t nanoseconds = lt_le32(item, offset + 8);
    *bad |= nanoseconds >= NANOSECONDS;
    return nanoseconds < NANOSECONDS ? lt_time_at(seconds, nanoseconds) : (struct lt_time){0};
}

enum lt_status lt_btrfs_read_inode(struct lt_cursor item, struct lt_node *out, bool *bad_time, struct lt_err *err)
{
    enum { MINOR_BITS = 20 };
    if (item.len < INODE_SIZE)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "an inode item of %zu bytes", item.len);
    uint64_t device = lt_cursor_le(&item, 56, 8);
    *bad_time = false;
    out->size = lt_cursor_le(&item, 16, 8);
    out->nlink = lt_le32(&item, 40);
    out->uid = lt_le32(&item, 44);
    out->gid = lt_le32(&item, 48);
    out->mode = lt_le32(&item, 52);
    if (S_ISCHR(out->mode) || S_ISBLK(out->mode)) {
        out->major = (uint32_t)(device >> MINOR_BITS);
        out->minor = (uint32_t)device & ((1u << MINOR_BITS) - 1);
    }
    out->time[LT_A] = read_time(&item, 112, bad_time);
    out->time[LT_C] = read_time(&item, 124, bad_time);
    out->time[LT_M] = read_time(&item, 136, bad_time);
    out->time[LT_B] = read_time(&item, 148, bad_time);
    return LT_OK;
}

enum lt_status lt_btrfs_read_root(struct lt_cursor item, struct lt_btrfs_root *out, bool *deleted, struct lt_err *err)
{
    if (item.len < ROOT_LEAST)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a root item of %zu bytes", item.len);
    *deleted = !lt_le32(&item, ROOT_REFS);
    *out = (struct lt_btrfs_root){lt_cursor_le(&item, ROOT_AT, 8), lt_cursor_le(&item, ROOT_GENERATION, 8),
                                  (uint8_t)lt_cursor_le(&item, ROOT_LEVEL, 1)};
    if (out->level >= LT_BTRFS_LEVELS)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a tree of %u levels", out->level + 1u);
    return LT_OK;
}

/* --- names ------------------------------------------------------------------------------------------------------- */

enum lt_status lt_btrfs_next_entry(struct lt_cursor item, size_t *at, struct lt_btrfs_entry *out, struct lt_err *err)
{
    enum { DATA_LEN = KEY + 8, NAME_LEN = DATA_LEN + 2, TYPE = NAME_LEN + 2, HEAD = TYPE + 1, ENCRYPTED = 0x80 };
    if (*at >= item.len)
        return LT_END;
    size_t value = lt_le16(&item, *at + DATA_LEN), name = lt_le16(&item, *at + NAME_LEN);
    if (!holds(&item, *at, HEAD + name + value))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "an entry breaks off");
    out->location = lt_btrfs_key(&item, *at);
    out->type = (unsigned)lt_cursor_le(&item, *at + TYPE, 1) & ~(unsigned)ENCRYPTED;
    out->name = text(item, *at + HEAD, name);
    out->value = text(item, *at + HEAD + name, value);
    *at += HEAD + name + value;
    return LT_OK;
}

unsigned lt_btrfs_entry_type(unsigned type)
{
    static const unsigned types[] = {0, S_IFREG, S_IFDIR, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, S_IFLNK};
    return type < sizeof types / sizeof *types ? types[type] : 0;
}

enum lt_status lt_btrfs_next_ref(const struct lt_btrfs_item *item, size_t *at, struct lt_btrfs_ref *out,
                                 struct lt_err *err)
{
    struct lt_cursor data = item->data;
    bool far = item->key.type != LT_BTRFS_INODE_REF; /* the parent is in the item, not in its key */
    size_t head = far ? 18 : 10, start = *at;
    if (start >= data.len)
        return LT_END;
    size_t length = lt_le16(&data, start + head - 2);
    if (!holds(&data, start, head + length))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a reference to an inode breaks off");
    out->parent = far ? lt_cursor_le(&data, start, 8) : item->key.offset;
    out->index = lt_cursor_le(&data, start + (far ? 8 : 0), 8);
    out->name = text(data, start + head, length);
    *at = start + head + length;
    return LT_OK;
}

/* --- extents ----------------------------------------------------------------------------------------------------- */

static enum lt_status fail_extent(struct lt_err *err, const struct lt_btrfs_item *item)
{
    return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the extent of inode %ju at byte %ju cannot be",
                   (uintmax_t)item->key.objectid, (uintmax_t)item->key.offset);
}

/* Is it packed, and larger than the kernel packs? */
static bool is_too_large(const struct lt_btrfs_extent *extent)
{
    return extent->packing && (extent->unpacked > LT_BTRFS_MAX_EXTENT || extent->disk_size > LT_BTRFS_MAX_EXTENT);
}

static enum lt_status read_far(const struct lt_btrfs_item *item, struct lt_btrfs_extent *out, bool written,
                               struct lt_err *err)
{
    struct lt_cursor data = item->data;
    uint64_t at = lt_cursor_le(&data, 21, 8);
    out->disk_size = lt_cursor_le(&data, 29, 8);
    out->skip = lt_cursor_le(&data, 37, 8);
    out->size = lt_cursor_le(&data, 45, 8);
    out->at = written ? at : 0;
    uint64_t whole = out->packing ? out->unpacked : out->disk_size;
    bool fits = !at || (out->skip <= whole && out->size <= whole - out->skip && at <= UINT64_MAX - out->disk_size);
    if (data.bad || !fits || !out->size || out->size > UINT64_MAX - out->offset)
        return fail_extent(err, item);
    return LT_OK;
}

enum lt_status lt_btrfs_read_extent(const struct lt_btrfs_item *item, struct lt_btrfs_extent *out, struct lt_err *err)
{
    enum {
        UNPACKED = 8,
        PACKING = 16,
        ENCRYPTION = 17,
        ENCODING = 18,
        KIND = 20,
        INLINE = 0,
        REGULAR = 1,
        UNWRITTEN = 2
    };
    struct lt_cursor data = item->data;
    uint64_t kind = lt_cursor_le(&data, KIND, 1);
    *out = (struct lt_btrfs_extent){
        .offset = item->key.offset,
        .unpacked = lt_cursor_le(&data, UNPACKED, 8),
        .packing = (uint8_t)lt_cursor_le(&data, PACKING, 1),
    };
    if (data.bad || kind > UNWRITTEN)
        return fail_extent(err, item);
    if (out->packing > LT_BTRFS_ZSTD || lt_cursor_le(&data, ENCRYPTION, 1) || lt_le16(&data, ENCODING))
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "inode %ju is packed or encrypted in an unknown way",
                       (uintmax_t)item->key.objectid);
    if (kind != INLINE) {
        if (read_far(item, out, kind == REGULAR, err) != LT_OK)
            return LT_SKIP;
        return is_too_large(out) ? fail_extent(err, item) : LT_OK;
    }
    out->is_near = true;
    out->near = text(data, LT_BTRFS_EXTENT_HEAD, data.len - LT_BTRFS_EXTENT_HEAD);
    out->disk_size = out->near.len;
    out->size = out->packing ? out->unpacked : out->near.len;
    if (out->offset || !out->size || is_too_large(out))
        return fail_extent(err, item);
    return LT_OK;
}
