// SPDX-License-Identifier: Apache-2.0
#include "parse/appclock.h"

#include <inttypes.h>

static const int64_t SECOND = 1000000000, QUARTER = 900 * INT64_C(1000000000);

/* The range of zones (in the tz database, since 1900); a lag of up to seven minutes does not hide one. */
enum { EAST = 15 * 3600, WEST = -12 * 3600, DAY = 86400 };

enum { ENOUGH = 3 };

/* Times in whole seconds lag by up to one second, and a busy host takes a moment to read a line. */
static const int64_t USUAL_LAG = 2 * INT64_C(1000000000), AHEAD = 50000000;

/* A line that lags more than this was delayed, or comes from another clock. */
static const int64_t LATE = 60 * INT64_C(1000000000);

/* A program that counts elapsed time begins to do so within this time of its own start. */
static const int64_t PROMPT = 120 * INT64_C(1000000000);

static struct lt_appclock_span *find_span(struct lt_appclock *clock, enum lt_appclock_kind kind, int32_t offset)
{
    for (size_t i = 0; i < clock->count; i++)
        if (clock->spans[i].kind == kind && clock->spans[i].offset == offset)
            return &clock->spans[i];
    if (clock->count == LT_APPCLOCK_SPANS)
        return NULL;
    struct lt_appclock_span *span = &clock->spans[clock->count++];
    *span = (struct lt_appclock_span){.kind = kind, .offset = offset, .least = INT64_MAX, .most = INT64_MIN};
    return span;
}

/* The multiple of a quarter of an hour that is closest to a difference. */
static int64_t nearest_quarter(int64_t nanos)
{
    int64_t half = nanos < 0 ? -QUARTER / 2 : QUARTER / 2;
    return (nanos + half) / QUARTER * QUARTER;
}

/* `app` is the time in the line; `ahead` is how far it is ahead of the host's time. */
static void add_usual(struct lt_appclock_usual *usual, struct lt_time app, int64_t ahead)
{
    if (!usual->votes)
        *usual = (struct lt_appclock_usual){.apart = ahead, .most = ahead};
    uint64_t other =
        ahead > usual->apart ? (uint64_t)ahead - (uint64_t)usual->apart : (uint64_t)usual->apart - (uint64_t)ahead;
    if (other > (uint64_t)LATE / 2) {
        usual->votes--;
        return;
    }
    usual->votes++;
    usual->lines++;
    usual->most = ahead > usual->most ? ahead : usual->most;
    if (!usual->last.set || lt_time_cmp(app, usual->last) > 0) {
        usual->times++;
        usual->last = app;
    }
}

static struct lt_time midnight_of(const struct lt_apptime *app, struct lt_time host)
{
    int64_t into = (app->time.sec % DAY + DAY) % DAY;
    return lt_time_add(host, -(into * SECOND + app->time.nsec));
}

void lt_appclock_add(struct lt_appclock *clock, const struct lt_apptime *app, struct lt_time host)
{
    int64_t ahead = lt_time_diff(host, app->time);
    enum lt_appclock_kind kind = LT_APPCLOCK_ZONED;
    int32_t offset = app->offset;
    if (!app->has_zone) {
        bool far = ahead > EAST * SECOND || ahead < WEST * SECOND - QUARTER / 2;
        int64_t zone = far ? 0 : nearest_quarter(ahead);
        kind = far ? LT_APPCLOCK_FAR : app->no_day ? LT_APPCLOCK_DAILY : LT_APPCLOCK_LOCAL;
        offset = (int32_t)(zone / SECOND);
        ahead -= zone;
    }
    struct lt_appclock_span *span = find_span(clock, kind, offset);
    if (!span) {
        clock->others++;
        return;
    }
    span->early += ahead > AHEAD;
    span->prompt += ahead <= AHEAD && ahead >= -LATE;
    add_usual(&span->usual, app->time, ahead);
    span->least = ahead < span->least ? ahead : span->least;
    span->most = ahead > span->most ? ahead : span->most;
    if (!span->lines++ || lt_time_cmp(host, span->first) < 0) {
        span->first = host;
        span->midnight = midnight_of(app, host);
    }
    if (!span->last.set || lt_time_cmp(host, span->last) > 0)
        span->last = host;
}

void lt_appclock_began(struct lt_appclock *clock, struct lt_time began)
{
    for (size_t i = 0; began.set && i < clock->count; i++) {
        int64_t after = lt_time_diff(began, clock->spans[i].midnight);
        clock->spans[i].elapsed |= after >= -PROMPT && after <= PROMPT;
    }
}

const struct lt_appclock_span *lt_appclock_main(const struct lt_appclock *clock)
{
    const struct lt_appclock_span *best = NULL;
    for (size_t i = 0; i < clock->count; i++) {
        const struct lt_appclock_span *span = &clock->spans[i];
        if (!best || span->lines > best->lines ||
            (span->lines == best->lines && lt_time_cmp(span->last, best->last) > 0))
            best = span;
    }
    return best;
}

