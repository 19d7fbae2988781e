// SPDX-License-Identifier: Apache-2.0
#include "parse/tarsplit.h"

#include "base/base64.h"
#include "parse/json.h"

#include <stddef.h>

enum { TYPE_FILE = 1, TYPE_SEGMENT = 2, CRC_SIZE = 8 };

#define damaged(err, ...) lt_fail((err), LT_SKIP, LT_CODE_DAMAGED, 0, __VA_ARGS__)

/* The fields of a line. */
struct fields {
    int64_t type, size, position; /* 0 if missing, because old versions omit zeros */
    struct lt_str name, name_raw, payload;
    bool bad_size; /* the size is present, but not a number */
};

/* Are these eight bytes ASCII without control characters and backslashes? */
static bool is_plain_word(const char *bytes)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    uint64_t slash = word ^ (ones * '\\');
    return !((word | (word - ones * ' ') | ((slash - ones) & ~slash)) & highs);
}

static bool is_plain(struct lt_str text)
{
    for (; text.len >= 8; text = lt_str_skip(text, 8))
        if (!is_plain_word(text.ptr))
            return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < ' ' || text.ptr[i] == '\\')
            return false;
    return true;
}

/* A string in ASCII without escapes. */
static bool quick_string(struct lt_str *rest, struct lt_str *out)
{
    const char *end = lt_str_starts(*rest, LT_STR("\"")) ? memchr(rest->ptr + 1, '"', rest->len - 1) : NULL;
    if (!end)
        return false;
    *out = (struct lt_str){rest->ptr + 1, (size_t)(end - rest->ptr) - 1};
    *rest = lt_str_skip(*rest, out->len + 2);
    return is_plain(*out);
}

static bool quick_number(struct lt_str *rest, int64_t *out)
{
    size_t digits = 0;
    for (*out = 0; digits < rest->len && digits < 18; digits++) {
        char digit = rest->ptr[digits];
        if (digit < '0' || digit > '9')
            break;
        *out = *out * 10 + (digit - '0');
    }
    bool plain = digits == 1 || (digits && rest->ptr[0] != '0');
    *rest = lt_str_skip(*rest, digits);
    return plain;
}

