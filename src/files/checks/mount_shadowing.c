// SPDX-License-Identifier: Apache-2.0
#include "overlay/mount_shadowing.h"
#include "files/checks/checks.h"

static void *begin(struct lt_layer_walk *walk)
{
    struct lt_mount_shadowing *shadowing = lt_new(&walk->of_layer, struct lt_mount_shadowing);
    if (lt_mount_shadowing_begin(shadowing, walk->layer))
        return shadowing;
    lt_mount_shadowing_end(shadowing);
    return NULL;
}

static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    lt_mount_shadowing_add(state, &entry->event, &walk->of_entry);
    return LT_VERDICT_NEXT;
}

static enum lt_status end(struct lt_layer_walk *walk, void *state, enum lt_status status, struct lt_err *err)
{
    (void)walk, (void)err;
    lt_mount_shadowing_end(state);
    return status;
}

const struct lt_layer_check lt_layer_check_mount_shadowing = {begin, entry, end};
