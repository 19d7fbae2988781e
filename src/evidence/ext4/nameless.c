// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/nameless.h"

enum { MAX_LOST_GROUPS = 1000 };

/* A search for deleted inodes. */
struct orphan_job {
    struct lt_ext4_reader *reader;
    struct lt_arena arena;
    uint64_t left; /* inodes that the disk still has room for; hostile tables that overlap have more */
    enum lt_status (*each)(void *arg, const struct lt_node *node, struct lt_err *);
    void *arg;
};

static enum lt_status pass_orphan(struct orphan_job *job, uint32_t ino, struct lt_err *err)
{
    struct lt_node node = {.ino = ino};
    struct lt_ext4_inode inode;
    struct lt_cursor bytes;
    struct lt_err problem = {0};
    if (lt_ext4_marked(job->reader->named, ino))
        return LT_OK;
    if (lt_ext4_read_inode(job->reader, ino, &bytes, &inode, &problem) != LT_OK)
        return lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text);
    if (!inode.mode || lt_ext4_inode_damaged(&job->reader->volume.super, bytes, ino))
        /* never used, or not since the file system was made */
        return LT_OK;
    if (!lt_ext4_is_deleted(job->reader, &inode))
        return LT_OK;
    lt_arena_reset(&job->arena);
    if (lt_ext4_describe(job->reader, &job->arena, &node, &problem) != LT_OK && !node.mode)
        return LT_OK;
    node.name = lt_str_format(&job->arena, "OrphanFile-%u", ino);
    node.unallocated = true;
    node.deleted = lt_ext4_freed(job->reader, &inode);
    return job->each(job->arg, &node, err);
}

/* Deleted inodes of one group. The end of its table may never have been used, and is left out. */
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
        bool used;
        if (!job->left)
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "more inodes than the disk has room for");
        job->left--;
        if (ino < super->first_inode)
            continue;
        if (lt_volume_inode_used(volume, ino, &used, NULL) != LT_OK || !used)
            status = pass_orphan(job, (uint32_t)ino, err);
    }
    return status;
}

/* Those that were deleted while open. */
static enum lt_status open_orphans(struct orphan_job *job, struct lt_err *err)
{
    const struct lt_ext4_orphans *orphans = &job->reader->orphans;
    enum lt_status status = LT_OK;
    for (size_t i = 0; i < orphans->count && status != LT_FATAL; i++)
        status = pass_orphan(job, orphans->items[i], err);
    return status;
}

/* Say what is wrong with bitmaps, as far as that was met since the file system was opened. */
static void report_bitmaps(const struct lt_ext4_reader *reader, struct lt_err *problem)
{
    const struct lt_ext4_volume *volume = &reader->volume;
    const char *and = "";
    struct lt_buf text = {0};
    if (volume->bad_bitmaps) {
        lt_buf_printf(&text, "%s", volume->bad_bitmap.text);
        if (volume->bad_bitmaps > 1)
            lt_buf_printf(&text, ", and so with %ju more bitmaps", (uintmax_t)volume->bad_bitmaps - 1);
        lt_buf_lit(&text, ": what inodes and names say is believed");
        and = "; ";
    }
    if (reader->contradicted)
        lt_buf_printf(&text,
                      "%sinodes that are free by their bitmaps, but have names or say to be in use, which is believed: "
                      "%ju, the first is %u",
                      and, (uintmax_t)reader->contradicted, reader->first_contradicted);
    if (text.len)
        lt_fail(problem, LT_SKIP, LT_CODE_DAMAGED, 0, "%.*s", LT_ARG(lt_buf_view(&text)));
    lt_buf_free(&text);
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
            lt_volume_check_blocks(&job.reader->volume, number);
            continue;
        }
        lt_fail(&problem, LT_SKIP, LT_CODE_UNREADABLE, 0,
                "cannot read the descriptor of group %ju: deleted inodes of it "
                "are missing",
                (uintmax_t)number);
        lost++;
    }
    lt_arena_free(&job.arena);
    report_bitmaps(job.reader, &problem);
    if (problem.set)
        *err = problem;
    return problem.set ? problem.status : LT_OK;
}
