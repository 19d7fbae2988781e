// SPDX-License-Identifier: Apache-2.0
/* Attributes as whoever wrote an upper layer left them. Input: whose names count, then names and values, each with its
 * length before it. What is kept of them must lie inside the value that it came from. */
#include "parse/overlay.h"

#include "fuzz.h"

#include <string.h>

/* A copy of exactly that size, so that a sanitizer sees a read beyond it. */
static struct lt_str take_exact(struct input *input)
{
    size_t len = take_byte(input);
    len = len < input->len ? len : input->len;
    char *copy = malloc(len ? len : 1);
    PROMISE(copy);
    memcpy(copy, input->ptr, len);
    input->ptr += len;
    input->len -= len;
    return (struct lt_str){copy, len};
}

static bool lies_in(struct lt_str part, struct lt_str whole)
{
    return !part.len || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum lt_overlay_names kinds[] = {LT_OVERLAY_TRUSTED, LT_OVERLAY_USER, LT_OVERLAY_FUSE};
    struct input input = {data, size};
    enum lt_overlay_names names = kinds[take_byte(&input) % 3];
    while (input.len) {
        struct lt_overlay_marks marks = {0};
        struct lt_str name = take_exact(&input), value = take_exact(&input);
        lt_overlay_mark(&marks, names, name, value);
        bool any = marks.opaque || marks.has_whiteouts || marks.whiteout || marks.metacopy || marks.has_origin;
        PROMISE(!any || lt_overlay_is_mark(name));
        PROMISE(!marks.origin || (marks.has_origin && value.len >= 25));
        PROMISE(lies_in(marks.redirect, value) && lies_in(marks.origin_path, value) &&
                lies_in(marks.shown_stat, value));
        free((void *)(size_t)name.ptr);
        free((void *)(size_t)value.ptr);
    }
    return 0;
}
