// SPDX-License-Identifier: Apache-2.0
/* Rules of zones by their names, and names by their rules, as the evidence's own tz database has them. */
#ifndef LT_CLOCK_ZONE_RULES_H
#define LT_CLOCK_ZONE_RULES_H

#include "read/context.h"

/* For the zones of one host. Initialise `ctx`; end with lt_zone_rules_end(). */
struct lt_zone_rules {
    struct lt_ctx *ctx;
    bool loaded;             /* the next two are filled in */
    struct lt_list database; /* of struct named *: every zone of the host's database */
    struct lt_arena arena;   /* holds it */
};
void lt_zone_rules_end(struct lt_zone_rules *rules);

/* Parse the zone file at `path`, which has no links. What cannot be read is reported. Returns zone->known. */
bool lt_zone_read(struct lt_ctx *ctx, struct lt_fs *fs, struct lt_str path, struct lt_zone_info *zone);

/* "Asia/Tokyo" of a path into a tz database, otherwise "". Borrowed from `path`. */
struct lt_str lt_zone_name_in(struct lt_str path);

/* Does the name stay inside the database? */
bool lt_zone_is_name(struct lt_str name);

/* The rules of the zone `name` in the host's own database, on whichever of its file systems that is. False: it has
 * none.
 */
bool lt_zone_of_host(struct lt_ctx *ctx, struct lt_str name, struct lt_zone_info *zone);

/* The same, or those of a POSIX zone, or UTC by one of its names. Returns zone->known. */
bool lt_zone_by_name(struct lt_ctx *ctx, struct lt_str name, struct lt_zone_info *zone);

/* Give a zone whose rules are known, but not its name, the name that fits the rules: that of the first claim with the
 * same rules, else of the host's database, else the text of its rules (zone->unnamed). So too if it has a name whose
 * file was overwritten with another zone. `claims` are others that name the zone, struct lt_zone_info *. Those that
 * disagree are added to zone->conflict. */
void lt_zone_settle(struct lt_zone_rules *rules, struct lt_zone_info *zone, const struct lt_list *claims);

/* Add to zone->conflict. */
void lt_zone_conflict(struct lt_ctx *ctx, struct lt_zone_info *zone, struct lt_str text);

#endif
