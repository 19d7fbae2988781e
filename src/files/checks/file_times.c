// SPDX-License-Identifier: Apache-2.0
#include "clock/filetimes.h"
#include "files/checks/checks.h"

struct file_times {
    bool births; /* see lt_births_kept() */
};

static void *begin(struct lt_layer_walk *walk)
{
    struct file_times *times = lt_new(&walk->of_layer, struct file_times);
    times->births = lt_births_kept(walk->ctx->root, walk->layer->container);
    return times;
}

static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    const struct file_times *times = state;
    const struct lt_lower *lower = entry->place.found ? &entry->place.lower : NULL;
    lt_filetimes_check_rw(walk->ctx, &entry->event, &entry->upper, lower, times->births, &walk->of_entry);
    return LT_VERDICT_NEXT;
}

const struct lt_layer_check lt_layer_check_file_times = {.begin = begin, .entry = entry};
