// SPDX-License-Identifier: Apache-2.0
#include "evidence/btrfs/reader.h"

#include <stdlib.h>

enum { MAX_LINK = 4096 };

/* --- places ------------------------------------------------------------------------------------------------------ */

uint16_t lt_btrfs_part(const struct lt_btrfs_reader *reader, const struct lt_btrfs_subvolume *subvolume)
{
    return (uint16_t)(subvolume - reader->subvolumes.items);
}

uint64_t lt_btrfs_handle(const struct lt_btrfs_reader *reader, struct lt_btrfs_place place)
{
    return (uint64_t)lt_btrfs_part(reader, place.subvolume) << LT_BTRFS_INODE_BITS | place.ino;
}

struct lt_btrfs_place lt_btrfs_place(const struct lt_btrfs_reader *reader, uint64_t handle)
{
    return (struct lt_btrfs_place){&reader->subvolumes.items[handle >> LT_BTRFS_INODE_BITS],
                                   handle & ((1ull << LT_BTRFS_INODE_BITS) - 1)};
}

static struct lt_btrfs_place place_at(const struct lt_btrfs_reader *reader, const struct lt_dir *dir,
                                      struct lt_str name, uint64_t ino)
{
    struct lt_buf path = {0};
    if (reader->subvolumes.by_path.count > 1) {
        lt_dir_path(&path, dir);
        if (name.len)
            lt_buf_char(&path, '/');
        lt_buf_add(&path, name);
    }
    struct lt_btrfs_place place = {lt_btrfs_subvolume_at(&reader->subvolumes, lt_buf_view(&path)), ino};
    lt_buf_free(&path);
    return place;
}

struct lt_btrfs_place lt_btrfs_dir(const struct lt_btrfs_reader *reader, const struct lt_dir *dir)
{
    return place_at(reader, dir, LT_STR(""), dir->ino);
}

struct lt_btrfs_place lt_btrfs_entry(const struct lt_btrfs_reader *reader, const struct lt_dir *dir,
                                     const struct lt_node *node)
{
    return place_at(reader, dir, node->name, node->ino);
}

/* --- names ------------------------------------------------------------------------------------------------------- */

struct names_job {
    const struct lt_btrfs_reader *reader;
    struct lt_btrfs_place dir;
    lt_btrfs_each_name *each;
    void *arg;
    struct lt_err *err;
    bool any, failed;
};

/* Where an entry leads to. False: nowhere. */
static bool follow(const struct names_job *job, const struct lt_btrfs_entry *entry, struct lt_btrfs_place *out)
{
    if (entry->location.type == LT_BTRFS_ROOT) {
        const struct lt_btrfs_subvolume *to =
            lt_btrfs_subvolume_of(&job->reader->subvolumes, job->dir.subvolume, job->dir.ino, entry);
        *out = to ? (struct lt_btrfs_place){to, LT_BTRFS_TOP}
                  : (struct lt_btrfs_place){job->dir.subvolume, LT_BTRFS_EMPTY_DIR};
        return !to || to->placed;
    }
    *out = (struct lt_btrfs_place){job->dir.subvolume, entry->location.objectid};
    return entry->location.type == LT_BTRFS_INODE && out->ino >= LT_BTRFS_FIRST_FREE &&
           !(out->ino >> LT_BTRFS_INODE_BITS);
}

static bool take_names(void *arg, const struct lt_btrfs_item *item)
{
    struct names_job *job = arg;
    struct lt_btrfs_entry entry;
    enum lt_status status = LT_OK;
    for (size_t at = 0; (status = lt_btrfs_next_entry(item->data, &at, &entry, job->err)) == LT_OK;) {
        struct lt_btrfs_place place;
        job->any = true;
        if (follow(job, &entry, &place)) {
            job->each(job->arg, entry.name, place, lt_btrfs_entry_type(entry.type));
            continue;
        }
        job->failed = true;
        lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0, "'%.*s' in a directory (inode %ju) leads nowhere",
                LT_ARG(entry.name), (uintmax_t)job->dir.ino);
    }
    job->failed |= status == LT_SKIP;
    return true;
}

enum lt_status lt_btrfs_names(struct lt_btrfs_reader *reader, struct lt_btrfs_place dir, lt_btrfs_each_name *each,
                              void *arg, struct lt_err *err)
{
    struct names_job job = {reader, dir, each, arg, err, false, false};
    enum lt_status status =
        lt_btrfs_items_of(&reader->volume, &dir.subvolume->tree, dir.ino, LT_BTRFS_DIR_INDEX, take_names, &job, err);
    return job.failed ? LT_SKIP : status;
}

/* --- inodes ------------------------------------------------------------------------------------------------------ */

struct inode_job {
    struct lt_node *node;
    struct lt_err *err;
    bool found, bad_time;
};

static bool take_inode(void *arg, const struct lt_btrfs_item *item)
{
    struct inode_job *job = arg;
    job->found = lt_btrfs_read_inode(item->data, job->node, &job->bad_time, job->err) == LT_OK;
    return false;
}

