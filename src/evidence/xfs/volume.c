// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/volume.h"

#include "evidence/xfs/copies.h"

#include <stdlib.h>
#include <string.h>

enum {
    WAYS = 4,
    BLOCK_SLOTS = 32,
    TABLE_SLOTS = 256,
    TABLE_UNIT = 32 * 1024, /* bytes; inodes lie together, 64 at least, so many are read at once */
    AGI_SECTOR = 2,         /* after the superblock and the head of the free space */
};

/* --- the caches --- */

static void make_cache(struct lt_xfs_cache *cache, size_t unit, size_t slots)
{
    *cache = (struct lt_xfs_cache){
        .bytes = lt_pages(unit * slots),
        .held = lt_realloc(NULL, slots * sizeof *cache->held),
        .unit = unit,
        .slots = slots,
    };
    memset(cache->held, 0, slots * sizeof *cache->held);
}

static void free_cache(struct lt_xfs_cache *cache)
{
    free(cache->bytes);
    free(cache->held);
    *cache = (struct lt_xfs_cache){0};
}

/* The piece `number` of the device, or its first `size` bytes, which are not kept for long. A piece may be in any of
 * some slots, of which the one that was filled first is filled anew. */
static const unsigned char *cached(struct lt_xfs_volume *volume, struct lt_xfs_cache *cache, uint64_t number,
                                   size_t size)
{
    size_t first = (size_t)(number % (cache->slots / WAYS)) * WAYS;
    for (size_t slot = first; slot < first + WAYS; slot++)
        if (cache->held[slot] == number + 1)
            return cache->bytes + slot * cache->unit;
    size_t slot = first + cache->next++ % WAYS;
    unsigned char *bytes = cache->bytes + slot * cache->unit;
    cache->held[slot] = 0;
    if (!lt_device_read(&volume->device, number * cache->unit, bytes, size))
        return NULL;
    if (size == cache->unit)
        cache->held[slot] = number + 1;
    return bytes;
}

/* A small file system needs no more than it has pieces. */
static size_t table_slots(uint64_t device_size)
{
    uint64_t pieces = device_size / TABLE_UNIT + WAYS;
    return pieces < TABLE_SLOTS ? (size_t)pieces / WAYS * WAYS : TABLE_SLOTS;
}

const unsigned char *lt_xfs_volume_block(struct lt_xfs_volume *volume, uint64_t block)
{
    uint64_t place;
    if (!lt_xfs_block_place(&volume->super, block, &place))
        return NULL;
    return cached(volume, &volume->blocks, place >> volume->super.block_log, volume->super.block_size);
}

/* --- from the superblock to inodes --- */

static enum lt_status read_super(struct lt_xfs_volume *volume, bool seek_copy, struct lt_err *err)
{
    struct lt_xfs first;
    struct lt_err problem = {0};
    enum lt_status status = lt_xfs_read_super(&volume->device, 0, &first, &problem);
    if (status == LT_OK && first.damaged)
        lt_fail(&problem, LT_OK, LT_CODE_DAMAGED, 0, "wrong checksum of the superblock");
    volume->bad_super = problem;
    if (problem.set && (status != LT_END || seek_copy) && strcmp(problem.code, LT_CODE_UNREADABLE) != 0 &&
        lt_xfs_find_copy(&volume->device, status == LT_OK ? &first : NULL, &volume->super, &volume->copy))
        return LT_OK;
    if (status == LT_OK)
        volume->super = first;
    else if (err)
        *err = problem;
    return status;
}

enum lt_status lt_xfs_volume_open(struct lt_xfs_volume *volume, const struct lt_device *device, bool seek_copy,
                                  struct lt_err *err)
{
    *volume = (struct lt_xfs_volume){.device = *device};
    enum lt_status status = read_super(volume, seek_copy, err);
    if (status != LT_OK)
        return status;
    make_cache(&volume->blocks, volume->super.block_size, BLOCK_SLOTS);
    make_cache(&volume->tables, TABLE_UNIT, table_slots(device->size));
    return LT_OK;
}

void lt_xfs_volume_close(struct lt_xfs_volume *volume)
{
    free_cache(&volume->blocks);
    free_cache(&volume->tables);
}

