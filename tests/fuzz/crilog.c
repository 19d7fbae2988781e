// SPDX-License-Identifier: Apache-2.0
/* A line of a container's log, and the searches for one in damage. */
#include "parse/crilog.h"

#include "fuzz.h"

static bool inside(struct lt_str part, struct lt_str whole)
{
    return !part.len || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lt_str text = {(const char *)data, size};
    struct lt_crilog line;
    struct lt_err err = {0};
    enum lt_status status = lt_crilog_parse(text, &line, &err);
    PROMISE(status == LT_OK || status == LT_SKIP);
    PROMISE((status == LT_SKIP) == err.set);
    if (status == LT_OK)
        PROMISE(line.time.set && inside(line.stamp, text) && inside(line.text, text));
    struct lt_str stream, rest;
    lt_crilog_tail(text, &stream, &rest);
    PROMISE(inside(stream, text) && inside(rest, text) && (!stream.len || stream.len == 6));
    PROMISE(status == LT_SKIP || !lt_crilog_is_head(text));
    size_t found = lt_crilog_find(text, 0);
    PROMISE(found <= size);
    PROMISE(found == size || lt_crilog_parse(lt_str_skip(text, found), &line, NULL) == LT_OK);
    size_t after = lt_crilog_after_gap(text);
    PROMISE(after <= size);
    PROMISE(after == size || (after && !text.ptr[after - 1]));
    PROMISE(after == size || lt_crilog_parse(lt_str_skip(text, after), &line, NULL) == LT_OK);
    return 0;
}