static enum lt_status read_inode(struct lt_btrfs_reader *reader, struct lt_btrfs_place place, struct inode_job *job)
{
    struct lt_btrfs_key key = {place.ino, 0, LT_BTRFS_INODE};
    lt_btrfs_items(&reader->volume, &place.subvolume->tree, key, key, take_inode, job, job->err);
    if (job->found)
        return LT_OK;
    return lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %ju of subvolume %ju is missing", (uintmax_t)place.ino,
                   (uintmax_t)place.subvolume->tree.number);
}

static enum lt_status read_target(struct lt_btrfs_reader *reader, struct lt_btrfs_place place, struct lt_arena *arena,
                                  struct lt_node *node, struct lt_err *err)
{
    struct lt_btrfs_content content = {0};
    char text[MAX_LINK];
    if (node->size > sizeof text)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "symbolic link of %ju bytes", (uintmax_t)node->size);
    struct lt_str target = {text, (size_t)node->size};
    enum lt_status status = lt_btrfs_content_open(&content, &reader->volume, &place.subvolume->tree, place.ino, err);
    if (status == LT_OK && !content.count && target.len)
        status = lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the link's target is missing");
    if (status == LT_OK && !lt_btrfs_content_read(&content, text, target.len, 0, err))
        status = LT_SKIP;
    if (status == LT_OK)
        node->target = lt_str_dup(arena, target);
    lt_btrfs_content_free(&content);
    return status;
}

/* A kernel makes up a directory that nobody can write to. It has no times of its own. */
static enum lt_status describe_empty(struct lt_btrfs_reader *reader, struct lt_btrfs_place place, uint64_t owner,
                                     struct lt_node *node, struct lt_err *err)
{
    struct lt_node above = {0};
    struct inode_job job = {&above, err, false, false};
    place.ino = owner;
    read_inode(reader, place, &job);
    node->mode = S_IFDIR | 0755;
    node->uid = above.uid;
    node->gid = above.gid;
    node->nlink = 1;
    node->placeholder = true;
    node->time[LT_A] = above.time[LT_A];
    return LT_OK;
}

enum lt_status lt_btrfs_describe(struct lt_btrfs_reader *reader, struct lt_btrfs_place place, uint64_t owner,
                                 unsigned type, struct lt_arena *arena, struct lt_node *node, struct lt_err *err)
{
    struct inode_job job = {node, err, false, false};
    node->ino = place.ino;
    node->part = lt_btrfs_part(reader, place.subvolume);
    if (place.ino == LT_BTRFS_EMPTY_DIR)
        return describe_empty(reader, place, owner, node, err);
    enum lt_status status = read_inode(reader, place, &job);
    if (status != LT_OK)
        return status;
    if (!S_ISREG(node->mode) && !S_ISDIR(node->mode) && !S_ISLNK(node->mode) && !S_ISCHR(node->mode) &&
        !S_ISBLK(node->mode) && !S_ISFIFO(node->mode) && !S_ISSOCK(node->mode)) {
        status =
            lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %ju is of no type that is known", (uintmax_t)place.ino);
        node->mode = 0;
        return status;
    }
    if (job.bad_time)
        status = lt_fail(err, LT_SKIP, LT_CODE_BAD_TIME, 0, "inode %ju has an impossible time", (uintmax_t)place.ino);
    if (S_ISLNK(node->mode) && read_target(reader, place, arena, node, err) != LT_OK)
        status = LT_SKIP;
    if (type && type != (node->mode & S_IFMT))
        status = lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %ju is of another type than its directory says",
                         (uintmax_t)place.ino);
    node->damaged = status != LT_OK;
    return status;
}

/* --- attributes -------------------------------------------------------------------------------------------------- */

struct xattr_job {
    struct lt_arena *arena;
    struct lt_list *out;
    struct lt_err *err;
    bool failed;
};

static bool take_xattrs(void *arg, const struct lt_btrfs_item *item)
{
    struct xattr_job *job = arg;
    struct lt_btrfs_entry entry;
    enum lt_status status = LT_OK;
    for (size_t at = 0; (status = lt_btrfs_next_entry(item->data, &at, &entry, job->err)) == LT_OK;) {
        if (!entry.name.len || memchr(entry.name.ptr, 0, entry.name.len)) {
            status = lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0, "an extended attribute without a name");
            break;
        }
        struct lt_xattr *xattr = lt_new(job->arena, struct lt_xattr);
        xattr->name = lt_str_dup(job->arena, entry.name);
        xattr->value = lt_str_dup(job->arena, entry.value);
        lt_list_add(job->out, job->arena, xattr);
    }
    job->failed |= status == LT_SKIP;
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct lt_xattr *const *left = a, *const *right = b;
    return lt_str_cmp((*left)->name, (*right)->name);
}

enum lt_status lt_btrfs_xattrs(struct lt_btrfs_reader *reader, struct lt_btrfs_place place, struct lt_arena *arena,
                               struct lt_list *out, struct lt_err *err)
{
    struct xattr_job job = {arena, out, err, false};
    enum lt_status status =
        lt_btrfs_items_of(&reader->volume, &place.subvolume->tree, place.ino, LT_BTRFS_XATTR, take_xattrs, &job, err);
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, by_name);
    return job.failed ? LT_SKIP : status;
}
