// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/fast_changes.h"

#include <stdlib.h>

enum { MAX_RANGES = 16384 }; /* of a file */

struct lt_ext4_fast *lt_fast_new(void)
{
    struct lt_ext4_fast *fast = lt_realloc(NULL, sizeof *fast);
    *fast = (struct lt_ext4_fast){0};
    return fast;
}

void lt_fast_free(struct lt_ext4_fast *fast)
{
    if (!fast)
        return;
    lt_each (struct lt_fast_inode, inode, &fast->changed)
        free(inode->ranges);
    lt_arena_free(&fast->arena);
    free(fast);
}

static struct lt_str number_key(const uint32_t *number)
{
    return (struct lt_str){(const char *)number, sizeof *number};
}

struct lt_fast_inode *lt_fast_inode(const struct lt_ext4_fast *fast, uint32_t ino)
{
    return fast ? lt_map_get(&fast->inodes, number_key(&ino)) : NULL;
}

struct lt_fast_dir *lt_fast_dir(const struct lt_ext4_fast *fast, uint32_t ino)
{
    return fast ? lt_map_get(&fast->dirs, number_key(&ino)) : NULL;
}

/* The first range that ends behind `logical`. */
static size_t first_range(const struct lt_fast_inode *inode, uint64_t logical)
{
    size_t low = 0, high = inode->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (inode->ranges[middle].end <= logical)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct lt_fast_range *lt_fast_range(const struct lt_fast_inode *inode, uint64_t logical, uint64_t *limit)
{
    size_t at = first_range(inode, logical);
    *limit = UINT64_MAX;
    if (at == inode->count)
        return NULL;
    if (inode->ranges[at].first <= logical)
        return &inode->ranges[at];
    *limit = inode->ranges[at].first;
    return NULL;
}

struct lt_fast_inode *lt_fast_add_inode(struct lt_ext4_fast *fast, uint32_t ino, const unsigned char *bytes,
                                        size_t size)
{
    struct lt_arena *arena = &fast->arena;
    struct lt_fast_inode *inode = lt_new(arena, struct lt_fast_inode);
    *inode = (struct lt_fast_inode){.ino = ino, .bytes = lt_arena_alloc(arena, size)};
    memcpy(inode->bytes, bytes, size);
    lt_map_put(&fast->inodes, arena, number_key(&inode->ino), inode);
    lt_list_add(&fast->changed, arena, inode);
    return inode;
}

static struct lt_fast_dir *add_dir(struct lt_ext4_fast *fast, uint32_t ino)
{
    struct lt_fast_dir *dir = lt_new(&fast->arena, struct lt_fast_dir);
    uint32_t *key = lt_new(&fast->arena, uint32_t);
    *key = ino;
    lt_map_put(&fast->dirs, &fast->arena, number_key(key), dir);
    return dir;
}

struct lt_fast_name *lt_fast_add_name(struct lt_ext4_fast *fast, uint32_t ino, struct lt_str text)
{
    struct lt_arena *arena = &fast->arena;
    struct lt_fast_dir *dir = lt_fast_dir(fast, ino);
    if (!dir)
        dir = add_dir(fast, ino);
    struct lt_fast_name *name = lt_map_get(&dir->by_name, text);
    if (name)
        return name;
    name = lt_new(arena, struct lt_fast_name);
    name->name = lt_str_dup(arena, text);
    lt_map_put(&dir->by_name, arena, name->name, name);
    lt_list_add(&dir->names, arena, name);
    return name;
}

bool lt_fast_set_range(struct lt_fast_inode *inode, const struct lt_fast_range *range)
{
    struct lt_fast_range pieces[3];
    size_t at = first_range(inode, range->first), behind = at, count = 0;
    while (behind < inode->count && inode->ranges[behind].first < range->end)
        behind++;
    if (behind > at && inode->ranges[at].first < range->first) {
        pieces[count] = inode->ranges[at];
        pieces[count++].end = range->first;
    }
    pieces[count++] = *range;
    if (behind > at && inode->ranges[behind - 1].end > range->end) {
        struct lt_fast_range rest = inode->ranges[behind - 1];
        rest.block += rest.zeros ? 0 : range->end - rest.first;
        rest.first = range->end;
        pieces[count++] = rest;
    }
    if (inode->count + 2 >= MAX_RANGES)
        return false;
    if (inode->count + 2 >= inode->cap) {
        inode->cap = inode->cap ? inode->cap * 2 : 16;
        inode->ranges = lt_realloc(inode->ranges, lt_array_size(inode->cap, sizeof *inode->ranges));
    }
    memmove(inode->ranges + at + count, inode->ranges + behind, (inode->count - behind) * sizeof *inode->ranges);
    memcpy(inode->ranges + at, pieces, count * sizeof *pieces);
    inode->count = inode->count - (behind - at) + count;
    return true;
}
