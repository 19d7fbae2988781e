// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/list.h"

#include "evidence/found.h"
#include "evidence/xfs/dirents.h"

#include <stdlib.h>

/* The walk lists each directory, and readers of artifacts list some again. If more was read than this times what the
 * disk holds, directories share blocks. */
enum { LISTED_OFTEN = 4 };

/* --- names --- */

/* A directory that is being read. */
struct dir_job {
    struct lt_xfs_reader *reader;
    struct lt_xfs_held held;
    bool slack;
    lt_xfs_each_name *each;
    void *arg;
    struct lt_err *err;
};

/* The names of the block that begins at byte `offset` of the directory. */
static void block_names(const struct dir_job *job, struct lt_cursor block, uint64_t offset)
{
    const struct lt_xfs *super = &job->reader->volume.super;
    uint64_t ino = job->held.inode.ino, owner = lt_xfs_dir_block_owner(super, block);
    bool damaged = lt_xfs_dir_block_damaged(super, block);
    struct lt_err problem = {0};
    if (super->v5 && !damaged && owner != ino) {
        lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0, "the directory (inode %ju) has a block of another at byte %ju",
                (uintmax_t)ino, (uintmax_t)offset);
        return;
    }
    if (damaged)
        lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum at byte %ju of the directory (inode %ju)",
                (uintmax_t)offset, (uintmax_t)ino);
    if (lt_xfs_block_names(super, block, job->slack, job->each, job->arg, &problem) != LT_OK)
        lt_fail(job->err, LT_SKIP, problem.code, 0, "%s at byte %ju of the directory (inode %ju): names may be missing",
                problem.text, (uintmax_t)offset, (uintmax_t)ino);
}

static bool may_read(const struct dir_job *job)
{
    struct lt_xfs_reader *reader = job->reader;
    reader->listed += reader->volume.super.dir_block_size;
    if (reader->listed / LISTED_OFTEN <= reader->volume.device.size)
        return true;
    lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0,
            "directories have more blocks than the disk: that with inode %ju is "
            "not read",
            (uintmax_t)job->held.inode.ino);
    return false;
}

/* All blocks of names. If some cannot be read, job->err says so, and the others are read all the same. Holes are fine:
 * blocks without names are given back. */
static void all_blocks(const struct dir_job *job)
{
    struct lt_xfs_volume *volume = &job->reader->volume;
    const struct lt_xfs_fork *data = &job->held.inode.data;
    uint64_t size = volume->super.dir_block_size, block = volume->super.block_size;
    for (uint64_t offset = 0; offset < LT_XFS_DIR_DATA_END;) {
        struct lt_xfs_run run;
        if (lt_xfs_volume_map(volume, &job->held, data, offset / block, &run, job->err) != LT_OK)
            return;
        if (run.zeros && run.count >= (LT_XFS_DIR_DATA_END - offset) / block)
            return;
        if (run.zeros) {
            offset += run.count * block / size * size;
            offset += run.count * block < size ? size : 0;
            continue;
        }
        if (!may_read(job))
            return;
        if (lt_xfs_read_fork(volume, &job->held, data, job->reader->dir_block, (size_t)size, offset, job->err) ==
            (ssize_t)size)
            block_names(job, (struct lt_cursor){.ptr = job->reader->dir_block, .len = (size_t)size}, offset);
        else
            lt_fail(job->err, LT_SKIP, LT_CODE_UNREADABLE, 0,
                    "cannot read byte %ju of the directory (inode %ju): names are missing", (uintmax_t)offset,
                    (uintmax_t)job->held.inode.ino);
        offset += size;
    }
}

static void short_names(const struct dir_job *job)
{
    const struct lt_xfs_inode *inode = &job->held.inode;
    struct lt_cursor bytes = inode->data.bytes;
    if (inode->size > bytes.len)
        lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0, "the directory (inode %ju) is larger than its inode",
                (uintmax_t)inode->ino);
    else
        bytes.len = (size_t)inode->size;
    lt_xfs_short_names(&job->reader->volume.super, bytes, job->each, job->arg, job->err);
}

/* Call `each` for every name in the directory `ino`. LT_END: it is no directory. LT_SKIP: names may be missing. */
static enum lt_status read_names(struct lt_xfs_reader *reader, uint64_t ino, bool slack, lt_xfs_each_name *each,
                                 void *arg, struct lt_err *err)
{
    struct lt_err problem = {0};
    struct dir_job job = {.reader = reader, .slack = slack, .each = each, .arg = arg, .err = &problem};
    if (lt_xfs_read_inode(reader, ino, &job.held, err) != LT_OK)
        return LT_SKIP;
    if (!S_ISDIR(job.held.inode.mode))
        return LT_END;
    lt_xfs_check_map(&reader->volume, &job.held, &problem);
    if (job.held.inode.data.format == LT_XFS_LOCAL)
        short_names(&job);
    else
        all_blocks(&job);
    return problem.set ? lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text) : LT_OK;
}