/* `seen` has a bit for each key. A repeated key is left to jansson. */
static bool quick_member(struct lt_str *rest, struct fields *fields, unsigned *seen)
{
    static const struct {
        struct lt_str key;
        size_t at;
        bool is_string;
    } table[] = {
        {{"\"type\":", 7}, offsetof(struct fields, type), false},
        {{"\"name\":", 7}, offsetof(struct fields, name), true},
        {{"\"name_raw\":", 11}, offsetof(struct fields, name_raw), true},
        {{"\"size\":", 7}, offsetof(struct fields, size), false},
        {{"\"payload\":", 10}, offsetof(struct fields, payload), true},
        {{"\"position\":", 11}, offsetof(struct fields, position), false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        void *field = (char *)fields + table[i].at;
        if (!lt_str_starts(*rest, table[i].key))
            continue;
        if (*seen >> i & 1)
            return false;
        *seen |= 1u << i;
        *rest = lt_str_skip(*rest, table[i].key.len);
        if (!table[i].is_string)
            return quick_number(rest, field);
        if (!lt_str_starts(*rest, LT_STR("null")))
            return quick_string(rest, field);
        *rest = lt_str_skip(*rest, 4);
        return true;
    }
    return false;
}

/* Read a line in the form in which tar-split writes nearly all of them: jansson takes ten times as long. False: it has
 * another form, or is invalid. */
static bool read_quickly(struct lt_str line, struct fields *fields)
{
    struct lt_str rest = lt_str_skip(line, 1);
    *fields = (struct fields){.type = 0};
    if (!lt_str_starts(line, LT_STR("{")))
        return false;
    for (unsigned seen = 0; quick_member(&rest, fields, &seen); rest = lt_str_skip(rest, 1)) {
        if (lt_str_eq(rest, LT_STR("}")))
            return true;
        if (!lt_str_starts(rest, LT_STR(",")))
            return false;
    }
    return false;
}

static enum lt_status read_json(struct lt_str line, struct json_t **root, struct fields *fields, struct lt_err *err)
{
    const char *flaw;
    *fields = (struct fields){.type = 0};
    enum lt_status status = lt_json_parse(line, root, &flaw, err);
    if (status != LT_OK)
        return status;
    lt_json_int(*root, "type", &fields->type);
    lt_json_int(*root, "position", &fields->position);
    fields->bad_size = !lt_json_int(*root, "size", &fields->size) && lt_json_at(*root, "size");
    fields->name = lt_json_str(*root, "name");
    fields->name_raw = lt_json_str(*root, "name_raw");
    fields->payload = lt_json_str(*root, "payload");
    return flaw ? damaged(err, "%s", flaw) : LT_OK;
}

static enum lt_status take_segment(struct lt_tarsplit *split, const struct fields *fields, struct lt_err *err)
{
    size_t before = split->raw.len;
    if (!lt_base64(&split->raw, fields->payload))
        return damaged(err, "a segment that is no base64");
    if (split->raw.len > LT_TARSPLIT_HEADERS) {
        split->raw.len = before; /* the padding at the end of the tar, or headers that nobody writes */
        split->overlong = true;
    }
    return LT_END;
}

static enum lt_status take_name(struct lt_tarsplit *split, const struct fields *fields, struct lt_err *err)
{
    split->name.len = 0;
    if (fields->name_raw.len && !lt_base64(&split->name, fields->name_raw))
        return damaged(err, "a name that is no base64");
    if (!fields->name_raw.len)
        lt_buf_add(&split->name, fields->name);
    return split->name.len ? LT_OK : damaged(err, "a file without a name");
}

static enum lt_status take_contents(const struct fields *fields, struct lt_tar_file *out, struct lt_err *err)
{
    struct lt_str payload = fields->payload;
    struct lt_buf crc = {0};
    if (fields->bad_size || fields->size < 0)
        return damaged(err, "a file whose size is none");
    out->size = (uint64_t)fields->size;
    out->has_crc = payload.len && lt_base64(&crc, payload) && crc.len == CRC_SIZE;
    for (size_t i = 0; out->has_crc && i < CRC_SIZE; i++)
        out->crc = out->crc << 8 | (unsigned char)crc.ptr[i];
    lt_buf_free(&crc);
    return out->has_crc || !payload.len ? LT_OK : damaged(err, "a checksum that is no base64 of 8 bytes");
}

/* Decode the headers in the segments since the last file. LT_END: a global header, which is not a file. */
static enum lt_status take_headers(struct lt_tarsplit *split, struct lt_tar_file *out, struct lt_err *err)
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

static enum lt_status take_file(struct lt_tarsplit *split, const struct fields *fields, struct lt_tar_file *out,
                                struct lt_err *err)
{
    enum lt_status status = take_name(split, fields, err);
    if (status == LT_OK)
        status = take_contents(fields, out, err);
    if (status != LT_OK)
        return status;
    out->name = lt_buf_view(&split->name);
    status = take_headers(split, out, err);
    split->raw.len = 0;
    split->padding = lt_tar_padding(out->size);
    split->overlong = false;
    return status;
}

/* Positions count up by one from 0. */
static enum lt_status check_position(struct lt_tarsplit *split, int64_t position, struct lt_err *err)
{
    int64_t expected = split->position;
    split->position = position < INT64_MAX ? position + 1 : position;
    if (position == expected)
        return LT_OK;
    return damaged(err, "line %jd comes where line %jd should be", (intmax_t)position, (intmax_t)expected);
}

enum lt_status lt_tarsplit_line(struct lt_tarsplit *split, struct lt_str line, struct lt_tar_file *out,
                                struct lt_err *err)
{
    struct json_t *root = NULL;
    struct fields fields;
    *out = (struct lt_tar_file){.size = 0};
    lt_arena_reset(&split->arena);
    enum lt_status status = read_quickly(line, &fields) ? LT_OK : read_json(line, &root, &fields, err);
    if (status == LT_OK)
        status = check_position(split, fields.position, err);
    if (status != LT_OK)
        lt_tarsplit_lost(split);
    if (status == LT_OK && fields.type == TYPE_SEGMENT)
        status = take_segment(split, &fields, err);
    else if (fields.type == TYPE_FILE) {
        enum lt_status taken = take_file(split, &fields, out, err);
        status = status == LT_OK ? taken : status;
    } else if (status == LT_OK)
        status = damaged(err, "a line of unknown type %jd", (intmax_t)fields.type);
    lt_json_free(root);
    return status;
}

void lt_tarsplit_lost(struct lt_tarsplit *split)
{
    split->overlong = true;
}

enum lt_status lt_tarsplit_end(const struct lt_tarsplit *split, struct lt_err *err)
{
    struct lt_str raw = lt_buf_view(&split->raw);
    bool whole = split->position && (split->overlong || split->padding <= raw.len);
    for (size_t i = 0; i < raw.len && whole && !split->overlong; i++)
        whole = !raw.ptr[i];
    return whole ? LT_OK : lt_fail(err, LT_SKIP, LT_CODE_TRUNCATED, 0, "the record ends in the middle of the tar");
}

void lt_tarsplit_free(struct lt_tarsplit *split)
{
    lt_buf_free(&split->raw);
    lt_buf_free(&split->name);
    lt_arena_free(&split->arena);
}
