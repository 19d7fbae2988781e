// SPDX-License-Identifier: Apache-2.0
/* Lines put together by hand after the description of the format in Kubernetes (kubelet-cri-logging.md) and in
 * containerd's logger.go. */
#include "parse/crilog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(const char *text, int64_t sec, uint32_t nsec, bool is_stderr, bool partial, const char *body)
{
    struct lt_crilog line;
    assert_int_equal(lt_crilog_parse(lt_str_c(text), &line, NULL), LT_OK);
    assert_true(line.time.set && line.time.sec == sec && line.time.nsec == nsec);
    assert_int_equal(line.is_stderr, is_stderr);
    assert_int_equal(line.partial, partial);
    assert_true(lt_str_eq(line.text, lt_str_c(body)));
}

static void test_lines(void **state)
{
    (void)state;
    expect("2016-10-06T00:17:09.669794202Z stdout P log content 1", 1475713029, 669794202, false, true,
           "log content 1");
    expect("2016-10-06T02:17:09.6+02:00 stderr F  two  spaces ", 1475713029, 600000000, true, false, " two  spaces ");
    expect("2016-10-06T00:17:09Z stdout F ", 1475713029, 0, false, false, "");
    expect("2016-10-06T00:17:09Z stdout F", 1475713029, 0, false, false, "");
    expect("2016-10-06T00:17:09Z stdout P:TAG:other text", 1475713029, 0, false, true, "text");
}

static void test_others(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        " ",
        "stdout F text",
        "2016-10-06T00:17:09Z",
        "2016-10-06T00:17:09Z stdout",
        "2016-10-06T00:17:09Z stdin F text",
        "2016-10-06T00:17:09Z stdout Full text",
        "2016-10-06T00:17:09 stdout F text",
        "2016-13-06T00:17:09Z stdout F text",
        "{\"log\":\"text\\n\",\"stream\":\"stdout\",\"time\":\"2016-10-06T00:17:09Z\"}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct lt_crilog line;
        struct lt_err err = {0};
        assert_int_equal(lt_crilog_parse(lt_str_c(lines[i]), &line, &err), LT_SKIP);
        assert_true(err.set);
    }
}

static void test_find(void **state)
{
    (void)state;
    struct lt_str torn = LT_STR("2016-10-06T00:12016-10-06T00:17:09Z stdout F text");
    assert_int_equal(lt_crilog_find(torn, 0), 15);
    assert_int_equal(lt_crilog_find(LT_STR("a stdout F b"), 0), 12);
    assert_int_equal(lt_crilog_find(LT_STR(""), 0), 0);
}

static void test_gap(void **state)
{
    (void)state;
    assert_int_equal(lt_crilog_after_gap(LT_STR("half\0\0\0"
                                                "2016-10-06T00:17:09Z stdout F text")),
                     7);
    assert_int_equal(lt_crilog_after_gap(LT_STR("half\0x2016-10-06T00:17:09Z stdout F text")), 40);
    assert_int_equal(lt_crilog_after_gap(LT_STR("2016-10-06T00:17:09Z stdout F text")), 34);
}

/* A line without its beginning, and one without its end. */
static void test_parts(void **state)
{
    static const struct {
        const char *line, *stream, *text;
        bool tail, head;
    } table[] = {
        {"3T18:46:44.106Z stdout F a F b", "stdout", "a F b", true, false},
        {"stderr P a", "stderr", "a", true, false},
        {"err P:x a", "", "a", true, false},
        {" F a", "", " F a", false, false},
        {"a text", "", "a text", false, false},
        {"stdout X a", "", "stdout X a", false, false},
        {"2026-11-23T18:4", "", "2026-11-23T18:4", false, true},
        {"2026-11-23T18:46:44.106Z std", "", "2026-11-23T18:46:44.106Z std", false, true},
        {"2026-11-23T18:46:44.106Z stdout ", "", "2026-11-23T18:46:44.106Z stdout ", false, true},
        {"2026-11-23T18:46:44.106Z stdin", "", "2026-11-23T18:46:44.106Z stdin", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_str stream, text, line = lt_str_c(table[i].line);
        if (lt_crilog_tail(line, &stream, &text) != table[i].tail || !lt_str_eq(stream, lt_str_c(table[i].stream)) ||
            !lt_str_eq(text, lt_str_c(table[i].text)) || lt_crilog_is_head(line) != table[i].head)
            fail_msg("%s", table[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines), cmocka_unit_test(test_others), cmocka_unit_test(test_find),
        cmocka_unit_test(test_gap),   cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
