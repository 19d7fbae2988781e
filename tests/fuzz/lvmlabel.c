// SPDX-License-Identifier: Apache-2.0
/* The label of a physical volume of LVM2, and the header of a metadata area. Checksums are made right, so that the rest
 * is reached. What is decoded lies in its area.
 *
 * Input: number of the sector, where the area begins (8 bytes), two blocks of 512 bytes. */
#include "evidence/volumes/lvm_disk.h"

#include "fuzz.h"

#include <string.h>

enum { UUID = 38 };

static void take_block(struct input *input, uint8_t block[LT_LVM_HEADER])
{
    size_t size = input->len < LT_LVM_HEADER ? input->len : LT_LVM_HEADER;
    memset(block, 0, LT_LVM_HEADER);
    if (size)
        memcpy(block, input->ptr, size);
    input->ptr += size;
    input->len -= size;
}

static void put_sum(uint8_t *block, size_t at, size_t from)
{
    uint32_t crc = lt_lvm_crc(block + from, LT_LVM_HEADER - from);
    for (unsigned i = 0; i < 4; i++)
        block[at + i] = (uint8_t)(crc >> (8 * i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct lt_arena arena = {0};
    struct lt_lvm_label label;
    struct lt_lvm_area area;
    uint8_t block[LT_LVM_HEADER];
    unsigned number = take_byte(&input);
    struct lt_lvm_span span = {take_number(&input, 8), 0};
    take_block(&input, block);
    put_sum(block, 16, 20);
    if (lt_lvm_label((struct lt_cursor){.ptr = block, .len = sizeof block}, number, &arena, &label))
        PROMISE(label.uuid.len == UUID && label.count <= LT_LVM_AREAS);
    take_block(&input, block);
    put_sum(block, 0, 4);
    if (lt_lvm_area((struct lt_cursor){.ptr = block, .len = sizeof block}, span, &area) && area.text.size)
        PROMISE(area.text.start >= LT_LVM_HEADER && area.text.start < area.span.size &&
                area.text.size <= area.span.size - LT_LVM_HEADER);
    lt_arena_free(&arena);
    return 0;
}
