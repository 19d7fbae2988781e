// SPDX-License-Identifier: Apache-2.0
#include "parse/locallog.h"

#include "parse/protobuf.h"

enum {
    SOURCE = LT_PROTO(1, BYTES),
    TIME_NANO = LT_PROTO(2, VARINT),
    LINE = LT_PROTO(3, BYTES),
    PARTIAL = LT_PROTO(4, VARINT),
    METADATA = LT_PROTO(5, BYTES),
    LAST = LT_PROTO(1, VARINT), /* in METADATA */
};

static size_t big_endian(struct lt_str bytes)
{
    size_t number = 0;
    for (unsigned i = 0; i < 4; i++)
        number = number << 8 | (unsigned char)bytes.ptr[i];
    return number;
}

enum lt_status lt_locallog_length(struct lt_str bytes, size_t *length)
{
    if (bytes.len < 4)
        return LT_END;
    size_t entry = big_endian(bytes);
    *length = entry + LT_LOCALLOG_FRAME;
    return entry && entry <= LT_LOCALLOG_MAX ? LT_OK : LT_SKIP;
}

/* partial_log_metadata.last: this piece completes the line. */
static bool is_last(struct lt_str metadata)
{
    struct lt_proto_field field;
    bool last = false;
    while (lt_proto_next(&metadata, &field))
        if (field.tag == LAST)
            last = field.number;
    return last;
}

static bool parse_entry(struct lt_str rest, struct lt_locallog *out)
{
    struct lt_proto_field field;
    bool last = false;
    while (rest.len) {
        if (!lt_proto_next(&rest, &field))
            return false;
        if (field.tag == SOURCE) {
            out->source = field.bytes;
        } else if (field.tag == TIME_NANO) {
            int64_t nanos = (int64_t)field.number;
            out->time = lt_time_add(lt_time_at(0, 0), nanos);
        } else if (field.tag == LINE) {
            out->line = field.bytes;
        } else if (field.tag == PARTIAL) {
            out->partial = field.number;
        } else if (field.tag == METADATA) {
            last = is_last(field.bytes);
        }
    }
    out->partial &= !last;
    return out->time.set;
}

enum lt_status lt_locallog_parse(struct lt_str record, struct lt_locallog *out, struct lt_err *err)
{
    size_t length;
    *out = (struct lt_locallog){0};
    if (lt_locallog_length(record, &length) != LT_OK || length != record.len)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no record of the local log driver");
    struct lt_str entry = {record.ptr + 4, length - LT_LOCALLOG_FRAME};
    if (big_endian(lt_str_skip(record, length - 4)) != entry.len)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the two lengths of a record differ");
    if (!parse_entry(entry, out))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a record's log entry cannot be decoded");
    return LT_OK;
}

static bool is_source(struct lt_str text)
{
    return lt_str_eq(text, LT_STR("stdout")) || lt_str_eq(text, LT_STR("stderr"));
}

/* The tag of a field of bytes and its length, which may be more than there is: `out` is what there is. */
static bool take_line(struct lt_str *rest, size_t most, struct lt_str *out)
{
    size_t length = 0;
    if (!rest->len || rest->ptr[0] != LINE)
        return false;
    for (unsigned i = 1; i < rest->len && i <= 3; i++) {
        unsigned char byte = (unsigned char)rest->ptr[i];
        length |= (size_t)(byte & 0x7F) << 7 * (i - 1);
        if (byte & 0x80)
            continue;
        *rest = lt_str_skip(*rest, i + 1);
        *out = (struct lt_str){rest->ptr, length < rest->len ? length : rest->len};
        return length <= most;
    }
    return false;
}

size_t lt_locallog_head(struct lt_str bytes, struct lt_locallog *out)
{
    size_t length;
    struct lt_proto_field field;
    struct lt_str rest = lt_str_skip(bytes, 4);
    *out = (struct lt_locallog){.line = LT_STR("")};
    if (lt_locallog_length(bytes, &length) != LT_OK || !lt_proto_next(&rest, &field) || field.tag != SOURCE ||
        !is_source(field.bytes))
        return 0;
    out->source = field.bytes;
    if (!lt_proto_next(&rest, &field) || field.tag != TIME_NANO)
        return length;
    out->time = lt_time_add(lt_time_at(0, 0), (int64_t)field.number);
    take_line(&rest, length, &out->line);
    return length;
}

/* The fields behind the source, which are all of `bytes`. */
static bool parse_rest(struct lt_str bytes, struct lt_locallog *out)
{
    *out = (struct lt_locallog){.line = LT_STR("")};
    return bytes.len && (unsigned char)bytes.ptr[0] == TIME_NANO && parse_entry(bytes, out);
}

size_t lt_locallog_tail(struct lt_str bytes, struct lt_locallog *out)
{
    enum { BEFORE_TIME = 8, BEFORE_LINE = BEFORE_TIME + 10 + 2 }; /* source; a time of today; a line's tag and length */
    size_t length;
    *out = (struct lt_locallog){.line = LT_STR("")};
    if (bytes.len <= 4 || lt_locallog_length(lt_str_skip(bytes, bytes.len - 4), &length) != LT_OK)
        return 0;
    struct lt_str entry = {bytes.ptr, bytes.len - 4};
    length -= LT_LOCALLOG_FRAME;
    if (length <= entry.len && parse_entry(lt_str_skip(entry, entry.len - length), out) && is_source(out->source))
        return length + 4;
    size_t behind = length > BEFORE_TIME ? length - BEFORE_TIME : 0;
    if (behind && behind <= entry.len && parse_rest(lt_str_skip(entry, entry.len - behind), out))
        return behind + 4;
    size_t most = length > BEFORE_LINE ? length - BEFORE_LINE : length;
    most = most < entry.len ? most : entry.len;
    *out = (struct lt_locallog){.line = lt_str_skip(entry, entry.len - most)};
    return most + 4;
}

size_t lt_locallog_within(struct lt_str bytes, bool at_end)
{
    struct lt_locallog ignored;
    size_t length;
    for (size_t end = LT_LOCALLOG_FRAME; end <= bytes.len && end <= LT_LOCALLOG_USUAL; end++) {
        struct lt_str next = {bytes.ptr + end, bytes.len - end};
        size_t entry = big_endian(lt_str_skip(bytes, end - 4));
        if (entry <= end - 4 || entry > LT_LOCALLOG_USUAL)
            continue;
        if (next.len ? lt_locallog_length(next, &length) == LT_OK && length <= next.len &&
                           lt_locallog_parse((struct lt_str){next.ptr, length}, &ignored, NULL) == LT_OK
                     : at_end)
            return end;
    }
    return 0;
}
