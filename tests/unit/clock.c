// SPDX-License-Identifier: Apache-2.0
/* Expected seconds come from Python's datetime and from the limits' definitions, not from the code under test. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void assert_iso(struct lt_time time, unsigned digits, const char *expected)
{
    struct lt_buf buf = {0};
    lt_time_iso(&buf, time, digits);
    lt_buf_char(&buf, 0);
    assert_string_equal(buf.ptr, expected);
    lt_buf_free(&buf);
}

static void test_boundaries(void **state)
{
    (void)state;
    static const struct {
        int64_t sec;
        uint32_t nsec;
        const char *expected;
    } table[] = {
        {INT64_MAX, 999999999, "@9223372036854775807.999999999"},
        {-9223372036854720000, 0, "@-9223372036854720000.000000000"}, /* the first whole day of int64 */
        {-62135596801, 999999999, "@-62135596801.999999999"},         /* year 0 */
        {-62135596800, 0, "0001-01-01T00:00:00.000000000"},
        {-9223372037, 145224192, "1677-09-21T00:12:43.145224192"}, /* first of int64 nanoseconds */
        {-2147483649, 999999999, "1901-12-13T20:45:51.999999999"},
        {-2147483648, 0, "1901-12-13T20:45:52.000000000"}, /* first of int32, and of ext4 */
        {-1, 999999999, "1969-12-31T23:59:59.999999999"},
        {0, 0, "1970-01-01T00:00:00.000000000"},
        {0, 1, "1970-01-01T00:00:00.000000001"},
        {951782400, 0, "2000-02-29T00:00:00.000000000"},
        {2147483647, 999999999, "2038-01-19T03:14:07.999999999"},
        {2147483648, 0, "2038-01-19T03:14:08.000000000"},
        {4107542399, 0, "2100-02-28T23:59:59.000000000"},
        {4107542400, 0, "2100-03-01T00:00:00.000000000"}, /* 2100 is no leap year */
        {4294967295, 0, "2106-02-07T06:28:15.000000000"},
        {4294967296, 0, "2106-02-07T06:28:16.000000000"},
        {9223372036, 854775807, "2262-04-11T23:47:16.854775807"},  /* last of int64 nanoseconds */
        {15032385535, 999999999, "2446-05-10T22:38:55.999999999"}, /* last of ext4 */
        {253402300799, 999999999, "9999-12-31T23:59:59.999999999"},
        {253402300800, 0, "@253402300800.000000000"}, /* year 10000 */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_iso(lt_time_at(table[i].sec, table[i].nsec), 9, table[i].expected);
}

/* Digits are cut, never rounded: a rounded second would be another second. */
static void test_digits_are_cut(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "1969-12-31T23:59:59",           "1969-12-31T23:59:59.9",       "1969-12-31T23:59:59.98",
        "1969-12-31T23:59:59.987",       "1969-12-31T23:59:59.9876",    "1969-12-31T23:59:59.98765",
        "1969-12-31T23:59:59.987654",    "1969-12-31T23:59:59.9876549", "1969-12-31T23:59:59.98765499",
        "1969-12-31T23:59:59.987654999",
    };
    for (unsigned digits = 0; digits <= 9; digits++)
        assert_iso(lt_time_at(-1, 987654999), digits, expected[digits]);
    assert_iso(lt_time_at(0, 5), 3, "1970-01-01T00:00:00.000");
}

static void assert_civil(int64_t sec, const struct tm *expected)
{
    struct lt_civil got = lt_civil_from(sec);
    if (got.year != expected->tm_year + 1900LL || got.month != (unsigned)expected->tm_mon + 1 ||
        got.day != (unsigned)expected->tm_mday || got.hour != (unsigned)expected->tm_hour ||
        got.minute != (unsigned)expected->tm_min || got.second != (unsigned)expected->tm_sec)
        fail_msg("%jd: %jd-%u-%u %u:%u:%u", (intmax_t)sec, (intmax_t)got.year, got.month, got.day, got.hour, got.minute,
                 got.second);
    int64_t days = lt_days_from_civil(got.year, got.month, got.day);
    assert_true(days * 86400 + got.hour * 3600 + got.minute * 60 + got.second == sec);
}

