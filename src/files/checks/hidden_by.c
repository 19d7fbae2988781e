// SPDX-License-Identifier: Apache-2.0
#include "files/checks/checks.h"

/* layer->hidden belongs to the walks of all layers of a store: each adds to it (files/checks/hiding.c), and those that
 * follow read it. It is in the inventory because the layers are, but nothing else may rely on it. */
static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    struct lt_event *event = &entry->event;
    (void)state;
    event->hidden_by = lt_hidden_by(walk->layer, event->dir, event->node->name, walk->ctx->run);
    return LT_VERDICT_NEXT;
}

const struct lt_layer_check lt_layer_check_hidden_by = {.entry = entry};