/* Do most lines differ by about the same amount, at enough distinct times? */
static bool is_agreed(const struct lt_appclock_span *span)
{
    const struct lt_appclock_usual *usual = &span->usual;
    bool daily = span->kind == LT_APPCLOCK_DAILY;
    bool elapsed = daily && (span->elapsed || lt_time_diff(span->midnight, span->first) <= PROMPT);
    return usual->times >= ENOUGH && usual->lines > span->lines / 2 && !elapsed &&
           (!daily || span->most - span->least <= LATE);
}

enum lt_appclock_verdict lt_appclock_judge(const struct lt_appclock_span *span, const int32_t *expected)
{
    bool daily = span->kind == LT_APPCLOCK_DAILY;
    bool sure = is_agreed(span);
    if (span->kind == LT_APPCLOCK_FAR || span->early > span->lines / 2 || !span->prompt)
        return sure ? LT_APPCLOCK_OFF : LT_APPCLOCK_UNKNOWN;
    if (!expected)
        return LT_APPCLOCK_UNKNOWN;
    int32_t apart = (span->offset - *expected) % (daily ? DAY : INT32_MAX);
    if (!apart && (*expected || span->kind != LT_APPCLOCK_ZONED))
        return LT_APPCLOCK_CONFIRMED;
    if (!span->offset && *expected)
        return LT_APPCLOCK_UTC;
    return sure && span->kind != LT_APPCLOCK_ZONED ? LT_APPCLOCK_WRONG : LT_APPCLOCK_UNKNOWN;
}

/* "1.250 s", "2:03:04 h" or "3 d 02:03 h", without a sign. */
static void add_duration(struct lt_buf *out, int64_t nanos)
{
    uint64_t size = nanos < 0 ? 0 - (uint64_t)nanos : (uint64_t)nanos, seconds = size / (uint64_t)SECOND;
    if (seconds < 120)
        lt_buf_printf(out, "%" PRIu64 ".%03" PRIu64 " s", seconds, size / 1000000 % 1000);
    else if (seconds < 86400)
        lt_buf_printf(out, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64 " h", seconds / 3600, seconds / 60 % 60,
                      seconds % 60);
    else
        lt_buf_printf(out, "%" PRIu64 " d %02" PRIu64 ":%02" PRIu64 " h", seconds / 86400, seconds / 3600 % 24,
                      seconds / 60 % 60);
}

static void add_verdict(struct lt_buf *out, const struct lt_appclock_span *span, const int32_t *expected)
{
    switch (lt_appclock_judge(span, expected)) {
    case LT_APPCLOCK_CONFIRMED:
        lt_buf_lit(out, "zone confirmed: ");
        break;
    case LT_APPCLOCK_UTC:
        lt_buf_lit(out, "application logs in UTC: ");
        break;
    case LT_APPCLOCK_WRONG:
        lt_buf_printf(out, "zone wrong by %+g h: ", (span->offset - *expected) / 3600.0);
        break;
    case LT_APPCLOCK_OFF:
        lt_buf_lit(out, "clock off by ");
        add_duration(out, span->usual.most);
        lt_buf_add(out, span->usual.most < 0 ? LT_STR(" behind: ") : LT_STR(" ahead: "));
        break;
    default:
        break;
    }
}

/* How far the clocks differed over all lines of the span. */
static void add_lag(struct lt_buf *out, const struct lt_appclock_span *span)
{
    bool constant = span->lines >= ENOUGH && span->most < -USUAL_LAG && span->most - span->least <= USUAL_LAG;
    lt_buf_add(out, constant ? LT_STR(", constant lag: ") : LT_STR(", "));
    if (span->least > 0) {
        add_duration(out, span->least);
        lt_buf_lit(out, " to ");
        add_duration(out, span->most);
        lt_buf_lit(out, " before the host's time");
    } else {
        if (span->most > 0) {
            add_duration(out, span->most);
            lt_buf_lit(out, " before");
        } else {
            add_duration(out, span->most);
        }
        lt_buf_lit(out, " to ");
        add_duration(out, span->least);
        lt_buf_lit(out, " behind the host's time");
    }
}

void lt_appclock_describe(struct lt_buf *out, const struct lt_appclock_span *span, const int32_t *expected)
{
    add_verdict(out, span, expected);
    lt_buf_printf(out, "%" PRIu64 " line%s ", span->lines, span->lines == 1 ? "" : "s");
    lt_buf_add(out, span->kind == LT_APPCLOCK_ZONED   ? LT_STR("with times in UTC")
                    : span->kind == LT_APPCLOCK_DAILY ? LT_STR("with times of day, UTC")
                                                      : LT_STR("with local times, UTC"));
    if (span->kind != LT_APPCLOCK_FAR)
        lt_time_zone(out, span->offset);
    else
        lt_buf_lit(out, " unknown");
    lt_buf_lit(out, ", ");
    lt_time_iso(out, span->first, 3);
    lt_buf_lit(out, "Z to ");
    lt_time_iso(out, span->last, 3);
    lt_buf_char(out, 'Z');
    add_lag(out, span);
}
