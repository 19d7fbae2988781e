// SPDX-License-Identifier: Apache-2.0
#include "remains/remains.h"

#include "evidence/stream.h"
#include "read/source.h"

enum { LONGEST = 1 << 26 };

static ssize_t read_log(const struct lt_carved_log *log, void *buffer, size_t size, uint64_t offset, struct lt_err *err)
{
    return log->deleted ? log->fs->ops->read_deleted(log->deleted, buffer, size, offset, err)
                        : lt_carve_read(log->carved, buffer, size, offset, err);
}

bool lt_carved_load(const struct lt_carved_log *log, size_t size, struct lt_buf *out, struct lt_err *err)
{
    size = log->size < size ? (size_t)log->size : size;
    lt_buf_reserve(out, size);
    while (out->len < size) {
        ssize_t got = read_log(log, out->ptr + out->len, size - out->len, out->len, err);
        if (got <= 0)
            return !got;
        out->len += (size_t)got;
    }
    return true;
}

/* Of a log of text in free blocks the last record is cut off where the next block is another's. That is no damage. */
static struct lt_str whole_lines(const struct lt_carved_log *log, struct lt_str text)
{
    bool is_text = log->carved && text.len && (text.ptr[0] == '{' || (text.ptr[0] >= '0' && text.ptr[0] <= '9'));
    const char *end = is_text ? memrchr(text.ptr, '\n', text.len) : NULL;
    return end ? (struct lt_str){text.ptr, (size_t)(end - text.ptr) + 1} : text;
}

/* Pass all lines on, and say what of the log cannot be read. */
static enum lt_status read_lines(struct lt_ctx *ctx, const struct lt_carved_log *log, struct lt_log_lines *lines,
                                 struct lt_err *err)
{
    struct lt_buf bytes = {0};
    struct lt_err problem = {0};
    bool whole = lt_carved_load(log, LONGEST, &bytes, &problem);
    struct lt_stream *stream = lt_stream_of(whole_lines(log, lt_buf_view(&bytes)));
    enum lt_status status = log->reader(lines, stream, err);
    if (status == LT_OK)
        status = lt_log_lines_end(lines, err);
    if (!whole || log->size > LONGEST)
        lt_skip(ctx, log->path, whole ? LT_CODE_TOO_LARGE : LT_CODE_UNREADABLE,
                "a deleted log cannot be read beyond %zu bytes", bytes.len);
    lt_stream_close(stream);
    lt_buf_free(&bytes);
    return status;
}

static enum lt_status use_lines(struct lt_ctx *ctx, const struct lt_carved_log *log, enum lt_log_use use,
                                struct lt_err *err)
{
    const struct lt_container *nobody = &ctx->host->remains->nobody;
    struct lt_log_clock clock = {.ctx = ctx, .container = log->container ? log->container : nobody};
    struct lt_log_lines lines = {.ctx = ctx, .container = clock.container, .clock = &clock, .use = use};
    lines.tags = log->tags;
    lines.hint = log->hint;
    lines.path = log->path;
    enum lt_status status = read_lines(ctx, log, &lines, err);
    ctx->host->remains->forgotten += lines.forgotten;
    lt_log_lines_free(&lines);
    return status;
}

/* What is wrong with the log is said when its lines are told. */
void lt_carved_note(struct lt_ctx *ctx, const struct lt_carved_log *log)
{
    struct lt_report mute = {.quiet = true};
    struct lt_ctx muted = *ctx;
    struct lt_err ignored = {0};
    muted.report = &mute;
    use_lines(&muted, log, LT_LOG_NOTE, &ignored);
    lt_report_free(&mute);
}

static enum lt_status lines_events(struct lt_ctx *ctx, struct lt_err *err)
{
    const struct lt_remains_found *found = ctx->host->remains;
    enum lt_status status = LT_OK;
    if (!found)
        return LT_OK;
    lt_each (const struct lt_carved_log, log, &found->logs) {
        lt_arena_reset(ctx->scratch);
        if (status == LT_OK)
            status = use_lines(ctx, log, LT_LOG_AGAIN, err);
    }
    if (found->forgotten)
        lt_skip(ctx, LT_STR("/$Carved"), LT_CODE_TOO_LARGE,
                "%ju lines of deleted logs are left out: there are too many", (uintmax_t)found->forgotten);
    return status;
}

const struct lt_source lt_source_carved_lines = {
    .name = "carved",
    .scope = LT_PER_HOST,
    .stage = LT_STAGE_CONCLUSIONS,
    .events = lines_events,
};
