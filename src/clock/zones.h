// SPDX-License-Identifier: Apache-2.0
/* Time zones of the host and of its containers, as the evidence gives them; never those of the machine that runs
 * layertime. The map of this folder, whose files judge times:
 *
 *   zones.c        which zone the host and each container are in
 *   filetimes.c    what the four times of a file prove about each other; steps of the host's clock
 *   log_clock.c    times in a container's log besides the host's own
 *   floor.c        times that the host's clock shows only while it is behind
 */
#ifndef LT_CLOCK_ZONES_H
#define LT_CLOCK_ZONES_H

#include "read/context.h"

/* The container's environment sets TZ to `tz`, according to `field` (static) of its configuration. If called several
 * times, the last call counts. */
void lt_zone_set_environment(struct lt_ctx *ctx, struct lt_container *container, struct lt_str tz, const char *field);

/* A daemon wrote `text`, a time with the offset of the host's zone, into `field` (static) of `file`. Text that is not a
 * time is ignored: its reader reports it. Only the first offset that disagrees with the host's files is reported. If no
 * file gives the zone, the first offset does. */
void lt_zone_note_offset(struct lt_ctx *ctx, struct lt_str text, struct lt_str file, const char *field);

/* Find the zones of the current host, once the runtimes have linked its stores. The host's zone comes from
 * /etc/localtime, /etc/timezone and the offsets its daemons wrote; host->zone_conflict says where these disagree. A
 * container's zone comes from TZ, from a bind over /etc/localtime, or from its own merged /etc/localtime or
 * /etc/timezone. */
void lt_zones_find(struct lt_ctx *ctx);

#endif