/* The C library's calendar as an independent witness, over all that its 32-bit years can say. */
static void test_civil_agrees_with_libc(void **state)
{
    (void)state;
    struct tm tm;
    for (int64_t sec = -67767976233446400; sec < 67767976233446399; sec += 1355359524671)
        if (gmtime_r(&(time_t){sec}, &tm))
            assert_civil(sec, &tm);
    for (int64_t sec = -80000000000; sec < 80000000000; sec += 1000003) /* every other week around year 1 to 4500 */
        assert_civil(sec, gmtime_r(&(time_t){sec}, &tm));
}

/* Every day of 1890 to 2410 (a whole era and more), and both of its ends. */
static void test_every_day(void **state)
{
    (void)state;
    struct tm tm;
    for (int64_t day = -29220; day < 160710; day++) {
        assert_civil(day * 86400, gmtime_r(&(time_t){day * 86400}, &tm));
        assert_civil(day * 86400 + 86399, gmtime_r(&(time_t){day * 86400 + 86399}, &tm));
    }
}

static void test_days_in_month(void **state)
{
    (void)state;
    for (int year = -4; year <= 2404; year++)
        for (unsigned month = 1; month <= 12; month++) {
            struct tm first = {.tm_year = year - 1900, .tm_mon = (int)month - 1, .tm_mday = 1};
            struct tm next = {.tm_year = year - 1900, .tm_mon = (int)month, .tm_mday = 1};
            assert_int_equal(lt_days_in_month(year, month), (timegm(&next) - timegm(&first)) / 86400);
        }
}

/* dfdatetime rounds half away from zero: -1.5 becomes -2, 1.5 becomes 2. A time before 1970 counts its nanoseconds
 * forward, so -2 us + 500 ns is -1.5 us. */
static void test_micros(void **state)
{
    (void)state;
    static const struct {
        int64_t sec;
        uint32_t nsec;
        int64_t rounded, cut;
    } table[] = {
        {0, 0, 0, 0},
        {0, 499, 0, 0},
        {0, 500, 1, 0},
        {0, 501, 1, 0},
        {0, 1499, 1, 1},
        {0, 1500, 2, 1},
        {0, 999999499, 999999, 999999},
        {0, 999999500, 1000000, 999999},
        {1, 999999999, 2000000, 1999999},
        {-1, 0, -1000000, -1000000},
        {-1, 999999999, 0, -1},        /* -1 ns */
        {-1, 999999501, 0, -1},        /* -499 ns */
        {-1, 999999500, -1, -1},       /* -500 ns: away from zero */
        {-1, 999999499, -1, -1},       /* -501 ns */
        {-1, 999998500, -2, -2},       /* -1500 ns: away from zero */
        {-1, 999998501, -1, -2},       /* -1499 ns */
        {-1, 500, -1000000, -1000000}, /* -999999500 ns: away from zero */
        {-1, 501, -999999, -1000000},
        {253402300799, 999999999, 253402300800000000, 253402300799999999},
        {9223372036854, 775807499, INT64_MAX, INT64_MAX},
        {9223372036854, 775807500, INT64_MAX, INT64_MAX}, /* clamped */
        {9223372036855, 0, INT64_MAX, INT64_MAX},
        {-9223372036855, 224192000, INT64_MIN, INT64_MIN},
        {-9223372036855, 0, INT64_MIN, INT64_MIN},
        {INT64_MAX, 999999999, INT64_MAX, INT64_MAX},
        {INT64_MIN, 0, INT64_MIN, INT64_MIN},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_time time = lt_time_at(table[i].sec, table[i].nsec);
        if (lt_time_micros(time, true) != table[i].rounded || lt_time_micros(time, false) != table[i].cut)
            fail_msg("row %zu: %jd %jd", i, (intmax_t)lt_time_micros(time, true),
                     (intmax_t)lt_time_micros(time, false));
    }
}

