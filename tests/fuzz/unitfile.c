// SPDX-License-Identifier: Apache-2.0
/* A unit file: line numbers grow, every assignment has a section, and no value holds a line end. */
#include "parse/unitfile.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct lt_arena arena = {0};
    struct lt_unit_text text = {.rest = take_rest(&input)};
    struct lt_unit_line line;
    unsigned before = 0;
    for (enum lt_status status; (status = lt_unit_next(&text, &arena, &line)) != LT_END;) {
        PROMISE(line.line > before && line.line <= text.line);
        before = line.line;
        if (status != LT_OK)
            continue;
        PROMISE(line.section.len && line.section.len <= size);
        PROMISE(line.key.len + line.value.len < size);
        PROMISE(!line.value.len || !memchr(line.value.ptr, '\n', line.value.len));
    }
    PROMISE(!text.rest.len && text.line <= size);
    lt_arena_free(&arena);
    return 0;
}
