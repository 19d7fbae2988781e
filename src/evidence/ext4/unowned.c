// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/unowned.h"

#include "evidence/ext4/reader.h"

#include <stdlib.h>

enum { MAX_LOST_GROUPS = 1000 };

struct search {
    struct lt_ext4_volume *volume;
    lt_each_unowned *each;
    void *arg;
    unsigned char *bits;    /* owned; a copy of the bitmap of the group: `each` may read other blocks */
    uint64_t start, blocks; /* the run that may go on with the next group */
    uint64_t lost;          /* groups whose bitmap cannot be believed */
    uint64_t first_lost;
};

/* Give out the run that has ended. */
static enum lt_status finish_run(struct search *search, struct lt_err *err)
{
    uint32_t size = search->volume->super.block_size;
    const struct lt_unowned run = {search->start * size, search->blocks * size, size};
    bool any = search->blocks;
    search->blocks = 0;
    return any ? search->each(search->arg, &run, err) : LT_OK;
}

/* A run of free blocks, which may follow on the last one. */
static enum lt_status add_run(struct search *search, uint64_t block, uint64_t count, struct lt_err *err)
{
    if (search->blocks && search->start + search->blocks == block) {
        search->blocks += count;
        return LT_OK;
    }
    enum lt_status status = finish_run(search, err);
    search->start = block;
    search->blocks = count;
    return status;
}

static void mark(unsigned char *bits, uint64_t from, uint64_t count, uint64_t all)
{
    for (uint64_t i = from; i < all && count; i++, count--)
        bits[i / 8] |= (unsigned char)(1u << i % 8);
}

/* What of a group's own structures lies in it, where its bitmap was never written. `all` is the number of clusters. */
static void mark_own(struct search *search, const struct lt_ext4_group *group, uint64_t number, uint64_t all)
{
    const struct lt_ext4 *super = &search->volume->super;
    uint64_t first = lt_ext4_group_start(super, number), cluster = super->cluster_blocks;
    uint64_t table = ((uint64_t)super->inodes_per_group * super->inode_size - 1) / super->block_size + 1;
    const uint64_t places[][2] = {{group->block_bitmap, 1}, {group->inode_bitmap, 1}, {group->inode_table, table}};
    if (lt_ext4_has_super(super, number))
        mark(search->bits, 0, (lt_ext4_super_blocks(super, number) + cluster - 1) / cluster, all);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i][0] >= first && places[i][0] - first < all * cluster) {
            uint64_t from = (places[i][0] - first) / cluster;
            uint64_t last = (places[i][0] - first + places[i][1] - 1) / cluster;
            mark(search->bits, from, last - from + 1, all);
        }
}

/* Fill in the bitmap of the group. False: it cannot be believed. */
static bool take_bitmap(struct search *search, uint64_t number, uint64_t clusters)
{
    const unsigned char *bits;
    const struct lt_ext4_group *group = lt_volume_group(search->volume, number);
    if (!group)
        return false;
    const struct lt_ext4_group own = *group;
    enum lt_status status = lt_volume_block_bitmap(search->volume, number, &bits);
    if (status == LT_OK)
        memcpy(search->bits, bits, search->volume->super.block_size);
    if (status == LT_END) {
        memset(search->bits, 0, search->volume->super.block_size);
        mark_own(search, &own, number, clusters);
    }
    return status != LT_SKIP;
}

static bool is_free(const struct search *search, uint64_t cluster)
{
    return !(search->bits[cluster / 8] >> cluster % 8 & 1);
}

/* The next cluster from `at` on that is free, or is not. Whole bytes of the bitmap are passed over at once. */
static uint64_t next_cluster(const struct search *search, uint64_t at, uint64_t all, bool free)
{
    unsigned char passed = free ? 0xFF : 0;
    while (at < all && is_free(search, at) != free)
        at += at % 8 == 0 && search->bits[at / 8] == passed ? 8 : 1;
    return at < all ? at : all;
}

static enum lt_status search_group(struct search *search, uint64_t number, struct lt_err *err)
{
    const struct lt_ext4 *super = &search->volume->super;
    uint64_t first = lt_ext4_group_start(super, number), left = lt_volume_blocks(search->volume) - first;
    uint64_t blocks = left < super->blocks_per_group ? left : super->blocks_per_group, cluster = super->cluster_blocks;
    uint64_t all = (blocks + cluster - 1) / cluster, most = (uint64_t)super->block_size * 8;
    enum lt_status status = LT_OK;
    all = all < most ? all : most;
    if (!take_bitmap(search, number, all)) {
        search->first_lost = search->lost++ ? search->first_lost : number;
        return LT_OK;
    }
    for (uint64_t at = next_cluster(search, 0, all, true); at < all && status == LT_OK;) {
        uint64_t end = next_cluster(search, at, all, false);
        uint64_t behind = end * cluster < blocks ? end * cluster : blocks;
        status = add_run(search, first + at * cluster, behind - at * cluster, err);
        at = next_cluster(search, end, all, true);
    }
    return status;
}

enum lt_status lt_ext4_unowned(struct lt_fs *fs, lt_each_unowned *each, void *arg, struct lt_err *err)
{
    struct lt_ext4_volume *volume = &lt_ext4_reader(fs)->volume;
    struct search search = {.volume = volume, .each = each, .arg = arg};
    uint64_t groups = lt_ext4_groups(&volume->super), blocks = lt_volume_blocks(volume);
    enum lt_status status = LT_OK;
    search.bits = lt_realloc(NULL, volume->super.block_size);
    for (uint64_t number = 0; number < groups && status == LT_OK && search.lost < MAX_LOST_GROUPS; number++) {
        if (lt_ext4_group_start(&volume->super, number) >= blocks)
            break;
        status = search_group(&search, number, err);
    }
    if (status == LT_OK)
        status = finish_run(&search, err);
    free(search.bits);
    if (status == LT_OK && search.lost)
        status = lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0,
                         "the bitmaps of the blocks of %ju groups cannot be believed, the first is that of group %ju: "
                         "nothing is searched for there",
                         (uintmax_t)search.lost, (uintmax_t)search.first_lost);
    return status;
}

ssize_t lt_ext4_read_unowned(struct lt_fs *fs, void *buffer, size_t size, uint64_t at, struct lt_err *err)
{
    struct lt_ext4_volume *volume = &lt_ext4_reader(fs)->volume;
    uint64_t block = volume->super.block_size;
    if (lt_volume_read(volume, at, buffer, size))
        return (ssize_t)size;
    size_t first = size < block ? size : (size_t)block; /* the rest may still be there: the caller asks again */
    if (first < size && lt_volume_read(volume, at, buffer, first))
        return (ssize_t)first;
    return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read block %ju of the file system",
                   (uintmax_t)(at / block)),
           -1;
}

bool lt_ext4_place(struct lt_fs *fs, uint64_t ino, uint64_t *at)
{
    struct lt_ext4_reader *reader = lt_ext4_reader(fs);
    struct lt_cursor bytes;
    struct lt_ext4_inode inode;
    struct lt_ext4_run run;
    struct lt_err ignored = {0};
    if (lt_ext4_read_inode(reader, ino, &bytes, &inode, &ignored) != LT_OK || !inode.size ||
        inode.flags & LT_EXT4_INLINE_FL || !(S_ISREG(inode.mode) || S_ISDIR(inode.mode)) ||
        lt_volume_map(&reader->volume, &inode, 0, &run, &ignored) != LT_OK || run.zeros)
        return false;
    *at = run.block * reader->volume.super.block_size;
    return true;
}
