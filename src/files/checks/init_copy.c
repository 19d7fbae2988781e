// SPDX-License-Identifier: Apache-2.0
#include "files/checks/checks.h"

struct init_copy {
    const struct lt_lower_stack *root; /* of the init layer */
    struct lt_lower_reader reader;
};

static void *begin(struct lt_layer_walk *walk)
{
    const struct lt_container *container = walk->layer->container;
    if (!walk->layer->mechanics->init_copied || !container || !container->init)
        return NULL;
    struct init_copy *copy = lt_new(&walk->of_layer, struct init_copy);
    copy->reader.ctx = walk->ctx;
    copy->root = lt_lower_of_tree(&copy->reader, container->init);
    return copy->root ? copy : NULL;
}

static bool find(struct init_copy *copy, const struct lt_event *event, struct lt_lower_place *place)
{
    struct lt_buf inside = {0};
    lt_event_inside(&inside, event);
    place->found = lt_lower_path(&copy->reader, copy->root, lt_buf_view(&inside), &place->stack, &place->lower);
    lt_buf_free(&inside);
    return place->found;
}

static bool same_entry(const struct lt_node *a, const struct lt_node *b)
{
    bool same = a->mode == b->mode && a->uid == b->uid && a->gid == b->gid;
    return same && (S_ISDIR(a->mode) || a->size == b->size) && lt_time_cmp(a->time[LT_M], b->time[LT_M]) == 0;
}

/* The directory that the init layer has in the place of the entry. NULL: it has none. An entry that is still as it was
 * copied is no change. */
static const struct lt_lower_stack *compare(struct init_copy *copy, struct lt_layer_entry *entry)
{
    struct lt_lower_place place;
    struct lt_event *event = &entry->event;
    if (!find(copy, event, &place))
        return NULL;
    if (same_entry(event->node, &place.lower.node)) {
        event->change = LT_CHANGE_NONE;
        event->hides = NULL;
        entry->copied_up = entry->moved = false;
    }
    const struct lt_lower_stack *below = lt_lower_enter(&copy->reader, place.stack, &place.lower);
    return S_ISDIR(event->node->mode) ? below : NULL;
}

/* What is missing from the copy was removed, though nothing marks it. */
static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    struct init_copy *copy = state;
    const struct lt_event *event = &entry->event;
    struct lt_removal removal = {.by = LT_REMOVAL_MISSING, .dir = event->dir, .witness = event->node};
    const struct lt_lower_stack *below = entry->kind == LT_ENTRY_ROOT ? copy->root : compare(copy, entry);
    if (below)
        lt_removals_add_missing(walk->removals, &removal, below);
    return LT_VERDICT_NEXT;
}

static enum lt_status end(struct lt_layer_walk *walk, void *state, enum lt_status status, struct lt_err *err)
{
    struct init_copy *copy = state;
    (void)walk, (void)err;
    lt_lower_end(&copy->reader);
    return status;
}

const struct lt_layer_check lt_layer_check_init_copy = {begin, entry, end};
