// SPDX-License-Identifier: Apache-2.0
/* A superblock of Linux md, of both versions. Checksums are made right, so that the rest is reached. No place or size
 * is near an overflow.
 *
 * Input: where the superblock lies (8 bytes), its bytes. */
#include "evidence/volumes/md_super.h"

#include "fuzz.h"

#include <string.h>

static uint32_t word(const uint8_t *bytes, size_t at)
{
    return (uint32_t)bytes[at] | (uint32_t)bytes[at + 1] << 8 | (uint32_t)bytes[at + 2] << 16 |
           (uint32_t)bytes[at + 3] << 24;
}

static void put_sum(uint8_t *bytes, size_t size, size_t at)
{
    uint64_t sum = 0;
    memset(bytes + at, 0, 4);
    for (size_t i = 0; i + 4 <= size; i += 4)
        sum += word(bytes, i);
    if (size % 4)
        sum += word(bytes, size / 4 * 4) & 0xFFFF;
    sum = (sum & UINT32_MAX) + (sum >> 32);
    for (unsigned i = 0; i < 4; i++)
        bytes[at + i] = (uint8_t)(sum >> (8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint64_t at = take_number(&input, 8);
    uint8_t bytes[LT_MD_SUPER] = {0};
    struct lt_cursor cursor = {.ptr = bytes, .len = sizeof bytes};
    struct lt_md_super super;
    if (input.len)
        memcpy(bytes, input.ptr, input.len < sizeof bytes ? input.len : sizeof bytes);
    uint32_t roles = word(bytes, 220);
    if (roles <= (LT_MD_SUPER - 256) / 2)
        put_sum(bytes, 256 + (size_t)roles * 2, 216);
    if (lt_md_super_1(cursor, at, &super))
        PROMISE(super.start < UINT64_MAX / 2 && super.size < UINT64_MAX / 2 && super.usable < UINT64_MAX / 2 &&
                super.role <= LT_MD_SPARE && super.name.len <= 32);
    put_sum(bytes, LT_MD_SUPER, 152);
    if (lt_md_super_0(cursor, &super))
        PROMISE(super.disks <= 27 && !super.start && !super.name.len);
    return 0;
}
