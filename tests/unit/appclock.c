// SPDX-License-Identifier: Apache-2.0
/* What lines with two times tell about the clock that made the one of them. */
#include "parse/appclock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const int64_t HOST = 1795455965;

/* A line that came at HOST + `at`, with a time that was `ahead` seconds of the host's. */
static void add(struct lt_appclock *clock, int64_t at, int64_t ahead, bool zoned)
{
    const struct lt_apptime app = {"ISO 8601", lt_time_at(HOST + at + ahead, 0), zoned, zoned ? 3600 : 0, 1000000000,
                                   false};
    lt_appclock_add(clock, &app, lt_time_at(HOST + at, 500000000));
}

static void test_offsets(void **state)
{
    (void)state;
    /* The zones of the tz database lie between -12 and +14 hours, in quarters. */
    for (int32_t quarter = -48; quarter <= 56; quarter++) {
        struct lt_appclock clock = {0};
        add(&clock, 0, quarter * 900, false);
        add(&clock, 10, quarter * 900 - 400, false); /* a slow line */
        int32_t other = quarter * 900 + 900, own = quarter * 900;
        assert_int_equal(lt_appclock_judge(lt_appclock_main(&clock), &other),
                         quarter ? LT_APPCLOCK_UNKNOWN : LT_APPCLOCK_UTC);
        assert_int_equal(lt_appclock_judge(lt_appclock_main(&clock), &own), LT_APPCLOCK_CONFIRMED);
        for (int64_t at = 20; at < 50; at += 10)
            add(&clock, at, quarter * 900, false);
        const struct lt_appclock_span *span = lt_appclock_main(&clock);
        assert_int_equal(clock.count, 1);
        assert_int_equal(span->kind, LT_APPCLOCK_LOCAL);
        assert_int_equal(span->offset, quarter * 900);
        assert_int_equal(span->lines, 5);
        assert_int_equal(span->most, -500000000);
        assert_int_equal(span->least, -400500000000);
        assert_int_equal(lt_appclock_judge(span, &own), LT_APPCLOCK_CONFIRMED);
        assert_int_equal(lt_appclock_judge(span, &other), quarter ? LT_APPCLOCK_WRONG : LT_APPCLOCK_UTC);
        assert_int_equal(lt_appclock_judge(span, NULL), LT_APPCLOCK_UNKNOWN);
    }
}

static void test_far(void **state)
{
    (void)state;
    static const int64_t table[] = {-13 * 3600, 16 * 3600, -86400, 40000 * INT64_C(86400)};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_appclock clock = {0};
        int32_t zone = 0;
        for (int64_t line = 0; line < 3; line++) {
            add(&clock, line, table[i], false);
            assert_int_equal(lt_appclock_main(&clock)->kind, LT_APPCLOCK_FAR);
            assert_int_equal(lt_appclock_judge(lt_appclock_main(&clock), &zone),
                             line < 2 ? LT_APPCLOCK_UNKNOWN : LT_APPCLOCK_OFF);
        }
    }
}

/* A date in a text is no clock: it does not go on, however often it is told, and is never as far from the host's. */
static void test_dates(void **state)
{
    (void)state;
    static const int64_t table[] = {99999 * INT64_C(9999999),
                                    -99999 * INT64_C(9999999),
                                    422 * INT64_C(86400),
                                    -214 * INT64_C(86400),
                                    20 * 3600,
                                    -250};
    int32_t zone = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int zoned = 0; zoned < 2; zoned++)
            for (int64_t apart = 0; apart < 100; apart += 99) {
                struct lt_appclock clock = {0};
                for (int64_t line = 0; line < 9; line++)
                    add(&clock, line * apart, table[i] - line * apart, zoned);
                for (size_t span = 0; span < clock.count; span++)
                    assert_int_equal(lt_appclock_judge(&clock.spans[span], &zone), LT_APPCLOCK_UNKNOWN);
            }
}

