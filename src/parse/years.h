// SPDX-License-Identifier: Apache-2.0
/* The years of a log whose times have none, as syslog writes them. Its lines are in order, so each new year shows; one
 * that is known gives all others. */
#ifndef LT_PARSE_YEARS_H
#define LT_PARSE_YEARS_H

#include "base/clock.h"
#include "parse/tzif.h"

enum { LT_MAX_YEARS = 50 }; /* a file that spans more is not a log */

/* A local time in an unknown year. */
struct lt_yearless {
    unsigned month, day, second; /* month and day start at 1; second of the day */
    uint32_t nsec;
};

/* Counts the years that begin from line to line. Initialise with {0}. */
struct lt_years {
    int64_t year; /* year of the last line; the first line has year 0 */
    uint32_t at;  /* position of the last line in its year; 0: there is none */
};

/* Return the year of the next line, counted from that of the first. A time more than a month before the last one begins
 * a new year: a log is appended to, but a clock may be put back a little. A time from the end of a year right after its
 * start belongs to the old year. */
int64_t lt_years_next(struct lt_years *years, struct lt_yearless line);

/* What all lines of a file show. Initialise with {.leap = -1}. */
struct lt_year_survey {
    struct lt_years years;
    struct lt_yearless last; /* the last line */
    int64_t last_year;       /* its year, counted from the first line's */
    int64_t max_year;        /* the highest such count */
    int64_t leap;            /* year of a 29 February, counted from the first line's; -1: none */
    bool any;                /* there was a line */
};

/* Add the next line. Returns its year, counted from the first line's. */
int64_t lt_year_survey_add(struct lt_year_survey *survey, struct lt_yearless line);

/* The year of the first line if the last one was written no later than `end`, which is set, but for a day. `zone` is
 * that of the times; the survey has a line. */
int64_t lt_year_survey_first(const struct lt_year_survey *survey, const struct lt_zone *zone, struct lt_time end);

/* The local time in that year, in seconds as if it were UTC; and the instant, in seconds since 1970. */
int64_t lt_yearless_local(int64_t year, struct lt_yearless time);
int64_t lt_yearless_instant(const struct lt_zone *zone, int64_t year, struct lt_yearless time);

#endif
