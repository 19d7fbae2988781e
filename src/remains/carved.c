// SPDX-License-Identifier: Apache-2.0
/* Finds logs that were deleted, or that only free blocks still have, and notes their lines; and records of removed
 * containers. */
#include "evidence/stream.h"
#include "read/recovered.h"
#include "read/source.h"
#include "remains/remains.h"
#include "runtime/known_lines.h"
#include "runtime/runtimes.h"

enum { HEAD = 64 * 1024, MOST_FINDS = 1 << 20, LONGEST_RECORD = 1 << 20 };

/* A search of one file system. */
struct search {
    struct lt_ctx *ctx;
    struct lt_on_host where;
};

static lt_log_reader *reader_of(struct lt_str head)
{
    lt_log_reader *reader = NULL;
    for (size_t i = 0; lt_runtimes[i] && !reader; i++)
        reader = lt_runtimes[i]->log_of ? lt_runtimes[i]->log_of(head) : NULL;
    return reader;
}

/* Keep the log if it begins like one, also where it is packed. */
static void keep(const struct search *search, const struct lt_carved_log *log)
{
    struct lt_ctx *ctx = search->ctx;
    struct lt_buf bytes = {0};
    struct lt_err ignored = {0};
    lt_carved_load(log, HEAD, &bytes, &ignored);
    struct lt_stream *stream = lt_stream_of(lt_buf_view(&bytes));
    lt_stream_fill(stream, &ignored);
    lt_log_reader *reader = reader_of(lt_stream_view(stream));
    lt_stream_close(stream);
    lt_buf_free(&bytes);
    if (!reader)
        return;
    struct lt_carved_log *kept = lt_new(ctx->run, struct lt_carved_log);
    *kept = *log;
    kept->path = lt_str_dup(ctx->run, log->path);
    kept->hint = lt_str_dup(ctx->run, log->hint);
    kept->reader = reader;
    lt_list_add(&ctx->host->carved_logs, ctx->run, kept);
}

/* --- deleted files --- */

/* Files that containers wrote look like logs at times; what lies in layers and volumes is none of a runtime's. */
static bool may_be_log(const struct lt_deleted *file, const struct lt_whose *whose)
{
    enum lt_role role = whose->owner->role;
    bool inside = role == LT_ROLE_RW || role == LT_ROLE_INIT || role == LT_ROLE_IMAGE || role == LT_ROLE_VOLUME;
    return !file->lives && file->complete && file->node->size && !inside;
}

static enum lt_status take_deleted(void *arg, const struct lt_deleted *file, struct lt_err *err)
{
    struct search *search = arg;
    struct lt_ctx *ctx = search->ctx;
    (void)err;
    lt_arena_reset(ctx->scratch);
    struct lt_str path = lt_path_on_host(&search->where, file->path, ctx->scratch);
    const struct lt_whose whose = lt_whose_is(ctx->inventory, ctx->host, path);
    if (!may_be_log(file, &whose))
        return LT_OK;
    struct lt_deleted *copy = lt_new(ctx->run, struct lt_deleted);
    struct lt_node *node = lt_new(ctx->run, struct lt_node);
    *node = (struct lt_node){.ino = file->node->ino, .size = file->node->size};
    *copy = (struct lt_deleted){.fs = file->fs, .node = node, .handle = file->handle};
    if (!path.len)
        path = lt_str_format(ctx->scratch, "/$OrphanFiles/OrphanFile-%ju", (uintmax_t)node->ino);
    keep(search, &(struct lt_carved_log){.path = path,
                                         .size = node->size,
                                         .container = whose.owner->container,
                                         .tags = LT_TAG_BIT(recovered),
                                         .fs = file->fs,
                                         .deleted = copy});
    return LT_OK;
}

/* --- free blocks --- */

static struct lt_str hint_of(const struct search *search, const struct lt_carving_find *find)
{
    const struct lt_owner *hint = find->hint;
    if (!hint || !hint->container || !find->kind)
        return LT_STR("");
    return lt_str_format(search->ctx->scratch, "container %.*s %.12s: %s, which was right for %u of %u",
                         LT_ARG(hint->container->name), hint->container->id.ptr, find->kind->why, find->kind->right,
                         find->kind->of);
}

