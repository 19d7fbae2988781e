// SPDX-License-Identifier: Apache-2.0
/* XXH64, a checksum that btrfs may have instead of CRC-32C (xxHash 0.8, doc/xxhash_spec.md). It detects damage, and
 * resists nobody. */
#ifndef LT_BASE_XXH64_H
#define LT_BASE_XXH64_H

#include <stddef.h>
#include <stdint.h>

/* Of `size` bytes, with seed 0. */
uint64_t lt_xxh64(const void *bytes, size_t size);

#endif
