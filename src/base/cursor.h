// SPDX-License-Identifier: Apache-2.0
/* Bounds-checked reading of hostile bytes. Decoders read only through these functions. A read past the end returns 0
 * and sets `bad` for good, so a decoder may read everything first and check once. */
#ifndef LT_BASE_CURSOR_H
#define LT_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lt_cursor {
    const unsigned char *ptr;
    size_t len;
    bool bad; /* sticky: a read was out of bounds */
};

/* The little-endian number of `count` bytes (1..8) at `offset`. */
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

/* The same for a big-endian number. */
static inline uint64_t lt_cursor_be(struct lt_cursor *cursor, size_t offset, unsigned count)
{
    return __builtin_bswap64(lt_cursor_le(cursor, offset, count)) >> (64 - 8 * count);
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
