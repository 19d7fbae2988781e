// SPDX-License-Identifier: Apache-2.0
#include "timeline/parts.h"

#include "base/escape.h"

#include <string.h>

static bool is_long(struct lt_str text)
{
    return lt_value_length(text) < text.len;
}

static size_t pieces(struct lt_str text)
{
    size_t count = 1;
    for (size_t length; (length = lt_value_length(text)) < text.len; count++)
        text = lt_str_skip(text, length);
    return count;
}

static size_t max(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t count_parts(const struct lt_event *event)
{
    size_t count = 1;
    for (size_t i = 0; i < event->attr_count; i++) {
        count = max(count, pieces(event->attrs[i].text));
        lt_each (const struct lt_str, item, &event->attrs[i].items)
            count = max(count, pieces(*item));
    }
    return count;
}

struct lt_parts lt_parts_of(const struct lt_event *event, struct lt_arena *arena)
{
    struct lt_parts parts = {.event = event, .count = count_parts(event)};
    if (parts.count == 1)
        return parts;
    parts.rest = lt_new_array(arena, struct lt_attr, event->attr_count);
    memcpy(parts.rest, event->attrs, event->attr_count * sizeof *parts.rest);
    return parts;
}

/* Take the next piece from a text. All of one that began short, and stays for the next part. */
static struct lt_str take(struct lt_str *rest, bool is_whole)
{
    struct lt_str piece = {rest->ptr, lt_value_length(*rest)};
    if (!is_whole)
        *rest = lt_str_skip(*rest, piece.len);
    return piece;
}

/* The next pieces of a list. Short items are in the first part only. */
static struct lt_list take_items(struct lt_list *rest, struct lt_arena *arena)
{
    struct lt_list out = {0}, left = {0};
    lt_each (const struct lt_str, item, rest) {
        struct lt_str text = *item;
        lt_list_add_str(&out, arena, take(&text, false));
        if (text.len)
            lt_list_add_str(&left, arena, text);
    }
    *rest = left;
    return out;
}

bool lt_parts_next(struct lt_parts *parts, struct lt_arena *arena, struct lt_event *out)
{
    const struct lt_event *event = parts->event;
    if (parts->done == parts->count)
        return false;
    *out = *event;
    parts->done++;
    if (parts->count == 1)
        return true;
    struct lt_attr *attrs = lt_new_array(arena, struct lt_attr, event->attr_count + 1);
    out->attrs = attrs;
    out->attr_count = 0;
    for (size_t i = 0; i < event->attr_count; i++) {
        struct lt_attr *rest = &parts->rest[i], *next = &attrs[out->attr_count];
        *next = *rest;
        next->text = take(&rest->text, !is_long(event->attrs[i].text));
        next->items = take_items(&rest->items, arena);
        out->attr_count += next->text.len || next->items.count || lt_attr_infos[next->key].type == LT_ATTR_INT;
    }
    attrs[out->attr_count++] =
        (struct lt_attr){.key = LT_ATTR_PART, .text = lt_str_format(arena, "%zu of %zu", parts->done, parts->count)};
    return true;
}
