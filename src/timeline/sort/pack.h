// SPDX-License-Identifier: Apache-2.0
/* Events as short runs of bytes: a file event takes some 75 bytes where its structs take 500. Only what is set is
 * written. Numbers take as many bytes as they need, and a time that equals an earlier one of the event takes none.
 * Owner, directory and the name of the source live as long as the run and stay pointers, so packed events are valid in
 * this process only. */
#ifndef LT_TIMELINE_SORT_PACK_H
#define LT_TIMELINE_SORT_PACK_H

#include "model/event.h"

/* A 64-bit key that sorts like the time: seconds since 1901-12-13T20:45:52Z in the upper 34 bits, nanoseconds in the
 * lower 30. This covers all that ext4 can store, up to 2446. For other times the key is 0 or UINT64_MAX, and false is
 * returned: such a key says only on which side of these years the time lies. */
bool lt_time_key(struct lt_time time, uint64_t *key);

/* Append `event`, packed, to `out`. Left out are node->error, which is reported by then and freed with the listing, and
 * node->inferred and node->stale. */
void lt_pack(struct lt_buf *out, const struct lt_event *event);

/* An unpacked event. */
struct lt_unpacked {
    struct lt_event event;
    struct lt_node node;    /* event.node, if it is not NULL */
    struct lt_hidden hides; /* event.hides, likewise */
};

/* Undo lt_pack(). Strings point into `packed`; attributes and their lists live in `arena`. */
void lt_unpack(struct lt_unpacked *out, const char *packed, struct lt_arena *arena);

/* Time `slot` of a packed event, without unpacking the rest. */
struct lt_time lt_packed_time(const char *packed, enum lt_slot slot);

#endif
