// SPDX-License-Identifier: Apache-2.0
#include "tarsplit.h"

#include "../base/base64.h"
#include "json.h"

enum { TYPE_FILE = 1, TYPE_SEGMENT = 2, CRC_SIZE = 8 };

#define damaged(err, ...) lt_fail((err), LT_SKIP, LT_CODE_DAMAGED, 0, __VA_ARGS__)

static enum lt_status take_segment(struct lt_tarsplit *split, const struct json_t *line, struct lt_err *err)
{
    size_t before = split->raw.len;
    if (!lt_base64(&split->raw, lt_json_str(line, "payload")))
        return damaged(err, "a segment that is no base64");
    if (split->raw.len > LT_TARSPLIT_HEADERS) {
        split->raw.len = before; /* the padding at the end, or headers that nobody writes */
        split->overlong = true;
    }
    return LT_END;
}

static enum lt_status take_name(struct lt_tarsplit *split, const struct json_t *line, struct lt_err *err)
{
    struct lt_str raw = lt_json_str(line, "name_raw");
    split->name.len = 0;
    if (raw.len && !lt_base64(&split->name, raw))
        return damaged(err, "a name that is no base64");
    if (!raw.len)
        lt_buf_add(&split->name, lt_json_str(line, "name"));
    return split->name.len ? LT_OK : damaged(err, "a file without a name");
}

static enum lt_status take_contents(const struct json_t *line, struct lt_tarsplit_file *out, struct lt_err *err)
{
    int64_t size = 0;
    struct lt_str payload = lt_json_str(line, "payload");
    struct lt_buf crc = {0};
    if (lt_json_at(line, "size") && (!lt_json_int(line, "size", &size) || size < 0))
        return damaged(err, "a file whose size is none");
    out->size = (uint64_t)size;
    out->has_crc = payload.len && lt_base64(&crc, payload) && crc.len == CRC_SIZE;
    for (size_t i = 0; out->has_crc && i < CRC_SIZE; i++)
        out->crc = out->crc << 8 | (unsigned char)crc.ptr[i];
    lt_buf_free(&crc);
    return out->has_crc || !payload.len ? LT_OK : damaged(err, "a checksum that is no base64 of 8 bytes");
}

/* What stands in the segments since the last file. LT_END: a global header, which is no file. */
static enum lt_status take_headers(struct lt_tarsplit *split, struct lt_tarsplit_file *out, struct lt_err *err)
{
    struct lt_str raw = lt_buf_view(&split->raw);
    size_t used = 0;
    if (split->overlong || split->padding > raw.len)
        return damaged(err, "the headers before '%.*s' are not all there", LT_ARG(out->name));
    raw = lt_str_skip(raw, (size_t)split->padding);
    enum lt_status status = lt_tarhead_parse(raw, &split->arena, &out->head, &used, err);
    if (status == LT_END || (status == LT_OK && used != raw.len && out->head.type != 'S'))
        return damaged(err, "the headers before '%.*s' do not end where it begins", LT_ARG(out->name));
    out->has_head = status == LT_OK;
    return status == LT_OK && out->head.type == 'g' ? LT_END : status;
}

static enum lt_status take_file(struct lt_tarsplit *split, const struct json_t *line, struct lt_tarsplit_file *out,
                                struct lt_err *err)
{
    enum lt_status status = take_name(split, line, err);
    if (status == LT_OK)
        status = take_contents(line, out, err);
    if (status != LT_OK)
        return status;
    out->name = lt_buf_view(&split->name);
    status = take_headers(split, out, err);
    split->raw.len = 0;
    split->padding = lt_tar_padding(out->size);
    split->overlong = false;
    return status;
}

/* Positions count up by one from 0; the last line of old versions says 0 again, as left out does. */
static enum lt_status check_position(struct lt_tarsplit *split, const struct json_t *line, struct lt_err *err)
{
    int64_t position = 0, expected = split->position;
    lt_json_int(line, "position", &position);
    split->position = position < INT64_MAX ? position + 1 : position;
    if (position == expected)
        return LT_OK;
    return damaged(err, "line %jd comes where line %jd should be", (intmax_t)position, (intmax_t)expected);
}

enum lt_status lt_tarsplit_line(struct lt_tarsplit *split, struct lt_str line, struct lt_tarsplit_file *out,
                                struct lt_err *err)
{
    struct json_t *root = NULL;
    const char *flaw;
    int64_t type = 0;
    *out = (struct lt_tarsplit_file){.size = 0};
    lt_arena_reset(&split->arena);
    enum lt_status status = lt_json_parse(line, &root, &flaw, err);
    if (status == LT_OK && flaw)
        status = damaged(err, "%s", flaw);
    if (status == LT_OK)
        status = check_position(split, root, err);
    if (status != LT_OK)
        lt_tarsplit_lost(split);
    lt_json_int(root, "type", &type);
    if (status == LT_OK && type == TYPE_SEGMENT)
        status = take_segment(split, root, err);
    else if (type == TYPE_FILE && root) {
        enum lt_status taken = take_file(split, root, out, err);
        status = status == LT_OK ? taken : status;
    } else if (status == LT_OK)
        status = damaged(err, "a line of unknown type %jd", (intmax_t)type);
    lt_json_free(root);
    return status;
}

void lt_tarsplit_lost(struct lt_tarsplit *split)
{
    split->overlong = true;
}

void lt_tarsplit_free(struct lt_tarsplit *split)
{
    lt_buf_free(&split->raw);
    lt_buf_free(&split->name);
    lt_arena_free(&split->arena);
}
