// SPDX-License-Identifier: Apache-2.0
#include "parse/protobuf.h"

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

static bool take_field(struct lt_str *rest, struct lt_proto_field *out)
{
    uint64_t size = 0;
    *out = (struct lt_proto_field){0};
    if (!take_varint(rest, &out->tag))
        return false;
    switch (out->tag & 7) {
    case LT_WIRE_VARINT:
        return take_varint(rest, &out->number);
    case LT_WIRE_BYTES:
        if (!take_varint(rest, &size))
            return false;
        break;
    case LT_WIRE_64BIT:
    case LT_WIRE_32BIT:
        size = (out->tag & 7) == LT_WIRE_64BIT ? 8 : 4;
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

bool lt_proto_next(struct lt_str *rest, struct lt_proto_field *out)
{
    struct lt_str before = *rest;
    if (rest->len && take_field(rest, out))
        return true;
    *rest = before;
    return false;
}

struct lt_time lt_proto_time(struct lt_str message)
{
    struct lt_proto_field field;
    int64_t seconds = 0;
    uint64_t nanoseconds = 0;
    while (lt_proto_next(&message, &field))
        if (field.tag == LT_PROTO(1, VARINT))
            seconds = (int64_t)field.number;
        else if (field.tag == LT_PROTO(2, VARINT))
            nanoseconds = field.number;
    bool valid = !message.len && (seconds || nanoseconds) && nanoseconds < 1000000000;
    return valid ? lt_time_at(seconds, (uint32_t)nanoseconds) : (struct lt_time){0};
}
