// SPDX-License-Identifier: Apache-2.0
/* Who reads what, and when: the one place that calls the sources. */
#ifndef LT_RUN_SCHEDULE_H
#define LT_RUN_SCHEDULE_H

#include "read/source.h"

/* Where a run stands; asked now and then by what takes long. LT_FATAL: it is to end. */
struct lt_poll {
    enum lt_status (*poll)(void *arg, struct lt_err *err);
    void *arg;
};

/* Let `ctx` look at a host, or at one of its stores, as `reader` (a static name, for the account and the error list).
 * Scratch is reset. */
void lt_schedule_host(struct lt_ctx *ctx, struct lt_host *host, const char *reader);
void lt_schedule_root(struct lt_ctx *ctx, struct lt_root *root, const char *reader);

/* Phase 1: fill the inventory with what all hosts hold, and tie it up. */
enum lt_status lt_schedule_inventory(struct lt_ctx *ctx, const struct lt_poll *poll, struct lt_err *err);

/* Phase 2: let the sources tell their events, or only the source called `only` (NULL: all). */
enum lt_status lt_schedule_events(struct lt_ctx *ctx, const char *only, const struct lt_poll *poll, struct lt_err *err);

/* Call `each` for every source there is, in the order of their tables. */
void lt_schedule_each(void (*each)(const struct lt_source *source));

#endif
