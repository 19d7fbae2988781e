// SPDX-License-Identifier: Apache-2.0
#include "runtime/log_lines.h"

#include "evidence/stream.h"
#include "parse/redact.h"
#include "read/facts.h"
#include "runtime/known_lines.h"

enum { MAX_JOINED = 1024 * 1024 };

static const char *const stream_names[LT_LOG_STREAMS] = {"stdout", "stderr"};

enum lt_status lt_log_lines_open(struct lt_log_lines *lines, struct lt_str path, struct lt_stream **stream)
{
    struct lt_ctx *ctx = lines->ctx;
    struct lt_err problem = {0};
    struct lt_node node;
    lines->path = path;
    enum lt_status status = lt_stream_open(ctx->fs, path, stream, &problem);
    if (problem.set)
        lt_skip_error(ctx, path, &problem);
    if (status != LT_OK)
        return LT_END;
    bool known = lt_fs_stat(ctx->fs, path, ctx->scratch, &node, NULL) == LT_OK;
    lines->written = known ? node.time[LT_M] : (struct lt_time){0};
    return LT_OK;
}

/* Copy attributes to `arena`, which holds only these, without secrets: an environment and labels often hold some. */
static struct lt_list copy_attrs(struct lt_arena *arena, const struct lt_list *attrs)
{
    struct lt_list copy = {0};
    if (!attrs || !attrs->count)
        return copy;
    struct lt_buf text = {0};
    lt_arena_reset(arena);
    lt_each (const struct lt_str, item, attrs) {
        text.len = 0;
        lt_redact_item(&text, *item);
        lt_fact_add(&copy, arena, "", lt_buf_view(&text));
    }
    lt_buf_free(&text);
    return copy;
}

/* Does the line become a row? One that lies in several places does so once. */
static bool is_told(struct lt_log_lines *lines, const struct lt_log_pending *pending)
{
    struct lt_known_lines *known = lines->ctx->host->known_lines;
    struct lt_str text = lt_buf_view(&pending->text);
    if (lines->use == LT_LOG_NOTE) {
        lines->forgotten += !lt_known_lines_note(known, pending->time, text);
        return false;
    }
    bool fresh = known && lt_known_lines_take(known, pending->time, text);
    if (lines->use == LT_LOG_AGAIN && !fresh) {
        lt_seen(lines->ctx, 1);
        lt_report_counts(lines->ctx->report, lines->ctx->reader)->deduplicated++;
    }
    return lines->use == LT_LOG_TELL || fresh;
}

static enum lt_status tell_line(struct lt_log_lines *lines, unsigned stream, struct lt_err *err)
{
    struct lt_log_pending *pending = &lines->pending[stream];
    struct lt_list facts = {0};
    struct lt_attr attrs[LT_ATTRS] = {
        {.key = LT_ATTR_LOG_SOURCE, .text = lt_str_c(stream_names[stream])},
        {.key = LT_ATTR_BODY, .text = lt_buf_view(&pending->text)},
        {.key = LT_ATTR_LOG_ATTRIBUTES, .items = pending->attrs},
    };
    struct lt_event event = {
        .kind = lines->kind,
        .time = {pending->time},
        .owner = &lines->container->log_owner,
        .where = {.file = pending->file, .offset = pending->offset, .has_offset = true},
        .attrs = attrs,
        .attr_count = pending->attrs.count ? 3 : 2,
        .tags = lines->tags | (pending->cut ? LT_TAG_BIT(recovered) : 0),
    };
    enum lt_status status = LT_OK;
    if (lines->use == LT_LOG_TELL)
        status = lt_log_clock_line(lines->clock, &event, stream, attrs[1].text, &facts, err);
    if (lines->hint.len)
        attrs[event.attr_count++] = (struct lt_attr){.key = LT_ATTR_HINT, .text = lines->hint};
    if (facts.count)
        attrs[event.attr_count++] = (struct lt_attr){.key = LT_ATTR_FACTS, .items = facts};
    return status == LT_OK ? lt_emit_one(lines->ctx, &event, err) : status;
}

static enum lt_status end_line(struct lt_log_lines *lines, unsigned stream, struct lt_err *err)
{
    struct lt_log_pending *pending = &lines->pending[stream];
    enum lt_status status = is_told(lines, pending) ? tell_line(lines, stream, err) : LT_OK;
    pending->open = false;
    pending->text.len = 0;
    return status;
}

