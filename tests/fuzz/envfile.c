// SPDX-License-Identifier: Apache-2.0
/* A file of assignments: each step uses some of it up, names are names, and values are no longer than the text. */
#include "parse/envfile.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct lt_arena arena = {0};
    struct lt_env_text text = {.rest = take_rest(&input)};
    struct lt_env_line line;
    size_t left = text.rest.len;
    unsigned before = 0;
    for (enum lt_status status; (status = lt_env_next(&text, &arena, &line)) != LT_END; left = text.rest.len) {
        PROMISE(text.rest.len < left);
        PROMISE(line.line > before);
        before = line.line;
        if (status != LT_OK)
            continue;
        PROMISE(line.name.len && line.name.len + line.value.len < size);
        for (size_t i = 0; i < line.name.len; i++)
            PROMISE(line.name.ptr[i] != '=' && line.name.ptr[i] != '\n' && line.name.ptr[i] != ' ');
    }
    PROMISE(!text.rest.len);
    lt_arena_free(&arena);
    return 0;
}
