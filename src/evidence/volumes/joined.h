// SPDX-License-Identifier: Apache-2.0
/* A device that is put together of pieces of others: one behind the other, or in stripes. */
#ifndef LT_EVIDENCE_VOLUMES_JOINED_H
#define LT_EVIDENCE_VOLUMES_JOINED_H

#include "base/list.h"
#include "evidence/device.h"

/* A piece of a device. */
struct lt_piece {
    uint64_t start, size; /* in the whole, in bytes */
    struct lt_device device;
};

/* The device of pieces (struct lt_piece *) that follow each other without a gap. One that is shorter than it says makes
 * reads of the rest fail. What the result has lives in `arena`; a single piece is the result itself. */
struct lt_device lt_joined(struct lt_arena *arena, const struct lt_list *pieces);

/* The device of `size` bytes of which each `chunk` bytes (not 0) lie on the next of `count` devices (not 0), and so on
 * in turn. The devices are copied. */
struct lt_device lt_striped(struct lt_arena *arena, const struct lt_device *devices, unsigned count, uint64_t chunk,
                            uint64_t size);

#endif
