// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/list.h"

#include "evidence/ext4/dirents.h"
#include "evidence/ext4/extents.h"
#include "evidence/found.h"

#include <stdlib.h>

/* The walk lists each directory, and readers of artifacts list some again. If more blocks were read than this times
 * those of the disk, directories share blocks. */
enum { LISTED_OFTEN = 4 };

/* The inode of the parent comes first, then entries. */
static enum lt_status inline_names(const struct lt_ext4_inode *inode, lt_ext4_each_name *each, void *arg,
                                   struct lt_err *err)
{
    enum { PARENT = 4 };
    struct lt_ext4_inline data;
    enum lt_status status = lt_ext4_read_inline(inode, &data, err);
    struct lt_cursor near = {.ptr = data.bytes + PARENT, .len = LT_EXT4_BODY - PARENT};
    struct lt_cursor far = {.ptr = data.bytes + LT_EXT4_BODY, .len = data.len - LT_EXT4_BODY};
    if (lt_ext4_inline_names(near, each, arg, err) != LT_OK || lt_ext4_inline_names(far, each, arg, err) != LT_OK)
        return LT_SKIP;
    return status;
}

/* A directory that is being read. */
struct dir_job {
    struct lt_ext4_reader *reader;
    struct lt_ext4_inode inode;
    bool deleted; /* so its blocks may hold anything by now */
    bool slack;
    lt_ext4_each_name *each;
    void *arg;
    struct lt_err *err;
};

/* Is this still a block of the deleted directory? The first one names itself. */
static bool still_ours(const struct dir_job *job, struct lt_cursor block, uint64_t logical)
{
    const struct lt_ext4 *super = &job->reader->volume.super;
    uint32_t self = job->inode.ino, parent;
    if (!logical)
        lt_ext4_dots(block, &self, &parent);
    uint32_t seed = lt_ext4_inode_seed(super, job->inode.ino, job->inode.generation);
    return self == job->inode.ino && !lt_ext4_block_damaged(super, block, seed);
}

static bool names_other(struct lt_cursor block, uint32_t ino)
{
    uint32_t self, parent;
    lt_ext4_dots(block, &self, &parent);
    return self && self != ino;
}

static void block_names(const struct dir_job *job, struct lt_cursor block, uint64_t number, uint64_t logical)
{
    const struct lt_ext4 *super = &job->reader->volume.super;
    uint32_t ino = job->inode.ino;
    struct lt_err problem = {0};
    if (job->deleted && !still_ours(job, block, logical))
        return;
    if (!job->deleted && !logical && names_other(block, ino)) {
        lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0, "the directory (inode %u) begins with a block of another", ino);
        return;
    }
    if (!job->deleted && lt_ext4_block_damaged(super, block, lt_ext4_inode_seed(super, ino, job->inode.generation)))
        lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum in block %ju of the directory (inode %u)",
                (uintmax_t)number, ino);
    if (lt_ext4_block_names(super, block, !logical, job->inode.flags & LT_EXT4_INDEX_FL, job->slack, job->each,
                            job->arg, &problem) != LT_OK)
        lt_fail(job->err, LT_SKIP, problem.code, 0, "%s %ju of the directory (inode %u): names may be missing",
                problem.text, (uintmax_t)number, ino);
}

/* The names of consecutive blocks. */
static void run_names(const struct dir_job *job, const struct lt_ext4_run *run, uint64_t logical)
{
    struct lt_ext4_volume *volume = &job->reader->volume;
    for (uint64_t number = run->block; number < run->block + run->count; number++, logical++) {
        if (job->deleted && !lt_ext4_is_orphan(job->reader, job->inode.ino) && lt_volume_block_used(volume, number))
            continue; /* it is another file's by now */
        const unsigned char *bytes = lt_volume_near_block(volume, number);
        struct lt_cursor block = {.ptr = bytes, .len = volume->super.block_size};
        if (bytes)
            block_names(job, block, number, logical);
        else
            lt_fail(job->err, LT_SKIP, LT_CODE_UNREADABLE, 0,
                    "cannot read block %ju of the directory (inode %u): names are missing", (uintmax_t)number,
                    job->inode.ino);
    }
}

