// SPDX-License-Identifier: Apache-2.0
#include "evidence/btrfs/subvolumes.h"

#include "evidence/walk.h"

#include <stdlib.h>

/* --- the root tree ----------------------------------------------------------------------------------------------- */

struct job {
    struct lt_btrfs_subvolumes *subvolumes;
    struct lt_arena *arena;
    struct lt_err *err;
    bool failed;
};

static bool is_subvolume(uint64_t number)
{
    return number == LT_BTRFS_FS_TREE || (number >= LT_BTRFS_FIRST_FREE && number <= LT_BTRFS_LAST_FREE);
}

/* The last one, if it has that number (an older root of the same), or a new one. NULL: there are too many. */
static struct lt_btrfs_subvolume *last_or_new(struct job *job, uint64_t number)
{
    struct lt_btrfs_subvolumes *list = job->subvolumes;
    if (list->count && list->items[list->count - 1].tree.number == number)
        return &list->items[list->count - 1];
    if (list->count == LT_BTRFS_MAX_SUBVOLUMES) {
        lt_fail(job->err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "more than %d subvolumes: the others are not read",
                LT_BTRFS_MAX_SUBVOLUMES);
        return NULL;
    }
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 16;
        list->items = lt_realloc(list->items, lt_array_size(list->cap, sizeof *list->items));
    }
    return &list->items[list->count++];
}

static bool take_root(void *arg, const struct lt_btrfs_item *item)
{
    struct job *job = arg;
    struct lt_btrfs_root root;
    struct lt_err problem = {0};
    bool deleted;
    if (item->key.type != LT_BTRFS_ROOT || !is_subvolume(item->key.objectid))
        return true;
    if (lt_btrfs_read_root(item->data, &root, &deleted, &problem) != LT_OK) {
        lt_fail(job->err, LT_SKIP, problem.code, 0, "subvolume %ju: %s", (uintmax_t)item->key.objectid, problem.text);
        job->failed = true;
        return true;
    }
    struct lt_btrfs_subvolume *subvolume = last_or_new(job, item->key.objectid);
    job->failed |= !subvolume;
    if (subvolume)
        *subvolume =
            (struct lt_btrfs_subvolume){.tree = {.number = item->key.objectid, .root = root}, .deleted = deleted};
    return subvolume;
}

static bool take_reference(void *arg, const struct lt_btrfs_item *item)
{
    struct job *job = arg;
    struct lt_btrfs_ref ref;
    size_t at = 0;
    if (item->key.type != LT_BTRFS_ROOT_REF)
        return true;
    struct lt_btrfs_subvolume *subvolume = lt_btrfs_subvolume(job->subvolumes, item->key.offset);
    if (!subvolume || subvolume->named)
        return true;
    if (lt_btrfs_next_ref(item, &at, &ref, job->err) != LT_OK) {
        job->failed = true;
        return true;
    }
    subvolume->parent = item->key.objectid;
    subvolume->directory = ref.parent;
    subvolume->name = lt_str_dup(job->arena, ref.name);
    subvolume->named = true;
    return true;
}

static bool take_default(void *arg, const struct lt_btrfs_item *item)
{
    struct job *job = arg;
    struct lt_btrfs_entry entry;
    for (size_t at = 0; lt_btrfs_next_entry(item->data, &at, &entry, NULL) == LT_OK;)
        if (lt_str_eq(entry.name, LT_STR("default")) && entry.location.type == LT_BTRFS_ROOT)
            job->subvolumes->by_default = entry.location.objectid;
    return true;
}

enum lt_status lt_btrfs_subvolumes_read(struct lt_btrfs_subvolumes *subvolumes, struct lt_btrfs_volume *volume,
                                        const struct lt_btrfs_tree *roots, struct lt_arena *arena, struct lt_err *err)
{
    const struct lt_btrfs_key first = {LT_BTRFS_FS_TREE, 0, 0}, last = {LT_BTRFS_LAST_FREE, UINT64_MAX, UINT8_MAX};
    struct job job = {subvolumes, arena, err, false};
    *subvolumes = (struct lt_btrfs_subvolumes){0};
    enum lt_status status = lt_btrfs_items(volume, roots, first, last, take_root, &job, err);
    if (!lt_btrfs_subvolume(subvolumes, LT_BTRFS_FS_TREE))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the root tree does not name the tree of files");
    if (lt_btrfs_items(volume, roots, first, last, take_reference, &job, err) != LT_OK)
        status = LT_SKIP;
    lt_btrfs_items_of(volume, roots, LT_BTRFS_ROOT_DIR, LT_BTRFS_DIR_ITEM, take_default, &job, NULL);
    return job.failed ? LT_SKIP : status;
}

