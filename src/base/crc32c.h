// SPDX-License-Identifier: Apache-2.0
/* CRC-32C (Castagnoli), the checksum of ext4 and jbd2 metadata. zlib has only the other CRC-32. */
#ifndef LT_BASE_CRC32C_H
#define LT_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Continue the running value `crc` over `size` bytes. As in the kernel's crc32c(), neither the start value nor the
 * result is inverted; ext4 starts with ~0. */
uint32_t lt_crc32c(uint32_t crc, const void *bytes, size_t size);

#endif
