// SPDX-License-Identifier: Apache-2.0
/* A program or library in ELF (System V ABI, gABI 4.3, "ELF Header"). Its table of sections comes last, as linkers
 * write it. What was appended goes as far as it is no zeros, in the last block. Nothing proves what lies within. */
#include "base/cursor.h"
#include "carve/format.h"

enum { HEADER = 64, LARGEST = 1 << 30 };

/* The end of the table of sections; 0: it is no such file, or has none. */
static uint64_t end_of(struct lt_str bytes)
{
    enum { CLASS = 4, DATA = 5, SECTIONS = 0x28, SECTION_SIZE = 0x3A, SECTION_COUNT = 0x3C, WIDE = 2, LITTLE = 1 };
    struct lt_cursor cursor = {.ptr = (const unsigned char *)bytes.ptr, .len = bytes.len};
    if (bytes.len < HEADER ||
        memcmp(bytes.ptr,
               "\x7f"
               "ELF",
               4) != 0 ||
        bytes.ptr[CLASS] != WIDE || bytes.ptr[DATA] != LITTLE)
        return 0;
    uint64_t at = lt_cursor_le(&cursor, SECTIONS, 8);
    uint64_t size = (uint64_t)lt_le16(&cursor, SECTION_SIZE) * lt_le16(&cursor, SECTION_COUNT);
    return at >= HEADER && at <= LARGEST && size ? at + size : 0;
}

static bool begins(const struct lt_carve_block *block, size_t *skip)
{
    (void)skip;
    return end_of(block->bytes) > 0;
}

static enum lt_carve_step take(struct lt_carve_find *find, const struct lt_carve_block *block, size_t *used)
{
    if (!find->size)
        find->wanted = end_of(block->bytes);
    uint64_t left = find->wanted - find->size;
    *used = block->bytes.len;
    if (left > block->bytes.len)
        return LT_CARVE_MORE;
    while (*used > left && !block->bytes.ptr[*used - 1])
        --*used;
    return LT_CARVE_DONE;
}

/* Less than the header tells is no file, but what is left of one. */
const struct lt_carve_format lt_carve_program = {
    .name = "program",
    .begins = begins,
    .take = take,
    .why = "nothing in it proves its contents",
};
