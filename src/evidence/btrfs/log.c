// SPDX-License-Identifier: Apache-2.0
#include "evidence/btrfs/log.h"

#include "evidence/btrfs/replay.h"

#include <stdlib.h>

enum { SIZE = 16, NLINK = 40, INODE_LEAST = 160 };

static void put_number(struct lt_str bytes, size_t at, unsigned count, uint64_t number)
{
    for (unsigned i = 0; i < count; i++)
        ((char *)(size_t)bytes.ptr)[at + i] = (char)(number >> 8 * i);
}

static struct lt_str copy_of(struct lt_btrfs_replay *replay, const struct lt_btrfs_item *item)
{
    return lt_str_dup(&replay->scratch, (struct lt_str){(const char *)item->data.ptr, item->data.len});
}

/* --- inodes ------------------------------------------------------------------------------------------------------ */

/* Attributes that the log does not have are gone. The others are taken over later. */
static void drop_xattrs(struct lt_btrfs_replay *replay, uint64_t ino)
{
    struct lt_btrfs_key first = {ino, 0, LT_BTRFS_XATTR}, last = {ino, UINT64_MAX, LT_BTRFS_XATTR};
    struct lt_btrfs_found found = lt_btrfs_find(replay, &replay->tree, first, last);
    for (size_t i = 0; i < found.count; i++) {
        struct lt_btrfs_item item;
        if (!lt_btrfs_find_one(replay, &replay->log, found.items[i].key, &item))
            lt_btrfs_drop(replay, found.items[i].key);
    }
}

/* An inode that was logged only so that it exists, says its generation: it changes nothing but the size of a file. */
static void overwrite_inode(struct lt_btrfs_replay *replay, const struct lt_btrfs_item *logged,
                            const struct lt_node *node)
{
    struct lt_btrfs_item old;
    struct lt_node before = {0};
    struct lt_cursor data = logged->data;
    struct lt_str bytes = copy_of(replay, logged);
    bool bad_time, there = lt_btrfs_find_one(replay, &replay->tree, logged->key, &old) &&
                           lt_btrfs_read_inode(old.data, &before, &bad_time, NULL) == LT_OK;
    if (there && !lt_cursor_le(&data, 0, 8)) {
        if (!S_ISREG(node->mode) || !S_ISREG(before.mode) || !node->size)
            return;
        bytes = copy_of(replay, &old);
        put_number(bytes, SIZE, 8, node->size);
    } else if (S_ISDIR(node->mode)) {
        put_number(bytes, SIZE, 8, there && S_ISDIR(before.mode) ? before.size : 0);
    }
    lt_btrfs_put(replay, logged->key, bytes);
}

/* What is behind the end of a file is cut off, before extents behind it are taken over. */
static void cut_at_end(struct lt_btrfs_replay *replay, uint64_t ino)
{
    struct lt_btrfs_item item;
    struct lt_node node = {0};
    bool bad_time;
    uint64_t sector = replay->volume->super.sector_size;
    if (lt_btrfs_find_one(replay, &replay->tree, (struct lt_btrfs_key){ino, 0, LT_BTRFS_INODE}, &item) &&
        lt_btrfs_read_inode(item.data, &node, &bad_time, NULL) == LT_OK && S_ISREG(node.mode) &&
        node.size <= UINT64_MAX - sector)
        lt_btrfs_cut_file(replay, ino, (node.size + sector - 1) & ~(sector - 1), UINT64_MAX);
}

/* False: the inode had no name when it was logged, and is left out with all that is logged of it. */
static bool replay_inode(struct lt_btrfs_replay *replay, const struct lt_btrfs_item *item)
{
    struct lt_node node = {0};
    bool bad_time;
    uint64_t ino = item->key.objectid;
    if (lt_btrfs_read_inode(item->data, &node, &bad_time, replay->err) != LT_OK) {
        replay->failed = true;
        return false;
    }
    if (!node.nlink)
        return false;
    drop_xattrs(replay, ino);
    if (S_ISDIR(node.mode) && lt_btrfs_has_inode(replay, ino))
        lt_btrfs_replay_deletes(replay, ino);
    overwrite_inode(replay, item, &node);
    if (S_ISREG(node.mode))
        cut_at_end(replay, ino);
    lt_btrfs_doubt(replay, ino);
    return true;
}

/* --- stages ------------------------------------------------------------------------------------------------------ */

enum stage { INODES, ENTRIES, THE_REST };

struct stage_job {
    struct lt_btrfs_replay *replay;
    enum stage stage;
    uint64_t nameless; /* the last inode that had no name */
};

static void replay_rest(struct lt_btrfs_replay *replay, const struct lt_btrfs_item *item)
{
    switch (item->key.type) {
    case LT_BTRFS_XATTR:
        lt_btrfs_put(replay, item->key, copy_of(replay, item));
        break;
    case LT_BTRFS_INODE_REF:
    case LT_BTRFS_INODE_EXTREF:
        lt_btrfs_replay_refs(replay, item);
        break;
    case LT_BTRFS_EXTENT:
        lt_btrfs_replay_extent(replay, item);
        break;
    default:
        break;
    }
}

static bool has_no_name(const struct lt_btrfs_item *item)
{
    struct lt_cursor data = item->data;
    return item->key.type == LT_BTRFS_INODE && data.len >= INODE_LEAST && !lt_le32(&data, NLINK);
}

