// SPDX-License-Identifier: Apache-2.0
#include "files/checks/checks.h"

/* Can the attribute be the container's doing? Where the file is compared with a lower one, that was found out. */
static bool is_worth_reading(const struct lt_layer_entry *entry)
{
    const struct lt_event *event = &entry->event;
    if (!S_ISREG(event->node->mode) || !(event->node->mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
        return false;
    return event->change == LT_CHANGE_ADDED || event->change == LT_CHANGE_REPLACED ||
           ((event->change == LT_CHANGE_METADATA || event->change == LT_CHANGE_MODIFIED) && entry->hidden.capability);
}

static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    struct lt_list xattrs = {0};
    (void)state;
    if (!is_worth_reading(entry))
        return LT_VERDICT_NEXT;
    lt_xattrs_or_skip(walk->ctx, entry->event.dir, entry->event.node, &walk->of_entry, &xattrs);
    lt_each (const struct lt_xattr, xattr, &xattrs)
        if (lt_str_eq(xattr->name, LT_STR("security.capability")))
            entry->event.tags |= LT_TAG_BIT(capability);
    return LT_VERDICT_NEXT;
}

const struct lt_layer_check lt_layer_check_capabilities = {.entry = entry};
