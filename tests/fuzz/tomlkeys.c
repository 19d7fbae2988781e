// SPDX-License-Identifier: Apache-2.0
/* Values are never longer than the text that they come from; the last of them is the one. */
#include "parse/tomlkeys.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_arena arena = {0};
    struct lt_str text = {(const char *)data, size};
    struct lt_list strings = {0};
    size_t total = 0;
    lt_toml_strings(&arena, text, "root", &strings);
    lt_toml_strings(&arena, text, "storage.graphroot", &strings);
    lt_each (const struct lt_str, string, &strings)
        total += string->len;
    PROMISE(total <= size);
    PROMISE(lt_toml_string(&arena, text, "root").len <= size);
    lt_arena_free(&arena);
    return 0;
}
