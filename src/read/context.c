// SPDX-License-Identifier: Apache-2.0
#include "read/context.h"

#include "evidence/mounted.h"
#include "model/life.h"
#include "model/tag.h"
#include "parse/bbolt.h"
#include "parse/json.h"

#include <stdarg.h>
#include <stdio.h>

static struct lt_counts *counts(struct lt_ctx *ctx)
{
    return lt_report_counts(ctx->report, ctx->reader);
}

void lt_seen(struct lt_ctx *ctx, size_t count)
{
    counts(ctx)->seen += count;
}

enum lt_status lt_emit(struct lt_ctx *ctx, struct lt_event *event, struct lt_err *err)
{
    enum lt_fate fate = LT_EMITTED;
    event->source = ctx->reader;
    if (event->kind == LT_KIND_FILE)
        lt_host_met(ctx->host, event->node);
    event->medium = ctx->fs ? lt_mounted_medium(ctx->fs, event) : NULL;
    if (ctx->fs && event->where.file.len && lt_mounted_flawed(ctx->fs, event->where.file))
        event->tags |= LT_TAG_BIT(damaged);
    lt_tag(event);
    lt_life_note(event);
    enum lt_status status = ctx->sink->take(ctx->sink->arg, event, &fate, err);
    counts(ctx)->emitted += fate == LT_EMITTED;
    counts(ctx)->filtered += fate == LT_FILTERED;
    counts(ctx)->failed += fate == LT_FAILED;
    counts(ctx)->untimed += fate == LT_UNTIMED;
    return status;
}

enum lt_status lt_emit_one(struct lt_ctx *ctx, struct lt_event *event, struct lt_err *err)
{
    lt_seen(ctx, 1);
    return lt_emit(ctx, event, err);
}

void lt_skip_error(struct lt_ctx *ctx, struct lt_str path, const struct lt_err *problem)
{
    counts(ctx)->seen++;
    counts(ctx)->failed++;
    if (ctx->fs) {
        struct lt_str inner;
        ctx->report->evidence = lt_mounted_part(ctx->fs, path, ctx->scratch, &inner)->evidence->spec;
    }
    if (ctx->host && ctx->host->within.len)
        path = lt_str_format(ctx->scratch, "%.*s%.*s", LT_ARG(ctx->host->within), LT_ARG(path));
    lt_report_problem(ctx->report, ctx->reader, path, problem);
}

void lt_skip(struct lt_ctx *ctx, struct lt_str path, const char *code, const char *format, ...)
{
    struct lt_err problem = {.set = true, .status = LT_SKIP, .code = code};
    va_list args;
    va_start(args, format);
    vsnprintf(problem.text, sizeof problem.text, format, args);
    va_end(args);
    lt_skip_error(ctx, path, &problem);
}

void lt_skip_entry(struct lt_ctx *ctx, const struct lt_dir *dir, const struct lt_node *node,
                   const struct lt_err *problem)
{
    const struct lt_event at = {.dir = dir, .node = node};
    struct lt_buf path = {0};
    lt_event_path(&path, &at);
    lt_skip_error(ctx, lt_buf_view(&path), problem);
    lt_buf_free(&path);
}

enum lt_status lt_read_or_skip(struct lt_ctx *ctx, struct lt_str path, size_t cap, enum lt_need need,
                               struct lt_str *out)
{
    struct lt_err problem = {0};
    enum lt_status status = lt_slurp(ctx->fs, path, cap, ctx->scratch, out, &problem);
    if (status == LT_END && need == LT_REQUIRED)
        lt_skip(ctx, path, LT_CODE_MISSING, "the file is missing");
    else if (status == LT_SKIP)
        lt_skip_error(ctx, path, &problem);
    return status;
}

const char *lt_emptiness(struct lt_str text)
{
    size_t at = 0;
    while (at < text.len && !text.ptr[at])
        at++;
    return !text.len ? "the file is empty" : at == text.len ? "the file holds only NULs" : NULL;
}

enum lt_status lt_read_text_or_skip(struct lt_ctx *ctx, struct lt_str path, size_t cap, enum lt_need need,
                                    struct lt_str *out)
{
    enum lt_status status = lt_read_or_skip(ctx, path, cap, need, out);
    const char *empty = status == LT_OK ? lt_emptiness(*out) : NULL;
    if (empty)
        lt_skip(ctx, path, LT_CODE_DAMAGED, "%s", empty);
    *out = status == LT_OK ? lt_str_trim(*out) : LT_STR("");
    return empty ? LT_SKIP : status;
}

enum lt_status lt_resolve_or_skip(struct lt_ctx *ctx, struct lt_str path, struct lt_str *out)
{
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_resolve(ctx->fs, path, ctx->scratch, out, &problem);
    if (status == LT_SKIP)
        lt_skip_error(ctx, path, &problem);
    return status;
}

enum lt_status lt_follow_or_skip(struct lt_ctx *ctx, struct lt_str path, size_t cap, struct lt_str *real,
                                 struct lt_str *out)
{
    enum lt_status status = lt_resolve_or_skip(ctx, path, real);
    return status == LT_OK ? lt_read_or_skip(ctx, *real, cap, LT_OPTIONAL, out) : status;
}

enum lt_status lt_list_or_skip(struct lt_ctx *ctx, struct lt_str path, struct lt_listing *out)
{
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_list(ctx->fs, path, ctx->scratch, out, &problem);
    if (status == LT_SKIP)
        lt_skip_error(ctx, path, &problem);
    for (size_t i = 0; i < out->count; i++) {
        lt_host_met(ctx->host, &out->nodes[i]);
        if (out->nodes[i].error)
            lt_skip_error(ctx, lt_path_join(ctx->scratch, path, out->nodes[i].name), out->nodes[i].error);
    }
    return status;
}

