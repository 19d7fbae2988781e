// SPDX-License-Identifier: Apache-2.0
#include "model/life.h"

static void note(const struct lt_container *container, struct lt_time time, const char *what)
{
    struct lt_life_sign *last = container->last_sign;
    if (!time.set || lt_time_cmp(time, container->finished) >= 0)
        return;
    if (!last->time.set || lt_time_cmp(time, last->time) > 0)
        *last = (struct lt_life_sign){time, what};
}

static void note_file(const struct lt_event *event, const struct lt_container *container)
{
    static const char *const words[LT_ROLES] = {
        [LT_ROLE_RW] = "a change in its layer",
        [LT_ROLE_VOLUME] = "a change in its volume",
        [LT_ROLE_LOG] = "a write to its log",
        [LT_ROLE_CONFIG] = "a change of its records",
    };
    const char *what = words[event->owner->role];
    if (!what || event->node->unallocated)
        return;
    note(container, event->time[LT_C], what);
    note(container, event->time[LT_B], what);
}

void lt_life_note(const struct lt_event *event)
{
    static const unsigned by_others = LT_IS_CLAIM | LT_BY_BUILDER | LT_BY_APP | LT_IS_GUESS;
    const struct lt_container *container = event->owner->container;
    if (!container || !container->found_dead || event->first.set || event->last.set)
        return;
    if (event->kind == LT_KIND_FILE)
        note_file(event, container);
    else if (!(lt_kinds[event->kind].flags & (LT_IS_FILE | by_others)) && event->kind != LT_KIND_DAEMON_LINE &&
             !(event->tags & (LT_TAG_BIT(time_inferred) | LT_TAG_BIT(time_anomaly))))
        note(container, event->time[0], event->owner->role == LT_ROLE_LOG ? "a line of its log" : "a record of it");
}