static void test_nanos(void **state)
{
    (void)state;
    static const struct {
        int64_t sec;
        uint32_t nsec;
        bool fits;
        int64_t nanos;
    } table[] = {
        {0, 0, true, 0},
        {-1, 999999999, true, -1},
        {9223372036, 854775807, true, INT64_MAX},
        {9223372036, 854775808, false, 0},
        {-9223372037, 145224192, true, INT64_MIN},
        {-9223372037, 145224191, false, 0},
        {INT64_MAX, 0, false, 0},
        {INT64_MIN, 0, false, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int64_t nanos;
        assert_int_equal(lt_time_nanos(lt_time_at(table[i].sec, table[i].nsec), &nanos), table[i].fits);
        if (table[i].fits)
            assert_true(nanos == table[i].nanos);
    }
}

static void test_compare(void **state)
{
    (void)state;
    static const struct lt_time order[] = {
        {INT64_MIN, 0, true}, {INT64_MIN, 1, true}, {-1, 999999999, true},        {0, 0, true},
        {0, 1, true},         {1, 0, true},         {INT64_MAX, 999999999, true},
    };
    for (int a = 0; a < 7; a++)
        for (int b = 0; b < 7; b++) {
            int got = lt_time_cmp(order[a], order[b]);
            assert_int_equal((got > 0) - (got < 0), (a > b) - (a < b));
        }
}

static void test_difference(void **state)
{
    (void)state;
    static const struct {
        struct lt_time a, b;
        int64_t expected;
    } table[] = {
        {{0, 0, true}, {0, 1, true}, 1},
        {{1, 0, true}, {0, 999999999, true}, -1},
        {{-1, 999999999, true}, {0, 0, true}, 1},
        {{0, 0, true}, {9223372036, 854775807, true}, INT64_MAX},
        {{0, 0, true}, {9223372036, 854775808, true}, INT64_MAX},
        {{INT64_MIN, 0, true}, {INT64_MAX, 999999999, true}, INT64_MAX},
        {{INT64_MAX, 999999999, true}, {INT64_MIN, 0, true}, INT64_MIN},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_true(lt_time_diff(table[i].a, table[i].b) == table[i].expected);
}

static void test_add(void **state)
{
    (void)state;
    static const struct {
        struct lt_time time;
        int64_t add;
        struct lt_time expected;
    } table[] = {
        {{0, 0, true}, -1, {-1, 999999999, true}},
        {{-1, 999999999, true}, 1, {0, 0, true}},
        {{0, 999999999, true}, 1000000001, {2, 0, true}},
        {{0, 5, true}, -1000000005, {-1, 0, true}},
        {{0, 0, true}, INT64_MAX, {9223372036, 854775807, true}},
        {{0, 0, true}, INT64_MIN, {-9223372037, 145224192, true}},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_time got = lt_time_add(table[i].time, table[i].add);
        assert_true(got.set && got.nsec < 1000000000);
        assert_int_equal(lt_time_cmp(got, table[i].expected), 0);
    }
}

/* "Any int64_t is valid": the first day of int64 is no whole one, and `days * 86400` in lt_civil_from() overflows. */
static void test_first_second_of_int64(void **state)
{
    (void)state;
    struct lt_civil civil = lt_civil_from(INT64_MIN);
    assert_true(civil.year == -292277022657 && civil.month == 1 && civil.day == 27);
    assert_true(civil.hour == 8 && civil.minute == 29 && civil.second == 52);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boundaries),
        cmocka_unit_test(test_digits_are_cut),
        cmocka_unit_test(test_civil_agrees_with_libc),
        cmocka_unit_test(test_every_day),
        cmocka_unit_test(test_days_in_month),
        cmocka_unit_test(test_micros),
        cmocka_unit_test(test_nanos),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_difference),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_first_second_of_int64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
