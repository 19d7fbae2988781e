// SPDX-License-Identifier: Apache-2.0
/* Time zones of the host and of its containers, as the evidence gives them; never those of the machine that runs
 * layertime. The map of this folder, whose files judge times:
 *
 *   zones.c        which zone the host and each container are in; zone_claims.c: files that name the host's;
 *                  zone_rules.c: rules by a name, a name by rules, witnesses that disagree
 *   localzone.c    zones of the machine that runs layertime, for --timezone and the manifest only
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

/* Find the zones of the current host, once the runtimes have linked its stores. The host's rules are those of
 * /etc/localtime, else of the files that name a zone (zone_claims.c), else the offsets that its daemons wrote. A
 * container's come from TZ, else from what it sees as /etc/localtime, else as /etc/timezone. The name is that of the
 * rules; zone.conflict says where witnesses disagree. */
void lt_zones_find(struct lt_ctx *ctx);

/* The zone of what a layer and those under it show: that of an image when the layer was made, unless the build set TZ.
 * Unknown if they cannot be read. */
void lt_zone_of_layer(struct lt_ctx *ctx, struct lt_layer *layer, struct lt_zone_info *out);

/* Append "Asia/Tokyo by /etc/localtime", for people. */
void lt_zone_describe(struct lt_buf *out, const struct lt_zone_info *zone);

#endif
