// SPDX-License-Identifier: Apache-2.0
/* A cgconfig.conf, and the same text as cgrules.conf: each step uses some of it up, and all views stay in the text. */
#include "parse/cgconfig.h"

#include "fuzz.h"

static void check_view(struct lt_str view, struct lt_str whole)
{
    PROMISE(!view.len || (view.ptr >= whole.ptr && view.ptr + view.len <= whole.ptr + whole.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct lt_str whole = take_rest(&input), rest = whole;
    struct lt_cg_text text = {.rest = whole};
    struct lt_cg_line line;
    struct lt_cg_rule rule;
    unsigned number = 0, depth = 0;
    size_t left = whole.len;
    for (enum lt_status status; (status = lt_cg_next(&text, &line)) != LT_END;
         left = text.rest.len, depth = text.depth) {
        PROMISE(text.rest.len < left || (!text.depth && (depth || !text.rest.len)));
        if (status != LT_OK)
            continue;
        PROMISE(line.group.len && (line.controller.len || !line.key.len) && line.line <= size);
        check_view(line.group, whole);
        check_view(line.controller, whole);
        check_view(line.key, whole);
        check_view(line.value, whole);
    }
    left = rest.len;
    for (enum lt_status status; (status = lt_cg_rule_next(&rest, &number, &rule)) != LT_END; left = rest.len) {
        PROMISE(rest.len < left && rule.line == number);
        if (status == LT_OK)
            PROMISE(rule.who.len && rule.controllers.len && rule.group.len);
        check_view(rule.group, whole);
    }
    return 0;
}