/* What most lines agree on counts, whatever the others say. */
static void test_outliers(void **state)
{
    (void)state;
    static const struct {
        int64_t usual, odd;
        enum lt_appclock_verdict verdict;
    } table[] = {
        {0, 36460800, LT_APPCLOCK_CONFIRMED}, {0, -18496800, LT_APPCLOCK_CONFIRMED},
        {100, 36460800, LT_APPCLOCK_OFF},     {100, 0, LT_APPCLOCK_OFF},
        {-3600, 36460800, LT_APPCLOCK_OFF},   {-3600, -18496800, LT_APPCLOCK_OFF},
        {-3600, 0, LT_APPCLOCK_CONFIRMED}, /* the line that came fastest tells that the others were late */
    };
    int32_t zone = 3600;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int64_t odd = 0; odd < 9; odd++) {
            struct lt_appclock clock = {0};
            struct lt_buf text = {0};
            for (int64_t line = 0; line < 9; line++)
                add(&clock, line, line == odd ? table[i].odd : table[i].usual, true);
            assert_int_equal(lt_appclock_judge(&clock.spans[0], &zone), table[i].verdict);
            lt_appclock_describe(&text, &clock.spans[0], &zone);
            lt_buf_char(&text, 0);
            if (table[i].verdict == LT_APPCLOCK_OFF)
                assert_non_null(strstr(text.ptr, table[i].usual > 0 ? "clock off by 99.500 s ahead: "
                                                                    : "clock off by 1:00:00 h behind: "));
            lt_buf_free(&text);
        }
}

static void test_zoned(void **state)
{
    (void)state;
    struct lt_appclock clock = {0};
    int32_t zone = 7200;
    add(&clock, 0, 0, true);
    assert_int_equal(lt_appclock_main(&clock)->offset, 3600);
    assert_int_equal(lt_appclock_judge(lt_appclock_main(&clock), &zone), LT_APPCLOCK_UNKNOWN);
    for (int64_t line = 1; line < 5; line++) /* ahead of the host, as no lag can be */
        add(&clock, line, 100, true);
    assert_int_equal(lt_appclock_judge(lt_appclock_main(&clock), &zone), LT_APPCLOCK_OFF);
}

/* Texts that name an offset tell which of an application's: UTC is common, and that of the zone confirms it. */
static void test_utc(void **state)
{
    (void)state;
    const struct lt_apptime app = {"ISO 8601", lt_time_at(HOST, 0), true, 0, 1000000000, false};
    struct lt_appclock clock = {0}, local = {0};
    int32_t zone = 7200, hour = 3600, none = 0;
    lt_appclock_add(&clock, &app, lt_time_at(HOST, 500000000));
    assert_int_equal(lt_appclock_judge(lt_appclock_main(&clock), &zone), LT_APPCLOCK_UTC);
    assert_int_equal(lt_appclock_judge(lt_appclock_main(&clock), &none), LT_APPCLOCK_UNKNOWN);
    add(&local, 0, 0, true);
    assert_int_equal(lt_appclock_judge(lt_appclock_main(&local), &hour), LT_APPCLOCK_CONFIRMED);
}

/* Whole days do not count, and what may be a length of time accuses no clock. */
static void test_daily(void **state)
{
    (void)state;
    static const int64_t table[] = {-11 * 3600, 13 * 3600, -11 * 3600 - 3000, 9 * 3600, 0};
    static const enum lt_appclock_verdict one[] = {LT_APPCLOCK_CONFIRMED, LT_APPCLOCK_CONFIRMED, LT_APPCLOCK_UNKNOWN,
                                                   LT_APPCLOCK_UNKNOWN, LT_APPCLOCK_UTC},
                                          many[] = {LT_APPCLOCK_CONFIRMED, LT_APPCLOCK_CONFIRMED, LT_APPCLOCK_OFF,
                                                    LT_APPCLOCK_WRONG, LT_APPCLOCK_UTC};
    int32_t zone = 13 * 3600;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_appclock clock = {0};
        for (int64_t line = 0; line < 3; line++) {
            struct lt_apptime app = {"time of day", lt_time_at(HOST + line + table[i], 0), false, 0, 1000000000, true};
            lt_appclock_add(&clock, &app, lt_time_at(HOST + line, 500000000));
            assert_int_equal(clock.spans[0].kind, LT_APPCLOCK_DAILY);
            if (line != 1)
                assert_int_equal(lt_appclock_judge(&clock.spans[0], &zone), line ? many[i] : one[i]);
        }
    }
}

