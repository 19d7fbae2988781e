// SPDX-License-Identifier: Apache-2.0
/* Members are never longer than the text that they come from, and each takes at least its two quotes of it. */
#include "parse/loosejson.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_arena arena = {0};
    struct lt_loose_json json = {.rest = {(const char *)data, size}};
    struct lt_loose_member member;
    size_t total = 0;
    while (lt_loose_next(&json, &arena, &member)) {
        total += member.value.len + 1;
        PROMISE(total <= size && member.key.len < size && member.depth <= size);
    }
    lt_arena_free(&arena);
    return 0;
}
