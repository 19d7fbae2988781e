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
