// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/volume.h"

#include "base/bisect.h"
#include "evidence/ext4/copies.h"
#include "evidence/ext4/map.h"

#include <stdlib.h>
#include <string.h>

enum {
    WAYS = 4,
    BLOCK_SLOTS = 32,
    TABLE_SLOTS = 256,
    TABLE_UNIT = 32 * 1024, /* bytes; inodes of one directory lie together, so many are read at once */
};

static const unsigned char journal_magic[4] = {0xC0, 0x3B, 0x39, 0x98};

/* The first patch of a block not before `block`. */
static size_t first_patch(const struct lt_ext4_volume *volume, uint64_t block)
{
    return lt_bisect(volume->patches, volume->patch_count, sizeof *volume->patches, block);
}

/* Read the bytes from `from` up to `to` of a patched block. */
static bool read_patch(struct lt_ext4_volume *volume, const struct lt_ext4_patch *patch, size_t from, size_t to,
                       unsigned char *out)
{
    uint64_t source = patch->source * volume->super.block_size;
    if (!lt_device_read(&volume->device, source + from, out, to - from))
        return false;
    for (size_t i = from; patch->escaped && i < sizeof journal_magic && i < to; i++)
        out[i - from] = journal_magic[i];
    return true;
}

static bool apply_patches(struct lt_ext4_volume *volume, uint64_t offset, unsigned char *buffer, size_t size)
{
    uint64_t block_size = volume->super.block_size, end = offset + size, behind = (end + block_size - 1) / block_size;
    for (size_t i = first_patch(volume, offset / block_size); i < volume->patch_count; i++) {
        /* Blocks are compared, because numbers that a hostile journal makes up may overflow in bytes. */
        if (volume->patches[i].block >= behind)
            break;
        uint64_t start = volume->patches[i].block * block_size;
        uint64_t from = start < offset ? offset - start : 0, to = start + block_size > end ? end - start : block_size;
        if (!read_patch(volume, &volume->patches[i], (size_t)from, (size_t)to, buffer + (start + from - offset)))
            return false;
    }
    return true;
}

bool lt_volume_read(struct lt_ext4_volume *volume, uint64_t offset, void *buffer, size_t size)
{
    return lt_device_read(&volume->device, offset, buffer, size) &&
           (!volume->patch_count || apply_patches(volume, offset, buffer, size));
}

static void make_cache(struct lt_ext4_cache *cache, size_t unit, size_t slots)
{
    *cache = (struct lt_ext4_cache){
        .bytes = lt_pages(unit * slots),
        .held = lt_realloc(NULL, slots * sizeof *cache->held),
        .unit = unit,
        .slots = slots,
    };
    memset(cache->held, 0, slots * sizeof *cache->held);
}

/* A small file system needs no more than it has pieces. */
static size_t table_slots(uint64_t device_size)
{
    uint64_t pieces = device_size / TABLE_UNIT + WAYS;
    return pieces < TABLE_SLOTS ? (size_t)pieces / WAYS * WAYS : TABLE_SLOTS;
}

static void free_cache(struct lt_ext4_cache *cache)
{
    free(cache->bytes);
    free(cache->held);
    *cache = (struct lt_ext4_cache){0};
}

/* The first of the WAYS slots that the piece `number` may be in. */
static size_t first_slot(const struct lt_ext4_cache *cache, uint64_t number)
{
    return cache->slots < WAYS ? 0 : (size_t)(number % (cache->slots / WAYS)) * WAYS;
}

/* The piece `number` if the cache has it, else NULL. */
static const unsigned char *held(const struct lt_ext4_cache *cache, uint64_t number)
{
    size_t first = first_slot(cache, number);
    for (size_t slot = first; slot < first + WAYS && slot < cache->slots; slot++)
        if (cache->held[slot] == number + 1)
            return cache->bytes + slot * cache->unit;
    return NULL;
}

/* The first `size` bytes of the piece `number`, which are kept if that is all of it. The oldest of its slots is filled
 * anew. */
static const unsigned char *cached(struct lt_ext4_volume *volume, struct lt_ext4_cache *cache, uint64_t number,
                                   size_t size)
{
    const unsigned char *there = held(cache, number);
    if (there)
        return there;
    size_t slot = first_slot(cache, number) + cache->next++ % (cache->slots < WAYS ? cache->slots : WAYS);
    unsigned char *bytes = cache->bytes + slot * cache->unit;
    cache->held[slot] = 0;
    if (!lt_volume_read(volume, number * cache->unit, bytes, size))
        return NULL;
    if (size == cache->unit)
        cache->held[slot] = number + 1;
    return bytes;
}

