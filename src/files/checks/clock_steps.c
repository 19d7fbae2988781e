// SPDX-License-Identifier: Apache-2.0
#include "clock/filetimes.h"
#include "files/checks/checks.h"

/* The steps are those of the whole host, whose walks share them. */
static void *begin(struct lt_layer_walk *walk)
{
    return walk->walking->steps;
}

static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    lt_clock_steps_check(state, &entry->event, &walk->of_entry);
    return LT_VERDICT_NEXT;
}

const struct lt_layer_check lt_layer_check_clock_steps = {.begin = begin, .entry = entry};
