// SPDX-License-Identifier: Apache-2.0
/* Points in time and their text. All arithmetic is proleptic Gregorian and UTC. The C library's time zones are never
 * used, so TZ and the locale cannot change a byte of output. */
#ifndef LT_BASE_CLOCK_H
#define LT_BASE_CLOCK_H

#include "base/str.h"

/* Seconds and nanoseconds since 1970-01-01T00:00:00Z. nsec is 0..999999999 and counts forward, also before 1970. A time
 * that is not `set` is absent, which is never the same as zero. */
struct lt_time {
    int64_t sec;
    uint32_t nsec;
    bool set;
};

/* Years that lt_time_iso() can write; outside this range it writes "@<seconds>". */
enum { LT_YEAR_MIN = 1, LT_YEAR_MAX = 9999 };

struct lt_civil {
    int64_t year;
    unsigned month, day, hour, minute, second; /* month and day start at 1 */
};

static inline struct lt_time lt_time_at(int64_t sec, uint32_t nsec)
{
    return (struct lt_time){sec, nsec, true};
}

/* Compare two set times: negative, 0 or positive. */
int lt_time_cmp(struct lt_time a, struct lt_time b);

/* Are both the same time, or both unset? */
static inline bool lt_time_same(struct lt_time a, struct lt_time b)
{
    return a.set == b.set && (!a.set || (a.sec == b.sec && a.nsec == b.nsec));
}

/* Widen the span from `*first` to `*last`, either of which may be unset, so that it holds `time`. An unset time changes
 * nothing. */
void lt_time_widen(struct lt_time *first, struct lt_time *last, struct lt_time time);

/* b - a in nanoseconds, clamped to the range of int64_t. */
int64_t lt_time_diff(struct lt_time a, struct lt_time b);

/* `time` plus `nanoseconds`; `time` unchanged if the result does not fit. */
struct lt_time lt_time_add(struct lt_time time, int64_t nanoseconds);

/* Calendar date and time of day in UTC for seconds since 1970. Any int64_t is valid. */
struct lt_civil lt_civil_from(int64_t sec);

/* Days from 1970-01-01 to a calendar date. `month` must be 1..12; `day` may exceed the month. */
int64_t lt_days_from_civil(int64_t year, unsigned month, unsigned day);

/* Days in `month` (1..12) of `year`. */
unsigned lt_days_in_month(int64_t year, unsigned month);

/* Append "2024-06-10T06:13:21" with `digits` (0..9) digits of the fraction (truncated, not rounded), without a zone. */
void lt_time_iso(struct lt_buf *out, struct lt_time time, unsigned digits);

/* Append an offset in seconds east of UTC: "+01:00", or "+00:53:28" if it has seconds. */
void lt_time_zone(struct lt_buf *out, int32_t offset);

/* Is it a constant that builders and archives write when they have no time? These are the first two seconds of 1970
 * (docker save, SOURCE_DATE_EPOCH=0), 1980-01-01 within a day (zip, in any zone) and 1985-10-26T08:15:00Z (npm), all
 * without a fraction. */
bool lt_time_is_stock(struct lt_time time);

/* 2013-03-01. Docker, the oldest of the runtimes, was first shown in that month (moby CHANGELOG.md, 0.1.0 is of
 * 2013-03-23). A host's clock that dates containers before it was not set. */
struct lt_time lt_time_first_containers(void);

/* Microseconds since 1970, clamped to int64_t. `round` rounds half away from zero as dfdatetime does
 * (dfdatetime/interface.py, 2026-07); otherwise the fraction is truncated (floor). */
int64_t lt_time_micros(struct lt_time time, bool round);

/* Store nanoseconds since 1970 in `*out`. False: they do not fit int64_t (1677-09-21 to 2262-04-11 fit). */
bool lt_time_nanos(struct lt_time time, int64_t *out);

#endif
