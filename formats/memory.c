// SPDX-License-Identifier: Apache-2.0
#include "formats/format.h"

struct lt_memo *lt_memory_of(struct lt_memory *memory, const struct lt_origin *origin)
{
    uint64_t mixed = ((uint64_t)(uintptr_t)origin->owner + origin->kind) * UINT64_C(0x9E3779B97F4A7C15);
    return &memory->origins[mixed >> 32 & (LT_MEMOS - 1)];
}

void lt_memory_free(struct lt_memory *memory)
{
    lt_buf_free(&memory->event.text);
    lt_buf_free(&memory->time.text);
    lt_buf_free(&memory->dir.text);
    for (size_t i = 0; i < LT_MEMOS; i++)
        lt_buf_free(&memory->origins[i].text);
    *memory = (struct lt_memory){0};
}
