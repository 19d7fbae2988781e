// SPDX-License-Identifier: Apache-2.0
#include "base/crc64.h"

static const uint64_t POLYNOMIAL = UINT64_C(0xD800000000000000);

void lt_crc64_init(struct lt_crc64 *crc64)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        uint64_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        crc64->table[0][byte] = crc;
    }
    for (unsigned byte = 0; byte < 256; byte++)
        for (unsigned i = 1; i < 8; i++) {
            uint64_t before = crc64->table[i - 1][byte];
            crc64->table[i][byte] = before >> 8 ^ crc64->table[0][before & 0xFF];
        }
}

/* Table i holds the effect of a byte that i more bytes follow. */
uint64_t lt_crc64(const struct lt_crc64 *crc64, uint64_t crc, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    crc = ~crc;
    for (; size >= 8; at += 8, size -= 8) {
        uint64_t sum = 0;
        for (unsigned i = 0; i < 8; i++)
            sum ^= crc64->table[7 - i][(crc >> (8 * i) ^ at[i]) & 0xFF];
        crc = sum;
    }
    for (; size; size--)
        crc = crc >> 8 ^ crc64->table[0][(crc ^ *at++) & 0xFF];
    return ~crc;
}