void lt_btrfs_subvolumes_free(struct lt_btrfs_subvolumes *subvolumes)
{
    free(subvolumes->items);
    subvolumes->items = NULL;
    subvolumes->count = 0;
}

/* --- finding them ------------------------------------------------------------------------------------------------ */

struct lt_btrfs_subvolume *lt_btrfs_subvolume(const struct lt_btrfs_subvolumes *subvolumes, uint64_t number)
{
    struct lt_btrfs_subvolume *items = subvolumes->items;
    size_t low = 0, high = subvolumes->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (items[middle].tree.number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < subvolumes->count && items[low].tree.number == number ? &items[low] : NULL;
}

struct lt_btrfs_subvolume *lt_btrfs_subvolume_at(const struct lt_btrfs_subvolumes *subvolumes, struct lt_str path)
{
    while (path.len && subvolumes->by_path.count > 1) {
        struct lt_btrfs_subvolume *found = lt_map_get(&subvolumes->by_path, path);
        if (found)
            return found;
        path = lt_str_dirname(path);
    }
    return &subvolumes->items[0];
}

struct lt_btrfs_subvolume *lt_btrfs_subvolume_of(const struct lt_btrfs_subvolumes *subvolumes,
                                                 const struct lt_btrfs_subvolume *above, uint64_t ino,
                                                 const struct lt_btrfs_entry *entry)
{
    struct lt_btrfs_subvolume *found = lt_btrfs_subvolume(subvolumes, entry->location.objectid);
    bool meant = found && found->named && !found->deleted && found->parent == above->tree.number &&
                 found->directory == ino && lt_str_eq(found->name, entry->name);
    return meant ? found : NULL;
}

/* --- their paths ------------------------------------------------------------------------------------------------- */

/* The one name that a directory has. */
struct step {
    struct lt_arena *arena;
    uint64_t parent;
    struct lt_str name;
};

static bool take_step(void *arg, const struct lt_btrfs_item *item)
{
    struct step *step = arg;
    struct lt_btrfs_ref ref;
    size_t at = 0;
    if (lt_btrfs_next_ref(item, &at, &ref, NULL) != LT_OK)
        return true;
    step->parent = ref.parent;
    step->name = lt_str_dup(step->arena, ref.name);
    return false;
}

/* Put the path of a directory, from the top of its subvolume on, in front of `path`. False: it has none. */
static bool climb(struct lt_btrfs_volume *volume, const struct lt_btrfs_tree *tree, uint64_t ino,
                  struct lt_arena *arena, struct lt_str *path)
{
    while (ino != LT_BTRFS_TOP) {
        struct step step = {.arena = arena};
        lt_btrfs_items_of(volume, tree, ino, LT_BTRFS_INODE_REF, take_step, &step, NULL);
        if (!step.parent || path->len >= LT_MAX_PATH)
            return false;
        *path = lt_str_format(arena, "/%.*s%.*s", LT_ARG(step.name), LT_ARG(*path));
        ino = step.parent;
    }
    return true;
}

static void place(struct lt_btrfs_subvolumes *subvolumes, struct lt_btrfs_volume *volume, struct lt_arena *arena,
                  struct lt_btrfs_subvolume *item)
{
    struct lt_arena scratch = {0};
    const struct lt_btrfs_subvolume *above = lt_btrfs_subvolume(subvolumes, item->parent);
    struct lt_str path = lt_str_format(&scratch, "/%.*s", LT_ARG(item->name));
    if (above && above->placed && lt_fs_is_name(item->name) &&
        climb(volume, &above->tree, item->directory, &scratch, &path)) {
        item->path = lt_str_format(arena, "%.*s%.*s", LT_ARG(above->path), LT_ARG(path));
        item->placed = true;
        lt_map_put(&subvolumes->by_path, arena, item->path, item);
    }
    lt_arena_free(&scratch);
}

void lt_btrfs_subvolumes_place(struct lt_btrfs_subvolumes *subvolumes, struct lt_btrfs_volume *volume,
                               struct lt_arena *arena)
{
    struct lt_btrfs_subvolume *top = &subvolumes->items[0];
    bool more = true;
    top->path = LT_STR("");
    top->placed = true;
    lt_map_put(&subvolumes->by_path, arena, top->path, top);
    for (int depth = 0; more && depth < LT_BTRFS_MAX_NESTING; depth++) {
        more = false;
        for (size_t i = 1; i < subvolumes->count; i++) {
            struct lt_btrfs_subvolume *item = &subvolumes->items[i];
            const struct lt_btrfs_subvolume *above =
                item->named && !item->placed && !item->deleted ? lt_btrfs_subvolume(subvolumes, item->parent) : NULL;
            if (!above || !above->placed)
                continue;
            place(subvolumes, volume, arena, item);
            more |= item->placed;
        }
    }
}
