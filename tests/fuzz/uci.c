// SPDX-License-Identifier: Apache-2.0
/* Options are never longer than the text that they come from. */
#include "parse/uci.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_arena arena = {0};
    struct lt_uci uci = {.rest = {(const char *)data, size}};
    struct lt_uci_option option;
    size_t total = 0;
    while (lt_uci_next(&uci, &arena, &option)) {
        total += option.key.len + option.value.len;
        PROMISE(total <= size && option.section.len <= size);
    }
    lt_arena_free(&arena);
    return 0;
}
