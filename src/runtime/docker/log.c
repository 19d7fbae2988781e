// SPDX-License-Identifier: Apache-2.0
/* Container logs. Docker rotates them to .1 (newest) ... .N, and with compression to .1.gz ... (moby
 * daemon/logger/loggerutils/logfile.go, 20.10 to 28.x); logrotate and people have other ways (parse/rotation.h):
 *
 *   containers/<ID>/<ID>-json.log              the json-file driver, one JSON object per line
 *   containers/<ID>/local-logs/container.log   the local driver, framed protobuf
 *   containers/<ID>/container-cached.log       the same format: a local copy, for drivers that cannot be read back
 *
 * Lines over 16 KiB are split into pieces, all with the time of the first (daemon/logger/copier.go). They are joined
 * here, also across rotated files. */
#include "runtime/docker/log.h"
#include "read/source.h"
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

/* A kind of log: its place below the container's directory, and its reader. */
struct log_kind {
    const char *directory, *name; /* directory NULL: the container's; name NULL: "<container ID>-json.log" */
    lt_docker_log_reader *read;
};

static const struct log_kind kinds[] = {
    {NULL, NULL, lt_docker_json_read},
    {"local-logs", "container.log", lt_docker_local_read},
    {NULL, "container-cached.log", lt_docker_local_read},
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

enum lt_status lt_docker_log_read(struct lt_docker_log *log, lt_docker_log_reader *read, struct lt_str directory,
                                  struct lt_str name, unsigned ways, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    const struct lt_list files = lt_log_files(log->ctx, directory, name, ways);
    lt_each (const struct lt_log_file, file, &files)
        if (status == LT_OK)
            status = read_file(log, read, file, err);
    return status == LT_OK ? lt_log_lines_end(&log->lines, err) : status;
}

void lt_docker_log_free(struct lt_docker_log *log)
{
    lt_log_lines_free(&log->lines);
    lt_logline_free(&log->record);
}

static enum lt_status read_container(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    struct lt_log_clock clock = {.ctx = ctx, .container = container};
    struct lt_str path;
    lt_arena_reset(ctx->scratch);
    for (size_t i = 0; status == LT_OK && lt_docker_log_path(ctx->scratch, container, i, &path); i++) {
        struct lt_docker_log log = {.ctx = ctx,
                                    .lines = {ctx, container, &clock, LT_KIND_DOCKER_LOG_LINE, .one_time = true}};
        status =
            lt_docker_log_read(&log, kinds[i].read, lt_str_dirname(path), lt_str_basename(path), LT_LOG_BELOW, err);
        lt_docker_log_free(&log);
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
    return status == LT_OK ? lt_docker_other_logs(ctx, err) : status;
}

const struct lt_source lt_source_docker_log = {
    .name = "docker_log",
    .summary = "logs of the drivers json-file and local, rotated and compressed ones too: each line",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .events = docker_log_events,
};