uint64_t lt_volume_blocks(const struct lt_ext4_volume *volume)
{
    uint64_t there = volume->device.size / volume->super.block_size;
    return there < volume->super.blocks ? there : volume->super.blocks;
}

const unsigned char *lt_volume_block(struct lt_ext4_volume *volume, uint64_t number)
{
    if (number >= lt_volume_blocks(volume))
        return NULL;
    return cached(volume, &volume->blocks, number, volume->super.block_size);
}

/* `size` bytes at `offset`. They must not cross a piece of a table; sizes are powers of two that divide the offset. */
static const unsigned char *table_bytes(struct lt_ext4_volume *volume, uint64_t offset, size_t size)
{
    size_t inside = (size_t)(offset % TABLE_UNIT);
    if (size > TABLE_UNIT - inside)
        return NULL;
    const unsigned char *piece = cached(volume, &volume->tables, offset / TABLE_UNIT, TABLE_UNIT);
    if (!piece) /* part of it cannot be read; perhaps that is not the part that is needed */
        piece = cached(volume, &volume->tables, offset / TABLE_UNIT, inside + size);
    return piece ? piece + inside : NULL;
}

const unsigned char *lt_volume_near_block(struct lt_ext4_volume *volume, uint64_t number)
{
    uint64_t size = volume->super.block_size,
             distance = number > volume->near ? number - volume->near : volume->near - number;
    const unsigned char *bytes = NULL;
    volume->near = number;
    if (number < volume->super.blocks &&
        (distance * size < TABLE_UNIT || held(&volume->tables, number * size / TABLE_UNIT)))
        bytes = table_bytes(volume, number * size, (size_t)size);
    if (!bytes && number < volume->super.blocks)
        bytes = cached(volume, &volume->alone, number, (size_t)size);
    return bytes;
}

static enum lt_status read_super(struct lt_ext4_volume *volume, struct lt_err *err)
{
    unsigned char bytes[LT_EXT4_SUPER_SIZE];
    struct lt_ext4 first;
    struct lt_err problem = {0};
    if (!lt_volume_read(volume, LT_EXT4_SUPER_OFFSET, bytes, sizeof bytes))
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the superblock");
    enum lt_status status = lt_ext4_super((struct lt_cursor){.ptr = bytes, .len = sizeof bytes}, &first, &problem);
    if (status == LT_OK && first.damaged)
        lt_fail(&problem, LT_OK, LT_CODE_DAMAGED, 0, "wrong checksum of the superblock");
    volume->bad_super = problem;
    if (problem.set && (status != LT_END || volume->seek_copy) &&
        lt_copies_super(&volume->device, status == LT_OK ? &first : NULL, &volume->super))
        return LT_OK;
    if (status == LT_OK)
        volume->super = first;
    else if (err)
        *err = problem;
    return status;
}

enum lt_status lt_volume_open(struct lt_ext4_volume *volume, const struct lt_device *device, bool seek_copy,
                              struct lt_err *err)
{
    *volume = (struct lt_ext4_volume){.device = *device, .seek_copy = seek_copy};
    enum lt_status status = read_super(volume, err);
    if (status != LT_OK)
        return status;
    make_cache(&volume->blocks, volume->super.block_size, BLOCK_SLOTS);
    make_cache(&volume->tables, TABLE_UNIT, table_slots(volume->device.size));
    make_cache(&volume->alone, volume->super.block_size, 1);
    return LT_OK;
}

enum lt_status lt_volume_patch(struct lt_ext4_volume *volume, struct lt_ext4_patch *patches, size_t count,
                               struct lt_err *err)
{
    struct lt_ext4 before = volume->super;
    free(volume->patches);
    volume->patches = patches;
    volume->patch_count = count;
    volume->group_number = 0;
    memset(volume->blocks.held, 0, volume->blocks.slots * sizeof *volume->blocks.held);
    memset(volume->tables.held, 0, volume->tables.slots * sizeof *volume->tables.held);
    memset(volume->alone.held, 0, sizeof *volume->alone.held);
    enum lt_status status = read_super(volume, err);
    if (status == LT_OK && volume->super.block_size != before.block_size)
        status = lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the journal changes the size of the blocks");
    if (status != LT_OK)
        volume->super = before;
    return status;
}

