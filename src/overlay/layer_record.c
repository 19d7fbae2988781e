// SPDX-License-Identifier: Apache-2.0
#include "overlay/layer_record.h"

#include "evidence/lines.h"
#include "overlay/record_tar.h"
#include "parse/tarsplit.h"

#include <stdlib.h>

static void take_line(struct lt_layer_record *record, struct lt_tarsplit *split, const struct lt_line *line)
{
    struct lt_tar_file file;
    struct lt_err problem = {0};
    enum lt_status status = lt_tarsplit_line(split, line->text, &file, &problem);
    if (status == LT_SKIP)
        lt_record_loss(record, line->offset, &problem);
    if (status != LT_END && file.name.len)
        lt_record_add(record, &file, line->offset);
}

static void read_lines(struct lt_layer_record *record)
{
    struct lt_lines lines = {.stream = record->stream, .most = LT_TARSPLIT_LINE};
    struct lt_tarsplit split = {0};
    struct lt_line line;
    for (;;) {
        struct lt_err problem = {0};
        uint64_t offset = lt_stream_offset(record->stream);
        enum lt_status status = lt_lines_next(&lines, &line, &problem);
        if (status == LT_END && lt_tarsplit_end(&split, &problem) != LT_OK)
            lt_record_loss(record, offset, &problem);
        if (status == LT_END || (status == LT_OK && lt_record_is_full(record, line.offset)))
            break;
        if (status == LT_OK) {
            take_line(record, &split, &line);
            continue;
        }
        lt_tarsplit_lost(&split);
        lt_record_loss(record, offset, &problem);
    }
    lt_tarsplit_free(&split);
}

void lt_layer_record_read(struct lt_layer_record *record)
{
    if (record->is_tar)
        lt_record_read_tar(record);
    else
        read_lines(record);
    lt_stream_close(record->stream);
    lt_arena_free(&record->packed);
    record->stream = NULL;
}

static void earliest(struct lt_time *known, struct lt_time time)
{
    if (time.set && (!known->set || lt_time_cmp(time, *known) < 0))
        *known = time;
}

/* The layer was unpacked before the earliest time of any file written after it: setting one of their times changes the
 * ctime. */
static void set_window(struct lt_ctx *ctx, struct lt_layer_record *record)
{
    record->begin = record->layer->created;
    record->end = record->layer->unpacked_by;
    lt_each (const struct lt_str, path, &record->layer->unpacked) {
        struct lt_node node;
        if (lt_fs_stat(ctx->fs, *path, ctx->scratch, &node, NULL) != LT_OK)
            continue;
        earliest(&record->end, node.time[LT_M]);
        earliest(&record->end, node.time[LT_C]);
    }
}

static enum lt_status open_stream(struct lt_fs *fs, struct lt_layer_record *record, size_t most, struct lt_err *err)
{
    struct lt_str bytes;
    if (!most)
        return lt_stream_open(fs, record->path, &record->stream, err);
    enum lt_status status = lt_slurp(fs, record->path, most, &record->packed, &bytes, err);
    if (status == LT_OK)
        record->stream = lt_stream_of(bytes);
    return status;
}

struct lt_layer_record *lt_layer_record_open(struct lt_ctx *ctx, const struct lt_layer *layer, size_t most,
                                             struct lt_err *err)
{
    struct lt_layer_record *record = lt_realloc(NULL, sizeof *record);
    *record = (struct lt_layer_record){.layer = layer, .complete = true};
    record->is_tar = !layer->tar_record.len;
    record->path = record->is_tar ? layer->blob->path : layer->tar_record;
    enum lt_status status = open_stream(ctx->fs, record, most, err);
    if (status == LT_OK) {
        set_window(ctx, record);
        return record;
    }
    if (!record->is_tar)
        lt_fail(err, LT_SKIP, LT_CODE_MISSING, 0, "the record of the layer's tar is missing: no check of its files");
    lt_layer_record_free(record);
    return NULL;
}

void lt_layer_record_report(struct lt_ctx *ctx, const struct lt_layer_record *record)
{
    lt_each (struct lt_err, problem, &record->problems)
        lt_skip_error(ctx, record->path, problem);
}

struct lt_layer_record *lt_layer_record_load(struct lt_ctx *ctx, const struct lt_layer *layer)
{
    struct lt_err problem = {0};
    struct lt_layer_record *record = lt_layer_record_open(ctx, layer, 0, &problem);
    if (record) {
        lt_layer_record_read(record);
        lt_layer_record_report(ctx, record);
    } else if (problem.set) {
        lt_skip_error(ctx, layer->tar_record.len ? layer->tar_record : layer->blob->path, &problem);
    }
    return record;
}

void lt_layer_record_free(struct lt_layer_record *record)
{
    if (!record)
        return;
    lt_stream_close(record->stream);
    lt_arena_free(&record->packed);
    lt_arena_free(&record->arena);
    free(record);
}
