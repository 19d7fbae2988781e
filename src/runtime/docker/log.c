// SPDX-License-Identifier: Apache-2.0
/* Container logs, rotated to .1 (newest) ... .N, and with compression to .1.gz ... (moby
 * daemon/logger/loggerutils/logfile.go, 20.10 to 28.x):
 *
 *   containers/<ID>/<ID>-json.log              the json-file driver, one JSON object per line
 *   containers/<ID>/local-logs/container.log   the local driver, framed protobuf
 *   containers/<ID>/container-cached.log       the same format: a local copy, for drivers that cannot be read back
 *
 * Lines over 16 KiB are split into pieces, all with the time of the first (daemon/logger/copier.go). They are joined
 * here, also across rotated files. */
#include "read/source.h"
#include "runtime/docker/docker.h"
#include "runtime/json_log.h"

#include "base/gz.h"
#include "parse/json.h"
#include "parse/locallog.h"
#include "parse/stamp.h"

enum { MAX_RESYNC = 16 * 1024 * 1024 };

/* One log of one container, with all its rotated files. */
struct job {
    struct lt_ctx *ctx;
    struct lt_log_lines lines;
    struct lt_logline record;
};

static enum lt_status read_json(struct job *job, struct lt_stream *stream, struct lt_err *err)
{
    return lt_json_log_read(&job->lines, &job->record, stream, err);
}

/* Read the whole record at the start of the stream. LT_END: the file ends within it. */
static enum lt_status local_record(struct lt_stream *stream, struct lt_str *out, struct lt_err *problem)
{
    size_t length = 0;
    for (;;) {
        struct lt_str view = lt_stream_view(stream);
        enum lt_status status = lt_locallog_length(view, &length);
        if (status == LT_SKIP)
            return lt_fail(problem, LT_SKIP, LT_CODE_DAMAGED, 0, "no record of the local log driver");
        *out = (struct lt_str){view.ptr, length};
        if (status == LT_OK && length <= view.len)
            return LT_OK;
        status = lt_stream_fill(stream, problem);
        if (status != LT_OK)
            return status;
    }
}

static enum lt_status add_local(struct job *job, const struct lt_locallog *entry, uint64_t offset, struct lt_err *err)
{
    struct lt_log_record record = {lt_json_log_stream(entry->source), entry->line, entry->time, offset, false};
    enum lt_status status = lt_log_lines_add(&job->lines, &record, err);
    if (entry->partial || status != LT_OK)
        return status;
    record.text = LT_STR("\n"); /* not stored by the driver */
    record.complete = true;
    return lt_log_lines_add(&job->lines, &record, err);
}

/* Skip damage, up to the next record that can be decoded. Returns the number of bytes skipped. After MAX_RESYNC bytes
 * of candidates that do not decode, the rest of the file is given up. */
static size_t resync(struct lt_stream *stream)
{
    size_t skipped = 0, decoded = 0;
    struct lt_str record = {0};
    struct lt_locallog entry;
    do {
        if (!lt_stream_view(stream).len && lt_stream_fill(stream, NULL) != LT_OK)
            break;
        size_t step = decoded > MAX_RESYNC ? lt_stream_view(stream).len : 1;
        lt_stream_consume(stream, step);
        skipped += step;
        decoded += record.len;
        record.len = 0;
    } while (local_record(stream, &record, NULL) != LT_OK || lt_locallog_parse(record, &entry, NULL) != LT_OK);
    return skipped;
}

static enum lt_status read_local(struct job *job, struct lt_stream *stream, struct lt_err *err)
{
    for (;;) {
        struct lt_str record = {0};
        struct lt_locallog entry;
        struct lt_err problem = {0};
        uint64_t offset = lt_stream_offset(stream);
        enum lt_status status = local_record(stream, &record, &problem);
        if (status == LT_END && !lt_stream_view(stream).len)
            return LT_OK;
        if (status == LT_OK)
            status = lt_locallog_parse(record, &entry, &problem);
        if (status == LT_OK) {
            lt_stream_consume(stream, record.len);
            if (add_local(job, &entry, offset, err) != LT_OK)
                return LT_FATAL;
            continue;
        }
        size_t lost = resync(stream);
        lt_skip(job->ctx, job->lines.path, problem.set ? problem.code : LT_CODE_TRUNCATED,
                "%zu bytes lost at offset %ju: %s", lost, (uintmax_t)offset,
                problem.set ? problem.text : "the last record breaks off");
    }
}

/* A kind of log: its place below the container's directory, and its reader. */
struct log_kind {
    const char *directory, *name; /* directory NULL: the container's; name NULL: "<container ID>-json.log" */
    enum lt_status (*read)(struct job *job, struct lt_stream *stream, struct lt_err *err);
};

