// SPDX-License-Identifier: Apache-2.0
#include "files/checks/checks.h"

/* A layer that began as a whole copy has no whiteouts. */
static void *begin(struct lt_layer_walk *walk)
{
    return walk->layer->mechanics->whole_rw ? NULL : &walk->removals->times;
}

static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    struct lt_event event = entry->event;
    (void)walk;
    if (entry->moved)
        event.change = LT_CHANGE_RENAMED; /* it came from elsewhere, by a rename or a link */
    lt_removal_times_note(state, &event);
    return LT_VERDICT_NEXT;
}

const struct lt_layer_check lt_layer_check_happenings = {.begin = begin, .entry = entry};
