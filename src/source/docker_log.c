// SPDX-License-Identifier: Apache-2.0
/* Logs of the json-file driver: containers/<ID>/<ID>-json.log, rotated to .1 (newest) ... .N, with compression .1.gz
 * ... (moby daemon/logger/jsonfilelog, daemon/logger/loggerutils/logfile.go, 20.10 to 28.x). Lines over 16 KiB are cut
 * into pieces that all carry the time of the first (daemon/logger/copier.go); they are joined here, across rotation
 * too. */
#include "source.h"

#include "../evidence/lines.h"
#include "../parse/logline.h"

#include <stdlib.h>

enum { STREAMS = 2, MAX_JOINED = 1024 * 1024 };

/* A line of which not all pieces were read yet. */
struct pending {
    struct lt_buf text;
    struct lt_str file; /* where it began */
    uint64_t offset;
    struct lt_time time;
    bool open;
};

struct job {
    struct lt_ctx *ctx;
    const struct lt_container *container;
    struct pending pending[STREAMS]; /* stdout, stderr */
    struct lt_logline record;
};

static const char *const stream_names[STREAMS] = {"stdout", "stderr"};

static enum lt_status emit_line(struct job *job, unsigned stream, struct lt_err *err)
{
    struct pending *pending = &job->pending[stream];
    struct lt_attr attrs[] = {
        {.key = LT_ATTR_LOG_SOURCE, .text = lt_str_c(stream_names[stream])},
        {.key = LT_ATTR_BODY, .text = lt_buf_view(&pending->text)},
    };
    struct lt_event event = {
        .kind = LT_KIND_LOG_LINE,
        .time = {pending->time},
        .owner = &job->container->log_owner,
        .where = {.file = pending->file, .offset = pending->offset, .has_offset = true},
        .attrs = attrs,
        .attr_count = 2,
    };
    enum lt_status status = lt_emit_one(job->ctx, &event, err);
    pending->open = false;
    pending->text.len = 0;
    return status;
}

/* Add one record to the line of its stream; a newline at its end completes the line. */
static enum lt_status add_record(struct job *job, struct lt_str file, uint64_t offset, struct lt_err *err)
{
    unsigned stream = lt_str_eq(lt_buf_view(&job->record.stream), LT_STR("stderr"));
    struct pending *pending = &job->pending[stream];
    struct lt_str text = lt_buf_view(&job->record.text);
    if (pending->open && lt_time_cmp(pending->time, job->record.time) != 0) {
        enum lt_status status = emit_line(job, stream, err); /* the rest of the old line never came */
        if (status != LT_OK)
            return status;
    }
    if (!pending->open) {
        pending->open = true;
        pending->file = file;
        pending->offset = offset;
        pending->time = job->record.time;
    }
    lt_buf_add(&pending->text, text);
    bool complete = lt_str_ends(text, LT_STR("\n")) || pending->text.len > MAX_JOINED;
    return complete ? emit_line(job, stream, err) : LT_OK;
}

/* After a power loss a log may hold a run of NUL bytes where data never reached the disk. */
static struct lt_str without_nul(struct job *job, struct lt_str path, const struct lt_line *line)
{
    size_t count = 0;
    while (count < line->text.len && !line->text.ptr[count])
        count++;
    if (count)
        lt_skip(job->ctx, path, LT_CODE_DAMAGED, "%zu NUL bytes at offset %ju", count, (uintmax_t)line->offset);
    return lt_str_skip(line->text, count);
}

static enum lt_status read_line(struct job *job, struct lt_str path, const struct lt_line *line, struct lt_err *err)
{
    struct lt_err problem = {0};
    struct lt_str text = without_nul(job, path, line);
    if (!text.len)
        return LT_OK;
    if (lt_logline_parse(text, &job->record, &problem) == LT_OK)
        return add_record(job, path, line->offset, err);
    lt_skip(job->ctx, path, problem.code, "offset %ju: %s", (uintmax_t)line->offset, problem.text);
    return LT_OK;
}

static enum lt_status read_log(struct job *job, struct lt_str path, struct lt_err *err)
{
    struct lt_lines *lines;
    struct lt_err problem = {0};
    enum lt_status status = lt_lines_open(job->ctx->root->fs, path, &lines, &problem);
    if (problem.set)
        lt_skip_error(job->ctx, path, &problem);
    if (status != LT_OK)
        return LT_OK;
    do {
        struct lt_line line;
        enum lt_status next = lt_lines_next(lines, &line, &problem);
        if (next == LT_SKIP)
            lt_skip_error(job->ctx, path, &problem);
        lt_err_clear(&problem);
        if (next == LT_END)
            break;
        if (next == LT_OK)
            status = read_line(job, path, &line, err);
    } while (status == LT_OK);
    lt_lines_close(lines);
    return status;
}

/* Number of a rotated log: 0 for the log itself, -1 for a file that is none of these. */
static long rotation(struct lt_str name, struct lt_str log)
{
    if (!lt_str_starts(name, log))
        return -1;
    name = lt_str_skip(name, log.len);
    if (!name.len)
        return 0;
    if (lt_str_ends(name, LT_STR(".gz")))
        name.len -= 3;
    if (name.len < 2 || name.len > 6 || name.ptr[0] != '.')
        return -1;
    long number = 0;
    for (size_t i = 1; i < name.len; i++) {
        if (name.ptr[i] < '0' || name.ptr[i] > '9')
            return -1;
        number = number * 10 + (name.ptr[i] - '0');
    }
    return number;
}

struct log_file {
    struct lt_str path;
    long number;
};

/* Oldest first; of a .1.gz half made from .1 the complete one is read first. */
static int by_age(const void *a, const void *b)
{
    const struct log_file *left = a, *right = b;
    if (left->number != right->number)
        return left->number > right->number ? -1 : 1;
    return lt_str_cmp(left->path, right->path);
}

static enum lt_status read_container_logs(struct job *job, struct lt_err *err)
{
    struct lt_ctx *ctx = job->ctx;
    const struct lt_container *container = job->container;
    struct lt_listing listing;
    struct lt_str log = lt_str_format(ctx->scratch, "%.*s-json.log", LT_ARG(container->id));
    lt_list_or_skip(ctx, container->path, &listing);
    struct log_file *files = lt_new_array(ctx->scratch, struct log_file, listing.count + 1);
    size_t count = 0;
    for (size_t i = 0; i < listing.count; i++) {
        long number = rotation(listing.nodes[i].name, log);
        if (number >= 0)
            files[count++] =
                (struct log_file){lt_path_join(ctx->scratch, container->path, listing.nodes[i].name), number};
    }
    qsort(files, count, sizeof *files, by_age);
    enum lt_status status = LT_OK;
    for (size_t i = 0; status == LT_OK && i < count; i++)
        status = read_log(job, files[i].path, err);
    for (unsigned stream = 0; status == LT_OK && stream < STREAMS; stream++)
        if (job->pending[stream].open)
            status = emit_line(job, stream, err);
    return status;
}

static enum lt_status docker_log_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each(struct lt_container, container, &ctx->root->containers)
    {
        if (!container->path.len || status != LT_OK)
            continue;
        struct job job = {.ctx = ctx, .container = container};
        status = read_container_logs(&job, err);
        for (unsigned stream = 0; stream < STREAMS; stream++)
            lt_buf_free(&job.pending[stream].text);
        lt_logline_free(&job.record);
    }
    return status;
}

const struct lt_source lt_source_docker_log = {
    .name = "docker_log",
    .summary = "json-file logs, rotated and compressed ones too: each line",
    .events = docker_log_events,
};
