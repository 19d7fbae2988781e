// SPDX-License-Identifier: Apache-2.0
/* Values in containerd's databases (containerd core/metadata/boltutil/helpers.go, core/metadata/snapshot.go,
 * core/snapshots/storage/bolt.go, 1.6 to 2.3). */
#ifndef LT_PARSE_SNAPSHOT_H
#define LT_PARSE_SNAPSHOT_H

#include "base/str.h"

/* Decode all of `bytes` as Go's binary.PutUvarint() writes a number. False: they are none. */
bool lt_uvarint(struct lt_str bytes, uint64_t *out);

/* The same for binary.PutVarint(), which stores -1 as 1 and 1 as 2. */
bool lt_zigzag(struct lt_str bytes, int64_t *out);

/* The name under which a snapshotter knows a snapshot: "<namespace>/<sequence number>/<key>". Parts are borrowed. */
struct lt_snapshot_name {
    struct lt_str namespace, number, key;
};

/* Split such a name. A key may hold any byte. False: it is none. */
bool lt_snapshot_name_split(struct lt_str name, struct lt_snapshot_name *out);

/* Decode the name of a snapshot's directory, a decimal number. False: it is none, or too large. */
bool lt_snapshot_number(struct lt_str name, uint64_t *out);

/* Can this be a namespace of containerd? Letters, digits, and between them single dots, dashes and underscores, at most
 * 76 bytes (containerd pkg/identifiers/validate.go). The same grammar is that of container IDs. */
bool lt_is_identifier(struct lt_str text);

#endif
