// SPDX-License-Identifier: Apache-2.0
#include "files/checks/checks.h"

static void *begin(struct lt_layer_walk *walk)
{
    walk->removals = lt_new(&walk->of_layer, struct lt_removals);
    lt_removals_begin(walk->removals, walk->ctx, walk->layer);
    return walk->removals;
}

/* A whiteout that hides nothing is no removal, unless something may be below that is not known. */
static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    const struct lt_event *event = &entry->event;
    struct lt_removal removal = {
        .by = LT_REMOVAL_WHITEOUT,
        .dir = event->dir,
        .witness = event->node,
        .facts = lt_event_attr(event, LT_ATTR_FACTS),
    };
    if (entry->place.found || !walk->whole)
        lt_removals_add(state, &removal, entry->subject, entry->place.found ? &entry->place.lower : NULL);
    return LT_VERDICT_NEXT;
}

static enum lt_status end(struct lt_layer_walk *walk, void *state, enum lt_status status, struct lt_err *err)
{
    (void)walk;
    status = status == LT_OK ? lt_removals_emit(state, err) : status;
    lt_removals_end(state);
    return status;
}

const struct lt_layer_check lt_layer_check_removals = {begin, entry, end};