static bool is_log(const struct lt_carved *carved)
{
    static const char *const formats[] = {"json-log", "local-log", "cri-log", "gzip"};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(carved->format, formats[i]) == 0)
            return true;
    return false;
}

/* A configuration names its container. The store that it was of reads it with those that lay in deleted files. */
static void take_record(const struct search *search, const struct lt_carving_find *find)
{
    struct lt_ctx *ctx = search->ctx;
    struct lt_buf bytes = {0};
    struct lt_err ignored = {0};
    const struct lt_carved_log record = {.size = find->carved.size, .fs = find->carved.fs, .carved = &find->carved};
    if (strcmp(find->carved.format, "container-config") == 0 && find->carved.complete &&
        lt_carved_load(&record, LONGEST_RECORD, &bytes, &ignored))
        lt_recovered_take(ctx, &(struct lt_recovered){
                                   .method = LT_RECOVERY_CARVED,
                                   .bytes = lt_buf_view(&bytes),
                                   .witness = lt_str_format(ctx->scratch, "byte %ju of the file system",
                                                            (uintmax_t)find->carved.extents[0].at),
                               });
    lt_buf_free(&bytes);
}

static void carve(struct search *search)
{
    struct lt_ctx *ctx = search->ctx;
    struct lt_err problem = {0};
    struct lt_carving carving = {.host = ctx->host, .where = search->where, .inventory = ctx->inventory};
    carving.arena = ctx->run;
    carving.most = MOST_FINDS;
    enum lt_status status = lt_carving_search(&carving, &problem);
    if (status != LT_END && problem.set)
        lt_skip_error(ctx, search->where.at, &problem);
    if (carving.forgotten)
        lt_skip(ctx, search->where.at, LT_CODE_TOO_LARGE, "%ju more finds in free blocks than are kept",
                (uintmax_t)carving.forgotten);
    lt_each (const struct lt_carving_find, find, &carving.finds) {
        lt_arena_reset(ctx->scratch);
        take_record(search, find);
        if (is_log(&find->carved))
            keep(search, &(struct lt_carved_log){
                             .path = lt_str_format(ctx->scratch, "/$Carved/%s-%ju", find->carved.format,
                                                   (uintmax_t)find->carved.extents[0].at),
                             .size = find->carved.size,
                             .container = find->owner ? find->owner->container : NULL,
                             .hint = hint_of(search, find),
                             .tags = LT_TAG_BIT(carved),
                             .fs = search->where.fs,
                             .carved = &find->carved,
                         });
    }
}

static void search_fs(struct lt_ctx *ctx, const struct lt_mount_point *mount, struct lt_list *searched)
{
    struct search search = {.ctx = ctx, .where = lt_on_host(mount, ctx->run)};
    struct lt_fs *fs = search.where.fs;
    struct lt_err ignored = {0}; /* reported with the files */
    if (lt_list_has(searched, fs) || !fs->ops->deleted)
        return;
    lt_list_add(searched, ctx->run, fs);
    fs->ops->deleted(fs, take_deleted, &search, &ignored);
    carve(&search);
}

static enum lt_status carved_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_list searched = {0};
    enum lt_status status = LT_OK;
    if (!ctx->reading->carve || ctx->host->known_lines) /* or it was done before */
        return LT_OK;
    ctx->host->known_lines = lt_new(ctx->run, struct lt_known_lines);
    lt_known_lines_init(ctx->host->known_lines, ctx->run);
    lt_each (const struct lt_mount_point, mount, &ctx->host->mounts)
        search_fs(ctx, mount, &searched);
    lt_each (const struct lt_carved_log, log, &ctx->host->carved_logs)
        if (status == LT_OK)
            status = lt_carved_lines(ctx, log, LT_LOG_NOTE, err);
    return status;
}

const struct lt_source lt_source_carved = {
    .name = "carved",
    .summary = "lines of logs that were deleted, or that only free blocks still have (--carve)",
    .scope = LT_PER_HOST,
    .stage = LT_STAGE_STORE,
    .tells_removed = true,
    .events = carved_events,
};
