// SPDX-License-Identifier: Apache-2.0
/* Histories of shells, and logs of programs in containers, which lie in their rw layers, in image layers, volumes and
 * binds. Each record is an event, by the clock of its program. Lines that begin no record go on with the one before.
 *
 * A copy of a file in a higher layer begins with what the lower one holds, where logs are appended to. Those lines are
 * told once, as the lower layer's. */
#include "inside/inner_logs.h"

#include "evidence/lines.h"
#include "read/facts.h"

#include <stdlib.h>

enum { SAMPLE = 64 * 1024, MOST_TEXT = 1024 * 1024, BLOCK = 64 * 1024 };

/* The record that is being read; of the next file with the same memory. */
struct pending {
    struct lt_applog_record record; /* its texts are views of these: */
    struct lt_buf text[LT_APPLOG_TEXTS];
    uint64_t offset, end; /* of its first byte, and after its last line */
    bool open;
};

struct job {
    struct lt_ctx *ctx;
    const struct lt_inner_log *log;
    const struct lt_applog_format *format;
    struct pending pending;
    struct lt_log_time time;
    uint64_t shared;       /* so many bytes are those of the lower file */
    struct lt_arena line;  /* for what a line has to be decoded to */
    struct lt_arena facts; /* of an event */
};

/* --- events --- */

static const enum lt_kind kinds[LT_APPLOG_KINDS] = {
    [LT_APPLOG_BASH] = LT_KIND_BASH_HISTORY,     [LT_APPLOG_ZSH] = LT_KIND_ZSH_HISTORY,
    [LT_APPLOG_FISH] = LT_KIND_FISH_HISTORY,     [LT_APPLOG_SHELL] = LT_KIND_SHELL_HISTORY,
    [LT_APPLOG_WEB] = LT_KIND_WEB_ACCESS,        [LT_APPLOG_DPKG] = LT_KIND_DPKG_LOG,
    [LT_APPLOG_APT] = LT_KIND_APT_HISTORY,       [LT_APPLOG_APK] = LT_KIND_APK_LOG,
    [LT_APPLOG_RPM] = LT_KIND_RPM_LOG,           [LT_APPLOG_SYSLOG] = LT_KIND_SYSLOG_LINE,
    [LT_APPLOG_CRON] = LT_KIND_CRON_RUN,         [LT_APPLOG_SSH_LOGIN] = LT_KIND_SSH_LOGIN,
    [LT_APPLOG_SSH_FAILED] = LT_KIND_SSH_FAILED, [LT_APPLOG_SSH_OPENED] = LT_KIND_SSH_OPENED,
    [LT_APPLOG_DATED] = LT_KIND_APP_TIME,
};

static const enum lt_attr_key keys[LT_APPLOG_TEXTS] = {
    [LT_APPLOG_BODY] = LT_ATTR_BODY,         [LT_APPLOG_COMMAND] = LT_ATTR_COMMAND,
    [LT_APPLOG_USER] = LT_ATTR_USER,         [LT_APPLOG_ADDRESS] = LT_ATTR_ADDRESS,
    [LT_APPLOG_REPORTER] = LT_ATTR_REPORTER, [LT_APPLOG_REQUEST] = LT_ATTR_REQUEST,
    [LT_APPLOG_REFERER] = LT_ATTR_REFERER,   [LT_APPLOG_AGENT] = LT_ATTR_AGENT,
};

static size_t add_text(struct lt_attr *attrs, size_t count, enum lt_attr_key key, struct lt_str text)
{
    if (text.len)
        attrs[count++] = (struct lt_attr){.key = key, .text = text};
    return count;
}

static size_t add_number(struct lt_attr *attrs, size_t count, enum lt_attr_key key, uint64_t number)
{
    if (number)
        attrs[count++] = (struct lt_attr){.key = key, .number = (int64_t)number};
    return count;
}