/* All blocks of a directory. If some cannot be read, job->err says so, and the others are read all the same. So are
 * those behind its end: a directory only grows, and with it its size, so there its size is wrong. */
static void all_blocks(const struct dir_job *job)
{
    struct lt_ext4_volume *volume = &job->reader->volume;
    uint64_t size = volume->super.block_size, end = job->inode.size / size + (job->inode.size % size > 0);
    for (uint64_t logical = 0;;) {
        struct lt_ext4_run run;
        if (logical >= end && job->deleted)
            return;
        if (lt_volume_map(volume, &job->inode, logical, &run, job->err) != LT_OK || (logical >= end && run.zeros))
            return;
        if (logical >= end)
            lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0,
                    "the directory (inode %u) is larger than its size, %ju bytes", job->inode.ino,
                    (uintmax_t)job->inode.size);
        else if (run.count > end - logical)
            run.count = end - logical;
        job->reader->listed += run.zeros ? 0 : run.count;
        if (job->reader->listed / LISTED_OFTEN > lt_volume_blocks(volume)) {
            lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0,
                    "directories have more blocks than the disk: that with inode %u is not read", job->inode.ino);
            return;
        }
        if (!run.zeros)
            run_names(job, &run, logical);
        else if (!job->deleted)
            lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0, "the directory (inode %u) has a hole at block %ju",
                    job->inode.ino, (uintmax_t)logical);
        logical += run.count;
    }
}

/* Names that fast commits made and removed. */
struct changed_job {
    const struct lt_fast_dir *changes;
    bool slack;
    lt_ext4_each_name *each;
    void *arg;
};

/* A name on the disk that was removed counts as one in the slack. */
static void pass_changed(void *arg, const struct lt_ext4_name *name)
{
    const struct changed_job *job = arg;
    struct lt_fast_name *change = name->slack ? NULL : lt_map_get(&job->changes->by_name, name->name);
    struct lt_ext4_name gone = *name;
    gone.slack = true;
    if (!change || (change->ino != name->ino && change->removed != name->ino)) {
        job->each(job->arg, name);
    } else if (change->ino == name->ino) {
        change->seen = true;
        job->each(job->arg, name);
    } else if (job->slack) {
        job->each(job->arg, &gone);
    }
}

static void names_on_disk(const struct dir_job *job)
{
    const struct lt_fast_inode *changed = lt_fast_inode(job->reader->volume.fast, job->inode.ino);
    if (changed && changed->fresh)
        return;
    if (job->inode.flags & LT_EXT4_INLINE_FL)
        inline_names(&job->inode, job->each, job->arg, job->err);
    else
        all_blocks(job);
}

static void read_changed(const struct dir_job *job)
{
    const struct lt_fast_dir *changes = lt_fast_dir(job->reader->volume.fast, job->inode.ino);
    struct changed_job changed = {changes, job->slack, job->each, job->arg};
    if (!changes) {
        names_on_disk(job);
        return;
    }
    lt_each (struct lt_fast_name, name, &changes->names)
        name->seen = false;
    struct dir_job on_disk = *job;
    on_disk.each = pass_changed;
    on_disk.arg = &changed;
    names_on_disk(&on_disk);
    lt_each (const struct lt_fast_name, name, &changes->names)
        if (name->ino && !name->seen)
            changed.each(changed.arg, &(struct lt_ext4_name){.name = name->name, .ino = name->ino});
}

/* Call `each` for every name in the directory `ino`; of a `deleted` one as far as they are still there. LT_END: it is
 * no directory. LT_SKIP: names may be missing. */
