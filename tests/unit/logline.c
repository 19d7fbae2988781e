// SPDX-License-Identifier: Apache-2.0
/* Records as moby's jsonfilelog writes them, and what JSON (RFC 8259) says about the escapes in them. */
#include "parse/logline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TIME "\"time\":\"2026-11-23T17:46:04.24833236Z\""

static void assert_buf(const struct lt_buf *got, struct lt_str expected)
{
    if (!lt_str_eq(lt_buf_view(got), expected))
        fail_msg("got '%.*s', expected '%.*s'", LT_ARG(lt_buf_view(got)), LT_ARG(expected));
}

static void parse(struct lt_logline *line, struct lt_str text)
{
    struct lt_err err = {0};
    if (lt_logline_parse(text, line, &err) != LT_OK)
        fail_msg("%.*s: %s", LT_ARG(text), err.text);
    assert_true(line->time.set);
}

static void test_plain_record(void **state)
{
    (void)state;
    struct lt_logline line = {0};
    parse(&line, LT_STR("{\"log\":\"hello\\n\",\"stream\":\"stdout\"," TIME "}"));
    assert_buf(&line.text, LT_STR("hello\n"));
    assert_buf(&line.stream, LT_STR("stdout"));
    assert_int_equal(line.time.sec, 1795455964);
    assert_int_equal(line.time.nsec, 248332360);
    lt_logline_free(&line);
}

/* One logline is used for millions of records: nothing of the one before may stay. */
static void test_reuse(void **state)
{
    (void)state;
    struct lt_logline line = {0};
    parse(&line, LT_STR("{\"log\":\"a long text\\n\",\"stream\":\"stderr\"," TIME "}"));
    parse(&line, LT_STR("{\"log\":\"b\",\"time\":\"1970-01-01T00:00:00Z\"}"));
    assert_buf(&line.text, LT_STR("b"));
    assert_buf(&line.stream, LT_STR(""));
    assert_true(line.time.sec == 0 && line.time.nsec == 0);
    parse(&line, LT_STR("{" TIME "}")); /* all fields have omitempty */
    assert_buf(&line.text, LT_STR(""));
    lt_logline_free(&line);
}

static void test_escapes(void **state)
{
    (void)state;
    const struct {
        struct lt_str json, expected;
    } table[] = {
        {LT_STR(""), LT_STR("")},
        {LT_STR("\\\"\\\\\\/\\b\\f\\n\\r\\t"), LT_STR("\"\\/\b\f\n\r\t")},
        {LT_STR("\\u0000\\u001b\\u007f"), LT_STR("\0\x1b\x7f")},
        {LT_STR("\\u00e4\\u00E4\\u20ac"), LT_STR("\xc3\xa4\xc3\xa4\xe2\x82\xac")},
        {LT_STR("\\u003c\\u003e\\u0026\\u2028"), LT_STR("<>&\xe2\x80\xa8")}, /* Go escapes these on its own */
        {LT_STR("\\ud83d\\ude00"), LT_STR("\xf0\x9f\x98\x80")},
        {LT_STR("\\uDBFF\\uDFFF"), LT_STR("\xf4\x8f\xbf\xbf")},
        {LT_STR("\\ud83d"), LT_STR("\xef\xbf\xbd")}, /* lone halves, as Go reads them: */
        {LT_STR("\\ude00"), LT_STR("\xef\xbf\xbd")},
        {LT_STR("\\ud83dx"), LT_STR("\xef\xbf\xbdx")},
        {LT_STR("\\ud83d\\n"), LT_STR("\xef\xbf\xbd\n")},
        {LT_STR("\\ud83d\\u0041"), LT_STR("\xef\xbf\xbd"
                                          "A")},
        {LT_STR("\\ud83d\\ud83d\\ude00"), LT_STR("\xef\xbf\xbd\xf0\x9f\x98\x80")},
        {LT_STR("\\ude00\\ud83d"), LT_STR("\xef\xbf\xbd\xef\xbf\xbd")},
        {LT_STR("\\\\u0041"), LT_STR("\\u0041")},
        {LT_STR("{\\\"log\\\":\\\"}"), LT_STR("{\"log\":\"}")},
        {LT_STR("\xff\xc3\xa4  "), LT_STR("\xff\xc3\xa4  ")}, /* bytes pass, blanks stay */
    };
    struct lt_logline line = {0};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_buf text = {0};
        lt_buf_lit(&text, "{\"log\":\"");
        lt_buf_add(&text, table[i].json);
        lt_buf_lit(&text, "\"," TIME "}");
        parse(&line, lt_buf_view(&text));
        assert_buf(&line.text, table[i].expected);
        lt_buf_free(&text);
    }
    lt_logline_free(&line);
}

