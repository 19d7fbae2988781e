// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/reuse.h"

#include "base/bisect.h"

#include <stdlib.h>
#include <string.h>

/* One group whose bitmap has copies. Bit maps of a block each: the copy at hand, the next newer one, and what was found
 * already. */
struct group {
    struct lt_ext4_reuse *reuse;
    uint64_t first;         /* block of bit 0 */
    uint64_t bits, per_bit; /* blocks for each bit */
    uint64_t left;          /* copies that may still be read: hostile groups share their bitmaps */
    unsigned char *old, *newer, *found;
};

static void add(struct group *group, uint64_t bit, uint32_t free_at)
{
    struct lt_ext4_reuse *reuse = group->reuse;
    uint64_t block = group->first + bit * group->per_bit;
    struct lt_ext4_reused *last = reuse->count ? &reuse->items[reuse->count - 1] : NULL;
    group->found[bit / 8] |= (unsigned char)(1u << bit % 8);
    if (last && last->free_at == free_at && last->block + last->count == block) {
        last->count += group->per_bit;
        return;
    }
    if (!reuse->items || reuse->count == reuse->cap) {
        reuse->cap = reuse->cap ? reuse->cap * 2 : 256;
        reuse->items = lt_realloc(reuse->items, lt_array_size(reuse->cap, sizeof *reuse->items));
    }
    reuse->items[reuse->count++] = (struct lt_ext4_reused){block, group->per_bit, free_at};
}

/* What the older copy shows free and the newer one in use. Newer pairs came first, and count alone. */
static void compare(struct group *group, uint32_t free_at)
{
    for (uint64_t byte = 0; byte < group->bits / 8; byte++) {
        unsigned taken = (unsigned)group->newer[byte] & ~(unsigned)group->old[byte] & ~(unsigned)group->found[byte];
        for (uint64_t bit = byte * 8; taken & 0xFF && bit < byte * 8 + 8; bit++)
            if (taken >> bit % 8 & 1)
                add(group, bit, free_at);
    }
}

static void search_group(struct group *group, const struct lt_ext4_history *history, uint64_t bitmap)
{
    bool first = true;
    memset(group->found, 0, history->volume->super.block_size);
    for (size_t at = lt_history_find(history, bitmap);
         at < history->copy_count && history->copies[at].block == bitmap && group->left; at++, group->left--) {
        if (!lt_history_read(history, &history->copies[at], group->old))
            continue;
        if (!first)
            compare(group, history->copies[at].sequence);
        first = false;
        unsigned char *swap = group->newer;
        group->newer = group->old;
        group->old = swap;
    }
}

static int by_block(const void *a, const void *b)
{
    const struct lt_ext4_reused *left = a, *right = b;
    return (left->block > right->block) - (left->block < right->block);
}

void lt_reuse_find(struct lt_ext4_reuse *reuse, const struct lt_ext4_history *history)
{
    enum { MAX_LOST_GROUPS = 1000 };
    const struct lt_ext4 *super = &history->volume->super;
    uint64_t groups = history->copy_count ? lt_ext4_groups(super) : 0,
             bits = super->blocks_per_group / super->cluster_blocks;
    struct group group = {.reuse = reuse, .per_bit = super->cluster_blocks, .left = history->copy_count};
    unsigned char *bytes = lt_realloc(NULL, lt_array_size(3, super->block_size));
    *reuse = (struct lt_ext4_reuse){0};
    group.bits = bits < (uint64_t)super->block_size * 8 ? bits : (uint64_t)super->block_size * 8;
    group.old = bytes;
    group.newer = bytes + super->block_size;
    group.found = bytes + 2 * (size_t)super->block_size;
    unsigned lost = 0;
    for (uint64_t number = 0; number < groups && lost < MAX_LOST_GROUPS; number++) {
        const struct lt_ext4_group *descriptor = lt_volume_group(history->volume, number);
        lost += !descriptor;
        group.first = lt_ext4_group_start(super, number);
        if (descriptor)
            search_group(&group, history, descriptor->block_bitmap);
    }
    if (reuse->count)
        qsort(reuse->items, reuse->count, sizeof *reuse->items, by_block);
    free(bytes);
}

void lt_reuse_free(struct lt_ext4_reuse *reuse)
{
    free(reuse->items);
    *reuse = (struct lt_ext4_reuse){0};
}

bool lt_reuse_after(const struct lt_ext4_reuse *reuse, uint64_t block, uint32_t sequence)
{
    size_t behind = lt_bisect(reuse->items, reuse->count, sizeof *reuse->items, block + 1);
    const struct lt_ext4_reused *run = behind ? &reuse->items[behind - 1] : NULL;
    return run && block - run->block < run->count && lt_jbd2_is_before(sequence, run->free_at);
}