void lt_volume_close(struct lt_ext4_volume *volume)
{
    free_cache(&volume->blocks);
    free_cache(&volume->tables);
    free_cache(&volume->alone);
    free(volume->patches);
    free(volume->bitmaps);
    lt_fast_free(volume->fast);
    volume->patches = NULL;
    volume->bitmaps = NULL;
    volume->fast = NULL;
    volume->patch_count = 0;
}

const struct lt_ext4_group *lt_volume_group(struct lt_ext4_volume *volume, uint64_t group)
{
    const struct lt_ext4 *super = &volume->super;
    if (volume->group_number == group + 1)
        return &volume->group;
    if (group >= lt_ext4_groups(super))
        return NULL;
    uint64_t offset = lt_ext4_desc_offset(super, (uint32_t)(group * super->inodes_per_group + 1));
    const unsigned char *bytes = table_bytes(volume, offset, super->desc_size);
    if (!bytes)
        return NULL;
    lt_ext4_group(super, (struct lt_cursor){.ptr = bytes, .len = super->desc_size}, group, &volume->group);
    volume->group.damaged |= !lt_copies_plausible(super, &volume->group);
    if (volume->group.damaged)
        lt_copies_group(&volume->device, super, group, &volume->group);
    volume->group_number = group + 1;
    return &volume->group;
}

enum lt_status lt_volume_inode(struct lt_ext4_volume *volume, uint64_t ino, struct lt_cursor *out, struct lt_err *err)
{
    const struct lt_ext4 *super = &volume->super;
    if (ino < 1 || ino > super->inodes)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %ju is outside the file system", (uintmax_t)ino);
    const struct lt_ext4_group *group = lt_volume_group(volume, (ino - 1) / super->inodes_per_group);
    if (!group)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the group descriptor of inode %ju",
                       (uintmax_t)ino);
    uint64_t index = (ino - 1) % super->inodes_per_group, table = group->inode_table;
    const struct lt_fast_inode *changed = lt_fast_inode(volume->fast, (uint32_t)ino);
    const unsigned char *bytes = changed ? changed->bytes : NULL;
    if (!changed && table < lt_volume_blocks(volume))
        bytes = table_bytes(volume, table * super->block_size + index * super->inode_size, super->inode_size);
    if (!bytes)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read inode %ju (table at block %ju)",
                       (uintmax_t)ino, (uintmax_t)table);
    *out = (struct lt_cursor){.ptr = bytes, .len = super->inode_size};
    return LT_OK;
}

/* Two bits of lt_ext4_volume.bitmaps for each kind. */
enum { CHECKED = 1, BAD = 2 };
struct bitmap_kind {
    const char *name;
    unsigned shift; /* of its bits */
};
static const struct bitmap_kind of_inodes = {"inode", 0}, of_blocks = {"block", 2};

static void count_bad(struct lt_ext4_volume *volume, const struct bitmap_kind *kind, uint64_t number, bool read)
{
    volume->bad_bitmaps++;
    lt_fail(&volume->bad_bitmap, LT_SKIP, read ? LT_CODE_DAMAGED : LT_CODE_UNREADABLE, 0,
            "%s the %s bitmap of group %ju", read ? "wrong checksum of" : "cannot read", kind->name, (uintmax_t)number);
}

/* The bitmap at `block`, which has `count` bits; NULL: it cannot be read, or its checksum is not `sum`. */
static const unsigned char *read_bitmap(struct lt_ext4_volume *volume, const struct bitmap_kind *kind, uint64_t number,
                                        uint64_t block, uint32_t count, uint32_t sum)
{
    if (!volume->bitmaps) /* zeroed pages cost nothing until they are written */
        volume->bitmaps = calloc(lt_ext4_groups(&volume->super), 1);
    const unsigned char *bits = lt_volume_block(volume, block);
    unsigned char *state = volume->bitmaps ? &volume->bitmaps[number] : NULL;
    if (state && !(*state >> kind->shift & CHECKED)) {
        bool bad = !bits || lt_ext4_bitmap_damaged(&volume->super, (struct lt_cursor){bits, count / 8, false}, sum);
        *state |= (unsigned char)((CHECKED | (bad ? BAD : 0)) << kind->shift);
        if (bad)
            count_bad(volume, kind, number, bits);
    }
    return state && *state >> kind->shift & BAD ? NULL : bits;
}

