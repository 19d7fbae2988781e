// SPDX-License-Identifier: Apache-2.0
/* Lines of text logs, in the forms that parse/syslog.h names. Seconds were computed with Python's datetime. */
#include "parse/syslog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void assert_text(struct lt_str got, const char *wanted)
{
    if (!lt_str_eq(got, lt_str_c(wanted)))
        fail_msg("'%.*s' is not '%s'", LT_ARG(got), wanted);
}

static void test_headers(void **state)
{
    (void)state;
    const struct {
        const char *line, *host, *reporter, *level, *body;
        uint64_t pid;
        int64_t sec; /* 0: the stamp has no year */
        uint32_t nsec;
        int64_t year;
    } table[] = {
        {"Nov 23 17:46:04 h dockerd[812]: text  x", "h", "dockerd", "", "text  x", 812, 0, 0, 0},
        {"Nov 23 17:46:04 h kernel: [1.2] text", "h", "kernel", "", "[1.2] text", 0, 0, 0, 0},
        {"Nov 23 17:46:04 dockerd[812]: text", "", "dockerd", "", "text", 812, 0, 0, 0},
        {"Nov 23 17:46:04 dockerd: text", "", "dockerd", "", "text", 0, 0, 0, 0},
        {"Nov 23 17:46:04 h daemon.err dockerd[1]: t", "h", "dockerd", "err", "t", 1, 0, 0, 0},
        {"Nov 23 17:46:04 h /usr/bin/dockerd[1]:t", "h", "dockerd", "", "t", 1, 0, 0, 0},
        {"Nov 23 17:46:04 h docker/0123456789ab[1]: t", "h", "docker/0123456789ab", "", "t", 1, 0, 0, 0},
        {"Nov 23 17:46:04 h dockerd[x]: t", "h", "dockerd", "", "[x]: t", 0, 0, 0, 0},
        {"Nov 23 17:46:04 h dockerd[99999999999]: t", "h", "dockerd", "", "[99999999999]: t", 0, 0, 0, 0},
        {"Nov 23 17:46:04 ", "", "", "", "", 0, 0, 0, 0},
        {"<11>Nov 23 17:46:04 h a: t", "h", "a", "err", "t", 0, 0, 0, 0},
        {"2026-11-23T17:46:04.123456+01:00 h dockerd[812]: t", "h", "dockerd", "", "t", 812, 1795452364, 123456000,
         2026},
        {"2026-01-01T00:30:00+01:00 h a: t", "h", "a", "", "t", 0, 1767223800, 0, 2026},
        {"1 2026-11-23T17:46:04Z h dockerd 812 ID [a b=\"c\\\"]\"][d] t", "h", "dockerd", "", "t", 812, 1795455964, 0,
         2026},
        {"<30>1 2026-11-23T17:46:04Z - - - - - \xEF\xBB\xBFt", "", "", "info", "t", 0, 1795455964, 0, 2026},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_syslog got;
        if (!lt_syslog_parse(lt_str_c(table[i].line), &got))
            fail_msg("%s: no header", table[i].line);
        assert_text(got.host, table[i].host);
        assert_text(got.reporter, table[i].reporter);
        assert_text(got.level, table[i].level);
        assert_text(got.body, table[i].body);
        assert_int_equal(got.pid, table[i].pid);
        assert_int_equal(got.time.set, table[i].sec != 0);
        assert_int_equal(got.time.sec, table[i].sec);
        assert_int_equal(got.time.nsec, table[i].nsec);
        assert_int_equal(got.year, table[i].year);
        if (!table[i].sec)
            assert_true(got.at.month == 11 && got.at.day == 23 && got.at.second == 17 * 3600 + 46 * 60 + 4);
    }
}

static void test_no_headers(void **state)
{
    (void)state;
    const char *const table[] = {
        "",
        "Nov 23 17:46:04",
        "Nov 23 17:46:04x",
        "Nov 31 17:46:04 h a: t",
        "Nov  0 17:46:04 h a: t",
        "Nov 2  17:46:04 h a: t",
        "Nov 23 24:00:00 h a: t",
        "Nov 23 17:60:00 h a: t",
        "Nox 23 17:46:04 h a: t",
        "2026-11-23T17:46:04 h a: t",
        "2026-11-23 17:46:04Z h a: t",
        "time=\"2026-11-23T17:46:04Z\" level=info",
        "<30>",
        "<1234>Nov",
        "1 ",
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_syslog got;
        if (lt_syslog_parse(lt_str_c(table[i]), &got))
            fail_msg("%s: taken for a header", table[i]);
    }
}

