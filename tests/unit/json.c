// SPDX-License-Identifier: Apache-2.0
#include "parse/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct json_t *parse(struct lt_str text, const char **flaw)
{
    struct json_t *root = NULL;
    struct lt_err err = {0};
    if (lt_json_parse(text, &root, flaw, &err) != LT_OK)
        fail_msg("%.*s: %s", LT_ARG(text), err.text);
    assert_non_null(root);
    return root;
}

static void assert_str(struct lt_str got, struct lt_str expected)
{
    if (!lt_str_eq(got, expected))
        fail_msg("got '%.*s', expected '%.*s'", LT_ARG(got), LT_ARG(expected));
}

static void test_getters(void **state)
{
    (void)state;
    const char *flaw;
    struct json_t *root = parse(LT_STR("{\"a\":{\"b\":{\"s\":\"x\\u0000y\",\"n\":-9223372036854775808,\"t\":true}},"
                                       "\"f\":false,\"z\":null,\"r\":1.5,\"l\":[1,\"two\",{}]}"),
                                &flaw);
    int64_t number;
    assert_null(flaw);
    assert_str(lt_json_str(root, "a.b.s"), LT_STR("x\0y")); /* a NUL in a value is text like any other */
    assert_true(lt_json_int(root, "a.b.n", &number) && number == INT64_MIN);
    assert_true(lt_json_bool(root, "a.b.t"));
    assert_false(lt_json_bool(root, "f"));
    assert_false(lt_json_int(root, "r", &number));
    assert_ptr_equal(lt_json_at(root, ""), root);
    assert_str(lt_json_str(lt_json_at(root, "a.b"), "s"), LT_STR("x\0y"));
    assert_int_equal(lt_json_count(lt_json_at(root, "l")), 3);
    assert_str(lt_json_str(lt_json_item(lt_json_at(root, "l"), 1), ""), LT_STR("two"));
    assert_true(lt_json_is_object(lt_json_item(lt_json_at(root, "l"), 2)));
    lt_json_free(root);
}

/* Hostile documents have the wrong type everywhere: each getter gives its empty value. */
static void test_getters_on_wrong_types(void **state)
{
    (void)state;
    static const char *const paths[] = {"", "none", "s.x", "n", "l", "l.0", "o", "z", "s", "o.deep.er", "."};
    const char *flaw;
    struct json_t *root = parse(LT_STR("{\"s\":{},\"n\":[],\"l\":[[]],\"o\":{\"deep\":5},\"z\":null}"), &flaw);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        int64_t number = 77;
        assert_str(lt_json_str(root, paths[i]), LT_STR(""));
        assert_false(lt_json_bool(root, paths[i]));
        assert_false(lt_json_int(root, paths[i], &number));
    }
    assert_int_equal(lt_json_count(root), 0);
    assert_null(lt_json_item(root, 0));
    assert_null(lt_json_item(lt_json_at(root, "l"), 1));
    lt_json_free(root);
}

static void test_getters_on_null(void **state)
{
    (void)state;
    int64_t number;
    void *iter = NULL;
    struct lt_str key;
    const struct json_t *value;
    assert_null(lt_json_at(NULL, "a"));
    assert_null(lt_json_member(NULL, LT_STR("a.b")));
    assert_str(lt_json_str(NULL, "a"), LT_STR(""));
    assert_false(lt_json_bool(NULL, ""));
    assert_false(lt_json_int(NULL, "", &number));
    assert_int_equal(lt_json_count(NULL), 0);
    assert_null(lt_json_item(NULL, 0));
    assert_false(lt_json_is_object(NULL));
    assert_false(lt_json_next(NULL, &iter, &key, &value));
    lt_json_free(NULL);
}

