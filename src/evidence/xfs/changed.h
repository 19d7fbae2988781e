// SPDX-License-Identifier: Apache-2.0
/* A device of which some sectors were changed in memory. */
#ifndef LT_EVIDENCE_XFS_CHANGED_H
#define LT_EVIDENCE_XFS_CHANGED_H

#include "base/map.h"
#include "evidence/device.h"

/* The most that is kept. The log has 2 GiB at most, and most sectors in it are there several times: a host does not
 * come near, an image that lies does. */
#define LT_XFS_MAX_CHANGED ((size_t)1024 * 1024 * 1024)

/* A sector of 512 bytes. */
struct lt_changed_sector {
    uint64_t number;
    unsigned char *bytes; /* in the arena */
};

struct lt_changed {
    struct lt_device device;           /* as it lies, borrowed */
    struct lt_arena bytes;             /* of the sectors */
    struct lt_arena slots;             /* of the map; gone when it is settled */
    struct lt_map map;                 /* from the number of a sector to it, while there may be more */
    struct lt_changed_sector *sectors; /* owned; in order of their numbers once it is settled */
    size_t count, cap;
};

/* Read `size` bytes at `offset` with the changes in place. False: some could not be read. Both are multiples of 512 as
 * long as it is not settled. */
bool lt_changed_read(struct lt_changed *changed, uint64_t offset, void *buffer, size_t size);

/* Change whole sectors, before it is settled. False: there would be more than LT_XFS_MAX_CHANGED. */
bool lt_changed_write(struct lt_changed *changed, uint64_t offset, const void *bytes, size_t size);

/* From now on nothing changes, and reading costs less. */
void lt_changed_settle(struct lt_changed *changed);

/* How many different units of `unit` bytes, a multiple of 512, have changes. It must be settled. */
uint64_t lt_changed_units(const struct lt_changed *changed, uint32_t unit);

/* As lt_device.read, of a struct lt_changed that is settled. */
ssize_t lt_changed_device_read(void *changed, uint64_t offset, void *buffer, size_t size);

void lt_changed_free(struct lt_changed *changed);

#endif
