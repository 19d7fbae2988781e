// SPDX-License-Identifier: Apache-2.0
/* What the tests of on-disk structures share: bytes of real blocks as hex digits, numbers put into them, and a CRC-32C
 * that goes bit by bit. */
#ifndef TESTS_UNIT_BYTES_H
#define TESTS_UNIT_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static inline void put_hex(unsigned char *bytes, size_t at, const char *hex)
{
    unsigned value;
    for (; sscanf(hex, "%2x", &value) == 1; hex += 2)
        bytes[at++] = (unsigned char)value;
}

/* `count` bytes of `value`, the least significant first. */
static inline void put_le(unsigned char *bytes, size_t at, unsigned count, uint64_t value)
{
    for (unsigned i = 0; i < count; i++)
        bytes[at + i] = (unsigned char)(value >> (8 * i));
}

static inline void put_be(unsigned char *bytes, size_t at, unsigned count, uint64_t value)
{
    for (unsigned i = 0; i < count; i++)
        bytes[at + i] = (unsigned char)(value >> (8 * (count - 1 - i)));
}

/* RFC 3720, appendix B.4: the polynomial 0x1EDC6F41, reflected; neither start nor result inverted here. */
static inline uint32_t slow_crc32c(uint32_t crc, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
    }
    return crc;
}

/* The images that blocks come from have the UUID 01234567-89ab-cdef-0123-456789abcdef: the start of their checksums,
 * and that of what belongs to an inode of generation 0 (linux fs/ext4/super.c, inode.c). */
static inline uint32_t image_seed(void)
{
    unsigned char uuid[16];
    put_hex(uuid, 0, "0123456789abcdef0123456789abcdef");
    return slow_crc32c(~0u, uuid, sizeof uuid);
}

static inline uint32_t inode_seed(uint32_t ino)
{
    unsigned char bytes[8] = {0};
    put_le(bytes, 0, 4, ino);
    return slow_crc32c(image_seed(), bytes, sizeof bytes);
}

#endif