static enum lt_status emit(struct job *job, struct lt_err *err)
{
    const struct lt_applog_record *record = &job->pending.record;
    struct lt_attr attrs[LT_ATTRS] = {{.key = LT_ATTR_LOG_SOURCE, .text = lt_str_c(job->format->name)}};
    struct lt_list facts = {0};
    size_t count = 1;
    struct lt_event event = {
        .kind = kinds[record->kind],
        .owner = job->log->owner,
        .inside = job->log->inside,
        .tags = job->log->tags,
        .where = {.file = job->log->path, .offset = job->pending.offset, .has_offset = true},
    };
    lt_arena_reset(&job->facts);
    for (size_t i = 0; i < LT_APPLOG_TEXTS; i++)
        count = add_text(attrs, count, keys[i], record->text[i]);
    count = add_number(attrs, count, LT_ATTR_PID, record->pid);
    count = add_number(attrs, count, LT_ATTR_CODE, record->code);
    lt_log_time_set(&job->time, record, &event, &job->facts, &facts);
    if (facts.count)
        attrs[count++] = (struct lt_attr){.key = LT_ATTR_FACTS, .items = facts};
    event.attrs = attrs;
    event.attr_count = count;
    lt_seen(job->ctx, 1);
    if (job->pending.end > job->shared)
        return lt_emit(job->ctx, &event, err);
    lt_report_counts(job->ctx->report, job->ctx->reader)->deduplicated++;
    return LT_OK;
}

/* The open record is complete. */
static enum lt_status finish(struct job *job, struct lt_err *err)
{
    struct pending *pending = &job->pending;
    bool said = false;
    if (!pending->open)
        return LT_OK;
    for (size_t i = 0; i < LT_APPLOG_TEXTS; i++) {
        pending->record.text[i] = lt_buf_view(&pending->text[i]);
        said |= pending->text[i].len > 0;
        pending->text[i].len = 0;
    }
    pending->open = false;
    if (said)
        return emit(job, err);
    lt_skip(job->ctx, job->log->path, LT_CODE_DAMAGED, "there is nothing but a time at offset %ju",
            (uintmax_t)pending->offset);
    return LT_OK;
}

/* --- lines --- */

static void begin(struct pending *pending, const struct lt_applog_record *record, uint64_t offset)
{
    pending->record = *record;
    pending->offset = offset;
    pending->open = true;
}

static void add_line(struct pending *pending, const struct lt_applog_record *more, uint64_t end)
{
    for (size_t i = 0; i < LT_APPLOG_TEXTS; i++) {
        if (more->text[i].len && pending->text[i].len)
            lt_buf_char(&pending->text[i], '\n');
        lt_buf_add(&pending->text[i], more->text[i]);
        pending->record.text[i] = lt_buf_view(&pending->text[i]);
    }
    if (more->time.time.set)
        pending->record.time = more->time;
    pending->end = end;
}

/* NUL bytes are space that a power loss left unwritten. */
static struct lt_line without_nul(const struct job *job, struct lt_line line)
{
    size_t zeros = 0;
    while (zeros < line.text.len && !line.text.ptr[zeros])
        zeros++;
    if (zeros)
        lt_skip(job->ctx, job->log->path, LT_CODE_DAMAGED, "%zu NUL bytes at offset %ju", zeros,
                (uintmax_t)line.offset);
    line.text = lt_str_skip(line.text, zeros);
    line.offset += zeros;
    return line;
}

static enum lt_status take_line(struct job *job, struct lt_line line, struct lt_err *err)
{
    struct pending *pending = &job->pending;
    struct lt_applog_record record = {0};
    struct lt_applog_reading reading = {.arena = &job->line, .near = job->log->written};
    bool full = pending->open &&
                (pending->text[LT_APPLOG_BODY].len > MOST_TEXT || pending->text[LT_APPLOG_COMMAND].len > MOST_TEXT);
    line = without_nul(job, line);
    reading.open = pending->open ? &pending->record : NULL;
    lt_arena_reset(&job->line);
    bool begins = job->format->take(&reading, line.text, &record), blank = !lt_str_trim(line.text).len;
    if (!begins && !pending->open && blank)
        return LT_OK;
    job->time.next = record.time.zoned ? record.time.time : (struct lt_time){0};
    enum lt_status status = begins || full ? finish(job, err) : LT_OK;
    if (!pending->open) {
        record.kind = begins ? record.kind : job->format->kind;
        begin(pending, &record, line.offset);
    }
    add_line(pending, &record, line.offset + line.text.len + line.complete);
    return status;
}