/* Time elapsed since something began: a line each minute, from `from` seconds after that. */
static struct lt_appclock elapsed(int64_t from)
{
    struct lt_appclock clock = {0};
    for (int64_t second = from; second < from + 600; second += 60) {
        struct lt_apptime app = {"time of day", lt_time_at(second, 0), false, 0, 1000000000, true};
        struct lt_time host = lt_time_at(HOST + second, 300000000);
        lt_apptime_place(&app, host);
        lt_appclock_add(&clock, &app, host);
    }
    return clock;
}

static void test_elapsed(void **state)
{
    (void)state;
    static const struct {
        int64_t from, began;
        enum lt_appclock_verdict verdict;
    } table[] = {
        {0, -9999, LT_APPCLOCK_UNKNOWN},   {119, 9999, LT_APPCLOCK_UNKNOWN}, {121, -9999, LT_APPCLOCK_OFF},
        {7200, -119, LT_APPCLOCK_UNKNOWN}, {7200, 119, LT_APPCLOCK_UNKNOWN}, {7200, -122, LT_APPCLOCK_OFF},
        {7200, 122, LT_APPCLOCK_OFF},
    };
    int32_t zone = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_appclock clock = elapsed(table[i].from);
        assert_int_equal(clock.count, 1);
        lt_appclock_began(&clock, (struct lt_time){0});
        lt_appclock_began(&clock, lt_time_at(HOST + table[i].began, 0));
        lt_appclock_began(&clock, lt_time_at(0, 0));
        assert_int_equal(lt_appclock_judge(&clock.spans[0], &zone), table[i].verdict);
    }
}

/* The larger part counts, and of equal ones the later. There is room for so many, and the rest is counted. */
static void test_main_and_others(void **state)
{
    (void)state;
    struct lt_appclock clock = {0};
    assert_null(lt_appclock_main(&clock));
    add(&clock, 0, 3600, false);
    add(&clock, 10, 0, false);
    assert_int_equal(lt_appclock_main(&clock)->offset, 0);
    add(&clock, 5, 3600, false);
    assert_int_equal(lt_appclock_main(&clock)->offset, 3600);
    assert_int_equal(lt_appclock_main(&clock)->first.sec, HOST);
    assert_int_equal(lt_appclock_main(&clock)->last.sec, HOST + 5);
    for (int32_t hour = 0; hour < 12; hour++)
        add(&clock, 20, hour * 3600, false);
    assert_int_equal(clock.count, LT_APPCLOCK_SPANS);
    assert_int_equal(clock.others, 12 - LT_APPCLOCK_SPANS);
}

static void test_words(void **state)
{
    (void)state;
    struct lt_appclock clock = {0};
    struct lt_buf text = {0};
    int32_t zone = 0;
    add(&clock, 0, 9 * 3600, false);
    add(&clock, 3, 9 * 3600 - 1, false);
    add(&clock, 6, 9 * 3600, false);
    lt_appclock_describe(&text, lt_appclock_main(&clock), &zone);
    lt_buf_char(&text, 0);
    assert_string_equal(text.ptr,
                        "zone wrong by +9 h: 3 lines with local times, UTC+09:00, 2026-11-23T17:46:05.500Z to "
                        "2026-11-23T17:46:11.500Z, 0.500 s to 1.500 s behind the host's time");
    lt_buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offsets), cmocka_unit_test(test_far),   cmocka_unit_test(test_zoned),
        cmocka_unit_test(test_utc),     cmocka_unit_test(test_daily), cmocka_unit_test(test_main_and_others),
        cmocka_unit_test(test_words),   cmocka_unit_test(test_dates), cmocka_unit_test(test_outliers),
        cmocka_unit_test(test_elapsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
