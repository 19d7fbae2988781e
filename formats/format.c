// SPDX-License-Identifier: Apache-2.0
#include "formats/format.h"

#include <string.h>

#define FORMAT(name) extern const struct lt_format lt_format_##name;
#include "formats/formats.def"
#undef FORMAT

const struct lt_format *const lt_formats[] = {
#define FORMAT(name) &lt_format_##name,
#include "formats/formats.def"
#undef FORMAT
    NULL,
};

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

const struct lt_format *lt_format_named(const char *name)
{
    for (size_t i = 0; lt_formats[i]; i++)
        if (strcmp(lt_formats[i]->name, name) == 0)
            return lt_formats[i];
    return NULL;
}

const struct lt_format *lt_format_for(const char *path)
{
    struct lt_str name = lt_str_c(path);
    if (lt_str_ends(name, LT_STR(".gz")))
        name.len -= 3;
    for (size_t i = 0; lt_formats[i]; i++)
        if (lt_str_ends(name, lt_str_c(lt_formats[i]->suffix)))
            return lt_formats[i];
    return NULL;
}
