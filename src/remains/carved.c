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
    lt_list_add(&ctx->host->remains->logs, ctx->run, kept);
}

/* --- deleted files --- */

/* Files that containers wrote look like logs at times; what lies in layers and volumes is none of a runtime's. Of a log
 * no more is needed than that all its blocks are left: its records speak for themselves. */
static bool may_be_log(const struct lt_deleted *file, const struct lt_whose *whose)
{
    enum lt_role role = whose->owner->role;
    bool inside = role == LT_ROLE_RW || role == LT_ROLE_INIT || role == LT_ROLE_IMAGE || role == LT_ROLE_VOLUME;
    return !file->lives && file->source != LT_MAP_NONE && !file->lost_count && file->node->size && !inside;
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
    enum { SHOWN = 12 };
    const struct lt_container *container = find->hint ? find->hint->container : NULL;
    if (!container || !find->kind)
        return LT_STR("");
    struct lt_str id = container->id;
    id.len = id.len < SHOWN ? id.len : SHOWN;
    return lt_str_format(search->ctx->scratch, "container %.*s%s%.*s: %s, which was right for %u of %u",
                         LT_ARG(container->name), container->name.len ? " " : "", LT_ARG(id), find->kind->why,
                         find->kind->right, find->kind->of);
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

static void take_find(const struct search *search, const struct lt_carving_find *find)
{
    const struct lt_carved *carved = &find->carved;
    struct lt_arena *scratch = search->ctx->scratch;
    lt_arena_reset(scratch);
    take_record(search, find);
    if (is_log(carved))
        keep(search,
             &(struct lt_carved_log){
                 .path = lt_str_format(scratch, "/$Carved/%s-%ju", carved->format, (uintmax_t)carved->extents[0].at),
                 .size = carved->size,
                 .container = find->owner ? find->owner->container : NULL,
                 .hint = hint_of(search, find),
                 .tags = LT_TAG_BIT(carved),
                 .fs = carved->fs,
                 .carved = carved,
             });
}

static void add_problem(struct lt_ctx *ctx, const struct lt_err *problem)
{
    struct lt_err *kept = lt_new(ctx->run, struct lt_err);
    *kept = *problem;
    lt_list_add(&ctx->host->remains->problems, ctx->run, kept);
}

static enum lt_status carve(const struct search *search, struct lt_err *err)
{
    struct lt_ctx *ctx = search->ctx;
    struct lt_err problem = {0};
    struct lt_carving carving = {.host = ctx->host,
                                 .where = search->where,
                                 .inventory = ctx->inventory,
                                 .arena = ctx->run,
                                 .most = MOST_FINDS,
                                 .poll = ctx->poll->poll,
                                 .arg = ctx->poll->arg};
    enum lt_status status = lt_carving_search(&carving, &problem);
    if (status == LT_FATAL) {
        *err = problem;
        return status;
    }
    if (status != LT_END && problem.set)
        add_problem(ctx, &problem);
    lt_err_clear(&problem);
    if (carving.forgotten) {
        lt_fail(&problem, LT_SKIP, LT_CODE_TOO_LARGE, 0, "%ju more finds in free blocks than are kept",
                (uintmax_t)carving.forgotten);
        add_problem(ctx, &problem);
    }
    lt_each (const struct lt_carving_find, find, &carving.finds)
        take_find(search, find);
    return LT_OK;
}

static enum lt_status search_fs(struct lt_ctx *ctx, const struct lt_mount_point *mount, struct lt_list *searched,
                                struct lt_err *err)
{
    struct search search = {.ctx = ctx, .where = lt_on_host(mount, ctx->run)};
    struct lt_fs *fs = search.where.fs;
    struct lt_err ignored = {0}; /* reported with the files */
    if (lt_list_has(searched, fs) || !fs->ops->deleted)
        return LT_OK;
    lt_list_add(searched, ctx->run, fs);
    fs->ops->deleted(fs, take_deleted, &search, &ignored);
    return carve(&search, err);
}

static enum lt_status search_host(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_remains_found *found = lt_new(ctx->run, struct lt_remains_found);
    struct lt_list searched = {0};
    enum lt_status status = LT_OK;
    found->nobody.log_owner = (struct lt_owner){.host = ctx->host, .role = LT_ROLE_LOG};
    ctx->host->remains = found;
    ctx->host->known_lines = &found->lines;
    lt_known_lines_init(&found->lines, ctx->run);
    lt_each (const struct lt_mount_point, mount, &ctx->host->mounts)
        if (status == LT_OK)
            status = search_fs(ctx, mount, &searched, err);
    lt_each (const struct lt_carved_log, log, &found->logs)
        lt_carved_note(ctx, log);
    return status;
}

/* Once a run. Later calls say again what is wrong, as errors of the first may not have been reported. */
static enum lt_status carved_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    if (!ctx->reading->carve)
        return LT_OK;
    if (!ctx->host->remains)
        status = search_host(ctx, err);
    lt_each (const struct lt_err, problem, &ctx->host->remains->problems)
        lt_skip_error(ctx, LT_STR("/$Carved"), problem);
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
