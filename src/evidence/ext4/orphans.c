// SPDX-License-Identifier: Apache-2.0
/* Deleted inodes without a name; and before all, files that were deleted while a process had them open, and so never
 * freed when the power failed: a list that begins in the superblock, and the orphan file (linux fs/ext4/orphan.c). A
 * kernel frees them when it mounts the file system: for the rest of the reader they are deleted, whatever the bitmap
 * says. A file with names left was being cut short: a mount frees what lies behind its end, which nobody sees, and
 * changes its times, which tells nothing. */
#include "evidence/ext4/orphan_block.h"
#include "evidence/ext4/reader.h"

#include <stdlib.h>

enum { MAX_LOST_GROUPS = 1000 };

/* What is found, and what is wrong. */
struct search {
    struct lt_fs *fs;
    struct lt_ext4_reader *reader;
    unsigned char *seen; /* a bit for each inode */
    uint64_t lost_blocks, bad_entries;
    struct lt_err problem; /* the first of those */
};

static int by_number(const void *a, const void *b)
{
    const uint32_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

bool lt_ext4_is_orphan(const struct lt_ext4_reader *reader, uint32_t ino)
{
    const struct lt_ext4_orphans *orphans = &reader->orphans;
    return orphans->count && bsearch(&ino, orphans->items, orphans->count, sizeof ino, by_number);
}

static void add_orphan(struct lt_ext4_orphans *orphans, uint32_t ino)
{
    if (orphans->count == orphans->cap) {
        orphans->cap = orphans->cap ? orphans->cap * 2 : 64;
        orphans->items = lt_realloc(orphans->items, lt_array_size(orphans->cap, sizeof ino));
    }
    orphans->items[orphans->count++] = ino;
}

static void add_dir(struct lt_ext4_orphans *orphans, uint32_t parent, uint32_t ino)
{
    if (orphans->dir_count == orphans->dir_cap) {
        orphans->dir_cap = orphans->dir_cap ? orphans->dir_cap * 2 : 16;
        orphans->dirs = lt_realloc(orphans->dirs, lt_array_size(orphans->dir_cap, sizeof *orphans->dirs));
    }
    orphans->dirs[orphans->dir_count++] = (struct lt_ext4_child){parent, ino};
}

static int by_parent(const void *a, const void *b)
{
    const struct lt_ext4_child *left = a, *right = b;
    return left->parent != right->parent ? by_number(&left->parent, &right->parent)
                                         : by_number(&left->ino, &right->ino);
}

/* Which of them are directories that still name their parents? */
static void find_dirs(struct lt_ext4_reader *reader)
{
    struct lt_ext4_orphans *orphans = &reader->orphans;
    for (size_t i = 0; i < orphans->count; i++) {
        struct lt_ext4_inode inode;
        struct lt_cursor bytes;
        struct lt_err problem = {0};
        uint32_t parent = 0;
        if (lt_ext4_read_inode(reader, orphans->items[i], &bytes, &inode, &problem) == LT_OK && S_ISDIR(inode.mode))
            parent = lt_ext4_parent_of(reader, &inode);
        if (parent)
            add_dir(orphans, parent, inode.ino);
    }
    if (orphans->dir_count)
        qsort(orphans->dirs, orphans->dir_count, sizeof *orphans->dirs, by_parent);
}

/* Take an inode of the list or the file; `next` is what stands in the place of its deletion time. LT_SKIP: it cannot be
 * one, or cannot be read. LT_END: it was there before. */
static enum lt_status take(struct search *search, uint32_t ino, uint32_t *next)
{
    struct lt_ext4_volume *volume = &search->reader->volume;
    struct lt_ext4_inode inode;
    struct lt_cursor bytes;
    bool used;
    if (ino < volume->super.first_inode || ino > volume->super.inodes)
        return lt_fail(&search->problem, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %u cannot be one of them", ino);
    if (search->seen[ino / 8] >> ino % 8 & 1)
        return LT_END;
    search->seen[ino / 8] |= (unsigned char)(1u << ino % 8);
    if (lt_volume_inode_used(volume, ino, &used, &search->problem) != LT_OK ||
        lt_ext4_read_inode(search->reader, ino, &bytes, &inode, &search->problem) != LT_OK)
        return LT_SKIP;
    if (!used || !inode.mode || lt_ext4_inode_damaged(&volume->super, bytes, ino))
        return lt_fail(&search->problem, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %u is %s", ino,
                       used ? "damaged" : "not in use");
    *next = inode.deleted;
    if (inode.links) {
        search->fs->journal.truncated++;
    } else {
        search->fs->journal.orphans++;
        add_orphan(&search->reader->orphans, ino);
    }
    return LT_OK;
}

static void report(struct search *search, const char *what)
{
    struct lt_str text = lt_str_format(&search->fs->evidence->arena, "%s: %s", what, search->problem.text);
    lt_ext4_note(search->fs, search->problem.code, text.ptr);
    lt_err_clear(&search->problem);
}

static void search_list(struct search *search)
{
    uint32_t ino = search->reader->volume.super.last_orphan, next = 0;
    enum lt_status status = LT_OK;
    for (; ino && status == LT_OK; ino = next)
        status = take(search, ino, &next);
    if (status == LT_END)
        lt_fail(&search->problem, LT_SKIP, LT_CODE_CYCLE, 0, "it is a circle");
    if (status != LT_OK)
        report(search, "the list of files that were deleted while open breaks off");
}

static void search_block(struct search *search, const struct lt_ext4_inode *file, uint64_t number)
{
    struct lt_ext4_volume *volume = &search->reader->volume;
    uint32_t seed = lt_ext4_inode_seed(&volume->super, file->ino, file->generation), ino, next;
    const unsigned char *bytes = lt_volume_block(volume, number);
    struct lt_arena copies = {0};
    if (!bytes || lt_ext4_orphans_damaged(&volume->super, (struct lt_cursor){bytes, volume->super.block_size, false},
                                          number, seed)) {
        search->lost_blocks++;
        lt_fail(&search->problem, LT_SKIP, LT_CODE_DAMAGED, 0, "block %ju is damaged or cannot be read",
                (uintmax_t)number);
        return;
    }
    /* A copy, since inodes are looked at while it is in use. */
    struct lt_str copy = lt_str_dup(&copies, (struct lt_str){(const char *)bytes, volume->super.block_size});
    struct lt_cursor block = {.ptr = (const unsigned char *)copy.ptr, .len = copy.len};
    for (size_t at = 0; lt_ext4_next_orphan(block, &at, &ino) == LT_OK;)
        search->bad_entries += take(search, ino, &next) == LT_SKIP;
    lt_arena_free(&copies);
}

/* The blocks of the orphan file. More than the disk has would be blocks that are there twice. */
static enum lt_status search_blocks(struct search *search, const struct lt_ext4_inode *file)
{
    struct lt_ext4_volume *volume = &search->reader->volume;
    uint64_t end = file->size / volume->super.block_size;
    if (end > lt_volume_blocks(volume))
        return lt_fail(&search->problem, LT_SKIP, LT_CODE_DAMAGED, 0, "it is larger than the disk");
    for (uint64_t logical = 0; logical < end;) {
        struct lt_ext4_run run;
        if (lt_volume_map(volume, file, logical, &run, &search->problem) != LT_OK)
            return LT_SKIP;
        if (run.zeros)
            return lt_fail(&search->problem, LT_SKIP, LT_CODE_DAMAGED, 0, "it has a hole at block %ju",
                           (uintmax_t)logical);
        run.count = run.count < end - logical ? run.count : end - logical;
        for (uint64_t number = run.block; number < run.block + run.count; number++)
            search_block(search, file, number);
        logical += run.count;
    }
    return LT_OK;
}

static void search_file(struct search *search)
{
    const struct lt_ext4 *super = &search->reader->volume.super;
    struct lt_ext4_inode file;
    struct lt_cursor bytes;
    if (!(super->compat & LT_EXT4_COMPAT_ORPHAN_FILE))
        return;
    enum lt_status status = lt_ext4_read_inode(search->reader, super->orphan_file, &bytes, &file, &search->problem);
    if (status == LT_OK && (!S_ISREG(file.mode) || lt_ext4_inode_damaged(super, bytes, file.ino)))
        status = lt_fail(&search->problem, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %u is damaged", file.ino);
    if (status == LT_OK)
        status = search_blocks(search, &file);
    if (status == LT_OK && !search->problem.set)
        return;
    struct lt_str what = lt_str_format(&search->fs->evidence->arena,
                                       "deleted files may be missing, since %s of the orphan file is lost (%ju blocks) "
                                       "or wrong (%ju inodes)",
                                       status == LT_OK ? "a part" : "the rest", (uintmax_t)search->lost_blocks,
                                       (uintmax_t)search->bad_entries);
    report(search, what.ptr);
}

/* Those whose last name a fast commit removed. */
static void add_unlinked(struct search *search)
{
    const struct lt_ext4_fast *fast = search->reader->volume.fast;
    if (!fast)
        return;
    lt_each (const struct lt_fast_inode, inode, &fast->changed)
        if (inode->gone && !(search->seen[inode->ino / 8] >> inode->ino % 8 & 1))
            add_orphan(&search->reader->orphans, inode->ino);
}

void lt_ext4_find_orphans(struct lt_fs *fs)
{
    struct search search = {.fs = fs, .reader = lt_ext4_reader(fs)};
    const struct lt_ext4 *super = &search.reader->volume.super;
    struct lt_ext4_orphans *orphans = &search.reader->orphans;
    if (!super->last_orphan && !(super->compat & LT_EXT4_COMPAT_ORPHAN_FILE) && !search.reader->volume.fast)
        return;
    /* Zeroed pages that nobody touches cost nothing, however many inodes a hostile superblock claims. */
    search.seen = calloc((size_t)super->inodes / 8 + 1, 1);
    if (!search.seen) {
        lt_ext4_note(fs, LT_CODE_TOO_LARGE, "too many inodes to look for files that were deleted while open");
        return;
    }
    search_list(&search);
    search_file(&search);
    add_unlinked(&search);
    if (orphans->count)
        qsort(orphans->items, orphans->count, sizeof *orphans->items, by_number);
    find_dirs(search.reader);
    free(search.seen);
}

struct lt_time lt_ext4_freed(const struct lt_ext4_reader *reader, const struct lt_ext4_inode *inode)
{
    bool freed = inode->deleted && !lt_ext4_is_orphan(reader, inode->ino);
    return freed ? lt_time_at(inode->deleted, 0) : (struct lt_time){0};
}

/* What is looked for among the inodes without a name. */
struct orphan_job {
    struct lt_ext4_reader *reader;
    struct lt_arena arena;
    uint64_t left; /* inodes that the disk has room for: there are more where tables lie over each other */
    enum lt_status (*each)(void *arg, const struct lt_node *node, struct lt_err *);
    void *arg;
};

static enum lt_status pass_orphan(struct orphan_job *job, uint32_t ino, struct lt_err *err)
{
    struct lt_node node = {.ino = ino};
    struct lt_ext4_inode inode;
    struct lt_cursor bytes;
    struct lt_err problem = {0};
    if (job->reader->named[ino / 8] >> ino % 8 & 1)
        return LT_OK;
    if (lt_ext4_read_inode(job->reader, ino, &bytes, &inode, &problem) != LT_OK)
        return lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text);
    if (!inode.mode || lt_ext4_inode_damaged(&job->reader->volume.super, bytes, ino))
        /* never used, or not since the file system was made */
        return LT_OK;
    lt_arena_reset(&job->arena);
    if (lt_ext4_describe(job->reader, &job->arena, &node, &problem) != LT_OK && !node.mode)
        return LT_OK;
    node.name = lt_str_format(&job->arena, "OrphanFile-%u", ino);
    node.unallocated = true;
    node.deleted = lt_ext4_freed(job->reader, &inode);
    return job->each(job->arg, &node, err);
}

/* Deleted inodes of one group. The end of its table that was never used is left out. */
static enum lt_status group_orphans(struct orphan_job *job, uint64_t number, struct lt_err *err)
{
    struct lt_ext4_volume *volume = &job->reader->volume;
    const struct lt_ext4 *super = &volume->super;
    const struct lt_ext4_group *group = lt_volume_group(volume, number);
    uint64_t first = number * super->inodes_per_group + 1, count = super->inodes_per_group;
    if (group->flags & LT_EXT4_INODE_UNINIT && !(group->flags & LT_EXT4_INODE_ZEROED))
        return LT_OK;
    count -= group->itable_unused < count ? group->itable_unused : count;
    enum lt_status status = LT_OK;
    for (uint64_t ino = first; ino < first + count && ino <= super->inodes && status != LT_FATAL; ino++) {
        bool used = true;
        if (!job->left)
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "more inodes than the disk has room for");
        job->left--;
        if (ino < super->first_inode)
            continue;
        if (lt_volume_inode_used(volume, ino, &used, err) != LT_OK)
            return LT_SKIP; /* the bitmap is that of the whole group */
        if (!used)
            status = pass_orphan(job, (uint32_t)ino, err);
    }
    return status;
}

/* Those that were to be freed when their last process closed them. */
static enum lt_status open_orphans(struct orphan_job *job, struct lt_err *err)
{
    const struct lt_ext4_orphans *orphans = &job->reader->orphans;
    enum lt_status status = LT_OK;
    for (size_t i = 0; i < orphans->count && status != LT_FATAL; i++)
        status = pass_orphan(job, orphans->items[i], err);
    return status;
}

enum lt_status lt_ext4_orphans(struct lt_fs *fs,
                               enum lt_status (*each)(void *arg, const struct lt_node *node, struct lt_err *),
                               void *arg, struct lt_err *err)
{
    struct orphan_job job = {.reader = lt_ext4_reader(fs), .each = each, .arg = arg};
    const struct lt_ext4_volume *volume = &job.reader->volume;
    struct lt_err problem = {0};
    job.left = volume->device.size / volume->super.inode_size;
    uint64_t groups = lt_ext4_groups(&volume->super);
    if (!job.reader->named)
        return lt_fail(err, LT_SKIP, LT_CODE_TOO_LARGE, 0, "too many inodes to look for deleted ones");
    enum lt_status status = open_orphans(&job, &problem);
    unsigned lost = 0;
    for (uint64_t number = 0; number < groups && status != LT_FATAL && lost < MAX_LOST_GROUPS; number++) {
        if (lt_volume_group(&job.reader->volume, number)) {
            status = group_orphans(&job, number, &problem);
            continue;
        }
        lt_fail(&problem, LT_SKIP, LT_CODE_UNREADABLE, 0,
                "cannot read the descriptor of group %ju: deleted inodes of it "
                "are missing",
                (uintmax_t)number);
        lost++;
    }
    lt_arena_free(&job.arena);
    if (problem.set)
        *err = problem;
    return problem.set ? problem.status : LT_OK;
}
