// SPDX-License-Identifier: Apache-2.0
/* What passes as an ID can be a component of a path and nothing else. */
#include "parse/ident.h"

#include "fuzz.h"

#include <string.h>

static void check_component(struct lt_str text)
{
    PROMISE(text.len > 0 && text.len <= 128);
    PROMISE(text.ptr[0] != '-' && text.ptr[0] != '.');
    for (size_t i = 0; i < text.len; i++)
        PROMISE(strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-", text.ptr[i]) && text.ptr[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str text = {(const char *)data, size};
    bool id = lt_is_id(text), link = lt_is_link_id(text);
    if (id || link || lt_is_store_id(text))
        check_component(text);
    PROMISE(!id || size == 64);
    PROMISE(!link || size == 26);
    struct lt_str hex = lt_digest_hex(text);
    PROMISE(!hex.len || (size == 71 && memcmp(data, "sha256:", 7) == 0 && lt_is_id(hex)));
    struct lt_str shown = lt_short_id(text);
    PROMISE(shown.len <= size && (shown.len <= 12 || shown.len == size || shown.len + 7 == size)); /* cut or whole */
    PROMISE(!shown.len || (shown.ptr >= text.ptr && shown.ptr + shown.len <= text.ptr + text.len));
    return 0;
}
