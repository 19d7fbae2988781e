// SPDX-License-Identifier: Apache-2.0
/* A value is never longer than the text it comes from. */
#include "parse/tomltop.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_arena arena = {0};
    struct lt_str value = lt_toml_top(&arena, (struct lt_str){(const char *)data, size}, "root");
    PROMISE(value.len <= size);
    lt_arena_free(&arena);
    return 0;
}
