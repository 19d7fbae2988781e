// SPDX-License-Identifier: Apache-2.0
/* Times in log lines, as the programs named in parse/apptime.h write them. Seconds were computed with Python's
 * datetime.
 */
#include "parse/apptime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const int64_t SECOND = 1000000000;
static const struct lt_time host = {1795455965, 0, true}; /* 2026-11-23T17:46:05Z */

static void test_forms(void **state)
{
    (void)state;
    const struct {
        const char *line, *form;
        int64_t sec;
        uint32_t nsec;
        bool has_zone;
        int32_t offset;
        int64_t unit;
    } table[] = {
        {"2026-11-23T17:46:04Z ready", "ISO 8601", 1795455964, 0, true, 0, SECOND},
        {"2026-11-23T17:46:04.123456789+01:00 x", "ISO 8601", 1795452364, 123456789, true, 3600, 1},
        {"2026-11-23 17:46:04 INFO request served", "ISO 8601", 1795455964, 0, false, 0, SECOND},
        {"2026-11-23 17:46:04,250 DEBUG [main] o.a.Log", "ISO 8601", 1795455964, 250000000, false, 0, SECOND / 1000},
        {"2026-11-23 17:46:04.123 UTC [1] LOG:  ready", "ISO 8601", 1795455964, 123000000, true, 0, SECOND / 1000},
        {"2026-11-23 17:46:04.123 CET [1] LOG:  ready", "ISO 8601", 1795455964, 123000000, false, 0, SECOND / 1000},
        {"2026-11-23 17:46:04 +0100 x", "ISO 8601", 1795452364, 0, true, 3600, SECOND},
        {"2026-11-23 17:46:04 -0330 x", "ISO 8601", 1795468564, 0, true, -12600, SECOND},
        {"2026-11-23T17:46:04-03 x", "ISO 8601", 1795466764, 0, true, -10800, SECOND},
        {"2026-11-23 17:46:04 -1 x", "ISO 8601", 1795455964, 0, false, 0, SECOND},
        {"[2026-11-23 17:46:04] x", "ISO 8601", 1795455964, 0, false, 0, SECOND},
        {"INFO 2026-11-23 17:46:04 x", "ISO 8601", 1795455964, 0, false, 0, SECOND},
        {"\033[32m2026-11-23 17:46:04\033[0m x", "ISO 8601", 1795455964, 0, false, 0, SECOND},
        {"time=\"2026-11-23T17:46:04Z\" level=info", "ISO 8601", 1795455964, 0, true, 0, SECOND},
        {"{\"level\":\"a long word so that the time is far away\",\"@timestamp\": \"2026-11-23T17:46:04.5Z\"}",
         "ISO 8601", 1795455964, 500000000, true, 0, SECOND / 10},
        {"{\"t\":{\"$date\":\"2026-11-23T17:46:04.123+00:00\"}}", "ISO 8601", 1795455964, 123000000, true, 0,
         SECOND / 1000},
        {"2026/11/23 17:46:04 [error] 7#7: *1 open()", "nginx", 1795455964, 0, false, 0, SECOND},
        {"2026/11/23 17:46:04 listening", "Go", 1795455964, 0, false, 0, SECOND},
        {"2026/11/23 17:46:04.123456 main.go:5: x", "Go", 1795455964, 123456000, false, 0, SECOND / 1000000},
        {"10.0.0.1 - - [23/Nov/2026:17:46:04 +0100] \"GET /\"", "Apache", 1795452364, 0, true, 3600, SECOND},
        {"a-very-long-name-of-a-host.example.com, 192.168.100.200 - - [23/Nov/2026:17:46:04 +0000] \"GET /\"", "Apache",
         1795455964, 0, true, 0, SECOND},
        {"Nov 23 17:46:04 app[1]: tick", "syslog", 1795455964, 0, false, 0, SECOND},
        {"<30>Nov 23 17:46:04 app[1]: tick", "syslog", 1795455964, 0, false, 0, SECOND},
        {"Nov  3 17:46:04 app[1]: tick", "syslog", 1793727964, 0, false, 0, SECOND},
        {"Jan  1 00:00:01 app: the year after", "syslog", 1798761601, 0, false, 0, SECOND},
        {"Nov 23 2026 17:46:04 x", "syslog", 1795455964, 0, false, 0, SECOND},
        {"Nov 23 17:46:04.123456 x", "syslog", 1795455964, 123456000, false, 0, SECOND / 1000000},
        {"I1123 17:46:04.123456       1 main.go:5] x", "klog", 1795455964, 123456000, false, 0, SECOND / 1000000},
        {"Mon Nov 23 17:46:04 UTC 2026", "ctime", 1795455964, 0, true, 0, SECOND},
        {"Mon Nov 23 17:46:04 JST 2026", "ctime", 1795455964, 0, false, 0, SECOND},
        {"Mon Nov 23 17:46:04 2026", "ctime", 1795455964, 0, false, 0, SECOND},
        {"Mon Nov  2 17:46:04 2026 x", "ctime", 1793641564, 0, false, 0, SECOND},
        {"[Mon Nov 23 17:46:04.123456 2026] [core:notice]", "ctime", 1795455964, 123456000, false, 0, SECOND / 1000000},
        {"Mon, 23 Nov 2026 17:46:04 GMT", "ctime", 1795455964, 0, true, 0, SECOND},
        {"1:M 23 Nov 2026 17:46:04.123 * Ready", "ctime", 1795455964, 123000000, false, 0, SECOND / 1000},
        {"Nov 23, 2026 5:46:04 PM com.example.Main", "Java", 1795455964, 0, false, 0, SECOND},
        {"Nov 23, 2026 12:46:04 AM com.example.Main", "Java", 1795394764, 0, false, 0, SECOND},
        {"Nov 23, 2026 12:46:04 PM com.example.Main", "Java", 1795437964, 0, false, 0, SECOND},
        {"1795455964 x", "epoch", 1795455964, 0, true, 0, SECOND},
        {"1795455964.25 x", "epoch", 1795455964, 250000000, true, 0, SECOND / 100},
        {"1795455964123 x", "epoch", 1795455964, 123000000, true, 0, SECOND / 1000},
        {"1795455964123456789", "epoch", 1795455964, 123456789, true, 0, 1},
        {"{\"level\":\"info\",\"ts\":1795455964.5,\"msg\":\"x\"}", "epoch", 1795455964, 500000000, true, 0,
         SECOND / 10},
        {"level=info ts=1795455964123 x", "epoch", 1795455964, 123000000, true, 0, SECOND / 1000},
        {"2024-02-29 00:00:00 x", "ISO 8601", 1709164800, 0, false, 0, SECOND},
        {"17:46:04 x", "time of day", 1795455964, 0, false, 0, SECOND},
        {"[17:46:04.123 INFO] x", "time of day", 1795455964, 123000000, false, 0, SECOND / 1000},
        {"app [17:46:04,5] x", "time of day", 1795455964, 500000000, false, 0, SECOND / 10},
        {"23:59:59|x", "time of day", 1795478399, 0, false, 0, SECOND},
        {"05:46:00", "time of day", 1795499160, 0, false, 0, SECOND}, /* of the next day: that is closer */
        {"17:46:04Z x", "time of day", 1795455964, 0, true, 0, SECOND},
        {"[17:46:04+01:00] x", "time of day", 1795452364, 0, true, 3600, SECOND},
        {"[17:46:04] until 2026-11-22 10:00:00", "ISO 8601", 1795341600, 0, false, 0, SECOND},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_apptime got;
        if (!lt_apptime_find(lt_str_c(table[i].line), host, &got))
            fail_msg("%s: none found", table[i].line);
        if (strcmp(got.form, table[i].form) != 0 || got.time.sec != table[i].sec || got.time.nsec != table[i].nsec ||
            got.has_zone != table[i].has_zone || got.offset != table[i].offset || got.unit != table[i].unit)
            fail_msg("%s: %s %jd.%09u zone %d %d unit %jd", table[i].line, got.form, (intmax_t)got.time.sec,
                     got.time.nsec, got.has_zone, got.offset, (intmax_t)got.unit);
    }
}