static enum lt_status read_lines(struct job *job, struct lt_stream *stream, struct lt_err *err)
{
    struct lt_lines lines = {.stream = stream};
    struct lt_line line;
    enum lt_status status = LT_OK;
    while (status == LT_OK && lt_line_or_skip(job->ctx, job->log->path, &lines, &line) == LT_OK)
        status = take_line(job, line, err);
    job->time.next.set = false;
    return status == LT_OK ? finish(job, err) : status;
}

/* --- files --- */

/* How many bytes at the front of both are the same, if these are all of the first; otherwise 0. */
static uint64_t same_bytes(struct lt_file *lower, struct lt_file *upper)
{
    char *blocks = lt_realloc(NULL, (size_t)2 * BLOCK);
    uint64_t at = lower->size <= upper->size ? 0 : lower->size;
    bool same = lower->size <= upper->size;
    while (same && at < lower->size) {
        size_t want = lower->size - at < BLOCK ? (size_t)(lower->size - at) : BLOCK;
        same = lt_file_read(lower, blocks, want, at, NULL) == (ssize_t)want &&
               lt_file_read(upper, blocks + BLOCK, want, at, NULL) == (ssize_t)want &&
               memcmp(blocks, blocks + BLOCK, want) == 0;
        at += want;
    }
    free(blocks);
    return same ? lower->size : 0;
}

/* How far, in the unpacked file, the lower file's lines go. */
static uint64_t shared_with_lower(const struct lt_inner_log *log, bool packed)
{
    struct lt_file lower = {0}, upper = {0};
    uint64_t shared = 0;
    if (!log->lower.len)
        return 0;
    if (lt_file_open(log->lower_fs, log->lower, &lower, NULL) == LT_OK &&
        lt_file_open(log->fs, log->path, &upper, NULL) == LT_OK)
        shared = same_bytes(&lower, &upper);
    if (packed)
        shared = shared == upper.size ? UINT64_MAX : 0;
    lt_file_close(&lower);
    lt_file_close(&upper);
    return shared;
}

/* The format of a file, by its beginning. A failure is reported; what can be read is read all the same. */
static const struct lt_applog_format *format_of(const struct job *job, struct lt_stream *stream)
{
    enum lt_status status = LT_OK;
    struct lt_err problem = {0};
    while (status == LT_OK && lt_stream_view(stream).len < SAMPLE)
        status = lt_stream_fill(stream, &problem);
    if (problem.set && !lt_stream_view(stream).len)
        lt_skip_error(job->ctx, job->log->path, &problem);
    return lt_applog_find(lt_stream_view(stream), job->log->history, job->ctx->reading->app_times, job->log->written);
}

static enum lt_status read_log(struct job *job, struct lt_err *err)
{
    struct lt_stream *stream;
    struct lt_err problem = {0};
    enum lt_status status = lt_stream_open(job->log->fs, job->log->path, &stream, &problem);
    if (problem.set)
        lt_skip_error(job->ctx, job->log->path, &problem);
    if (status != LT_OK)
        return LT_OK;
    job->format = format_of(job, stream);
    if (job->format) {
        job->time = (struct lt_log_time){.ctx = job->ctx,
                                         .log = job->log,
                                         .format = job->format,
                                         .layer = job->time.layer,
                                         .layer_zone = job->time.layer_zone};
        job->shared = shared_with_lower(job->log, lt_stream_is_packed(stream));
        lt_log_time_begin(&job->time);
        status = read_lines(job, stream, err);
    }
    lt_stream_close(stream);
    return status;
}

static enum lt_status inner_log_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct job job = {0};
    enum lt_status status = LT_OK;
    lt_each (const struct lt_inner_log, log, &ctx->host->inner_logs) {
        struct lt_ctx there = lt_ctx_on(ctx, log->fs);
        job.ctx = &there;
        job.log = log;
        if (status == LT_OK)
            status = read_log(&job, err);
    }
    for (size_t i = 0; i < LT_APPLOG_TEXTS; i++)
        lt_buf_free(&job.pending.text[i]);
    lt_arena_free(&job.line);
    lt_arena_free(&job.facts);
    return status;
}

const struct lt_source lt_source_inner_log = {
    .name = "inner_log",
    .summary = "in layers, volumes and binds: histories of shells, logs of syslog, cron, packages and web servers",
    .scope = LT_PER_HOST,
    .stage = LT_STAGE_CONCLUSIONS,
    .events = inner_log_events,
};
