// SPDX-License-Identifier: Apache-2.0
/* A name is a part of the line, an ID is one. */
#include "parse/naming.h"

#include "fuzz.h"
#include "parse/ident.h"

static void check_part(struct lt_str part, const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    PROMISE(!part.len || (part.ptr >= text && part.ptr + part.len <= text + size));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_naming found = lt_naming_find((struct lt_str){(const char *)data, size});
    const struct lt_str parts[] = {found.id, found.name, found.attempt, found.sandbox, found.uid, found.namespace};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        check_part(parts[i], data, size);
    bool has_id = found.kind != LT_NAMING_NONE && found.kind != LT_NAMING_JOIN;
    PROMISE(has_id ? lt_is_id(found.id) : !found.id.len);
    PROMISE(!found.sandbox.len || lt_is_id(found.sandbox));
    bool has_name = found.kind != LT_NAMING_NONE && found.kind != LT_NAMING_START;
    PROMISE(!found.name.len == !has_name);
    return 0;
}
