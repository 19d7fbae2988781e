// SPDX-License-Identifier: Apache-2.0
#include "parse/buildrecord.h"

/* The texts of fields 1 and 2 of a message. */
static void take_pair(struct lt_str message, struct lt_str *first, struct lt_str *second)
{
    struct lt_proto_field field;
    *first = *second = LT_STR("");
    while (lt_proto_next(&message, &field))
        if (field.tag == LT_PROTO(1, BYTES))
            *first = field.bytes;
        else if (field.tag == LT_PROTO(2, BYTES))
            *second = field.bytes;
}

static void take(struct lt_build_record *out, const struct lt_proto_field *field)
{
    struct lt_str ignored;
    switch (field->tag) {
    case LT_PROTO(1, BYTES):
        out->ref = field->bytes;
        break;
    case LT_PROTO(2, BYTES):
        out->frontend = field->bytes;
        break;
    case LT_PROTO(3, BYTES):
        if (out->attr_count == LT_BUILD_ATTRS)
            break;
        take_pair(field->bytes, &out->attrs[out->attr_count].key, &out->attrs[out->attr_count].value);
        out->attr_count++;
        break;
    case LT_PROTO(5, BYTES):
        take_pair(field->bytes, &ignored, &out->error);
        break;
    case LT_PROTO(6, BYTES):
        out->created = lt_proto_time(field->bytes);
        out->bad_time |= !out->created.set && field->bytes.len;
        break;
    case LT_PROTO(7, BYTES):
        out->completed = lt_proto_time(field->bytes);
        out->bad_time |= !out->completed.set && field->bytes.len;
        break;
    case LT_PROTO(15, VARINT):
        out->cached_steps = field->number;
        break;
    case LT_PROTO(16, VARINT):
        out->total_steps = field->number;
        break;
    case LT_PROTO(17, VARINT):
        out->completed_steps = field->number;
        break;
    default:
        break;
    }
}

bool lt_build_record_parse(struct lt_str message, struct lt_build_record *out)
{
    struct lt_proto_field field;
    *out = (struct lt_build_record){0};
    while (lt_proto_next(&message, &field))
        take(out, &field);
    return !message.len;
}