/* Members in any order, unknown ones of any shape, white space: JSON is JSON. */
static void test_other_members(void **state)
{
    (void)state;
    static const char *const table[] = {
        "{\"log\":\"x\",\"stream\":\"stdout\",\"attrs\":{\"a\":\"b\"}," TIME "}",
        "{" TIME ",\"stream\":\"stdout\",\"log\":\"x\"}",
        "{\"attrs\":{\"log\":\"no\",\"time\":\"no\",\"stream\":\"no\"},\"log\":\"x\",\"stream\":\"stdout\"," TIME "}",
        "{\"log\":\"x\",\"attrs\":{\"a\":\"}],{[\\\"\"},\"stream\":\"stdout\"," TIME "}",
        "{\"log\":\"x\",\"a\":[1,{\"b\":[]}],\"n\":null,\"t\":true,\"f\":-1.5e3,\"stream\":\"stdout\"," TIME "}",
        " { \"log\" : \"x\" ,\t\"stream\" : \"stdout\" , \"attrs\" : { } , " TIME " } \r",
        "{\"\\u006cog\":\"x\",\"stream\":\"stdout\"," TIME "}",
        "{\"log\":\"first\",\"log\":\"x\",\"stream\":\"stdout\"," TIME "}",
        "{\"log\":\"x\",\"stream\":\"stdout\"," TIME ",\"s\":\"text, with } in it\"}",
    };
    struct lt_logline line = {0};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        parse(&line, lt_str_c(table[i]));
        assert_buf(&line.text, LT_STR("x"));
        assert_buf(&line.stream, LT_STR("stdout"));
        assert_int_equal(line.time.nsec, 248332360);
    }
    lt_logline_free(&line);
}

static void test_damaged_records(void **state)
{
    (void)state;
    const struct lt_str table[] = {
        {0},
        LT_STR(""),
        LT_STR("\0\0\0\0"), /* a hole after a crash */
        LT_STR("plain text"),
        LT_STR("[]"),
        LT_STR("{}"),
        LT_STR("{\"log\":\"x\"}"), /* no time */
        LT_STR("{\"log\":5," TIME "}"),
        LT_STR("{\"log\":null," TIME "}"),
        LT_STR("{\"log\":\"x\",\"time\":1795455964}"),
        LT_STR("{\"log\":\"x\",\"time\":\"yesterday\"}"),
        LT_STR("{\"log\":\"x\",\"time\":\"\"}"),
        LT_STR("{\"log\":\"x\",\"time\":\"0001-01-01T00:00:00Z\"}"),
        LT_STR("{\"log\":\"x\"," TIME "}{\"log\":\"y\"," TIME "}"),
        LT_STR("{\"log\":\"x\"," TIME "} x"),
        LT_STR("{\"log\":\"x\"," TIME ",}"),
        LT_STR("{\"log\":\"x\" " TIME "}"),
        LT_STR("{\"log\" \"x\"," TIME "}"),
        LT_STR("{\"log\":\"\\x41\"," TIME "}"),
        LT_STR("{\"log\":\"\\u12\"," TIME "}"),
        LT_STR("{\"log\":\"\\u12g4\"," TIME "}"),
        LT_STR("{\"log\":\"\\\0\"," TIME "}"),
        LT_STR("{\"a\":]," TIME "}"),
        LT_STR("{\"a\":}}," TIME "}"),
    };
    struct lt_logline line = {0};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_err err = {0};
        if (lt_logline_parse(table[i], &line, &err) != LT_SKIP)
            fail_msg("%.*s is accepted", LT_ARG(table[i]));
        assert_true(err.set);
    }
    lt_logline_free(&line);
}