static enum lt_status read_names(struct lt_ext4_reader *reader, uint64_t ino, bool deleted, bool slack,
                                 lt_ext4_each_name *each, void *arg, struct lt_err *err)
{
    struct lt_err problem = {0};
    struct dir_job job = {reader, {0}, deleted, slack, each, arg, &problem};
    struct lt_cursor bytes;
    if (lt_ext4_read_inode(reader, ino, &bytes, &job.inode, err) != LT_OK)
        return LT_SKIP;
    if (!S_ISDIR(job.inode.mode))
        return LT_END;
    if (job.inode.flags & LT_EXT4_ENCRYPT_FL)
        lt_fail(&problem, LT_SKIP, LT_CODE_UNSUPPORTED, 0,
                "the directory (inode %ju) is encrypted, and so are its names", (uintmax_t)ino);
    if (!deleted)
        lt_extents_check(&reader->volume, &job.inode, &problem);
    read_changed(&job);
    if (!problem.set || deleted)
        return LT_OK;
    return lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text);
}

struct name_job {
    lt_each_name *each;
    void *arg;
    bool impossible; /* one of the names was */
};

static mode_t type_of_entry(unsigned type)
{
    static const mode_t types[] = {0, S_IFREG, S_IFDIR, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK, S_IFLNK};
    return type < sizeof types / sizeof *types ? types[type] : 0;
}

static void pass_name(void *arg, const struct lt_ext4_name *name)
{
    struct name_job *job = arg;
    if (lt_fs_is_name(name->name))
        job->each(job->arg, name->name, name->ino, type_of_entry(name->type));
    else
        job->impossible = true;
}

enum lt_status lt_ext4_all_names_of(struct lt_fs *fs, uint64_t ino, lt_ext4_each_name *each, void *arg,
                                    struct lt_err *err)
{
    return read_names(lt_ext4_reader(fs), ino, false, true, each, arg, err);
}

enum lt_status lt_ext4_names_of(struct lt_fs *fs, uint64_t ino, lt_each_name *each, void *arg, struct lt_err *err)
{
    struct name_job job = {each, arg, false};
    enum lt_status status = read_names(lt_ext4_reader(fs), ino, false, false, pass_name, &job, err);
    if (status == LT_OK && job.impossible)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "impossible name in a directory (inode %ju)", (uintmax_t)ino);
    return status;
}

static void find_name(void *arg, const struct lt_ext4_name *name)
{
    lt_found_add(arg, (struct lt_found_name){name->name, name->ino, type_of_entry(name->type), name->slack, false});
}

/* The inodes of what was found, sorted. Owned by the caller. */
static uint32_t *sorted_inodes(const struct lt_found_list *list)
{
    uint32_t *numbers = lt_realloc(NULL, lt_array_size(list->count + 1, sizeof *numbers));
    for (size_t i = 0; i < list->count; i++)
        numbers[i] = (uint32_t)list->items[i].ino;
    qsort(numbers, list->count, sizeof *numbers, lt_ext4_by_number);
    return numbers;
}

/* Add the directories that were deleted while open and name this one as their parent, unless their names are in its
 * slack. */
static void find_lost_dirs(struct lt_ext4_reader *reader, uint64_t parent, struct lt_found_list *list)
{
    const struct lt_ext4_orphans *orphans = &reader->orphans;
    size_t low = 0, high = orphans->dir_count, named = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (orphans->dirs[middle].parent < parent)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == orphans->dir_count || orphans->dirs[low].parent != parent)
        return;
    uint32_t *numbers = sorted_inodes(list);
    for (; low < orphans->dir_count && orphans->dirs[low].parent == parent; low++) {
        uint32_t ino = orphans->dirs[low].ino;
        if (bsearch(&ino, numbers, named, sizeof ino, lt_ext4_by_number))
            continue;
        struct lt_str name = lt_str_format(list->arena, "OrphanFile-%u", ino);
        lt_found_add(list, (struct lt_found_name){name, ino, S_IFDIR, true, true});
    }
    free(numbers);
}

/* Was the inode used again after the name was deleted? Then it has another type, or was born after the last change to
 * the directory. */