enum lt_status lt_volume_inode_used(struct lt_ext4_volume *volume, uint64_t ino, bool *used, struct lt_err *err)
{
    const struct lt_ext4 *super = &volume->super;
    *used = false;
    if (ino < 1 || ino > super->inodes)
        return LT_OK;
    const struct lt_fast_inode *changed = lt_fast_inode(volume->fast, (uint32_t)ino);
    if (changed && (*used = changed->used))
        return LT_OK;
    uint64_t index = (ino - 1) % super->inodes_per_group, number = (ino - 1) / super->inodes_per_group;
    const struct lt_ext4_group *group = lt_volume_group(volume, number);
    if (group && group->flags & LT_EXT4_INODE_UNINIT)
        return LT_OK;
    const unsigned char *bits = NULL;
    if (group && index / 8 < super->block_size)
        bits = read_bitmap(volume, &of_inodes, number, group->inode_bitmap, super->inodes_per_group, group->inode_sum);
    if (!bits)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the bitmap of inode %ju cannot be believed", (uintmax_t)ino);
    *used = bits[index / 8] >> index % 8 & 1;
    return LT_OK;
}

static const unsigned char *block_bitmap(struct lt_ext4_volume *volume, const struct lt_ext4_group *group,
                                         uint64_t number)
{
    uint32_t count = volume->super.blocks_per_group / volume->super.cluster_blocks;
    return read_bitmap(volume, &of_blocks, number, group->block_bitmap, count, group->block_sum);
}

enum lt_status lt_volume_block_bitmap(struct lt_ext4_volume *volume, uint64_t number, const unsigned char **bits)
{
    const struct lt_ext4_group *group = lt_volume_group(volume, number);
    *bits = NULL;
    if (group && group->flags & LT_EXT4_BLOCK_UNINIT)
        return LT_END;
    *bits = group ? block_bitmap(volume, group, number) : NULL;
    return *bits ? LT_OK : LT_SKIP;
}

void lt_volume_check_blocks(struct lt_ext4_volume *volume, uint64_t number)
{
    const struct lt_ext4_group *group = lt_volume_group(volume, number);
    if (group && !(group->flags & LT_EXT4_BLOCK_UNINIT))
        block_bitmap(volume, group, number);
}

bool lt_volume_block_used(struct lt_ext4_volume *volume, uint64_t block)
{
    const struct lt_ext4 *super = &volume->super;
    if (block < super->first_data_block || block >= super->blocks)
        return true;
    uint64_t number = (block - super->first_data_block) / super->blocks_per_group;
    uint64_t index = (block - super->first_data_block) % super->blocks_per_group / super->cluster_blocks;
    const struct lt_ext4_group *group = lt_volume_group(volume, number);
    if (group && group->flags & LT_EXT4_BLOCK_UNINIT)
        return false;
    const unsigned char *bits = group && index / 8 < super->block_size ? block_bitmap(volume, group, number) : NULL;
    return !bits || (bits[index / 8] >> index % 8 & 1);
}

static enum lt_status check_run(const struct lt_ext4_volume *volume, const struct lt_ext4_inode *inode,
                                struct lt_ext4_run *run, struct lt_err *err)
{
    if (run->zeros)
        return LT_OK;
    if (run->block >= volume->super.blocks || run->count > volume->super.blocks - run->block)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %u has data outside the file system, at block %ju",
                       inode->ino, (uintmax_t)run->block);
    return LT_OK;
}

static enum lt_status map_extent(struct lt_ext4_volume *volume, const struct lt_ext4_inode *inode, uint64_t logical,
                                 struct lt_ext4_run *out, struct lt_err *err)
{
    struct lt_ext4_step step;
    struct lt_cursor node = {.ptr = inode->body, .len = sizeof inode->body};
    uint64_t limit = UINT64_MAX, number = 0;
    int depth = -1;
    for (;;) {
        if (lt_ext4_extent_step(node, depth, logical, &step, err) != LT_OK)
            return LT_SKIP;
        limit = step.count < limit ? step.count : limit;
        if (!step.down)
            break;
        number = step.block;
        depth = (int)step.depth - 1;
        const unsigned char *bytes = lt_volume_block(volume, number);
        if (!bytes)
            return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read block %ju of the extents of inode %u",
                           (uintmax_t)number, inode->ino);
        node = (struct lt_cursor){.ptr = bytes, .len = volume->super.block_size};
        if (!inode->trusted &&
            lt_ext4_extent_damaged(&volume->super, node,
                                   lt_ext4_inode_seed(&volume->super, inode->ino, inode->generation)))
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum in block %ju of the extents of inode %u",
                           (uintmax_t)number, inode->ino);
    }
    *out = (struct lt_ext4_run){step.block, limit, step.unwritten || !step.block};
    return LT_OK;
}

