// SPDX-License-Identifier: Apache-2.0
/* Events as short runs of bytes: a file event takes some 75 bytes where its structs take 500. Only what is set is
 * written, numbers in as many bytes as they need, a time that equals an earlier one of the event in none. Owner,
 * directory and the name of the source live as long as the run does and stay pointers, so packed events are good for
 * this process only. */
#ifndef LT_TIMELINE_SORT_PACK_H
#define LT_TIMELINE_SORT_PACK_H

#include "model/event.h"

/* 64 bits that sort as times do: seconds since 1901-12-13T20:45:52Z in the upper 34, nanoseconds in the lower 30. This
 * is all that ext4 can store, up to 2446. Other times get the key 0 or UINT64_MAX, and false is returned: such keys say
 * on which side of those years a time lies, no more. */
bool lt_time_key(struct lt_time time, uint64_t *key);

/* Append `event`, packed, to `out`. Only node->error is left out: it is reported by then, and gone with the listing. */
void lt_pack(struct lt_buf *out, const struct lt_event *event);

/* An event as it was before. */
struct lt_unpacked {
    struct lt_event event;
    struct lt_node node;    /* event.node, if it has one */
    struct lt_hidden hides; /* event.hides, likewise */
};

/* Undo lt_pack(). Strings point into `packed`; attributes and their lists are made in `arena`. */
void lt_unpack(struct lt_unpacked *out, const char *packed, struct lt_arena *arena);

/* Time `slot` of a packed event, without the rest. */
struct lt_time lt_packed_time(const char *packed, enum lt_slot slot);

#endif