static void test_members_in_file_order(void **state)
{
    (void)state;
    static const char *const keys[] = {"z", "a", "", "m.x", "\xc3\xa4"};
    const char *flaw;
    struct json_t *root = parse(LT_STR("{\"z\":1,\"a\":2,\"\":3,\"m.x\":4,\"\\u00e4\":5}"), &flaw);
    void *iter = NULL;
    struct lt_str key;
    const struct json_t *value;
    int64_t at = 0, number;
    while (lt_json_next(root, &iter, &key, &value)) {
        assert_str(key, lt_str_c(keys[at]));
        assert_true(lt_json_int(value, "", &number) && number == ++at);
    }
    assert_int_equal(at, 5);
    assert_null(lt_json_at(root, "m.x")); /* a path */
    assert_true(lt_json_int(lt_json_member(root, LT_STR("m.x")), "", &number) && number == 4);
    lt_json_free(root);
}

static void test_duplicate_keys(void **state)
{
    (void)state;
    const char *flaw;
    int64_t number;
    struct json_t *root = parse(LT_STR("{\"Created\":\"first\",\"Created\":\"last\",\"n\":5}"), &flaw);
    assert_non_null(flaw);
    assert_str(lt_json_str(root, "Created"), LT_STR("last"));
    assert_true(lt_json_int(root, "n", &number) && number == 5);
    lt_json_free(root);
}

static void test_invalid_utf8(void **state)
{
    (void)state;
    const struct {
        struct lt_str text, expected;
    } table[] = {
        {LT_STR("{\"a\":\"x\xffy\"}"), LT_STR("x\\xffy")},
        {LT_STR("{\"a\":\"\xc0\xaf\"}"), LT_STR("\\xc0\\xaf")},
        {LT_STR("{\"a\":\"\xed\xa0\x80\"}"), LT_STR("\\xed\\xa0\\x80")},
        {LT_STR("{\"a\":\"\xf4\x90\x80\x80\"}"), LT_STR("\\xf4\\x90\\x80\\x80")},
        {LT_STR("{\"a\":\"\xe2\x82\"}"), LT_STR("\\xe2\\x82")},
        {LT_STR("{\"a\":\"\xc3\xa4\xff\"}"), LT_STR("\xc3\xa4\\xff")},
        {LT_STR("{\"\xff\":1,\"a\":\"k\"}"), LT_STR("k")},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *flaw;
        struct json_t *root = parse(table[i].text, &flaw);
        assert_non_null(flaw);
        assert_str(lt_json_str(root, "a"), table[i].expected);
        lt_json_free(root);
    }
}

/* A number that fits nowhere must not cost the strings beside it. */
static void test_huge_number(void **state)
{
    (void)state;
    const char *flaw;
    struct json_t *root = parse(LT_STR("{\"n\":99999999999999999999,\"a\":\"k\"}"), &flaw);
    int64_t number;
    assert_non_null(flaw);
    assert_false(lt_json_int(root, "n", &number));
    assert_str(lt_json_str(root, "a"), LT_STR("k"));
    lt_json_free(root);
}

static void test_no_json(void **state)
{
    (void)state;
    const struct lt_str table[] = {
        {0},
        LT_STR(""),
        LT_STR(" "),
        LT_STR("\0"),
        LT_STR("{"),
        LT_STR("{}{}"),
        LT_STR("{\"a\":}"),
        LT_STR("{\"a\":1,}"),
        LT_STR("{'a':1}"),
        LT_STR("{\"a\":\"\\x41\"}"),
        LT_STR("{\"a\":01}"),
        LT_STR("{\"a\":\"b\"} x"),
        LT_STR("NaN"),
        LT_STR("[1"),
        LT_STR("\x1f\x8b\x08"),
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct json_t *root = NULL;
        const char *flaw;
        struct lt_err err = {0};
        if (lt_json_parse(table[i], &root, &flaw, &err) != LT_SKIP)
            fail_msg("row %zu is accepted", i);
        assert_null(root);
        assert_string_equal(err.code, LT_CODE_DAMAGED);
    }
}