enum lt_status lt_log_lines_add(struct lt_log_lines *lines, const struct lt_log_record *record, struct lt_err *err)
{
    struct lt_log_pending *pending = &lines->pending[record->stream];
    if (pending->open && lines->one_time && lt_time_cmp(pending->time, record->time) != 0) {
        enum lt_status status = end_line(lines, record->stream, err); /* the rest of the old line is missing */
        if (status != LT_OK)
            return status;
    }
    if (!pending->open) {
        pending->open = true;
        pending->file = lines->path;
        pending->offset = record->offset;
        pending->time = record->time;
        pending->cut = false;
        pending->attrs = copy_attrs(&pending->arena, record->attrs);
    }
    pending->cut |= record->cut;
    lt_buf_add(&pending->text, record->text);
    return record->complete || pending->text.len > MAX_JOINED ? end_line(lines, record->stream, err) : LT_OK;
}

/* Set the bounds of a record without a time. False: neither is known. */
static bool bound(const struct lt_log_lines *lines, const struct lt_log_half *half, struct lt_event *event)
{
    struct lt_time first = half->after.set ? half->after : lines->clock->latest;
    struct lt_time last = half->next.set ? half->next : lines->written;
    if (first.set && last.set && lt_time_cmp(first, last) > 0)
        last.set = false;
    lt_event_bound(event, first, last, (struct lt_time){0});
    return event->time[0].set;
}

enum lt_status lt_log_lines_half(struct lt_log_lines *lines, const struct lt_log_half *half, struct lt_err *err)
{
    struct lt_attr attrs[LT_ATTRS];
    size_t count = 0;
    struct lt_event event = {
        .kind = lines->kind,
        .time = {half->time},
        .owner = &lines->container->log_owner,
        .where = {.file = lines->path, .offset = half->offset, .has_offset = true},
        .attrs = attrs,
        .tags = lines->tags | LT_TAG_BIT(recovered),
    };
    if (lines->use == LT_LOG_NOTE || (!half->time.set && (!half->text.len || !bound(lines, half, &event))))
        return LT_OK;
    for (unsigned i = 0; i < LT_LOG_STREAMS; i++)
        if (lt_str_eq(half->stream, lt_str_c(stream_names[i])))
            attrs[count++] = (struct lt_attr){.key = LT_ATTR_LOG_SOURCE, .text = half->stream};
    attrs[count++] = (struct lt_attr){.key = LT_ATTR_BODY, .text = half->text};
    struct lt_list own = copy_attrs(&lines->half, half->attrs);
    if (own.count)
        attrs[count++] = (struct lt_attr){.key = LT_ATTR_LOG_ATTRIBUTES, .items = own};
    event.attr_count = count;
    lines->kept++;
    if (half->time.set && (!lines->clock->latest.set || lt_time_cmp(half->time, lines->clock->latest) > 0))
        lines->clock->latest = half->time;
    return lt_emit_one(lines->ctx, &event, err);
}

size_t lt_log_lines_nul(struct lt_log_lines *lines, struct lt_str bytes, uint64_t offset)
{
    size_t count = 0;
    while (count < bytes.len && !bytes.ptr[count])
        count++;
    if (count)
        lt_skip(lines->ctx, lines->path, LT_CODE_DAMAGED, "%zu NUL bytes at offset %ju", count, (uintmax_t)offset);
    return count;
}

struct lt_str lt_log_without_nul(struct lt_str text)
{
    while (lt_str_ends(text, (struct lt_str){"", 1}))
        text.len--;
    return text;
}

enum lt_status lt_log_lines_end(struct lt_log_lines *lines, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    for (unsigned stream = 0; status == LT_OK && stream < LT_LOG_STREAMS; stream++)
        if (lines->pending[stream].open)
            status = end_line(lines, stream, err);
    return status;
}

void lt_log_lines_free(struct lt_log_lines *lines)
{
    for (unsigned stream = 0; stream < LT_LOG_STREAMS; stream++) {
        lt_buf_free(&lines->pending[stream].text);
        lt_arena_free(&lines->pending[stream].arena);
    }
    lt_arena_free(&lines->half);
}
