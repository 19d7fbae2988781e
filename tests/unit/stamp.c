// SPDX-License-Identifier: Apache-2.0
/* RFC 3339 section 5.6, and Go's time.RFC3339Nano. Seconds were computed with Python's datetime. */
#include "parse/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct row {
    const char *text;
    int64_t sec;
    uint32_t nsec;
};

static void assert_time(const char *text, struct lt_time got, int64_t sec, uint32_t nsec)
{
    if (!got.set || got.sec != sec || got.nsec != nsec)
        fail_msg("%s: got %jd.%09u", text, (intmax_t)got.sec, got.nsec);
}

static void check_rfc3339(const struct row *table, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct lt_time time;
        struct lt_err err = {0};
        if (lt_stamp_rfc3339(lt_str_c(table[i].text), &time, &err) != LT_OK)
            fail_msg("%s: %s", table[i].text, err.text);
        assert_time(table[i].text, time, table[i].sec, table[i].nsec);
    }
}
#define CHECK(table) check_rfc3339(table, sizeof(table) / sizeof *(table))

static void test_dates(void **state)
{
    (void)state;
    static const struct row table[] = {
        {"1970-01-01T00:00:00Z", 0, 0},
        {"1969-12-31T23:59:59Z", -1, 0},
        {"2026-11-23T17:46:04Z", 1795455964, 0},
        {"2024-02-29T00:00:00Z", 1709164800, 0},
        {"2000-02-29T23:59:59Z", 951868799, 0},
        {"0000-01-01T00:00:00Z", -62167219200, 0}, /* RFC 3339 begins with the year 0000, a leap year */
        {"0000-02-29T00:00:00Z", -62162121600, 0},
        {"0001-01-01T00:00:01Z", -62135596799, 0},
        {"1901-12-13T20:45:51Z", -2147483649, 0},
        {"2038-01-19T03:14:08Z", 2147483648, 0},
        {"2446-05-10T22:38:55Z", 15032385535, 0},
        {"9999-12-31T23:59:59Z", 253402300799, 0},
        {"1970-01-01t00:00:00z", 0, 0},          /* lower case is allowed by the RFC */
        {"2016-12-31T23:59:60Z", 1483228800, 0}, /* a leap second is the first second of the next minute */
    };
    CHECK(table);
}

static void test_fractions(void **state)
{
    (void)state;
    static const struct row table[] = {
        {"1970-01-01T00:00:00.1Z", 0, 100000000},
        {"1970-01-01T00:00:00.12Z", 0, 120000000},
        {"1970-01-01T00:00:00.123Z", 0, 123000000},
        {"1970-01-01T00:00:00.1234Z", 0, 123400000},
        {"1970-01-01T00:00:00.12345Z", 0, 123450000},
        {"1970-01-01T00:00:00.123456Z", 0, 123456000},
        {"1970-01-01T00:00:00.1234567Z", 0, 123456700},
        {"1970-01-01T00:00:00.12345678Z", 0, 123456780},
        {"1970-01-01T00:00:00.123456789Z", 0, 123456789},
        {"1970-01-01T00:00:00.1234567899Z", 0, 123456789}, /* cut, not rounded */
        {"1969-12-31T23:59:59.999999999999999999999999999999Z", -1, 999999999},
        {"1970-01-01T00:00:00.0Z", 0, 0},
        {"0001-01-01T00:00:00.000000001Z", -62135596800, 1}, /* not Go's zero */
        {"0001-01-01T00:00:00.5+00:00", -62135596800, 500000000},
    };
    CHECK(table);
}

static void test_offsets(void **state)
{
    (void)state;
    static const struct row table[] = {
        {"1970-01-01T01:00:00+01:00", 0, 0},
        {"1969-12-31T19:00:00-05:00", 0, 0},
        {"1970-01-01T05:45:00.5+05:45", 0, 500000000},
        {"1970-01-01T23:59:00+23:59", 0, 0},
        {"1969-12-31T00:01:00-23:59", 0, 0},
        {"1970-01-01T00:00:00-00:00", 0, 0},
        {"0001-01-01T00:00:00+01:00", -62135600400, 0},
        {"9999-12-31T23:59:59-23:59", 253402387139, 0},
    };
    CHECK(table);
}

static void test_no_value(void **state)
{
    (void)state;
    /* The zero of Go's time.Time, in any form that means the same instant. */
    static const char *const table[] = {"", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z",
                                        "0001-01-01T01:00:00+01:00", "0000-12-31T23:00:00-01:00"};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_time time = lt_time_at(1, 1);
        struct lt_err err = {0};
        assert_int_equal(lt_stamp_rfc3339(lt_str_c(table[i]), &time, &err), LT_END);
        assert_false(time.set);
        assert_false(err.set);
    }
}