/* Consecutive numbers make one run, as far as they are in the same block of the map. */
static uint64_t run_length(struct lt_cursor *numbers, uint64_t index)
{
    uint32_t first = lt_le32(numbers, index * 4);
    uint64_t count = 1;
    while ((index + count + 1) * 4 <= numbers->len &&
           lt_le32(numbers, (index + count) * 4) == (first ? first + count : 0))
        count++;
    return count;
}

static enum lt_status map_blocks(struct lt_ext4_volume *volume, const struct lt_ext4_inode *inode, uint64_t logical,
                                 struct lt_ext4_run *out, struct lt_err *err)
{
    struct lt_ext4_path path;
    if (lt_ext4_block_path(volume->super.block_size, logical, &path, err) != LT_OK)
        return LT_SKIP;
    struct lt_cursor numbers = {.ptr = inode->body, .len = sizeof inode->body};
    uint64_t index = path.root, inside = 0;
    if (!path.levels)
        numbers.len = (size_t)LT_EXT4_DIRECT * 4;
    unsigned level = 0;
    for (; level < path.levels; level++) {
        uint32_t number = lt_le32(&numbers, index * 4);
        if (!number)
            break;
        const unsigned char *bytes = lt_volume_block(volume, number);
        if (!bytes)
            return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read block %u of the block map of inode %u",
                           number, inode->ino);
        numbers = (struct lt_cursor){.ptr = bytes, .len = volume->super.block_size};
        index = path.index[level];
    }
    for (unsigned below = level; below < path.levels; below++)
        inside += path.index[below] * path.span[below + 1];
    *out = (struct lt_ext4_run){
        .block = lt_le32(&numbers, index * 4),
        .count = level < path.levels ? path.span[level] - inside : run_length(&numbers, index),
    };
    out->zeros = !out->block;
    return LT_OK;
}

enum lt_status lt_volume_map(struct lt_ext4_volume *volume, const struct lt_ext4_inode *inode, uint64_t logical,
                             struct lt_ext4_run *out, struct lt_err *err)
{
    const struct lt_fast_inode *changed = lt_fast_inode(volume->fast, inode->ino);
    const struct lt_fast_range *range = NULL;
    uint64_t limit = UINT64_MAX;
    *out = (struct lt_ext4_run){0};
    if (changed)
        range = lt_fast_range(changed, logical, &limit);
    if (range) {
        *out = (struct lt_ext4_run){range->block + (logical - range->first), range->end - logical, range->zeros};
        return check_run(volume, inode, out, err);
    }
    enum lt_status status = inode->flags & LT_EXT4_EXTENTS_FL ? map_extent(volume, inode, logical, out, err)
                                                              : map_blocks(volume, inode, logical, out, err);
    if (out->count > limit - logical)
        out->count = limit - logical;
    return status == LT_OK ? check_run(volume, inode, out, err) : status;
}

ssize_t lt_volume_read_file(struct lt_ext4_volume *volume, const struct lt_ext4_inode *inode, void *buffer, size_t size,
                            uint64_t offset, struct lt_err *err)
{
    uint64_t block_size = volume->super.block_size;
    size_t done = 0;
    if (offset >= inode->size)
        return 0;
    size = size > inode->size - offset ? (size_t)(inode->size - offset) : size;
    while (done < size) {
        struct lt_ext4_run run;
        uint64_t at = offset + done, inside = at % block_size;
        if (lt_volume_map(volume, inode, at / block_size, &run, err) != LT_OK)
            break;
        size_t part = size - done;
        if (run.count <= (part + inside) / block_size)
            part = (size_t)(run.count * block_size - inside);
        if (run.zeros) {
            memset((char *)buffer + done, 0, part);
        } else if (!lt_volume_read(volume, run.block * block_size + inside, (char *)buffer + done, part)) {
            lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "read fails at offset %ju (block %ju of the file system)",
                    (uintmax_t)at, (uintmax_t)run.block);
            break;
        }
        done += part;
    }
    /* What was read before the failure is good. The next call will fail at the right place. */
    if (!done && size)
        return -1;
    return (ssize_t)done;
}