static bool is_reused(const struct lt_dir *dir, mode_t type, const struct lt_node *node)
{
    if (type && type != (node->mode & S_IFMT))
        return true;
    return dir->changed.set && node->time[LT_B].set && lt_time_cmp(node->time[LT_B], dir->changed) > 0;
}

/* Describe a deleted entry, as far as its inode is still there. Before, the mode of the node holds the type in the
 * entry. */
static void describe_deleted(struct lt_ext4_reader *reader, const struct lt_dir *dir, struct lt_arena *arena,
                             struct lt_node *node)
{
    mode_t type = node->mode;
    struct lt_node whole = *node;
    struct lt_cursor bytes;
    struct lt_ext4_inode inode;
    struct lt_err problem = {0};
    node->mode = 0;
    if (lt_ext4_read_inode(reader, node->ino, &bytes, &inode, &problem) != LT_OK || !lt_ext4_is_deleted(reader, &inode))
        return;
    lt_ext4_describe(reader, arena, &whole, &problem);
    if (is_reused(dir, type, &whole))
        return;
    *node = whole;
    node->inferred |= lt_found_is_inferred(dir, node);
    node->deleted = lt_ext4_freed(reader, &inode);
    if (reader->named)
        lt_ext4_mark(reader->named, node->ino);
}

/* What is described. */
struct entries {
    struct lt_ext4_reader *reader;
    const struct lt_dir *dir;
    struct lt_arena *arena;
};

/* Before, the mode of the node holds the type in the entry. */
static void describe_entry(void *arg, struct lt_node *node)
{
    const struct entries *entries = arg;
    struct lt_ext4_reader *reader = entries->reader;
    unsigned type = node->mode;
    if (node->unallocated) {
        describe_deleted(reader, entries->dir, entries->arena, node);
        return;
    }
    lt_ext4_note_name(reader, (uint32_t)node->ino);
    lt_err_clear(&reader->problem);
    node->mode = 0;
    if (lt_ext4_describe_as(reader, entries->arena, type, node, &reader->problem) == LT_OK)
        return;
    struct lt_err *error = lt_new(entries->arena, struct lt_err);
    *error = reader->problem;
    node->error = error;
}

/* Do the blocks of a deleted directory still belong to `dir`, and not to one that was somewhere else? `*inferred` is
 * set unless it names the directory that its name was in as its parent. */
static bool holds_names(struct lt_ext4_reader *reader, const struct lt_dir *dir, bool *inferred)
{
    struct lt_ext4_inode inode;
    struct lt_cursor bytes;
    struct lt_err problem = {0};
    if (lt_ext4_read_inode(reader, dir->ino, &bytes, &inode, &problem) != LT_OK || !lt_ext4_is_deleted(reader, &inode))
        return false;
    uint32_t parent = lt_ext4_parent_of(reader, &inode);
    bool confirmed = parent && dir->parent && parent == dir->parent->ino;
    *inferred = confirmed ? dir->parent->inferred : dir->inferred;
    return !parent || !dir->parent || confirmed;
}

enum lt_status lt_ext4_list(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena, struct lt_listing *out,
                            struct lt_err *err)
{
    struct lt_ext4_reader *reader = lt_ext4_reader(fs);
    struct lt_found_list list = {.arena = arena};
    *out = (struct lt_listing){0};
    enum lt_status status = LT_OK;
    bool inferred = false;
    if (!dir->unallocated || holds_names(reader, dir, &inferred))
        status = read_names(reader, dir->ino, dir->unallocated, true, find_name, &list, err);
    if (status == LT_END)
        status = lt_fail(err, LT_SKIP, LT_CODE_TYPE, 0, "not a directory");
    find_lost_dirs(reader, dir->ino, &list);
    lt_found_list_take(&list, dir, inferred, out);
    lt_found_describe(out, describe_entry, &(struct entries){reader, dir, arena});
    return status;
}
