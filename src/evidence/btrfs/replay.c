// SPDX-License-Identifier: Apache-2.0
#include "evidence/btrfs/replay.h"

enum { MOST_WORK = 20 * 1000 * 1000 }; /* a log is of seconds; looking through directories for names costs the most */

struct find_job {
    struct lt_btrfs_replay *replay;
    struct lt_btrfs_found *found;
};

static bool take_item(void *arg, const struct lt_btrfs_item *item)
{
    const struct find_job *job = arg;
    struct lt_arena *arena = &job->replay->scratch;
    struct lt_btrfs_found *found = job->found;
    if (++job->replay->work > MOST_WORK)
        return false;
    if (found->count == found->cap) {
        struct lt_btrfs_item *old = found->items;
        found->cap = found->cap ? found->cap * 2 : 4;
        found->items = lt_new_array(arena, struct lt_btrfs_item, found->cap);
        if (found->count)
            memcpy(found->items, old, found->count * sizeof *old);
    }
    struct lt_str copy = lt_str_dup(arena, (struct lt_str){(const char *)item->data.ptr, item->data.len});
    found->items[found->count++] =
        (struct lt_btrfs_item){.key = item->key, .data = {.ptr = (const unsigned char *)copy.ptr, .len = copy.len}};
    return true;
}

struct lt_btrfs_found lt_btrfs_find(struct lt_btrfs_replay *replay, const struct lt_btrfs_tree *tree,
                                    struct lt_btrfs_key from, struct lt_btrfs_key to)
{
    struct lt_btrfs_found found = {0};
    struct find_job job = {replay, &found};
    if (replay->failed)
        return found;
    replay->failed |= lt_btrfs_items(replay->volume, tree, from, to, take_item, &job, replay->err) != LT_OK;
    if (++replay->work > MOST_WORK) {
        lt_fail(replay->err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "more than %d items are to be looked at", MOST_WORK);
        replay->failed = true;
    }
    return found;
}

bool lt_btrfs_find_one(struct lt_btrfs_replay *replay, const struct lt_btrfs_tree *tree, struct lt_btrfs_key key,
                       struct lt_btrfs_item *out)
{
    struct lt_btrfs_found found = lt_btrfs_find(replay, tree, key, key);
    if (found.count)
        *out = found.items[0];
    return found.count;
}

static void check_room(struct lt_btrfs_replay *replay, bool fits)
{
    if (!fits)
        lt_fail(replay->err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "it makes more than %d changes", LT_BTRFS_MAX_CHANGES);
    replay->failed |= !fits;
}

void lt_btrfs_put(struct lt_btrfs_replay *replay, struct lt_btrfs_key key, struct lt_str data)
{
    check_room(replay, lt_btrfs_set_item(replay->changes, key, data));
}

void lt_btrfs_drop(struct lt_btrfs_replay *replay, struct lt_btrfs_key key)
{
    check_room(replay, lt_btrfs_remove_item(replay->changes, key));
}

void lt_btrfs_doubt(struct lt_btrfs_replay *replay, uint64_t ino)
{
    if (replay->doubtful_count && replay->doubtful[replay->doubtful_count - 1] == ino)
        return;
    if (replay->doubtful_count == replay->doubtful_cap) {
        replay->doubtful_cap = replay->doubtful_cap ? replay->doubtful_cap * 2 : 64;
        replay->doubtful = lt_realloc(replay->doubtful, lt_array_size(replay->doubtful_cap, sizeof *replay->doubtful));
    }
    replay->doubtful[replay->doubtful_count++] = ino;
}

bool lt_btrfs_has_inode(struct lt_btrfs_replay *replay, uint64_t ino)
{
    struct lt_btrfs_item item;
    return lt_btrfs_find_one(replay, &replay->tree, (struct lt_btrfs_key){ino, 0, LT_BTRFS_INODE}, &item);
}