bool lt_is_folder_or_skip(struct lt_ctx *ctx, struct lt_str directory, const struct lt_node *node)
{
    if (!S_ISDIR(node->mode) && node->mode) /* one that cannot be read is reported already */
        lt_skip(ctx, lt_path_join(ctx->scratch, directory, node->name), LT_CODE_TYPE,
                S_ISLNK(node->mode) ? "a symbolic link where a directory must be: what it leads to is not read"
                                    : "not a directory");
    return S_ISDIR(node->mode);
}

bool lt_is_empty_or_skip(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_listing listing;
    return lt_list_or_skip(ctx, path, &listing) != LT_SKIP && !listing.count;
}

enum lt_status lt_read_json_of_or_skip(struct lt_ctx *ctx, struct lt_str path, enum lt_need need, const char *origin,
                                       struct json_t **out)
{
    struct lt_str text;
    struct lt_err problem = {0};
    const char *flaw;
    *out = NULL;
    enum lt_status status = lt_read_or_skip(ctx, path, LT_MAX_JSON, need, &text);
    if (status != LT_OK)
        return status;
    const char *empty = lt_emptiness(text);
    status = empty ? LT_SKIP : lt_json_parse(text, out, &flaw, &problem);
    const char *wrong = empty ? empty : status != LT_OK ? problem.text : flaw;
    if (wrong)
        lt_skip(ctx, path, status != LT_OK && !empty ? problem.code : LT_CODE_DAMAGED, "%s%s%s", origin,
                *origin ? ": " : "", wrong);
    return status;
}

enum lt_status lt_read_json_or_skip(struct lt_ctx *ctx, struct lt_str path, enum lt_need need, struct json_t **out)
{
    return lt_read_json_of_or_skip(ctx, path, need, "", out);
}

/* Report what is damaged in a database, and note which of its states was read if that may not be the last one. */
static void report_bolt(struct lt_ctx *ctx, struct lt_str path, const struct lt_bolt *bolt)
{
    struct lt_str inner;
    if (bolt->damages)
        lt_skip(ctx, path, LT_CODE_DAMAGED, "%ju places of the database are damaged, first: %s",
                (uintmax_t)bolt->damages, bolt->damage);
    if (!bolt->stale)
        return;
    lt_skip(ctx, path, LT_CODE_DAMAGED,
            "its last state may not be what is read: that is the one after transaction %ju, by meta page %u",
            (uintmax_t)bolt->transaction, bolt->meta);
    struct lt_evidence *evidence = lt_mounted_part(ctx->fs, path, ctx->scratch, &inner)->evidence;
    struct lt_database_copy *copy = lt_new(&evidence->arena, struct lt_database_copy);
    *copy = (struct lt_database_copy){lt_str_dup(&evidence->arena, inner), bolt->meta, bolt->transaction};
    lt_list_add(&evidence->databases, &evidence->arena, copy);
}

static enum lt_status read_bolt(struct lt_ctx *ctx, struct lt_str path, struct lt_arena *arena, struct lt_str *bytes,
                                lt_take_bolt *take, void *arg, struct lt_err *err)
{
    struct lt_err problem = {0};
    struct lt_bolt bolt;
    *bytes = LT_STR("");
    enum lt_status status = lt_slurp(ctx->fs, path, LT_BOLT_MAX, arena, bytes, &problem);
    if (status == LT_SKIP)
        lt_skip_error(ctx, path, &problem);
    const char *empty = status == LT_OK ? lt_emptiness(*bytes) : NULL;
    if (empty)
        lt_skip(ctx, path, LT_CODE_DAMAGED, "%s", empty);
    if (status != LT_OK || empty)
        return empty ? LT_SKIP : status;
    status = lt_bolt_read(*bytes, &bolt, take, arg, err);
    report_bolt(ctx, path, &bolt);
    return status;
}

enum lt_status lt_read_bolt_or_skip(struct lt_ctx *ctx, struct lt_str path, lt_take_bolt *take, void *arg,
                                    struct lt_err *err)
{
    struct lt_arena arena = {0}; /* scratch would keep the memory of the largest database for the whole run */
    struct lt_str bytes;
    enum lt_status status = read_bolt(ctx, path, &arena, &bytes, take, arg, err);
    lt_arena_free(&arena);
    return status;
}

enum lt_status lt_keep_bolt_or_skip(struct lt_ctx *ctx, struct lt_str path, struct lt_str *bytes, lt_take_bolt *take,
                                    void *arg, struct lt_err *err)
{
    return read_bolt(ctx, path, ctx->run, bytes, take, arg, err);
}

enum lt_status lt_stat_or_skip(struct lt_ctx *ctx, struct lt_str path, struct lt_node *out)
{
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_stat(ctx->fs, path, ctx->scratch, out, &problem);
    if (status == LT_OK)
        lt_host_met(ctx->host, out);
    else if (status == LT_SKIP)
        lt_skip_error(ctx, path, &problem);
    return status;
}

enum lt_status lt_line_or_skip(struct lt_ctx *ctx, struct lt_str path, struct lt_lines *lines, struct lt_line *out)
{
    for (;;) {
        struct lt_err problem = {0};
        enum lt_status status = lt_lines_next(lines, out, &problem);
        if (status != LT_SKIP)
            return status;
        lt_skip_error(ctx, path, &problem);
    }
}

struct lt_str lt_root_path(struct lt_ctx *ctx, const char *relative)
{
    return lt_path_join(ctx->run, ctx->root->path, lt_str_c(relative));
}