static void test_no_time(void **state)
{
    (void)state;
    static const char *const table[] = {
        "",
        "tick 27",
        "2026-11-23",
        "2026-11-23 17:46",
        "2026-13-23 17:46:04",
        "2026-02-29 17:46:04",
        "2026-11-23 24:46:04",
        "12026-11-23 17:46:04",
        "v1.2026-11-23 17:46:04",
        "Nov 31 17:46:04",
        "Feb 29 17:46:04", /* not in these years */
        "Now 23 17:46:04",
        "I1323 17:46:04.123456",
        "I1123 17:46:04",
        "I123 17:46:04.123456",
        "23/Nov/2026 17:46:04",
        "Nov 23, 2026 17:46:04",
        "Nov 23, 2026 0:46:04 PM",
        "179545596",
        "17954559641",
        "0795455964",
        "9795455964",
        "1795455964abc",
        "id 1795455964",
        "the certificate of the gateway is no longer valid: it ended 2026-11-01T00:00:00Z",
        "{\"msg\":\"until 2026-11-01 00:00:00\"}",
        "17:46 x",
        "7:46:04 x",
        "24:00:00 x",
        "17:46:04s x",
        "17:46:04/5 x",
        "117:46:04 x",
        "took 17:46:04 x",
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_apptime got;
        if (lt_apptime_find(lt_str_c(table[i]), host, &got))
            fail_msg("%s: %s %jd", table[i], got.form, (intmax_t)got.time.sec);
        assert_null(got.form);
    }
}

/* Without the host's time nothing says which year is meant. */
static void test_no_year(void **state)
{
    (void)state;
    struct lt_apptime got;
    assert_false(lt_apptime_find(LT_STR("Nov 23 17:46:04 x"), (struct lt_time){0}, &got));
    assert_false(lt_apptime_find(LT_STR("17:46:04 x"), (struct lt_time){0}, &got));
    assert_true(lt_apptime_find(LT_STR("Nov 23 2026 17:46:04 x"), (struct lt_time){0}, &got));
    assert_true(lt_apptime_find(LT_STR("Feb 29 17:46:04 x"), lt_time_at(1709164800, 0), &got));
    assert_int_equal(got.time.sec, 1709228764);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_no_time),
        cmocka_unit_test(test_no_year),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
