// SPDX-License-Identifier: Apache-2.0
#include "files/checks/checks.h"

/* The check `removals` emits what is kept here, after it has paired it with the removals. */
static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    (void)state;
    if (!entry->moved)
        return LT_VERDICT_NEXT;
    lt_removals_add_moved(walk->removals, &(struct lt_moved){.event = entry->event, .origin = entry->marks.origin});
    return LT_VERDICT_KEPT;
}

const struct lt_layer_check lt_layer_check_renames = {.entry = entry};
