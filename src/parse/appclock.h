// SPDX-License-Identifier: Apache-2.0
/* What the times that an application wrote into its log lines tell about its clock, beside the host's own times of the
 * same lines. The host stamps a line after the application wrote it: so of many lines the one that came fastest, the
 * least behind, tells most. */
#ifndef LT_PARSE_APPCLOCK_H
#define LT_PARSE_APPCLOCK_H

#include "apptime.h"

enum lt_appclock_kind {
    LT_APPCLOCK_LOCAL, /* local times without a zone: the offset is measured, in quarters of an hour */
    LT_APPCLOCK_ZONED, /* times that name their offset */
    LT_APPCLOCK_FAR,   /* local times further from the host's than any zone is */
    LT_APPCLOCK_DAILY, /* local times without a day: the offset is measured, but for whole days */
};

/* Lines that agree on an offset. */
struct lt_appclock_span {
    enum lt_appclock_kind kind;
    int32_t offset; /* seconds east of UTC */
    uint64_t lines;
    int64_t least, most;        /* nanoseconds that the application's clock was before (+) or behind (-) the host's */
    struct lt_time first, last; /* host times of the lines */
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

/* The span with the most lines, of equal ones the latest; NULL without any line. */
const struct lt_appclock_span *lt_appclock_main(const struct lt_appclock *clock);

enum lt_appclock_verdict {
    LT_APPCLOCK_UNKNOWN,   /* the container's zone is not known, or the text names another one */
    LT_APPCLOCK_CONFIRMED, /* the offset is that of the container's zone */
    LT_APPCLOCK_UTC,       /* it is none, though the container has one: many an application logs so */
    LT_APPCLOCK_WRONG,     /* it is another */
    LT_APPCLOCK_OFF,       /* the clock itself is off */
};

/* Judge a span by the offset of the container's zone (seconds east; NULL: unknown). Times without a day may be lengths
 * of time: their clock is off only if some lines agree on it. */
enum lt_appclock_verdict lt_appclock_judge(const struct lt_appclock_span *span, const int32_t *expected);

/* A sentence about a span and what it was judged: how many lines, from when to when, and how far the clocks were apart.
 */
void lt_appclock_describe(struct lt_buf *out, const struct lt_appclock_span *span, const int32_t *expected);

#endif