/* The item is in the log, which nothing changes. */
static bool replay_item(void *arg, const struct lt_btrfs_item *item)
{
    struct stage_job *job = arg;
    struct lt_btrfs_replay *replay = job->replay;
    lt_arena_reset(&replay->scratch);
    if (item->key.objectid < LT_BTRFS_FIRST_FREE || item->key.objectid > LT_BTRFS_LAST_FREE)
        return true; /* checksums of data */
    if (has_no_name(item))
        job->nameless = item->key.objectid;
    if (item->key.objectid == job->nameless)
        return true;
    if (job->stage == INODES && item->key.type == LT_BTRFS_INODE)
        replay_inode(replay, item);
    else if (job->stage == ENTRIES && item->key.type == LT_BTRFS_DIR_INDEX)
        lt_btrfs_replay_entry(replay, item);
    else if (job->stage == THE_REST)
        replay_rest(replay, item);
    return !replay->failed;
}

/* Set the link counts of inodes that got or lost names. What a directory without a name holds loses its own. */
static void settle_links(struct lt_btrfs_replay *replay)
{
    for (size_t i = 0; i < replay->doubtful_count && !replay->failed; i++) {
        struct lt_btrfs_item item;
        struct lt_node node = {0};
        bool bad_time;
        uint64_t ino = replay->doubtful[i];
        lt_arena_reset(&replay->scratch);
        if (!lt_btrfs_find_one(replay, &replay->tree, (struct lt_btrfs_key){ino, 0, LT_BTRFS_INODE}, &item) ||
            lt_btrfs_read_inode(item.data, &node, &bad_time, NULL) != LT_OK)
            continue;
        uint32_t count = lt_btrfs_count_names(replay, ino);
        if (!count && S_ISDIR(node.mode))
            lt_btrfs_empty_dir(replay, ino);
        if (count == node.nlink || !lt_btrfs_find_one(replay, &replay->tree, item.key, &item))
            continue;
        struct lt_str bytes = copy_of(replay, &item);
        put_number(bytes, NLINK, 4, count);
        lt_btrfs_put(replay, item.key, bytes);
    }
}

static void replay_log(struct lt_btrfs_replay *replay)
{
    const struct lt_btrfs_key first = {LT_BTRFS_FIRST_FREE, 0, 0}, last = {LT_BTRFS_LAST_FREE, UINT64_MAX, UINT8_MAX};
    for (enum stage stage = INODES; stage <= THE_REST && !replay->failed; stage++) {
        struct stage_job job = {replay, stage, 0};
        if (lt_btrfs_items(replay->volume, &replay->log, first, last, replay_item, &job, replay->err) != LT_OK)
            replay->failed = true;
    }
    settle_links(replay);
}

/* --- all of them ------------------------------------------------------------------------------------------------- */

struct logs_job {
    struct lt_btrfs_volume *volume;
    struct lt_btrfs_subvolumes *subvolumes;
    struct lt_arena *arena;
    struct lt_list *all;
    struct lt_err *err;
    uint64_t work; /* of all logs; see struct lt_btrfs_replay */
    bool failed;
};

/* The log of one subvolume. */
static bool take_log(void *arg, const struct lt_btrfs_item *item)
{
    struct logs_job *job = arg;
    struct lt_btrfs_root root;
    bool deleted;
    struct lt_btrfs_subvolume *to = lt_btrfs_subvolume(job->subvolumes, item->key.offset);
    if (item->key.objectid != LT_BTRFS_LOG_TREE || item->key.type != LT_BTRFS_ROOT || !to)
        return true;
    if (lt_btrfs_read_root(item->data, &root, &deleted, job->err) != LT_OK) {
        job->failed = true;
        return true;
    }
    struct lt_btrfs_changes *changes = lt_new(job->arena, struct lt_btrfs_changes);
    changes->arena = job->arena;
    lt_list_add(job->all, job->arena, changes);
    struct lt_btrfs_replay replay = {
        .volume = job->volume,
        .tree = to->tree,
        .log = {.number = LT_BTRFS_LOG_TREE, .root = root},
        .changes = changes,
        .err = job->err,
        .work = job->work,
    };
    replay.tree.changes = changes;
    replay_log(&replay);
    job->work = replay.work;
    job->failed |= replay.failed;
    if (!replay.failed)
        to->tree.changes = changes;
    lt_arena_free(&replay.scratch);
    free(replay.doubtful);
    return true;
}

enum lt_status lt_btrfs_replay_logs(struct lt_btrfs_volume *volume, struct lt_btrfs_subvolumes *subvolumes,
                                    struct lt_arena *arena, struct lt_list *all, struct lt_err *err)
{
    const struct lt_btrfs_tree logs = {.number = LT_BTRFS_LOG_TREE, .root = volume->super.log_root};
    const struct lt_btrfs_key first = {LT_BTRFS_LOG_TREE, 0, LT_BTRFS_ROOT},
                              last = {LT_BTRFS_LOG_TREE, UINT64_MAX, LT_BTRFS_ROOT};
    struct logs_job job = {volume, subvolumes, arena, all, err, 0, false};
    enum lt_status status = lt_btrfs_items(volume, &logs, first, last, take_log, &job, err);
    return job.failed ? LT_SKIP : status;
}
