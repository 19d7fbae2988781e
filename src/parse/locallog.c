// SPDX-License-Identifier: Apache-2.0
#include "locallog.h"

enum { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_BYTES = 2, WIRE_32BIT = 5 };

/* Tags of the fields, type included: a field of another type is not that field. */
enum {
    SOURCE = 1 << 3 | WIRE_BYTES,
    TIME_NANO = 2 << 3 | WIRE_VARINT,
    LINE = 3 << 3 | WIRE_BYTES,
    PARTIAL = 4 << 3 | WIRE_VARINT,
    METADATA = 5 << 3 | WIRE_BYTES,
    LAST = 1 << 3 | WIRE_VARINT, /* in METADATA */
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

static bool take_varint(struct lt_str *rest, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 64 && rest->len; shift += 7) {
        unsigned char byte = (unsigned char)rest->ptr[0];
        *rest = lt_str_skip(*rest, 1);
        *out |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

struct field {
    uint64_t tag, varint; /* tag: number << 3 | wire type */
    struct lt_str bytes;
};

/* The next field of a message, whatever its type (protobuf wire format). */
static bool take_field(struct lt_str *rest, struct field *out)
{
    uint64_t size = 0;
    *out = (struct field){0};
    if (!take_varint(rest, &out->tag))
        return false;
    switch (out->tag & 7) {
    case WIRE_VARINT:
        return take_varint(rest, &out->varint);
    case WIRE_BYTES:
        if (!take_varint(rest, &size))
            return false;
        break;
    case WIRE_64BIT:
    case WIRE_32BIT:
        size = (out->tag & 7) == WIRE_64BIT ? 8 : 4;
        break;
    default:
        return false;
    }
    if (size > rest->len)
        return false;
    out->bytes = (struct lt_str){rest->ptr, (size_t)size};
    *rest = lt_str_skip(*rest, (size_t)size);
    return true;
}

/* partial_log_metadata.last: the piece that completes the line. */
static bool is_last(struct lt_str metadata)
{
    struct field field;
    bool last = false;
    while (metadata.len && take_field(&metadata, &field))
        if (field.tag == LAST)
            last = field.varint;
    return last;
}

static bool parse_entry(struct lt_str rest, struct lt_locallog *out)
{
    struct field field;
    bool last = false;
    while (rest.len) {
        if (!take_field(&rest, &field))
            return false;
        if (field.tag == SOURCE) {
            out->source = field.bytes;
        } else if (field.tag == TIME_NANO) {
            int64_t nanos = (int64_t)field.varint;
            out->time = lt_time_add(lt_time_at(0, 0), nanos);
        } else if (field.tag == LINE) {
            out->line = field.bytes;
        } else if (field.tag == PARTIAL) {
            out->partial = field.varint;
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