/* A record that breaks off anywhere is none: half a line must not pass for a whole one. */
static void test_truncated_records(void **state)
{
    (void)state;
    const struct lt_str good =
        LT_STR("{\"log\":\"\\ud83d\\ude00\\n\",\"stream\":\"stdout\",\"attrs\":{\"a\":[1,\"b\"]}," TIME "}");
    struct lt_logline line = {0};
    parse(&line, good);
    for (size_t length = 0; length < good.len; length++)
        assert_int_equal(lt_logline_parse((struct lt_str){good.ptr, length}, &line, NULL), LT_SKIP);
    lt_logline_free(&line);
}

/* "attrs", as daemon/logger/loginfo.go fills it; anything else in it as it stands. */
static void test_attrs(void **state)
{
    (void)state;
    struct lt_logline line = {0};
    parse(
        &line,
        LT_STR("{\"log\":\"x\",\"stream\":\"stdout\",\"attrs\":{\"tag\":\"a=b\",\"n\": [1,2] ,\"e\":\"\"}," TIME "}"));
    static const char *const expected[] = {"tag=a=b", "n=[1,2]", "e="};
    assert_int_equal(line.attrs.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(lt_str_eq(*(struct lt_str *)line.attrs.items[i], lt_str_c(expected[i])));
    parse(&line, LT_STR("{\"log\":\"x\",\"attrs\":{}," TIME "}"));
    assert_int_equal(line.attrs.count, 0);
    parse(&line, LT_STR("{\"log\":\"x\",\"attrs\":null," TIME "}"));
    assert_int_equal(line.attrs.count, 0);
    lt_logline_free(&line);
}

/* Records in a row, and where the next one begins: not in a string, and not in "attrs". */
static void test_next(void **state)
{
    (void)state;
    struct lt_logline line = {0};
    const struct lt_str two =
        LT_STR("{\"log\":\"a{\\\"log\\\":\",\"attrs\":{\"log\":\"x\"}," TIME "} {\"log\":\"b\"," TIME "}");
    struct lt_str rest = two;
    assert_int_equal(lt_logline_next(&rest, &line, NULL), LT_OK);
    assert_buf(&line.text, LT_STR("a{\"log\":"));
    assert_int_equal(lt_logline_find(two, 1), two.len - rest.len);
    assert_int_equal(lt_logline_next(&rest, &line, NULL), LT_OK);
    assert_buf(&line.text, LT_STR("b"));
    assert_int_equal(rest.len, 0);
    assert_int_equal(lt_logline_next(&rest, &line, NULL), LT_SKIP);
    lt_logline_free(&line);
}

/* What is left behind each byte of a record: the text until it ends, the stream and the time as long as they are whole.
 * "ream" may be the end of the name of another member, so the name of the stream may be cut, and its value may not. */
static void test_tail(void **state)
{
    (void)state;
    static const char start[] = "{\"log\":\"text\",\"stream\":\"";
    const struct lt_str good = LT_STR("{\"log\":\"text\",\"stream\":\"stderr\",\"attrs\":{\"a\":\"b\"}," TIME "}");
    const size_t text = 8, after = 12, stream = sizeof start - 1, time = good.len - 34;
    struct lt_logline line = {0};
    for (size_t cut = text; cut < good.len; cut++) {
        bool whole = lt_logline_tail(lt_str_skip(good, cut), &line);
        assert_int_equal(whole, cut <= time);
        assert_int_equal(line.time.set, whole);
        assert_int_equal(line.text.len, cut <= after ? after - cut : whole ? 0 : line.text.len);
        assert_int_equal(line.stream.len, cut <= stream ? 6 : 0);
    }
    lt_logline_free(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_record),
        cmocka_unit_test(test_reuse),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_other_members),
        cmocka_unit_test(test_damaged_records),
        cmocka_unit_test(test_truncated_records),
        cmocka_unit_test(test_attrs),
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
