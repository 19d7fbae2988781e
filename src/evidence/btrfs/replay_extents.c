// SPDX-License-Identifier: Apache-2.0
#include "evidence/btrfs/replay.h"

enum { KIND = 20, AT = 21, SKIP = 37, SIZE = 45, FAR = 53 };

static uint64_t aligned(uint64_t number, uint64_t size)
{
    return number > UINT64_MAX - size ? UINT64_MAX : (number + size - 1) & ~(size - 1);
}

/* The end of an extent in its file. One that is in the tree fills its sector. */
static uint64_t end_of(const struct lt_btrfs_replay *replay, const struct lt_btrfs_extent *extent)
{
    uint64_t end = extent->offset + extent->size;
    return extent->is_near ? aligned(end, replay->volume->super.sector_size) : end;
}

static void put_number(char *bytes, size_t at, uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        bytes[at + i] = (char)(number >> 8 * i);
}

/* Keep `size` bytes of an extent, from `from` of the file on. */
static void keep_part(struct lt_btrfs_replay *replay, const struct lt_btrfs_item *item,
                      const struct lt_btrfs_extent *extent, uint64_t from, uint64_t size)
{
    struct lt_cursor data = item->data;
    char bytes[FAR];
    if (data.len < FAR)
        return;
    memcpy(bytes, data.ptr, FAR);
    if (lt_cursor_le(&data, AT, 8)) /* not a hole */
        put_number(bytes, SKIP, extent->skip + (from - extent->offset));
    put_number(bytes, SIZE, size);
    lt_btrfs_put(replay, (struct lt_btrfs_key){item->key.objectid, from, LT_BTRFS_EXTENT}, (struct lt_str){bytes, FAR});
}

void lt_btrfs_cut_file(struct lt_btrfs_replay *replay, uint64_t ino, uint64_t from, uint64_t end)
{
    struct lt_btrfs_key first = {ino, 0, LT_BTRFS_EXTENT}, last = {ino, end - 1, LT_BTRFS_EXTENT};
    if (from >= end)
        return;
    struct lt_btrfs_found found = lt_btrfs_find(replay, &replay->tree, first, last);
    for (size_t i = 0; i < found.count; i++) {
        struct lt_btrfs_extent extent;
        if (lt_btrfs_read_extent(&found.items[i], &extent, NULL) != LT_OK || end_of(replay, &extent) <= from)
            continue;
        uint64_t extent_end = end_of(replay, &extent);
        lt_btrfs_drop(replay, found.items[i].key);
        if (extent.is_near)
            continue;
        if (extent.offset < from)
            keep_part(replay, &found.items[i], &extent, extent.offset, from - extent.offset);
        if (extent_end > end)
            keep_part(replay, &found.items[i], &extent, end, extent_end - end);
    }
}

void lt_btrfs_replay_extent(struct lt_btrfs_replay *replay, const struct lt_btrfs_item *item)
{
    enum { NO_HOLES = 1 << 9 };
    struct lt_btrfs_extent extent;
    struct lt_cursor data = item->data;
    if (!lt_btrfs_has_inode(replay, item->key.objectid))
        return;
    if (lt_btrfs_read_extent(item, &extent, replay->err) != LT_OK) {
        replay->failed = true;
        return;
    }
    bool hole = !extent.is_near && !lt_cursor_le(&data, AT, 8);
    lt_btrfs_cut_file(replay, item->key.objectid, extent.offset, end_of(replay, &extent));
    if (!hole || !(replay->volume->super.incompat & NO_HOLES))
        lt_btrfs_put(replay, item->key, (struct lt_str){(const char *)data.ptr, data.len});
}
