// SPDX-License-Identifier: Apache-2.0
/* Rules of a time zone: compiled files of the tz database (TZif, RFC 8536 and RFC 9636, versions 1 to 4) and the text
 * form of POSIX.1 for TZ, which is also the footer of a TZif file. */
#ifndef LT_PARSE_TZIF_H
#define LT_PARSE_TZIF_H

#include "base/err.h"
#include "base/str.h"

/* Files of the tz database have at most 4 KiB; with the transitions to 2500 in full some 10 KiB. */
enum { LT_MAX_TZIF = 256 * 1024 };

/* The day of a rule: 'M' the `week`th (5: last) `day` (0: Sunday) of `month`; 'J' day 1..365, 29 February never
 * counted; 'N' day 0..365; and the seconds after its midnight by local time. */
struct lt_zone_day {
    char kind;
    unsigned month, week, day;
    int32_t time;
};

/* Offsets are seconds east of UTC. */
struct lt_zone_rule {
    bool set, has_summer;
    int32_t standard, summer;
    struct lt_zone_day start, end; /* of summer time */
};

/* Zeroed, it is UTC. */
struct lt_zone {
    struct lt_str times, types, infos; /* borrowed from the file: see tzif.c */
    size_t count;                      /* of transitions */
    unsigned width;                    /* bytes of the time of one */
    struct lt_zone_rule after;         /* the last transition */
};

/* Decode a TZif file, of which `out` borrows the bytes. LT_SKIP: it is none, or damaged, or counts leap seconds. */
enum lt_status lt_tzif_parse(struct lt_str bytes, struct lt_zone *out, struct lt_err *err);

/* Decode a POSIX zone, "EST5EDT,M3.2.0,M11.1.0" or "<+0330>-3:30". Summer time without a rule goes by that of the
 * United States, as in glibc and musl. False: it is none. */
bool lt_zone_posix(struct lt_str text, struct lt_zone *out);

/* Seconds east of UTC at an instant, given in seconds since 1970. */
int32_t lt_zone_offset(const struct lt_zone *zone, int64_t sec);

/* The instants at which clocks of the zone showed a local time, given as if it were UTC: none (skipped in spring), one,
 * or two (repeated in autumn), the earlier one first. Returns their number. */
unsigned lt_zone_instants(const struct lt_zone *zone, int64_t local, int64_t out[2]);

#endif
