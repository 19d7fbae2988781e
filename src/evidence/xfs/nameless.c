// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/nameless.h"

enum { MAX_LOST_AGS = 1000 };

/* A search for deleted inodes. */
struct orphan_job {
    struct lt_xfs_reader *reader;
    struct lt_arena arena;
    uint64_t left;         /* chunks that the disk still has room for; hostile btrees that overlap have more */
    size_t unlinked;       /* how many of reader->unlinked were passed on */
    uint64_t contradicted; /* inodes that are free by their btree, but say to be in use */
    uint64_t first_contradicted;
    enum lt_status (*each)(void *arg, const struct lt_node *node, struct lt_err *);
    void *arg;
};

static enum lt_status pass(struct orphan_job *job, struct lt_node *node, struct lt_err *err)
{
    node->name = lt_str_format(&job->arena, "OrphanFile-%ju", (uintmax_t)node->ino);
    node->unallocated = true;
    return job->each(job->arg, node, err);
}

/* Those that were deleted while open, up to the number `end`. */
static enum lt_status pass_unlinked(struct orphan_job *job, uint64_t end, struct lt_err *err)
{
    const struct lt_xfs_unlinked *unlinked = &job->reader->unlinked;
    enum lt_status status = LT_OK;
    for (; job->unlinked < unlinked->count && unlinked->items[job->unlinked] < end && status != LT_FATAL;
         job->unlinked++) {
        struct lt_node node = {.ino = unlinked->items[job->unlinked]};
        struct lt_err problem = {0};
        lt_arena_reset(&job->arena);
        if (lt_xfs_marked(&job->reader->named, node.ino))
            continue;
        lt_xfs_describe(job->reader, &job->arena, &node, &problem);
        if (node.mode)
            status = pass(job, &node, err);
    }
    return status;
}

/* An inode that says to be in use is one, and no deleted one. */
static void look_used(struct orphan_job *job, uint64_t ino)
{
    struct lt_xfs_inode inode;
    struct lt_err problem = {0};
    if (lt_xfs_volume_inode(&job->reader->volume, ino, &inode, &problem) != LT_OK || !inode.mode || inode.damaged ||
        inode.misplaced)
        return;
    if (!job->contradicted++)
        job->first_contradicted = ino;
}

static enum lt_status pass_free(struct orphan_job *job, uint64_t ino, struct lt_err *err)
{
    struct lt_node node = {.ino = ino};
    if (lt_xfs_marked(&job->reader->named, ino))
        return LT_OK;
    if (!lt_xfs_describe_freed(job->reader, 0, &node)) {
        look_used(job, ino);
        return LT_OK;
    }
    lt_arena_reset(&job->arena);
    return pass(job, &node, err);
}

static enum lt_status pass_chunk(void *arg, uint32_t ag, const struct lt_xfs_chunk *chunk, struct lt_err *err)
{
    struct orphan_job *job = arg;
    uint64_t first = lt_xfs_ino(&job->reader->volume.super, ag, chunk->start);
    if (!job->left--)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "more inodes than the disk has room for");
    enum lt_status status = pass_unlinked(job, first, err);
    for (unsigned i = 0; i < LT_XFS_CHUNK && status != LT_FATAL; i++)
        if (chunk->free >> i & 1)
            status = pass_free(job, first + i, err);
    return status == LT_FATAL ? LT_FATAL : LT_OK;
}

/* Say what is wrong with the btrees, as far as that was met since the file system was opened. */
static void report(const struct orphan_job *job, struct lt_err *problem)
{
    const struct lt_xfs_chunks *chunks = &job->reader->chunks;
    if (chunks->damaged)
        lt_fail(problem, LT_SKIP, LT_CODE_DAMAGED, 0, "%s: what inodes say is believed", chunks->first.text);
    if (job->contradicted)
        lt_fail(problem, LT_SKIP, LT_CODE_DAMAGED, 0,
                "inodes that are free by their btree, but say to be in use, which is believed: %ju, the first is %ju",
                (uintmax_t)job->contradicted, (uintmax_t)job->first_contradicted);
}

enum lt_status lt_xfs_orphans(struct lt_fs *fs,
                              enum lt_status (*each)(void *arg, const struct lt_node *node, struct lt_err *), void *arg,
                              struct lt_err *err)
{
    struct orphan_job job = {.reader = lt_xfs_reader(fs), .each = each, .arg = arg};
    const struct lt_xfs_volume *volume = &job.reader->volume;
    struct lt_err problem = {0};
    enum lt_status status = LT_OK;
    job.left = (volume->device.size >> volume->super.inode_log) / 4 + 1; /* a sparse chunk has 4 inodes at least */
    unsigned lost = 0;
    for (uint32_t ag = 0; ag < volume->super.ag_count && status != LT_FATAL && lost < MAX_LOST_AGS; ag++) {
        status = lt_xfs_each_chunk(&job.reader->chunks, ag, pass_chunk, &job, &problem);
        lost += status == LT_SKIP;
    }
    if (status != LT_FATAL)
        status = pass_unlinked(&job, UINT64_MAX, &problem);
    lt_arena_free(&job.arena);
    report(&job, &problem);
    if (problem.set)
        *err = problem;
    return status == LT_FATAL ? LT_FATAL : problem.set ? LT_SKIP : LT_OK;
}