const struct lt_xfs_agi *lt_xfs_volume_agi(struct lt_xfs_volume *volume, uint32_t ag)
{
    const struct lt_xfs *super = &volume->super;
    unsigned char sector[LT_XFS_MAX_SECTOR];
    if (volume->agi_number == (uint64_t)ag + 1)
        return &volume->agi;
    volume->agi_number = 0;
    if (ag >= super->ag_count ||
        !lt_device_read(&volume->device, lt_xfs_ag_place(super, ag) + (uint64_t)AGI_SECTOR * super->sector_size, sector,
                        super->sector_size))
        return NULL;
    struct lt_cursor bytes = {.ptr = sector, .len = super->sector_size};
    if (lt_xfs_agi(super, bytes, &volume->agi, NULL) != LT_OK)
        return NULL;
    volume->agi.damaged |= volume->agi.ag != ag;
    volume->agi_number = (uint64_t)ag + 1;
    return &volume->agi;
}

enum lt_status lt_xfs_volume_inode(struct lt_xfs_volume *volume, uint64_t ino, struct lt_xfs_inode *out,
                                   struct lt_err *err)
{
    const struct lt_xfs *super = &volume->super;
    uint64_t place;
    if (!lt_xfs_ino_place(super, ino, &place))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %ju is outside the file system", (uintmax_t)ino);
    size_t inside = (size_t)(place % TABLE_UNIT);
    const unsigned char *piece = cached(volume, &volume->tables, place / TABLE_UNIT, TABLE_UNIT);
    if (!piece) /* part of it cannot be read; perhaps that is not the part that is needed */
        piece = cached(volume, &volume->tables, place / TABLE_UNIT, inside + super->inode_size);
    if (!piece)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read inode %ju (at byte %ju)", (uintmax_t)ino,
                       (uintmax_t)place);
    return lt_xfs_inode(super, (struct lt_cursor){.ptr = piece + inside, .len = super->inode_size}, ino, out, err);
}

enum lt_status lt_xfs_hold_inode(struct lt_xfs_volume *volume, uint64_t ino, struct lt_xfs_held *out,
                                 struct lt_err *err)
{
    out->trusted = false;
    enum lt_status status = lt_xfs_volume_inode(volume, ino, &out->inode, err);
    if (status != LT_OK)
        return status;
    struct lt_cursor *data = &out->inode.data.bytes, *attr = &out->inode.attr.bytes;
    memcpy(out->bytes, data->ptr, data->len + attr->len); /* one lies behind the other */
    data->ptr = out->bytes;
    attr->ptr = out->bytes + data->len;
    return LT_OK;
}

/* --- the contents of forks --- */

/* An extent lies in one AG. */
static bool is_inside(const struct lt_xfs *super, uint64_t block, uint64_t count, uint64_t *place)
{
    uint64_t in_ag = block & ((UINT64_C(1) << super->ag_log) - 1);
    return lt_xfs_block_place(super, block, place) &&
           count <= lt_xfs_ag_blocks(super, (uint32_t)(block >> super->ag_log)) - in_ag;
}

/* A block of the btree below `node`. */
static enum lt_status map_below(struct lt_xfs_volume *volume, const struct lt_xfs_held *held, uint64_t block,
                                struct lt_xfs_map_node *node, struct lt_err *err)
{
    bool damaged;
    const unsigned char *bytes = lt_xfs_volume_block(volume, block);
    if (!bytes)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read block %ju of the extents of inode %ju",
                       (uintmax_t)block, (uintmax_t)held->inode.ino);
    struct lt_cursor cursor = {.ptr = bytes, .len = volume->super.block_size};
    if (lt_xfs_map_block(&volume->super, cursor, held->inode.ino, node->level - 1, node, &damaged, err) != LT_OK)
        return LT_SKIP;
    if (damaged && !held->trusted)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum in block %ju of the extents of inode %ju",
                       (uintmax_t)block, (uintmax_t)held->inode.ino);
    return LT_OK;
}

enum lt_status lt_xfs_volume_map(struct lt_xfs_volume *volume, const struct lt_xfs_held *held,
                                 const struct lt_xfs_fork *fork, uint64_t logical, struct lt_xfs_run *out,
                                 struct lt_err *err)
{
    struct lt_xfs_map_node node;
    struct lt_xfs_step step;
    uint64_t limit = UINT64_MAX;
    enum lt_status status = lt_xfs_map_root(fork, &node, err);
    while (status == LT_OK) {
        lt_xfs_map_step(&node, logical, &step);
        limit = step.count < limit ? step.count : limit;
        if (!step.down)
            break;
        status = map_below(volume, held, step.block, &node, err);
    }
    if (status != LT_OK)
        return status;
    *out = (struct lt_xfs_run){.count = limit, .zeros = step.zeros};
    if (!step.zeros && !is_inside(&volume->super, step.block, step.count, &out->place))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %ju has data outside the file system, at block %ju",
                       (uintmax_t)held->inode.ino, (uintmax_t)step.block);
    return LT_OK;
}