static void test_bad_stamps(void **state)
{
    (void)state;
    static const char *const table[] = {
        "2023-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2024-04-31T00:00:00Z",
        "2024-00-01T00:00:00Z",
        "2024-13-01T00:00:00Z",
        "2024-01-00T00:00:00Z",
        "2024-01-32T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T23:60:00Z",
        "2024-01-01T23:59:61Z",
        "2024-01-01T00:00:00",
        "2024-01-01",
        "2024-01-01 00:00:00Z",
        "2024-01-01T00:00Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00.1",
        "2024-01-01T00:00:00,1Z",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+01:60",
        "2024-01-01T00:00:00+0100",
        "2024-01-01T00:00:00+01",
        "2024-01-01T00:00:00ZZ",
        "2024-01-01T00:00:00Z ",
        " 2024-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "-001-01-01T00:00:00Z",
        "2024-1-01T00:00:00Z",
        "2024-01-01T0:00:00Z",
        "now",
        "1795455964",
        "+024-01-01T00:00:00Z",
        "2024-01-01T-1:00:00Z",
        "2024/01/01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_time time = lt_time_at(1, 1);
        struct lt_err err = {0};
        if (lt_stamp_rfc3339(lt_str_c(table[i]), &time, &err) != LT_SKIP)
            fail_msg("%s is accepted", table[i]);
        assert_string_equal(err.code, LT_CODE_BAD_TIME);
        assert_non_null(strstr(err.text, table[i])); /* the analyst must see what stood there */
        assert_false(time.set);
    }
}

/* Every prefix of a good stamp, and a NUL in each place: none may be taken for a time. */
static void test_damaged_stamps(void **state)
{
    (void)state;
    static const char good[] = "2026-11-23T17:46:04.24833236+01:00";
    struct lt_time time;
    for (size_t length = 1; length < sizeof good - 1; length++)
        assert_int_equal(lt_stamp_rfc3339((struct lt_str){good, length}, &time, NULL), LT_SKIP);
    for (size_t at = 0; at < sizeof good - 1; at++) {
        char text[sizeof good];
        memcpy(text, good, sizeof good);
        text[at] = 0;
        assert_int_equal(lt_stamp_rfc3339((struct lt_str){text, sizeof good - 1}, &time, NULL), LT_SKIP);
    }
}

static const struct lt_time now = {1000000000, 250000000, true};

static void test_options(void **state)
{
    (void)state;
    static const struct row table[] = {
        {"2024-06-10", 1717977600, 0},
        {"2024-06-10T06:13:21Z", 1718000001, 0},
        {"2024-06-10 06:13:21", 1718000001, 0},
        {"2024-06-10 06:13", 1717999980, 0},
        {"2024-06-10T06:13+02:00", 1717992780, 0},
        {"2024-06-10T06:13:21.5", 1718000001, 500000000},
        {"0001-01-01", -62135596800, 0}, /* here it is a time like any other */
        {"@0", 0, 0},
        {"@1718000001", 1718000001, 0},
        {"@1718000001.123456789", 1718000001, 123456789},
        {"@-1", -1, 0},
        {"@-0.25", -1, 750000000},
        {"@-1.000000001", -2, 999999999},
        {"@9223372036854775807", INT64_MAX, 0},
        {"0s", 1000000000, 250000000},
        {"90s", 999999910, 250000000},
        {"30m", 999998200, 250000000},
        {"12h", 999956800, 250000000},
        {"3d", 999740800, 250000000},
        {"2w", 998790400, 250000000},
        {"1000000000s", 0, 250000000},
        {"36h", 999870400, 250000000},
        {"1d12h", 999870400, 250000000},
        {"1.5d", 999870400, 250000000},
        {"30min", 999998200, 250000000},
        {"250ms", 1000000000, 0},
        {"0.5s", 999999999, 750000000},
        {"now", 1000000000, 250000000},
        {"2024-06-10T06:13:21+0200", 1717992801, 0},
        {"2024-06-10 06:13:21 +02", 1717992801, 0},
        {"2024-06-10 06:13:21 UTC", 1718000001, 0},
        {"2024-06-10 06:13 Z", 1717999980, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_time time = {0};
        struct lt_err err = {0};
        if (lt_stamp_option(lt_str_c(table[i].text), now, &time, &err) != LT_OK)
            fail_msg("%s: %s", table[i].text, err.text);
        assert_time(table[i].text, time, table[i].sec, table[i].nsec);
    }
}

static void test_bad_options(void **state)
{
    (void)state;
    static const char *const table[] = {
        "",
        "@",
        "@-",
        "@1.",
        "@x",
        "@1x",
        "@9223372036854775808",
        "@99999999999999999999",
        "3",
        "d",
        "3x",
        "3dd",
        "-3d",
        "3 d",
        "+3d",
        "99999999999999999999s",
        "2024",
        "2024-06",
        "2024-06-10T",
        "2024-06-10 25:00",
        "2024-06-31",
        "yesterday",
        "2024-06-10T06",
        "2024-06-10T06:13:21ZZ",
        "2024-06-10 06:13:21 +2",
        "2024-06-10 06:13:21 +020",
        "2024-06-10 06:13:21 CET",
        "2024-06-10 +02",
        "1d12",
        "1d 12h",
        "1.d",
        ".5d",
        "293y",
        "16000w",
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_time time;
        struct lt_err err = {0};
        if (lt_stamp_option(lt_str_c(table[i]), now, &time, &err) != LT_SKIP)
            fail_msg("%s is accepted", table[i]);
        assert_string_equal(err.code, LT_CODE_USAGE);
    }
}

static void test_zoned(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int minutes;
    } table[] = {{"2026-11-23T17:46:04Z", 0}, {"2026-11-23T17:46:04+05:45", 345}, {"2026-11-23T17:46:04-03:30", -210}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_time time;
        int minutes = 1;
        assert_int_equal(lt_stamp_zoned(lt_str_c(table[i].text), &time, &minutes, NULL), LT_OK);
        assert_int_equal(minutes, table[i].minutes);
    }
}

