// SPDX-License-Identifier: Apache-2.0
/* Files whose inodes were freed, as the readers of file systems find them: lt_fs_ops.deleted. */
#include "command/recover.h"

static const char *const source_words[] = {
    [LT_MAP_NONE] = "none", [LT_MAP_JOURNAL] = "journal", [LT_MAP_HOME] = "home",
    [LT_MAP_LEAF] = "leaf", [LT_MAP_ORPHAN] = "orphan",
};

/* A search of one file system. */
struct search {
    struct lt_recovery *recovery;
    struct lt_on_host where;
};

static void add(const struct search *search, const struct lt_deleted *file)
{
    struct lt_recovery *recovery = search->recovery;
    struct lt_arena *scratch = &recovery->job->scratch;
    struct lt_remains remains = {
        .evidence = search->where.fs->evidence,
        .node = file->node,
        .path = lt_path_on_host(&search->where, file->path, scratch),
        .label = lt_str_format(scratch, "inode-%ju-%u", (uintmax_t)file->node->ino, file->generation),
        .inferred = file->inferred,
        .older = file->older,
        .size_unknown = file->size_unknown,
        .unsettled = file->unsettled,
        .bare = file->source == LT_MAP_NONE,
        .complete = file->complete,
        .extents = file->extents,
        .extent_count = file->extent_count,
        .lost = file->lost,
        .lost_count = file->lost_count,
    };
    struct lt_remains *kept = lt_recovery_add(recovery, &remains);
    if (!kept)
        return;
    struct lt_deleted *copy = lt_new(&recovery->arena, struct lt_deleted);
    *copy = *file;
    copy->node = kept->node;
    copy->path = kept->path;
    copy->extents = kept->extents;
    copy->lost = kept->lost;
    kept->handle = copy;
}

static enum lt_status take(void *arg, const struct lt_deleted *file, struct lt_err *err)
{
    const struct search *search = arg;
    lt_arena_reset(&search->recovery->job->scratch);
    add(search, file);
    return lt_job_poll(search->recovery->job, err);
}

static enum lt_status search_fs(struct search *search, struct lt_err *err)
{
    struct lt_recovery *recovery = search->recovery;
    struct lt_err problem = {0};
    if (!search->where.fs->ops->deleted || !lt_recovery_first(recovery, search->where.fs))
        return LT_OK;
    enum lt_status status = search->where.fs->ops->deleted(search->where.fs, take, search, &problem);
    if (status == LT_SKIP)
        lt_skip_error(&recovery->job->ctx, search->where.at, &problem);
    else if (status != LT_OK && err)
        *err = problem;
    return status == LT_SKIP ? LT_OK : status;
}

static enum lt_status search_host(struct lt_recovery *recovery, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_mount_point, mount, &recovery->host->mounts) {
        struct search *search = lt_new(&recovery->arena, struct search);
        search->recovery = recovery;
        search->where = lt_on_host(mount, &recovery->arena);
        status = search_fs(search, err);
        if (status != LT_OK)
            return status;
    }
    return status;
}

static ssize_t read_contents(const struct lt_remains *remains, void *buffer, size_t size, uint64_t offset,
                             struct lt_err *err)
{
    const struct lt_deleted *file = remains->handle;
    return file->fs->ops->read_deleted(file, buffer, size, offset, err);
}

static struct lt_str where(const struct lt_remains *remains, struct lt_arena *arena)
{
    const struct lt_deleted *file = remains->handle;
    return file->source == LT_MAP_NONE ? LT_STR("no map")
                                       : lt_str_format(arena, "map in %s", source_words[file->source]);
}

static void describe(const struct lt_remains *remains, struct lt_record *record)
{
    const struct lt_deleted *file = remains->handle;
    lt_record_int(record, "inode", (int64_t)file->node->ino);
    lt_record_int(record, "generation", file->generation);
    lt_record_text(record, "map", lt_str_c(source_words[file->source]));
    if (file->source == LT_MAP_JOURNAL)
        lt_record_int(record, "transaction", file->transaction);
    if (file->lives)
        lt_record_bool(record, "lives", true);
}

const struct lt_recover_method lt_recover_method_deleted = {
    .name = "deleted",
    .search = search_host,
    .read = read_contents,
    .where = where,
    .describe = describe,
};
