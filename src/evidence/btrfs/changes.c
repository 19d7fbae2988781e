// SPDX-License-Identifier: Apache-2.0
#include "evidence/btrfs/changes.h"

#include <stdlib.h>

size_t lt_btrfs_change_at(const struct lt_btrfs_changes *changes, struct lt_btrfs_key key)
{
    size_t low = 0, high = changes->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lt_btrfs_key_cmp(changes->items[middle].item.key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The change of that key, which is made if there is none. NULL: there are too many. */
static struct lt_btrfs_change *change_of(struct lt_btrfs_changes *changes, struct lt_btrfs_key key)
{
    size_t at = lt_btrfs_change_at(changes, key);
    if (at < changes->count && lt_btrfs_key_cmp(changes->items[at].item.key, key) == 0)
        return &changes->items[at];
    if (changes->count == LT_BTRFS_MAX_CHANGES)
        return NULL;
    if (changes->count == changes->cap) {
        changes->cap = changes->cap ? changes->cap * 2 : 64;
        changes->items = lt_realloc(changes->items, lt_array_size(changes->cap, sizeof *changes->items));
    }
    memmove(changes->items + at + 1, changes->items + at, (changes->count - at) * sizeof *changes->items);
    changes->count++;
    changes->items[at] = (struct lt_btrfs_change){.item.key = key};
    return &changes->items[at];
}

bool lt_btrfs_set_item(struct lt_btrfs_changes *changes, struct lt_btrfs_key key, struct lt_str data)
{
    struct lt_btrfs_change *change = change_of(changes, key);
    if (!change)
        return false;
    struct lt_str copy = lt_str_dup(changes->arena, data);
    change->item.data = (struct lt_cursor){.ptr = (const unsigned char *)copy.ptr, .len = copy.len};
    change->removed = false;
    return true;
}

bool lt_btrfs_remove_item(struct lt_btrfs_changes *changes, struct lt_btrfs_key key)
{
    struct lt_btrfs_change *change = change_of(changes, key);
    if (change)
        change->removed = true;
    return change;
}

void lt_btrfs_changes_free(struct lt_btrfs_changes *changes)
{
    free(changes->items);
    changes->items = NULL;
    changes->count = changes->cap = 0;
}
