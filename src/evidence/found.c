// SPDX-License-Identifier: Apache-2.0
#include "evidence/found.h"

#include <stdlib.h>

void lt_found_add(struct lt_found_list *list, struct lt_found_name found)
{
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 256;
        list->items = lt_realloc(list->items, lt_array_size(list->cap, sizeof *list->items));
    }
    found.name = lt_str_dup(list->arena, found.name);
    list->items[list->count++] = found;
}

/* By name, living ones first. */
static int by_name(const void *a, const void *b)
{
    const struct lt_found_name *left = a, *right = b;
    int order = lt_str_cmp(left->name, right->name);
    if (order)
        return order;
    if (left->slack != right->slack)
        return left->slack ? 1 : -1;
    return (left->ino > right->ino) - (left->ino < right->ino);
}

/* Most directories are small. */
static void sort_found(struct lt_found_name *items, size_t count)
{
    enum { SMALL = 24 };
    if (count > SMALL) {
        qsort(items, count, sizeof *items, by_name);
        return;
    }
    for (size_t i = 1; i < count; i++) {
        struct lt_found_name item = items[i];
        size_t at = i;
        for (; at && by_name(&item, &items[at - 1]) < 0; at--)
            items[at] = items[at - 1];
        items[at] = item;
    }
}

/* Does the sorted list have this name and inode before (an entry that was moved)? Where the slack lost the inode, the
 * same name is enough. */
static bool is_known(const struct lt_found_name *items, size_t at)
{
    const struct lt_found_name *item = &items[at], living = {.name = item->name, .ino = item->ino};
    if (!item->slack || !at || !lt_str_eq(items[at - 1].name, item->name))
        return false;
    return !item->ino || items[at - 1].ino == item->ino || bsearch(&living, items, at, sizeof *items, by_name);
}

void lt_found_list_take(struct lt_found_list *list, const struct lt_dir *dir, bool inferred, struct lt_listing *out)
{
    sort_found(list->items, list->count);
    out->nodes = lt_new_array(list->arena, struct lt_node, list->count);
    for (size_t i = 0; i < list->count; i++) {
        const struct lt_found_name *item = &list->items[i];
        if (is_known(list->items, i))
            continue;
        struct lt_node *node = &out->nodes[out->count++];
        node->name = item->name;
        node->ino = item->ino;
        node->mode = item->type;
        node->unallocated = item->slack || dir->unallocated;
        node->inferred = node->unallocated && (inferred || item->inferred);
    }
    free(list->items);
    *list = (struct lt_found_list){.arena = list->arena};
}

static int by_inode(const void *a, const void *b)
{
    const struct lt_node *const *left = a, *const *right = b;
    return ((*left)->ino > (*right)->ino) - ((*left)->ino < (*right)->ino);
}

void lt_found_describe(struct lt_listing *listing, void (*describe)(void *arg, struct lt_node *node), void *arg)
{
    enum { LARGE = 256 };
    if (listing->count < LARGE) {
        for (size_t i = 0; i < listing->count; i++)
            describe(arg, &listing->nodes[i]);
        return;
    }
    struct lt_node **order = lt_realloc(NULL, lt_array_size(listing->count, sizeof(void *)));
    for (size_t i = 0; i < listing->count; i++)
        order[i] = &listing->nodes[i];
    qsort(order, listing->count, sizeof(void *), by_inode);
    for (size_t i = 0; i < listing->count; i++)
        describe(arg, order[i]);
    free(order);
}

bool lt_found_is_inferred(const struct lt_dir *dir, const struct lt_node *node)
{
    static const int64_t MOMENT = 1000000000;
    const struct lt_time changes[] = {dir->changed, dir->modified};
    for (size_t i = 0; i < 2; i++) {
        int64_t apart = lt_time_diff(changes[i], node->time[LT_C]);
        if (changes[i].set && node->time[LT_C].set && apart >= -MOMENT && apart <= MOMENT)
            return false;
    }
    return true;
}