static void test_one_byte(void **state)
{
    (void)state;
    const struct {
        struct lt_str text;
        const char *name; /* the value of "n"; NULL: the text is none */
    } table[] = {
        {LT_STR("{\"a\":\"\n\",\"n\":\"x\"}"), "x"}, /* in a string */
        {LT_STR("{\"a\0:1,\"n\":\"x\"}"), "x"},      /* its end */
        {LT_STR("{\0a\":1,\"n\":\"x\"}"), "x"},      /* its beginning */
        {LT_STR("{\"a\"\x01"
                "1,\"n\":\"x\"}"),
         "x"},                                      /* a colon */
        {LT_STR("{\"a\":1\x7f\"n\":\"x\"}"), "x"},  /* a comma */
        {LT_STR("{\"a\":\xfe},\"n\":\"x\"}"), "x"}, /* a bracket */
        {LT_STR("{\"a\":t\0ue,\"n\":\"x\"}"), "x"}, /* a word */
        {LT_STR("{\"a\":1\0"
                "3,\"n\":\"x\"}"),
         "x"},                                             /* a number */
        {LT_STR("{\"a\":W1,\"n\":2],\"n\":\"x\"}"), NULL}, /* several things */
        {LT_STR("{\"a\":W\"b\":2},\"n\":\"x\"}"), "x"},    /* a bracket that is a letter now */
        {LT_STR("{\"n\":\"x\"\0"), "x"},                   /* the last one */
        {LT_STR("\0\"n\":\"x\"}"), "x"},
        {LT_STR("{\0\0n\":\"x\"}"), ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct json_t *root = NULL;
        const char *flaw;
        enum lt_status status = lt_json_parse(table[i].text, &root, &flaw, NULL);
        if ((status == LT_OK) != (table[i].name != NULL))
            fail_msg("row %zu: %s", i, table[i].name ? "refused" : "accepted");
        if (status == LT_OK && (!flaw || !lt_str_eq(lt_json_str(root, "n"), lt_str_c(table[i].name))))
            fail_msg("row %zu: %.*s", i, LT_ARG(lt_json_str(root, "n")));
        lt_json_free(root);
    }
}

/* A million brackets end in an error, not at the end of the stack. */
static void test_deep_nesting(void **state)
{
    (void)state;
    enum { DEPTH = 1000000 };
    char *text = malloc(DEPTH);
    struct json_t *root = NULL;
    const char *flaw;
    assert_non_null(text);
    memset(text, '[', DEPTH);
    assert_int_equal(lt_json_parse((struct lt_str){text, DEPTH}, &root, &flaw, NULL), LT_SKIP);
    memset(text + 500, ']', 500);
    assert_int_equal(lt_json_parse((struct lt_str){text, 1000}, &root, &flaw, NULL), LT_OK);
    lt_json_free(root);
    free(text);
}

/* "One bad byte must not hide a container": the repair turns every integer of the document into a real. */
static void test_repair_keeps_integers(void **state)
{
    (void)state;
    const char *flaw;
    struct json_t *root = parse(LT_STR("{\"a\":\"\xff\",\"ExitCode\":137}"), &flaw);
    int64_t number = 0;
    assert_true(lt_json_int(root, "ExitCode", &number) && number == 137);
    lt_json_free(root);
}

/* Go's encoding/json (so dockerd) loads all of these. */
static void test_what_docker_reads(void **state)
{
    (void)state;
    const struct lt_str table[] = {
        LT_STR("{\"k\":\"v\",\"a\":\"\\ud800\"}"),
        LT_STR("{\"k\":\"v\",\"labels\":{\"\\u0000\":\"\"}}"),
        LT_STR("{\"k\":\"v\",\"unknown\":1e999}"),
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *flaw;
        struct json_t *root = parse(table[i], &flaw);
        assert_str(lt_json_str(root, "k"), LT_STR("v"));
        lt_json_free(root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_getters),           cmocka_unit_test(test_getters_on_wrong_types),
        cmocka_unit_test(test_getters_on_null),   cmocka_unit_test(test_members_in_file_order),
        cmocka_unit_test(test_duplicate_keys),    cmocka_unit_test(test_invalid_utf8),
        cmocka_unit_test(test_huge_number),       cmocka_unit_test(test_no_json),
        cmocka_unit_test(test_deep_nesting),      cmocka_unit_test(test_repair_keeps_integers),
        cmocka_unit_test(test_what_docker_reads), cmocka_unit_test(test_one_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
