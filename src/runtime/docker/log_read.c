// SPDX-License-Identifier: Apache-2.0
/* All files of one log, whatever its format and wherever it lies. */
#include "runtime/docker/log.h"
#include "runtime/log_rotation.h"

#include "base/gz.h"
#include "parse/json.h"
#include "parse/locallog.h"
#include "parse/stamp.h"

enum lt_status lt_docker_json_read(struct lt_docker_log *log, struct lt_stream *stream, struct lt_err *err)
{
    return lt_json_log_read(&log->lines, &log->record, stream, err);
}

static bool is_json(struct lt_str head)
{
    struct lt_logline record = {0};
    struct lt_str rest = lt_str_skip(head, lt_logline_find(head, 0));
    bool good = rest.len && lt_logline_next(&rest, &record, NULL) == LT_OK;
    lt_logline_free(&record);
    return good;
}

static bool is_local(struct lt_str head)
{
    size_t length = 0;
    struct lt_locallog entry;
    return lt_locallog_length(head, &length) == LT_OK && length <= head.len &&
           lt_locallog_parse((struct lt_str){head.ptr, length}, &entry, NULL) == LT_OK &&
           (lt_str_eq(entry.source, LT_STR("stdout")) || lt_str_eq(entry.source, LT_STR("stderr")));
}

lt_docker_log_reader *lt_docker_log_shape(struct lt_stream *stream, struct lt_err *problem)
{
    lt_stream_fill(stream, problem);
    struct lt_str head = lt_stream_view(stream);
    return is_json(head) ? lt_docker_json_read : is_local(head) ? lt_docker_local_read : NULL;
}

static enum lt_status read_json(struct lt_log_lines *lines, struct lt_stream *stream, struct lt_err *err)
{
    struct lt_logline record = {0};
    lines->kind = LT_KIND_DOCKER_LOG_LINE;
    enum lt_status status = lt_json_log_read(lines, &record, stream, err);
    lt_logline_free(&record);
    return status;
}

static enum lt_status read_local(struct lt_log_lines *lines, struct lt_stream *stream, struct lt_err *err)
{
    struct lt_docker_log log = {.ctx = lines->ctx, .lines = *lines};
    log.lines.kind = LT_KIND_DOCKER_LOG_LINE;
    enum lt_status status = lt_docker_local_read(&log, stream, err);
    *lines = log.lines; /* what is pending goes on there */
    lt_logline_free(&log.record);
    return status;
}

lt_log_reader *lt_docker_log_of(struct lt_str head)
{
    return is_json(head) ? read_json : is_local(head) ? read_local : NULL;
}

/* Has somebody given another file the name of the log and more? fluentd keeps its position in LOG.pos. */
static bool is_other(struct lt_docker_log *log, struct lt_stream *stream, const struct lt_log_file *file)
{
    struct lt_err problem = {0};
    if (file->rotation.kind != LT_ROTATED_OTHERWISE || lt_docker_log_shape(stream, &problem) ||
        !lt_stream_view(stream).len)
        return false;
    lt_skip(log->ctx, file->path, LT_CODE_UNSUPPORTED, LT_DOCKER_NO_LOG);
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
static void check_last(struct lt_docker_log *log)
{
    struct lt_time wanted = last_time(log->ctx, log->lines.path), got = log->lines.clock->latest;
    struct lt_buf text = {0};
    for (unsigned stream = 0; stream < LT_LOG_STREAMS; stream++)
        if (log->lines.pending[stream].open && (!got.set || lt_time_cmp(log->lines.pending[stream].time, got) > 0))
            got = log->lines.pending[stream].time;
    if (!wanted.set || (got.set && lt_time_cmp(got, wanted) >= 0))
        return;
    lt_buf_lit(&text, "by its header the last line is of ");
    lt_time_iso(&text, wanted, 9);
    lt_buf_lit(&text, "Z: it and what was before it is missing");
    lt_skip(log->ctx, log->lines.path, LT_CODE_TRUNCATED, "%.*s", LT_ARG(lt_buf_view(&text)));
    lt_buf_free(&text);
}

static enum lt_status read_file(struct lt_docker_log *log, lt_docker_log_reader *read, const struct lt_log_file *file,
                                struct lt_err *err)
{
    struct lt_stream *stream;
    if (!file->follows)
        lt_log_clock_begin(log->lines.clock);
    if (lt_log_lines_open(&log->lines, file->path, &stream) != LT_OK)
        return LT_OK;
    bool other = is_other(log, stream, file);
    enum lt_status status = other ? LT_OK : read(log, stream, err);
    lt_stream_close(stream);
    if (status == LT_OK && !other)
        check_last(log);
    return status;
}

enum lt_status lt_docker_log_read(struct lt_docker_log *log, lt_docker_log_reader *read, const struct lt_list *files,
                                  struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_log_file, file, files)
        if (status == LT_OK)
            status = read_file(log, read, file, err);
    return status == LT_OK ? lt_log_lines_end(&log->lines, err) : status;
}

void lt_docker_log_free(struct lt_docker_log *log)
{
    lt_log_lines_free(&log->lines);
    lt_logline_free(&log->record);
}
