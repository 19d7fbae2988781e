// SPDX-License-Identifier: Apache-2.0
/* What the times that an application writes into its log lines say about its clock, compared to the host's times of the
 * same lines. The host stamps a line after the application wrote it, so among many lines the fastest one, with the
 * least lag, says the most. */
#ifndef LT_PARSE_APPCLOCK_H
#define LT_PARSE_APPCLOCK_H

#include "parse/apptime.h"

enum lt_appclock_kind {
    LT_APPCLOCK_LOCAL, /* local times without a zone; the offset is measured, in quarters of an hour */
    LT_APPCLOCK_ZONED, /* times that state their offset */
    LT_APPCLOCK_FAR,   /* local times further from the host's time than any zone is */
    LT_APPCLOCK_DAILY, /* local times without a day; the offset is measured, but not whole days */
};

/* A clock that is wrong differs by a constant amount, unlike dates in a text: these are the lines that differ by about
 * the same amount. They are the majority if there is one (Boyer and Moore's vote). Lines before the candidate was found
 * are not counted. */
struct lt_appclock_usual {
    int64_t apart, most; /* nanoseconds ahead (+) of the host: of its first line, and the maximum */
    uint64_t votes, lines;
    uint64_t times;      /* lines whose time is later than in all lines before: a clock that advances */
    struct lt_time last; /* that time */
};

/* Lines that agree on an offset. */
struct lt_appclock_span {
    enum lt_appclock_kind kind;
    int32_t offset; /* seconds east of UTC */
    uint64_t lines;
    uint64_t early, prompt; /* lines with times after the host's, and lines with times as of a correct clock */
    int64_t least, most;    /* nanoseconds that the application's clock was ahead (+) or behind (-) */
    struct lt_appclock_usual usual;
    struct lt_time first, last; /* host times of the lines */
    struct lt_time midnight;    /* for times without a day: host time at which the first line's clock was at 00:00:00 */
    bool elapsed;               /* something began then, so the times may be elapsed time */
};

enum { LT_APPCLOCK_SPANS = 8 };

/* Initialise with {0}. */
struct lt_appclock {
    struct lt_appclock_span spans[LT_APPCLOCK_SPANS];
    size_t count;
    uint64_t others; /* lines without a free span */
};

/* Add a line with its time and the host's time. */
void lt_appclock_add(struct lt_appclock *clock, const struct lt_apptime *app, struct lt_time host);

/* Record that something (a log, a container) began at a host time; it may be unset. Programs write the time elapsed
 * since then, so spans that may be elapsed time are marked. Call this after all lines are added. */
void lt_appclock_began(struct lt_appclock *clock, struct lt_time began);

/* The span with the most lines; of several, the one with the latest line. NULL if there are no lines. */
const struct lt_appclock_span *lt_appclock_main(const struct lt_appclock *clock);

enum lt_appclock_verdict {
    LT_APPCLOCK_UNKNOWN,   /* the zone of the container is unknown, or nothing can be concluded */
    LT_APPCLOCK_CONFIRMED, /* the offset is that of the container's zone */
    LT_APPCLOCK_UTC,       /* it is UTC although the container has a zone; many applications log in UTC */
    LT_APPCLOCK_WRONG,     /* the offset is a different one */
    LT_APPCLOCK_OFF,       /* the clock itself is wrong */
};

/* Judge a span by the offset of the container's zone (seconds east; NULL: unknown). A text may hold any date, and a
 * time without a day may be a duration. So a clock or zone is called wrong only if most lines agree on it, at three or
 * more distinct times, and they cannot be the time elapsed since something began. */
enum lt_appclock_verdict lt_appclock_judge(const struct lt_appclock_span *span, const int32_t *expected);

/* Append a sentence about a span and its verdict: how many lines, from when to when, and how far the clocks
 * differed. */
void lt_appclock_describe(struct lt_buf *out, const struct lt_appclock_span *span, const int32_t *expected);

#endif