ssize_t lt_xfs_read_fork(struct lt_xfs_volume *volume, const struct lt_xfs_held *held, const struct lt_xfs_fork *fork,
                         void *buffer, size_t size, uint64_t offset, struct lt_err *err)
{
    uint64_t block_size = volume->super.block_size;
    size_t done = 0;
    while (done < size) {
        struct lt_xfs_run run;
        uint64_t at = offset + done, inside = at % block_size;
        if (lt_xfs_volume_map(volume, held, fork, at / block_size, &run, err) != LT_OK)
            break;
        size_t part = size - done;
        if (run.count <= (part + inside) / block_size)
            part = (size_t)(run.count * block_size - inside);
        if (run.zeros) {
            memset((char *)buffer + done, 0, part);
        } else if (!lt_device_read(&volume->device, run.place + inside, (char *)buffer + done, part)) {
            lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "read fails at offset %ju (byte %ju of the file system)",
                    (uintmax_t)at, (uintmax_t)(run.place + inside));
            break;
        }
        done += part;
    }
    /* What was read before the failure is good. The next call will fail at the right place. */
    if (!done && size)
        return -1;
    return (ssize_t)done;
}

/* --- whether a btree of extents holds together --- */

/* A tree that is being checked. */
struct check {
    struct lt_xfs_volume *volume;
    struct lt_xfs_held *held;
    uint64_t end;     /* of the extents so far: a node that is reached again is out of order */
    uint64_t extents; /* so far */
    bool broken;      /* more is wrong than a checksum */
    struct lt_err *err;
};

static void check_extent(struct check *check, const struct lt_xfs_extent *extent)
{
    uint64_t place;
    check->broken |=
        extent->logical < check->end || !is_inside(&check->volume->super, extent->block, extent->count, &place);
    check->end = extent->logical + extent->count;
    check->extents++;
}

static void check_node(struct check *check, const struct lt_xfs_map_node *node);

/* The block is read anew for each entry, as others were read meanwhile; the cache has it. */
static void check_below(struct check *check, unsigned level, uint64_t block) // NOLINT(misc-no-recursion): levels fall
{
    struct lt_xfs_volume *volume = check->volume;
    const unsigned char *bytes = lt_xfs_volume_block(volume, block);
    struct lt_xfs_map_node node;
    bool damaged;
    if (!bytes) {
        check->broken = true;
        lt_fail(check->err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read block %ju of the extents of inode %ju",
                (uintmax_t)block, (uintmax_t)check->held->inode.ino);
        return;
    }
    struct lt_arena copies = {0};
    struct lt_str copy = lt_str_dup(&copies, (struct lt_str){(const char *)bytes, volume->super.block_size});
    struct lt_cursor cursor = {.ptr = (const unsigned char *)copy.ptr, .len = copy.len};
    if (lt_xfs_map_block(&volume->super, cursor, check->held->inode.ino, level, &node, &damaged, check->err) != LT_OK)
        check->broken = true;
    else if (damaged)
        lt_fail(check->err, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum in block %ju of the extents of inode %ju",
                (uintmax_t)block, (uintmax_t)check->held->inode.ino);
    if (!check->broken)
        check_node(check, &node);
    lt_arena_free(&copies);
}

static void check_node(struct check *check, const struct lt_xfs_map_node *node) // NOLINT(misc-no-recursion)
{
    check->broken |= !node->count;
    for (unsigned i = 0; i < node->count && !check->broken; i++) {
        struct lt_xfs_extent extent = lt_xfs_map_entry(node, i);
        if (node->level)
            check_below(check, node->level - 1, extent.block);
        else
            check_extent(check, &extent);
    }
}

enum lt_status lt_xfs_check_map(struct lt_xfs_volume *volume, struct lt_xfs_held *held, struct lt_err *err)
{
    struct lt_err problem = {0};
    struct check check = {.volume = volume, .held = held, .err = &problem};
    struct lt_xfs_map_node root;
    held->trusted = false;
    if (held->inode.data.format != LT_XFS_BTREE) /* else there are no blocks that have a checksum */
        return LT_OK;
    if (lt_xfs_map_root(&held->inode.data, &root, &problem) == LT_OK)
        check_node(&check, &root);
    held->trusted = !check.broken && check.extents == held->inode.data.extents;
    return problem.set ? lt_fail(err, problem.status, problem.code, 0, "%s", problem.text) : LT_OK;
}
