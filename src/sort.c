// SPDX-License-Identifier: Apache-2.0
#include "sort.h"

#include <stdio.h>
#include <stdlib.h>

static struct lt_attr *copy_attrs(struct lt_arena *arena, const struct lt_event *event)
{
    struct lt_attr *attrs = lt_new_array(arena, struct lt_attr, event->attr_count);
    for (size_t i = 0; i < event->attr_count; i++) {
        attrs[i] = event->attrs[i];
        attrs[i].text = lt_str_dup(arena, attrs[i].text);
        attrs[i].items = (struct lt_list){0};
        lt_each (struct lt_str, item, &event->attrs[i].items) {
            struct lt_str *copy = lt_new(arena, struct lt_str);
            *copy = lt_str_dup(arena, *item);
            lt_list_add(&attrs[i].items, arena, copy);
        }
    }
    return attrs;
}

static const struct lt_event *copy_event(struct lt_arena *arena, const struct lt_event *event)
{
    struct lt_event *copy = lt_new(arena, struct lt_event);
    *copy = *event;
    copy->attrs = event->attr_count ? copy_attrs(arena, event) : NULL;
    copy->where.file = event->where.file.len ? lt_str_dup(arena, event->where.file) : LT_STR("");
    if (event->where.field)
        copy->where.field = lt_str_dup(arena, lt_str_c(event->where.field)).ptr;
    copy->inside = event->inside.len ? lt_str_dup(arena, event->inside) : LT_STR("");
    if (!event->node)
        return copy;
    struct lt_node *node = lt_new(arena, struct lt_node);
    *node = *event->node;
    node->error = NULL; /* reported by now, and gone with the listing */
    node->name = lt_str_dup(arena, node->name);
    node->target = node->target.len ? lt_str_dup(arena, node->target) : LT_STR("");
    copy->node = node;
    return copy;
}

void lt_sorter_add(struct lt_sorter *sorter, const struct lt_row *rows, size_t count)
{
    if (!count)
        return;
    if (sorter->count + count > sorter->cap) {
        sorter->cap = sorter->cap ? sorter->cap * 2 : 4096;
        sorter->rows = lt_realloc(sorter->rows, lt_array_size(sorter->cap, sizeof *sorter->rows));
    }
    const struct lt_event *event = copy_event(&sorter->arena, rows[0].event);
    for (size_t i = 0; i < count; i++) {
        sorter->rows[sorter->count] = rows[i];
        sorter->rows[sorter->count++].event = event;
    }
}

static int by_time(const void *a, const void *b, void *arg)
{
    const struct lt_row *rows = arg;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    int order = lt_time_cmp(rows[left].time, rows[right].time);
    return order ? order : (left > right) - (left < right);
}

void lt_sorter_finish(struct lt_sorter *sorter)
{
    if (sorter->count > UINT32_MAX) {
        fprintf(stderr, "layertime: more than %u rows\n", UINT32_MAX);
        abort();
    }
    sorter->order = lt_realloc(sorter->order, (sorter->count + 1) * sizeof *sorter->order);
    for (size_t i = 0; i < sorter->count; i++)
        sorter->order[i] = (uint32_t)i;
    qsort_r(sorter->order, sorter->count, sizeof *sorter->order, by_time, sorter->rows);
}

const struct lt_row *lt_sorter_row(const struct lt_sorter *sorter, size_t at)
{
    return &sorter->rows[sorter->order[at]];
}

void lt_sorter_free(struct lt_sorter *sorter)
{
    lt_arena_free(&sorter->arena);
    free(sorter->rows);
    free(sorter->order);
    *sorter = (struct lt_sorter){0};
}
