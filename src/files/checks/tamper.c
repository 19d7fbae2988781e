// SPDX-License-Identifier: Apache-2.0
#include "overlay/tamper.h"
#include "files/checks/checks.h"

/* The checker is that of the store, whose layers it sees one after the other. */
static void *begin(struct lt_layer_walk *walk)
{
    struct lt_tamper *tamper = walk->walking->tamper;
    return tamper && lt_tamper_begin(tamper, walk->layer) ? tamper : NULL;
}

static enum lt_verdict entry(struct lt_layer_walk *walk, struct lt_layer_entry *entry, void *state)
{
    (void)walk;
    lt_tamper_check(state, &entry->event, entry->kind == LT_ENTRY_WHITEOUT ? entry->subject : LT_STR(""));
    return LT_VERDICT_NEXT;
}

static enum lt_status end(struct lt_layer_walk *walk, void *state, enum lt_status status, struct lt_err *err)
{
    (void)walk;
    return status == LT_OK ? lt_tamper_end(state, err) : status;
}

const struct lt_layer_check lt_layer_check_tamper = {begin, entry, end};
