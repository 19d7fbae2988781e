// SPDX-License-Identifier: Apache-2.0
/* CRC-64/ISO as Go's hash/crc64 computes it: polynomial 0xD800000000000000, reflected, with start value and result
 * inverted (go src/hash/crc64/crc64.go, 1.22). tar-split keeps one for each file (vbatts/tar-split
 * tar/storage/getter.go). */
#ifndef LT_BASE_CRC64_H
#define LT_BASE_CRC64_H

#include <stddef.h>
#include <stdint.h>

/* Tables for eight bytes at a time. */
struct lt_crc64 {
    uint64_t table[8][256];
};

/* Fill in the tables. */
void lt_crc64_init(struct lt_crc64 *crc64);

/* Extend the checksum `crc` (0 for no bytes) by `size` bytes. */
uint64_t lt_crc64(const struct lt_crc64 *crc64, uint64_t crc, const void *bytes, size_t size);

#endif
