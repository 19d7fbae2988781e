// SPDX-License-Identifier: Apache-2.0
/* Bounds-checked reading of hostile bytes. Decoders read through these and nowhere else: a read past the end returns 0
 * and makes the cursor `bad` for good, so a decoder may read all it wants and check once. */
#ifndef LT_BASE_CURSOR_H
#define LT_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lt_cursor {
    const unsigned char *ptr;
    size_t len;
    bool bad; /* sticky: some read was out of bounds */
};

/* `count` little-endian bytes at `offset` as a number; count is 1, 2, 4 or 8. */
static inline uint64_t lt_cursor_le(struct lt_cursor *cursor, size_t offset, unsigned count)
{
    if (offset > cursor->len || cursor->len - offset < count) {
        cursor->bad = true;
        return 0;
    }
    uint64_t number = 0;
    for (unsigned i = count; i-- > 0;)
        number = number << 8 | cursor->ptr[offset + i];
    return number;
}

static inline uint16_t lt_le16(struct lt_cursor *cursor, size_t offset)
{
    return (uint16_t)lt_cursor_le(cursor, offset, 2);
}

static inline uint32_t lt_le32(struct lt_cursor *cursor, size_t offset)
{
    return (uint32_t)lt_cursor_le(cursor, offset, 4);
}

#endif
