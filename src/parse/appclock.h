// SPDX-License-Identifier: Apache-2.0
/* What the times that an application wrote into its log lines tell about its clock, beside the host's own times of the
 * same lines. The host stamps a line after the application wrote it: so of many lines the one that came fastest, the
 * least behind, tells most. */
#ifndef LT_PARSE_APPCLOCK_H
#define LT_PARSE_APPCLOCK_H

#include "parse/apptime.h"

enum lt_appclock_kind {
    LT_APPCLOCK_LOCAL, /* local times without a zone: the offset is measured, in quarters of an hour */
    LT_APPCLOCK_ZONED, /* times that name their offset */
    LT_APPCLOCK_FAR,   /* local times further from the host's than any zone is */
    LT_APPCLOCK_DAILY, /* local times without a day: the offset is measured, but for whole days */
};

/* A clock that is off is so by a constant amount, unlike dates in a text: the lines that are apart by much the same. It
 * is the majority of them if there is one (Boyer and Moore's vote), and counts no line from before it was found. */
struct lt_appclock_usual {
    int64_t apart, most; /* of its first line, and the most: nanoseconds as in struct lt_appclock_span */
    uint64_t votes, lines;
    uint64_t times;      /* lines with a later time of the application's than all before: a clock goes on */
    struct lt_time last; /* that time */
};

/* Lines that agree on an offset. */
struct lt_appclock_span {
    enum lt_appclock_kind kind;
    int32_t offset; /* seconds east of UTC */
    uint64_t lines;
    uint64_t early, prompt; /* lines of them with times after the host's, and with such as a sound clock has */
    int64_t least, most;    /* nanoseconds that the application's clock was before (+) or behind (-) the host's */
    struct lt_appclock_usual usual;
    struct lt_time first, last; /* host times of the lines */
    struct lt_time midnight;    /* of times without a day: when the first line's clock was at 00:00:00, by the host's */
    bool elapsed;               /* something began then: they may count from it */
};

enum { LT_APPCLOCK_SPANS = 8 };

/* Initialise with {0}. */
struct lt_appclock {
    struct lt_appclock_span spans[LT_APPCLOCK_SPANS];
    size_t count;
    uint64_t others; /* lines that there was no room for */
};

/* Add a line with both its times. */
void lt_appclock_add(struct lt_appclock *clock, const struct lt_apptime *app, struct lt_time host);

/* Something began at a host time, which may not be set: a log, a container. Programs write the time elapsed since, and
 * spans that may be such are marked. Call it after all lines were added. */
void lt_appclock_began(struct lt_appclock *clock, struct lt_time began);

/* The span with the most lines, of equal ones the latest; NULL without any line. */
const struct lt_appclock_span *lt_appclock_main(const struct lt_appclock *clock);

enum lt_appclock_verdict {
    LT_APPCLOCK_UNKNOWN,   /* the container's zone is not known, or the text names another one */
    LT_APPCLOCK_CONFIRMED, /* the offset is that of the container's zone */
    LT_APPCLOCK_UTC,       /* it is none, though the container has one: many an application logs so */
    LT_APPCLOCK_WRONG,     /* it is another */
    LT_APPCLOCK_OFF,       /* the clock itself is off */
};

/* Judge a span by the offset of the container's zone (seconds east; NULL: unknown). A text may hold any date, and a
 * time without a day may be a length of time: no clock or zone is called wrong unless most lines agree on it, at three
 * times or more, and none that may count from where something began. */
enum lt_appclock_verdict lt_appclock_judge(const struct lt_appclock_span *span, const int32_t *expected);

/* A sentence about a span and what it was judged: how many lines, from when to when, and how far the clocks were apart.
 */
void lt_appclock_describe(struct lt_buf *out, const struct lt_appclock_span *span, const int32_t *expected);

#endif
