// SPDX-License-Identifier: Apache-2.0
/* A record of a build: every text lies within the message, every time is one. */
#include "parse/buildrecord.h"

#include "fuzz.h"

static bool inside(struct lt_str part, struct lt_str whole)
{
    return !part.len || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str message = {(const char *)data, size};
    struct lt_build_record record;
    lt_build_record_parse(message, &record);
    PROMISE(inside(record.ref, message) && inside(record.frontend, message) && inside(record.error, message));
    PROMISE(record.attr_count <= LT_BUILD_ATTRS);
    for (size_t i = 0; i < record.attr_count; i++)
        PROMISE(inside(record.attrs[i].key, message) && inside(record.attrs[i].value, message));
    PROMISE(record.created.nsec < 1000000000 && record.completed.nsec < 1000000000);
    return 0;
}
