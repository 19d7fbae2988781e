// SPDX-License-Identifier: Apache-2.0
#include "files/checks/checks.h"

static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    (void)walk, (void)state;
    if (entry->kind == LT_ENTRY_WHITEOUT)
        entry->event.tags |= LT_TAG_BIT(whiteout);
    else if (entry->meaning == LT_OPAQUE)
        entry->event.tags |= LT_TAG_BIT(opaque);
    return LT_VERDICT_NEXT;
}

const struct lt_layer_check lt_layer_check_marks = {.entry = entry};