static void test_around(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t first, last; /* 0: no such time */
    } table[] = {
        {"2024-06-10T06:13:21Z\xC2\xB1"
         "90s",
         1717999911, 1718000091},
        {"2024-06-10T06:13:21Z+-90s", 1717999911, 1718000091},
        {"2024-06-10T06:13:21+02:00 +- 1m30s", 1717992711, 1717992891},
        {"2024-06-10,1h", 1717974000, 1717981200},
        {"@1718000001,1s", 1718000000, 1718000002},
        {"3d+-1h", 999737200, 999744400},
        {"2024-06-10T06:13:21Z", 0, 0},
        {"2024-06-10T06:13:21+-", 0, 0},
        {"+-90s", 0, 0},
        {",", 0, 0},
        {"2024-06-10,-1h", 0, 0},
        {"2024-06-10,1", 0, 0},
        {"", 0, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_time first, last;
        struct lt_err err = {0};
        enum lt_status status = lt_stamp_around(lt_str_c(table[i].text), now, &first, &last, &err);
        if ((status == LT_OK) != (table[i].first != 0))
            fail_msg("%s: %s", table[i].text, err.text);
        if (status == LT_OK) {
            assert_int_equal(first.sec, table[i].first);
            assert_int_equal(last.sec, table[i].last);
        } else {
            assert_string_equal(err.code, LT_CODE_USAGE);
        }
    }
}

/* Written by Go 1.26: time.Unix(1795456355, 885693766).UTC(), the same in +05:30 and in +05:30:30. */
static void test_go_binary(void **state)
{
    (void)state;
    static const struct {
        struct lt_str bytes;
        enum lt_status status;
        int64_t sec;
        uint32_t nsec;
    } table[] = {
        {{"\x01\x00\x00\x00\x0e\xe2\x96\x74\x63\x34\xca\x9d\x46\xff\xff", 15}, LT_OK, 1795456355, 885693766},
        {{"\x01\x00\x00\x00\x0e\xe2\x96\x74\x63\x34\xca\x9d\x46\x01\x4a", 15}, LT_OK, 1795456355, 885693766},
        {{"\x02\x00\x00\x00\x0e\xe2\x96\x74\x63\x34\xca\x9d\x46\x01\x4a\x1e", 16}, LT_OK, 1795456355, 885693766},
        {{"\x01\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff", 15}, LT_END, 0, 0},
        {{"\x01\0\0\0\0\0\0\0\0\x3b\x9a\xca\x00\xff\xff", 15}, LT_SKIP, 0, 0},
        {{"\x01\x80\0\0\0\0\0\0\0\0\0\0\0\xff\xff", 15}, LT_SKIP, 0, 0},
        {{"\x03\x00\x00\x00\x0e\xe2\x96\x74\x63\x34\xca\x9d\x46\xff\xff", 15}, LT_SKIP, 0, 0},
        {{"\x01\x00\x00\x00\x0e\xe2\x96\x74\x63\x34\xca\x9d\x46\xff", 14}, LT_SKIP, 0, 0},
        {{"", 0}, LT_SKIP, 0, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_time time;
        assert_int_equal(lt_stamp_go_binary(table[i].bytes, &time), table[i].status);
        assert_int_equal(time.set, table[i].status == LT_OK);
        if (time.set)
            assert_time("binary", time, table[i].sec, table[i].nsec);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),    cmocka_unit_test(test_fractions),   cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_no_value), cmocka_unit_test(test_bad_stamps),  cmocka_unit_test(test_damaged_stamps),
        cmocka_unit_test(test_options),  cmocka_unit_test(test_bad_options), cmocka_unit_test(test_zoned),
        cmocka_unit_test(test_around),   cmocka_unit_test(test_go_binary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
