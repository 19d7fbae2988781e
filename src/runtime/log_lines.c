// SPDX-License-Identifier: Apache-2.0
#include "runtime/log_lines.h"

#include "evidence/stream.h"

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

static enum lt_status emit_line(struct lt_log_lines *lines, unsigned stream, struct lt_err *err)
{
    struct lt_log_pending *pending = &lines->pending[stream];
    struct lt_attr attrs[] = {
        {.key = LT_ATTR_LOG_SOURCE, .text = lt_str_c(stream_names[stream])},
        {.key = LT_ATTR_BODY, .text = lt_buf_view(&pending->text)},
        {.key = LT_ATTR_FACTS},
    };
    struct lt_event event = {
        .kind = lines->kind,
        .time = {pending->time},
        .owner = &lines->container->log_owner,
        .where = {.file = pending->file, .offset = pending->offset, .has_offset = true},
        .attrs = attrs,
        .attr_count = 2,
    };
    enum lt_status status = lt_log_clock_line(lines->clock, &event, stream, attrs[1].text, &attrs[2].items, err);
    event.attr_count += attrs[2].items.count > 0;
    if (status == LT_OK)
        status = lt_emit_one(lines->ctx, &event, err);
    pending->open = false;
    pending->text.len = 0;
    return status;
}

enum lt_status lt_log_lines_add(struct lt_log_lines *lines, const struct lt_log_record *record, struct lt_err *err)
{
    struct lt_log_pending *pending = &lines->pending[record->stream];
    if (pending->open && lines->one_time && lt_time_cmp(pending->time, record->time) != 0) {
        enum lt_status status = emit_line(lines, record->stream, err); /* the rest of the old line is missing */
        if (status != LT_OK)
            return status;
    }
    if (!pending->open) {
        pending->open = true;
        pending->file = lines->path;
        pending->offset = record->offset;
        pending->time = record->time;
    }
    lt_buf_add(&pending->text, record->text);
    return record->complete || pending->text.len > MAX_JOINED ? emit_line(lines, record->stream, err) : LT_OK;
}

enum lt_status lt_log_lines_half(struct lt_log_lines *lines, struct lt_str text, uint64_t offset, struct lt_time last,
                                 struct lt_err *err)
{
    struct lt_time first = lines->clock->latest;
    if (!last.set)
        last = lines->written;
    if (first.set && last.set && lt_time_cmp(first, last) > 0)
        last = (struct lt_time){0};
    if (!text.len || (!first.set && !last.set))
        return LT_OK;
    const struct lt_attr attr = {.key = LT_ATTR_BODY, .text = text};
    struct lt_event event = {
        .kind = lines->kind,
        .time = {first.set ? first : last},
        .first = first,
        .last = last,
        .owner = &lines->container->log_owner,
        .where = {.file = lines->path, .offset = offset, .has_offset = true},
        .attrs = &attr,
        .attr_count = 1,
        .tags = LT_TAG_BIT(recovered),
    };
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
            status = emit_line(lines, stream, err);
    return status;
}

void lt_log_lines_free(struct lt_log_lines *lines)
{
    for (unsigned stream = 0; stream < LT_LOG_STREAMS; stream++)
        lt_buf_free(&lines->pending[stream].text);
}

bool lt_log_is_copy(struct lt_fs *fs, struct lt_str plain, struct lt_str packed)
{
    struct lt_stream *streams[2] = {NULL, NULL};
    bool same =
        lt_stream_open(fs, plain, &streams[0], NULL) == LT_OK && lt_stream_open(fs, packed, &streams[1], NULL) == LT_OK;
    while (same) {
        for (unsigned i = 0; i < 2; i++)
            if (!lt_stream_view(streams[i]).len)
                lt_stream_fill(streams[i], NULL);
        struct lt_str a = lt_stream_view(streams[0]), b = lt_stream_view(streams[1]);
        size_t count = a.len < b.len ? a.len : b.len;
        if (!b.len)
            break;
        same = count && memcmp(a.ptr, b.ptr, count) == 0;
        lt_stream_consume(streams[0], count);
        lt_stream_consume(streams[1], count);
    }
    for (unsigned i = 0; i < 2; i++)
        if (streams[i])
            lt_stream_close(streams[i]);
    return same;
}
