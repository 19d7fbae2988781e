// SPDX-License-Identifier: Apache-2.0
/* The wire format of Protocol Buffers, field by field (protobuf.dev, Encoding). */
#ifndef LT_PARSE_PROTOBUF_H
#define LT_PARSE_PROTOBUF_H

#include "base/clock.h"

enum { LT_WIRE_VARINT = 0, LT_WIRE_64BIT = 1, LT_WIRE_BYTES = 2, LT_WIRE_32BIT = 5 };

/* The tag of a field, which includes its type: a field of another type does not match. */
#define LT_PROTO(number, wire) ((number) << 3 | LT_WIRE_##wire)

struct lt_proto_field {
    uint64_t tag, number; /* number: the value of a varint */
    struct lt_str bytes;  /* the value of the other types, borrowed from the message */
};

/* Read the next field of `rest`, whatever its type. False: the end, or invalid bytes. `rest` is empty only at the
 * end. */
bool lt_proto_next(struct lt_str *rest, struct lt_proto_field *out);

/* Decode a google.protobuf.Timestamp: 1 seconds, 2 nanoseconds. Unset if it is invalid, or empty (which would be
 * 1970). */
struct lt_time lt_proto_time(struct lt_str message);

#endif