struct name_job {
    lt_each_name *each;
    void *arg;
    bool impossible; /* one of the names was, or its inode */
};

static void pass_name(void *arg, const struct lt_xfs_name *name)
{
    struct name_job *job = arg;
    if (lt_fs_is_name(name->name) && name->ino)
        job->each(job->arg, name->name, name->ino, name->type);
    else
        job->impossible = true;
}

enum lt_status lt_xfs_names_of(struct lt_fs *fs, uint64_t ino, lt_each_name *each, void *arg, struct lt_err *err)
{
    struct name_job job = {each, arg, false};
    enum lt_status status = read_names(lt_xfs_reader(fs), ino, false, pass_name, &job, err);
    if (status == LT_OK && job.impossible)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "impossible entry in a directory (inode %ju)", (uintmax_t)ino);
    return status;
}

/* --- entries --- */

static void find_name(void *arg, const struct lt_xfs_name *name)
{
    lt_found_add(arg, (struct lt_found_name){name->name, name->ino, name->type, name->slack, name->half});
}

/* The kernel overwrites the upper half of the inode with the name's end. Where numbers are so large that it matters, it
 * likely was that of the directory: files are made in its AG (linux fs/xfs/libxfs/xfs_ialloc.c, xfs_dialloc()). */
static void complete(const struct lt_xfs *super, const struct lt_dir *dir, struct lt_found_name *item)
{
    item->inferred &= lt_xfs_ino(super, super->ag_count, 0) > UINT64_C(1) << 32;
    if (item->inferred)
        item->ino |= dir->ino & ~(uint64_t)UINT32_MAX;
}

/* Was the inode used again after the name was deleted? Then it has another type, or was born, or deleted, after the
 * last change to the directory. (The deletion of a name changes both, but reads the clock twice.) */
static bool is_reused(const struct lt_dir *dir, unsigned type, const struct lt_node *node)
{
    static const int64_t TICKS = 100000000;
    if (type && node->mode && type != (node->mode & S_IFMT))
        return true;
    if (!dir->changed.set)
        return false;
    return (node->time[LT_B].set && lt_time_cmp(node->time[LT_B], dir->changed) > 0) ||
           (node->deleted.set && lt_time_diff(dir->changed, node->deleted) > TICKS);
}

/* Describe a deleted entry, as far as its inode is still there. Before, the mode of the node holds the type in the
 * entry. */
static void describe_deleted(struct lt_xfs_reader *reader, const struct lt_dir *dir, struct lt_arena *arena,
                             struct lt_node *node)
{
    unsigned type = node->mode;
    struct lt_node whole = *node;
    struct lt_err problem = {0};
    node->mode = 0;
    whole.mode = 0;
    if (lt_xfs_is_unlinked(reader, node->ino))
        lt_xfs_describe(reader, arena, &whole, &problem);
    else if (!lt_xfs_describe_freed(reader, type, &whole))
        return;
    if (is_reused(dir, type, &whole))
        return;
    *node = whole;
    node->inferred |= lt_found_is_inferred(dir, node);
    lt_xfs_mark(reader, &reader->named, node->ino);
}

/* What is described. */
struct entries {
    struct lt_xfs_reader *reader;
    const struct lt_dir *dir;
    struct lt_arena *arena;
};

/* Before, the mode of the node holds the type in the entry. */
static void describe_entry(void *arg, struct lt_node *node)
{
    const struct entries *entries = arg;
    struct lt_xfs_reader *reader = entries->reader;
    unsigned type = node->mode;
    if (node->unallocated) {
        describe_deleted(reader, entries->dir, entries->arena, node);
        return;
    }
    lt_err_clear(&reader->problem);
    node->mode = 0;
    if (lt_xfs_describe_as(reader, entries->arena, type, node, &reader->problem) == LT_OK)
        return;
    struct lt_err *error = lt_new(entries->arena, struct lt_err);
    *error = reader->problem;
    node->error = error;
}

/* Of a deleted directory nothing is left, unless it was deleted while open. */
static bool holds_names(const struct lt_xfs_reader *reader, const struct lt_dir *dir)
{
    return !dir->unallocated || lt_xfs_is_unlinked(reader, dir->ino);
}

enum lt_status lt_xfs_list(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena, struct lt_listing *out,
                           struct lt_err *err)
{
    struct lt_xfs_reader *reader = lt_xfs_reader(fs);
    struct lt_found_list list = {.arena = arena};
    *out = (struct lt_listing){0};
    enum lt_status status = LT_OK;
    if (holds_names(reader, dir))
        status = read_names(reader, dir->ino, true, find_name, &list, err);
    if (status == LT_END)
        status = lt_fail(err, LT_SKIP, LT_CODE_TYPE, 0, "not a directory");
    for (size_t i = 0; i < list.count; i++)
        complete(&reader->volume.super, dir, &list.items[i]);
    lt_found_list_take(&list, dir, dir->inferred, out);
    lt_found_describe(out, describe_entry, &(struct entries){reader, dir, arena});
    return status;
}
