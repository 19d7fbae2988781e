// SPDX-License-Identifier: Apache-2.0
#include "read/recovered.h"

#include "evidence/deleted.h"
#include "model/runtime.h"
#include "read/whose.h"

enum { LONGEST_RECORD = 1 << 20 };

const char *const lt_recovery_words[] = {[LT_RECOVERY_DELETED] = "deleted", [LT_RECOVERY_CARVED] = "carved"};

/* A search of one file system of a host. */
struct search {
    struct lt_ctx *ctx;
    struct lt_on_host where;
    struct lt_arena arena;
};

/* The store that the path lies in. NULL: none. */
static struct lt_root *store_of(const struct lt_host *host, struct lt_str path)
{
    struct lt_root *found = NULL;
    struct lt_str rest;
    lt_each (struct lt_root, root, &host->roots)
        if (lt_path_behind(path, root->path, &rest) && (!found || root->path.len > found->path.len))
            found = root;
    return found;
}

static bool offer(struct lt_ctx *ctx, struct lt_root *root, const struct lt_recovered *record)
{
    struct lt_ctx there = lt_ctx_at(ctx, root);
    return root->runtime->recovered && root->runtime->recovered(&there, record);
}

bool lt_recovered_take(struct lt_ctx *ctx, const struct lt_recovered *record)
{
    struct lt_root *store = record->path.len ? store_of(ctx->host, record->path) : NULL;
    if (record->path.len)
        return store && offer(ctx, store, record);
    lt_each (struct lt_root, root, &ctx->host->roots)
        if (offer(ctx, root, record))
            return true;
    return false;
}

/* --- deleted files --- */

/* The path on the host; "": it is not whole. */
static struct lt_str host_path(struct search *search, const struct lt_deleted *file)
{
    struct lt_str path = lt_path_on_host(&search->where, file->path, &search->arena);
    return lt_str_starts(path, LT_STR("/")) ? path : LT_STR("");
}

/* What its runtime says of the path. False: it tells of nothing that a store has no more. */
static bool is_gone(struct search *search, struct lt_str path, struct lt_gone *gone)
{
    struct lt_root *root = path.len ? store_of(search->ctx->host, path) : NULL;
    return root && root->runtime->gone && root->runtime->recovered && root->runtime->gone(root, path, gone) &&
           (gone->is_record || gone->container.len || gone->volume.len);
}

static bool wants(void *arg, const struct lt_deleted *file)
{
    struct search *search = arg;
    struct lt_gone gone;
    bool wanted = is_gone(search, host_path(search, file), &gone);
    lt_arena_reset(&search->arena);
    return wanted;
}

static struct lt_str witness_of(struct search *search, const struct lt_deleted *file)
{
    if (S_ISDIR(file->node->mode) && !file->node->time[LT_C].set)
        return lt_str_format(&search->arena, "its name, transaction %u of the journal", file->transaction);
    if (file->source == LT_MAP_JOURNAL)
        return lt_str_format(&search->arena, "inode %ju, transaction %u of the journal", (uintmax_t)file->node->ino,
                             file->transaction);
    return lt_str_format(&search->arena, "inode %ju", (uintmax_t)file->node->ino);
}

static enum lt_status take(void *arg, const struct lt_deleted *file, struct lt_err *err)
{
    struct search *search = arg;
    struct lt_buf bytes = {0};
    struct lt_gone gone;
    (void)err;
    struct lt_str path = host_path(search, file);
    if (is_gone(search, path, &gone)) {
        bool whole = gone.is_record && lt_deleted_whole(file, LONGEST_RECORD, &bytes);
        const struct lt_recovered record = {
            .method = LT_RECOVERY_DELETED,
            .path = path,
            .bytes = whole ? lt_buf_view(&bytes) : LT_STR(""),
            .witness = witness_of(search, file),
            .born = file->node->time[LT_B],
            .written = file->node->time[LT_M],
            .deleted = file->node->deleted,
            .inferred = file->inferred,
        };
        lt_recovered_take(search->ctx, &record);
    }
    lt_buf_free(&bytes);
    lt_arena_reset(&search->arena);
    return LT_OK;
}

/* What became of a search. */
struct lt_searched {
    const struct lt_fs *fs;
    struct lt_err problem;
};

static struct lt_searched *searched(const struct lt_host *host, const struct lt_fs *fs)
{
    lt_each (struct lt_searched, done, &host->searched)
        if (done->fs == fs)
            return done;
    return NULL;
}

static void find_on(struct lt_ctx *ctx, const struct lt_mount_point *mount)
{
    struct search search = {.ctx = ctx, .where = lt_on_host(mount, ctx->run)};
    struct lt_fs *fs = search.where.fs;
    struct lt_searched *done = searched(ctx->host, fs);
    if (!fs->ops->deleted_if)
        return;
    if (!done) {
        done = lt_new(ctx->run, struct lt_searched);
        done->fs = fs;
        lt_list_add(&ctx->host->searched, ctx->run, done);
        fs->ops->deleted_if(fs, wants, take, &search, &done->problem);
        lt_arena_free(&search.arena);
    }
    if (done->problem.set)
        lt_skip_error(ctx, search.where.at, &done->problem);
}

void lt_recovered_find(struct lt_ctx *ctx)
{
    lt_each (const struct lt_mount_point, mount, &ctx->host->mounts)
        if (!ctx->reading->no_deleted)
            find_on(ctx, mount);
}
