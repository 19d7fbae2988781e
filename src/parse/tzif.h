// SPDX-License-Identifier: Apache-2.0
/* The rules of a time zone: compiled files of the tz database (TZif, RFC 8536 and RFC 9636, versions 1 to 4) and the
 * text form of POSIX.1 for TZ, which is also the footer of a TZif file. */
#ifndef LT_PARSE_TZIF_H
#define LT_PARSE_TZIF_H

#include "base/err.h"
#include "base/str.h"

/* Files of the tz database have at most 4 KiB; with all transitions up to 2500 about 10 KiB. */
enum { LT_MAX_TZIF = 256 * 1024 };

/* The day of a rule, and the seconds after its midnight by local time. 'M': the `week`th (5: last) `day` (0: Sunday) of
 * `month`; 'J': day 1..365, without 29 February; 'N': day 0..365. */
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

/* All zeros mean UTC. */
struct lt_zone {
    struct lt_str times, types, infos, leaps; /* borrowed from the file: see tzif.c */
    size_t count, leap_count;                 /* number of transitions, and of leap seconds ("right/Europe/Berlin") */
    unsigned width;                           /* bytes of one transition time */
    struct lt_zone_rule after;                /* the rule after the last transition */
    struct lt_str footer;                     /* the text of `after`, borrowed; "" if there is none */
};

/* Decode a TZif file; `out` borrows its bytes. LT_SKIP: it is not a TZif file, or is damaged. */
enum lt_status lt_tzif_parse(struct lt_str bytes, struct lt_zone *out, struct lt_err *err);

/* Decode a POSIX zone, "EST5EDT,M3.2.0,M11.1.0" or "<+0330>-3:30". Summer time without a rule follows the rule of the
 * United States, as in glibc and musl. `out` borrows the text. False: it is not such a zone. */
bool lt_zone_posix(struct lt_str text, struct lt_zone *out);

/* The offset in seconds east of UTC at an instant, which is in seconds since 1970. Where the zone counts leap seconds,
 * those since 1972 are taken off, as localtime() does. */
int32_t lt_zone_offset(const struct lt_zone *zone, int64_t sec);

/* Is the offset the same at all times? */
bool lt_zone_is_fixed(const struct lt_zone *zone);

/* When two zones show different times. */
struct lt_zone_difference {
    int64_t first; /* the first such instant */
    int64_t since; /* from here on they show the same; LT_ZONE_UNTIL: they still differ in the end */
};

/* The tz database calls places one zone if their clocks agree since 1970, and files without a footer end with 2037. */
#define LT_ZONE_SINCE INT64_C(0)
#define LT_ZONE_UNTIL INT64_C(2145916800)

/* Do two zones show different times between LT_ZONE_SINCE and LT_ZONE_UNTIL? How their files are written ("fat" with
 * all transitions, or "slim" with a footer) does not matter. `out` may be NULL. */
bool lt_zone_differ(const struct lt_zone *a, const struct lt_zone *b, struct lt_zone_difference *out);

/* Find the instants at which clocks of the zone showed a local time, which is given as if it were UTC: none (skipped in
 * spring), one, or two (repeated in autumn), the earlier one first. Returns their number. */
unsigned lt_zone_instants(const struct lt_zone *zone, int64_t local, int64_t out[2]);

/* The same for a time that somebody wrote. One that was skipped is taken by the offset of the day before, so there is
 * always one. */
unsigned lt_zone_place(const struct lt_zone *zone, int64_t local, int64_t out[2]);

#endif
