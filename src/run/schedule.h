// SPDX-License-Identifier: Apache-2.0
/* Which source reads what, and when: the only place that calls the sources. */
#ifndef LT_RUN_SCHEDULE_H
#define LT_RUN_SCHEDULE_H

#include "read/source.h"

/* Set `ctx` to a host, or to one of its stores, for `reader` (a static name, for the account and the error list).
 * Resets scratch. */
void lt_schedule_host(struct lt_ctx *ctx, struct lt_host *host, const char *reader);
void lt_schedule_root(struct lt_ctx *ctx, struct lt_root *root, const char *reader);

/* Phase 1: fill the inventory with what all hosts hold, and link it. */
enum lt_status lt_schedule_inventory(struct lt_ctx *ctx, struct lt_err *err);

/* Phase 2: let the sources emit their events; with `removed`, only those that tell of containers that no store has.
 * Each of these may be called again for its rows. */
enum lt_status lt_schedule_events(struct lt_ctx *ctx, bool removed, struct lt_err *err);

/* Call `each` for every source, in the order in which they are called. */
void lt_schedule_each(void (*each)(const struct lt_source *source));

#endif
