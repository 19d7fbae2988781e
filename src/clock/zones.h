// SPDX-License-Identifier: Apache-2.0
/* Time zones of the host and of its containers, by what the evidence holds: never by the machine that reads it. The map
 * of this folder, whose files say what a time is worth:
 *
 *   zones.c        which zone the host and each container are in
 *   filetimes.c    what the four times of a file prove about each other; steps of the host's clock
 *   log_clock.c    times in a container's log beside the host's own
 */
#ifndef LT_SOURCE_ZONES_H
#define LT_SOURCE_ZONES_H

#include "read/context.h"

struct json_t;

/* Keep what a container's configuration tells of zones: TZ in Config.Env, and the offsets of its health probes, which
 * the daemon writes in the host's zone (moby daemon/health.go, 20.10 to 28.x). */
void lt_zones_note(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *config, struct lt_str path);

/* Find the zones of the root at hand, which is linked: that of the host by /etc/localtime, /etc/timezone and the
 * offsets that the daemon wrote (Health.Log, lastUpdated), saying where they disagree in root->zone_conflict; those of
 * containers by TZ, a bind over /etc/localtime, or their own merged /etc/localtime or /etc/timezone. */
void lt_zones_find(struct lt_ctx *ctx);

#endif
