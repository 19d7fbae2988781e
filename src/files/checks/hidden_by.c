// SPDX-License-Identifier: Apache-2.0
#include "files/layer_walk.h"

static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    struct lt_event *event = &entry->event;
    (void)state;
    event->hidden_by = lt_hidden_by(walk->layer, event->dir, event->node->name, walk->ctx->run);
    return LT_ENTRY_NEXT;
}

const struct lt_layer_check lt_layer_check_hidden_by = {.entry = entry};
