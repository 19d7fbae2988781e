// SPDX-License-Identifier: Apache-2.0
/* Fields are never longer than the text, and never overlap the line behind. */
#include "parse/fstab.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_arena arena = {0};
    struct lt_str text = {(const char *)data, size}, value;
    struct lt_fstab_line line;
    size_t disk = 0, left = size;
    for (enum lt_status status; (status = lt_fstab_next(&text, &arena, &line)) != LT_END; left = text.len) {
        PROMISE(text.len < left);
        PROMISE(line.spec.len && line.spec.len + line.at.len + line.type.len + line.options.len <= left);
        PROMISE((status == LT_OK) == (line.at.len > 0));
        lt_fstab_device(line.spec, &value);
        PROMISE(value.len <= line.spec.len);
        if (lt_fstab_partition(line.spec, &disk))
            PROMISE(disk && disk < line.spec.len);
        lt_fstab_has(line.options, "bind");
    }
    lt_arena_free(&arena);
    return 0;
}