static const struct log_kind kinds[] = {
    {NULL, NULL, read_json},
    {"local-logs", "container.log", read_local},
    {NULL, "container-cached.log", read_local},
};

bool lt_docker_log_path(struct lt_arena *arena, const struct lt_container *container, size_t index, struct lt_str *out)
{
    if (index >= sizeof kinds / sizeof *kinds)
        return false;
    struct lt_str directory = container->path;
    if (kinds[index].directory)
        directory = lt_path_join(arena, directory, lt_str_c(kinds[index].directory));
    *out = lt_path_join(arena, directory,
                        kinds[index].name ? lt_str_c(kinds[index].name)
                                          : lt_str_format(arena, "%.*s-json.log", LT_ARG(container->id)));
    return true;
}

/* The time of a compressed log's last line, stored in the gzip header: {"lastTime":"2026-..."}. */
static struct lt_time last_time(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_time time = {0};
    struct lt_file file;
    struct json_t *json = NULL;
    const char *flaw;
    char head[1024];
    if (lt_file_open(ctx->fs, path, &file, NULL) != LT_OK)
        return time;
    ssize_t got = lt_file_read(&file, head, sizeof head, 0, NULL);
    lt_file_close(&file);
    struct lt_str extra = lt_gzip_extra((struct lt_str){head, got > 0 ? (size_t)got : 0});
    if (extra.len && lt_json_parse(extra, &json, &flaw, NULL) == LT_OK)
        lt_stamp_rfc3339(lt_json_str(json, "lastTime"), &time, NULL);
    lt_json_free(json);
    return time;
}

/* Report a compressed log that did not yield all lines up to the last. */
static void check_last(struct job *job)
{
    struct lt_time wanted = last_time(job->ctx, job->lines.path), got = job->lines.clock->latest;
    struct lt_buf text = {0};
    for (unsigned stream = 0; stream < LT_LOG_STREAMS; stream++)
        if (job->lines.pending[stream].open && (!got.set || lt_time_cmp(job->lines.pending[stream].time, got) > 0))
            got = job->lines.pending[stream].time;
    if (!wanted.set || (got.set && lt_time_cmp(got, wanted) >= 0))
        return;
    lt_buf_lit(&text, "by its header the last line is of ");
    lt_time_iso(&text, wanted, 9);
    lt_buf_lit(&text, "Z: it and what was before it is missing");
    lt_skip(job->ctx, job->lines.path, LT_CODE_TRUNCATED, "%.*s", LT_ARG(lt_buf_view(&text)));
    lt_buf_free(&text);
}

static enum lt_status read_file(struct job *job, const struct log_kind *kind, struct lt_str path, struct lt_err *err)
{
    struct lt_stream *stream;
    if (lt_log_lines_open(&job->lines, path, &stream) != LT_OK)
        return LT_OK;
    enum lt_status status = kind->read(job, stream, err);
    lt_stream_close(stream);
    if (status == LT_OK)
        check_last(job);
    return status;
}

static enum lt_status read_log(struct job *job, const struct log_kind *kind, struct lt_err *err)
{
    struct lt_ctx *ctx = job->ctx;
    struct lt_str directory = job->lines.container->path, name = lt_str_c(kind->name);
    enum lt_status status = LT_OK;
    if (kind->directory)
        directory = lt_path_join(ctx->scratch, directory, lt_str_c(kind->directory));
    if (!kind->name)
        name = lt_str_format(ctx->scratch, "%.*s-json.log", LT_ARG(job->lines.container->id));
    const struct lt_list files = lt_log_files(ctx, directory, name, false);
    lt_each (const struct lt_log_file, file, &files)
        if (status == LT_OK)
            status = read_file(job, kind, file->path, err);
    return status == LT_OK ? lt_log_lines_end(&job->lines, err) : status;
}

static enum lt_status read_container(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    struct lt_log_clock clock = {.ctx = ctx, .container = container};
    for (size_t i = 0; status == LT_OK && i < sizeof kinds / sizeof *kinds; i++) {
        struct job job = {.ctx = ctx, .lines = {ctx, container, &clock, LT_KIND_DOCKER_LOG_LINE, .one_time = true}};
        lt_log_clock_begin(&clock);
        status = read_log(&job, &kinds[i], err);
        lt_log_lines_free(&job.lines);
        lt_logline_free(&job.record);
    }
    lt_log_clock_files(&clock);
    if (status == LT_OK)
        status = lt_log_clock_end(&clock, err);
    lt_log_clock_free(&clock);
    return status;
}

static enum lt_status docker_log_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_container, container, &ctx->root->containers)
        if (container->path.len && status == LT_OK)
            status = read_container(ctx, container, err);
    return status;
}

const struct lt_source lt_source_docker_log = {
    .name = "docker_log",
    .summary = "logs of the drivers json-file and local, rotated and compressed ones too: each line",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .events = docker_log_events,
};