static void test_years(void **state)
{
    (void)state;
    const struct {
        unsigned month, day;
        int64_t year;
    } table[] = {
        {11, 1, 0}, {12, 31, 0}, {1, 1, 1},  {12, 31, 0}, {1, 2, 1}, {3, 1, 1}, {2, 20, 1},
        {12, 1, 1}, {4, 1, 2},   {2, 27, 3}, {12, 30, 3}, {1, 1, 4}, {1, 1, 4},
    };
    struct lt_years years = {0};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const struct lt_yearless line = {.month = table[i].month, .day = table[i].day};
        assert_int_equal(lt_years_next(&years, line), table[i].year);
    }
}

static void test_fields(void **state)
{
    (void)state;
    const struct lt_str text =
        LT_STR("time=\"2026 x\" level=info junk msg=\"a \\\"level=b\\\" c\" \"q=1\" a.b-c=  d=e");
    const char *const table[][2] = {
        {"time", "2026 x"}, {"level", "info"}, {"msg", "a \\\"level=b\\\" c"}, {"a.b-c", ""}, {"d", "e"},
    };
    struct lt_str rest = text, key, value;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_true(lt_logfmt_next(&rest, &key, &value));
        assert_text(key, table[i][0]);
        assert_text(value, table[i][1]);
        assert_text(lt_log_field(text, table[i][0]), table[i][1]);
    }
    assert_false(lt_logfmt_next(&rest, &key, &value));
    assert_text(lt_log_field(text, "q"), "");
    assert_text(lt_log_field(LT_STR("msg=\"open"), "msg"), "open");
    const struct lt_str json = LT_STR("{\"level\":\"debug\",\"msg\":\"\\\"time\\\":\\\"no\\\"\",\"time\":\"2026\"}");
    assert_text(lt_log_field(json, "time"), "2026");
    assert_text(lt_log_field(json, "level"), "debug");
    assert_text(lt_log_field(json, "pid"), "");
}

static void test_mentions(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int kind; /* -1: none */
        const char *found;
    } table[] = {
        {"container=" ID " x", LT_MENTION_CONTAINER, ID},
        {"container=\"" ID "\"", LT_MENTION_CONTAINER, ID},
        {"Container " ID " failed", LT_MENTION_CONTAINER, ID},
        {"POST /v1.43/containers/" ID "/start", LT_MENTION_CONTAINER, ID},
        {"path=/run/io.containerd.runtime.v2.task/moby/" ID, LT_MENTION_CONTAINER, ID},
        {"path=/run/io.containerd.runtime.v2.task/moby-100000.100000/" ID, LT_MENTION_CONTAINER, ID},
        {"path=/run/moby1/" ID, LT_MENTION_ID, ID},
        {"rootfs moby/" ID, LT_MENTION_CONTAINER, ID},
        {"path=/run/io.containerd.runtime.v2.task/plugins.moby/" ID, LT_MENTION_ID, ID},
        {"path=/run/io.containerd.runtime.v2.task/plugins.moby-100000.100000/" ID, LT_MENTION_ID, ID},
        {"task_memcg=/docker/" ID ",task=sh", LT_MENTION_CONTAINER, ID},
        {"/system.slice/docker-" ID ".scope", LT_MENTION_CONTAINER, ID},
        {"msg=\"shim disconnected\" id=" ID " namespace=moby", LT_MENTION_CONTAINER, ID},
        {"msg=\"shim disconnected\" id=" ID " namespace=k8s.io", LT_MENTION_ID, ID},
        {"/containerd/s/" ID, LT_MENTION_ID, ID},
        {"docker-" ID ".mount", LT_MENTION_ID, ID},
        {"image sha256:" ID " x", LT_MENTION_DIGEST, "sha256:" ID},
        {"x 0123456789ab.", LT_MENTION_SHORT, "0123456789ab"},
        {"x 0123456789aB", -1, ""},
        {"x 0123456789abc", -1, ""},
        {"x " ID "0", -1, ""},
        {"", -1, ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_mention got;
        size_t at = 0;
        bool found = lt_mention_next(lt_str_c(table[i].text), &at, &got);
        if (found != (table[i].kind >= 0))
            fail_msg("%s: %s", table[i].text, found ? "found" : "not found");
        if (!found)
            continue;
        assert_int_equal(got.kind, table[i].kind);
        assert_text(got.text, table[i].found);
        assert_false(lt_mention_next(lt_str_c(table[i].text), &at, &got));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers), cmocka_unit_test(test_no_headers), cmocka_unit_test(test_years),
        cmocka_unit_test(test_fields),  cmocka_unit_test(test_mentions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
