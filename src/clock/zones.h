// SPDX-License-Identifier: Apache-2.0
/* Time zones of the host and of its containers, by what the evidence holds: never by the machine that reads it. The map
 * of this folder, whose files say what a time is worth:
 *
 *   zones.c        which zone the host and each container are in
 *   filetimes.c    what the four times of a file prove about each other; steps of the host's clock
 *   log_clock.c    times in a container's log beside the host's own
 */
#ifndef LT_CLOCK_ZONES_H
#define LT_CLOCK_ZONES_H

#include "read/context.h"

/* The container's environment sets TZ to `tz`, as `field` (static) of its configuration says; of several the last
 * counts. */
void lt_zone_set_environment(struct lt_ctx *ctx, struct lt_container *container, struct lt_str tz, const char *field);

/* A daemon wrote `text`, a time with the offset of its zone, which is the host's, into `field` (static) of `file`. Text
 * that is no time is left out: its reader reports it. Of offsets that disagree with the host's files the first is told,
 * and where no file tells the zone, the first counts. */
void lt_zone_note_offset(struct lt_ctx *ctx, struct lt_str text, struct lt_str file, const char *field);

/* Find the zones of the host at hand, whose stores are linked: its own by /etc/localtime, /etc/timezone and the offsets
 * that its daemons wrote, saying where they disagree in host->zone_conflict; those of containers by TZ, a bind over
 * /etc/localtime, or their own merged /etc/localtime or /etc/timezone. */
void lt_zones_find(struct lt_ctx *ctx);

#endif
