// SPDX-License-Identifier: Apache-2.0
/* Points in time and their text. All arithmetic is proleptic Gregorian and UTC; the C library's idea of time zones is
 * never asked, so TZ and locale cannot change a byte of output. */
#ifndef LT_BASE_CLOCK_H
#define LT_BASE_CLOCK_H

#include "base/str.h"

/* Seconds and nanoseconds since 1970-01-01T00:00:00Z; nsec counts forward also before 1970, 0..999999999. A time that
 * is not `set` is absent, which is never the same as zero. */
struct lt_time {
    int64_t sec;
    uint32_t nsec;
    bool set;
};

/* Years that can be written: outside, lt_time_iso() falls back to "@<seconds>". */
enum { LT_YEAR_MIN = 1, LT_YEAR_MAX = 9999 };

struct lt_civil {
    int64_t year;
    unsigned month, day, hour, minute, second; /* month and day from 1 */
};

static inline struct lt_time lt_time_at(int64_t sec, uint32_t nsec)
{
    return (struct lt_time){sec, nsec, true};
}

/* Order of two set times: negative, 0, positive. */
int lt_time_cmp(struct lt_time a, struct lt_time b);

/* The same time, or both unset? */
static inline bool lt_time_same(struct lt_time a, struct lt_time b)
{
    return a.set == b.set && (!a.set || (a.sec == b.sec && a.nsec == b.nsec));
}

/* b - a in nanoseconds, clamped to the range of int64_t. */
int64_t lt_time_diff(struct lt_time a, struct lt_time b);

/* `time` moved by `nanoseconds`. */
struct lt_time lt_time_add(struct lt_time time, int64_t nanoseconds);

/* Calendar date and time of day in UTC of seconds since 1970. Any int64_t is valid. */
struct lt_civil lt_civil_from(int64_t sec);

/* Days since 1970-01-01 of a calendar date; the date need not be valid (month 1..12 is required). */
int64_t lt_days_from_civil(int64_t year, unsigned month, unsigned day);

/* Days in `month` (1..12) of `year`. */
unsigned lt_days_in_month(int64_t year, unsigned month);

/* "2024-06-10T06:13:21" with `digits` (0..9) digits of the fraction (cut, not rounded). No zone is added. */
void lt_time_iso(struct lt_buf *out, struct lt_time time, unsigned digits);

/* "+01:00", and "+00:53:28" where there are seconds, of an offset in seconds east of UTC. */
void lt_time_zone(struct lt_buf *out, int32_t offset);

/* Is it one of those that builders and archives write where they have none: 1970 (docker save, SOURCE_DATE_EPOCH=0),
 * 1980 (zip, in any zone), 1985-10-26T08:15:00Z (npm)? */
bool lt_time_is_stock(struct lt_time time);

/* Microseconds since 1970. `round` rounds half away from zero as dfdatetime does (dfdatetime/interface.py, 2026-07);
 * otherwise the fraction is cut (floor). */
int64_t lt_time_micros(struct lt_time time, bool round);

/* Nanoseconds since 1970 in `*out`; false if they do not fit int64_t (1677-09-21 to 2262-04-11 do). */
bool lt_time_nanos(struct lt_time time, int64_t *out);

#endif
