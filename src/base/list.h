// SPDX-License-Identifier: Apache-2.0
/* A growing list of pointers in an arena. The arena keeps the arrays that it outgrows: lists are short or built
 * once. */
#ifndef LT_BASE_LIST_H
#define LT_BASE_LIST_H

#include "base/arena.h"
#include "base/str.h"

struct lt_list {
    void **items;
    size_t count, cap;
};

/* Append `item`; the pointer is borrowed. */
static inline void lt_list_add(struct lt_list *list, struct lt_arena *arena, const void *item)
{
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 4;
        void **items = lt_new_array(arena, void *, cap);
        if (list->count)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    list->items[list->count++] = (void *)(size_t)item;
}

/* Is this pointer in the list? */
static inline bool lt_list_has(const struct lt_list *list, const void *item)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i] == item)
            return true;
    return false;
}

/* for (each `type *name` in the list), none of them NULL; `continue` and `return` work as in any loop, `break` does
 * not */
#define lt_each(type, name, list)                                                                                      \
    for (size_t name##_at = 0; name##_at < (list)->count; name##_at++)                                                 \
        for (type *name = (type *)(list)->items[name##_at]; name; name = NULL)

/* Append a string to a list of struct lt_str *; its bytes are borrowed. */
static inline void lt_list_add_str(struct lt_list *list, struct lt_arena *arena, struct lt_str str)
{
    struct lt_str *item = lt_new(arena, struct lt_str);
    *item = str;
    lt_list_add(list, arena, item);
}

/* Is an equal one in a list of struct lt_str *? */
static inline bool lt_list_has_str(const struct lt_list *list, struct lt_str str)
{
    lt_each (const struct lt_str, item, list)
        if (lt_str_eq(*item, str))
            return true;
    return false;
}

#endif
