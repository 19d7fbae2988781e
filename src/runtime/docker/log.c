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

static enum lt_status read_container(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    struct lt_log_clock clock = {.ctx = ctx, .container = container};
    struct lt_str path;
    lt_arena_reset(ctx->scratch);
    for (size_t i = 0; status == LT_OK && lt_docker_log_path(ctx->scratch, container, i, &path); i++) {
        struct lt_docker_log log = {.ctx = ctx,
                                    .lines = {ctx, container, &clock, LT_KIND_DOCKER_LOG_LINE, .one_time = true}};
        const struct lt_list files = lt_log_files(ctx, lt_str_dirname(path), lt_str_basename(path), false);
        status = lt_docker_log_read(&log, kinds[i].read, &files, err);
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
    return status;
}

const struct lt_source lt_source_docker_log = {
    .name = "docker_log",
    .summary = "logs of the drivers json-file and local, rotated and compressed ones too: each line",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .events = docker_log_events,
};
