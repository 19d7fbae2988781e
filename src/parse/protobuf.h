// SPDX-License-Identifier: Apache-2.0
/* The wire format of Protocol Buffers, field by field (protobuf.dev, Encoding). */
#ifndef LT_PARSE_PROTOBUF_H
#define LT_PARSE_PROTOBUF_H

#include "base/clock.h"

enum { LT_WIRE_VARINT = 0, LT_WIRE_64BIT = 1, LT_WIRE_BYTES = 2, LT_WIRE_32BIT = 5 };

/* Tag of a field, its type included: a field of another type is not that field. */
#define LT_PROTO(number, wire) ((number) << 3 | LT_WIRE_##wire)

struct lt_proto_field {
    uint64_t tag, number; /* number: the value of a varint */
    struct lt_str bytes;  /* of the other types, borrowed from the message */
};

/* Take the next field off `rest`, whatever its type. False at the end and at the first thing that is none; `rest` is
 * empty at the end only. */
bool lt_proto_next(struct lt_str *rest, struct lt_proto_field *out);

/* A google.protobuf.Timestamp: 1 seconds, 2 nanoseconds. Unset for what is none, and for the empty one of 1970. */
struct lt_time lt_proto_time(struct lt_str message);

#endif
