// SPDX-License-Identifier: Apache-2.0
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOTHING ((struct lt_str){0}) /* what a zeroed record holds: a NULL view is an empty one */

static void assert_str(struct lt_str got, struct lt_str expected)
{
    if (!lt_str_eq(got, expected))
        fail_msg("got '%.*s' (%zu), expected '%.*s' (%zu)", LT_ARG(got), got.len, LT_ARG(expected), expected.len);
}

static void test_order_and_equality(void **state)
{
    (void)state;
    /* Ascending. Bytes are unsigned: 0xff comes after every letter. */
    const struct lt_str order[] = {NOTHING,        LT_STR("\0"), LT_STR("a"), LT_STR("a\0"),
                                   LT_STR("a\0b"), LT_STR("ab"), LT_STR("b"), LT_STR("\xff")};
    enum { COUNT = sizeof order / sizeof *order };
    for (int a = 0; a < COUNT; a++)
        for (int b = 0; b < COUNT; b++) {
            int got = lt_str_cmp(order[a], order[b]);
            assert_int_equal((got > 0) - (got < 0), (a > b) - (a < b));
            assert_int_equal(lt_str_eq(order[a], order[b]), a == b);
        }
    assert_true(lt_str_eq(NOTHING, LT_STR("")));
    assert_true(lt_str_eq(lt_str_c(NULL), LT_STR("")));
}

static void test_starts_and_ends(void **state)
{
    (void)state;
    const struct {
        struct lt_str text, part;
        bool starts, ends;
    } table[] = {
        {LT_STR("abc"), LT_STR("ab"), true, false},   {LT_STR("abc"), LT_STR("bc"), false, true},
        {LT_STR("abc"), LT_STR("abc"), true, true},   {LT_STR("abc"), LT_STR("abcd"), false, false},
        {LT_STR("abc"), LT_STR(""), true, true},      {LT_STR(""), LT_STR("a"), false, false},
        {LT_STR("a\0b"), LT_STR("a\0"), true, false}, {NOTHING, LT_STR("a"), false, false},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(lt_str_starts(table[i].text, table[i].part), table[i].starts);
        assert_int_equal(lt_str_ends(table[i].text, table[i].part), table[i].ends);
    }
}

static void test_skip_and_trim(void **state)
{
    (void)state;
    assert_str(lt_str_skip(LT_STR("abc"), 0), LT_STR("abc"));
    assert_str(lt_str_skip(LT_STR("abc"), 2), LT_STR("c"));
    assert_str(lt_str_skip(LT_STR("abc"), 3), LT_STR(""));
    assert_str(lt_str_skip(LT_STR("abc"), 4), LT_STR("abc")); /* the contract: without any, if it is shorter */
    assert_str(lt_str_trim(LT_STR(" \t\r\n a b \n")), LT_STR("a b"));
    assert_str(lt_str_trim(LT_STR(" \r\n\t ")), LT_STR(""));
    assert_str(lt_str_trim(LT_STR("\0 ")), LT_STR("\0"));
    assert_str(lt_str_trim(LT_STR("\v\f")), LT_STR("\v\f")); /* no white space by this definition */
    assert_str(lt_str_trim(NOTHING), LT_STR(""));
}

static void test_cut(void **state)
{
    (void)state;
    struct lt_str rest = LT_STR("a//b/");
    assert_str(lt_str_cut(&rest, '/'), LT_STR("a"));
    assert_str(lt_str_cut(&rest, '/'), LT_STR(""));
    assert_str(rest, LT_STR("b/"));
    assert_str(lt_str_cut(&rest, ','), LT_STR("b/")); /* no such separator: all of it */
    assert_str(rest, LT_STR(""));
    assert_str(lt_str_cut(&rest, '/'), LT_STR(""));
    rest = LT_STR("a\0b\0");
    assert_str(lt_str_cut(&rest, 0), LT_STR("a"));
    assert_str(rest, LT_STR("b\0"));
}

static void test_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path, *base;
    } table[] = {{"/a/b", "b"}, {"a", "a"}, {"/a/", ""}, {"/", ""}, {"", ""}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_str(lt_str_basename(lt_str_c(table[i].path)), lt_str_c(table[i].base));
    struct lt_arena arena = {0};
    assert_string_equal(lt_path_join(&arena, LT_STR(""), LT_STR("a")).ptr, "/a");
    assert_string_equal(lt_path_join(&arena, LT_STR("/a"), LT_STR("b")).ptr, "/a/b");
    assert_str(lt_path_join(&arena, NOTHING, NOTHING), LT_STR("/"));
    lt_arena_free(&arena);
}

static void test_copies_end_in_nul(void **state)
{
    (void)state;
    struct lt_arena arena = {0};
    char bytes[] = {'x', 0, 'y', 'z'};
    struct lt_str copy = lt_str_dup(&arena, (struct lt_str){bytes, 3});
    memset(bytes, '!', sizeof bytes); /* a copy, not a view */
    assert_str(copy, LT_STR("x\0y"));
    assert_int_equal(copy.ptr[3], 0);
    assert_string_equal(lt_str_dup(&arena, NOTHING).ptr, "");
    struct lt_str text = lt_str_format(&arena, "%s-%d", "a", -5);
    assert_str(text, LT_STR("a--5"));
    assert_int_equal(text.ptr[text.len], 0);
    assert_str(lt_str_format(&arena, "%s", ""), LT_STR(""));
    lt_arena_free(&arena);
}

static void test_numbers(void **state)
{
    (void)state;
    struct lt_buf buf = {0};
    lt_buf_uint(&buf, 0);
    lt_buf_char(&buf, ' ');
    lt_buf_uint(&buf, UINT64_MAX);
    lt_buf_char(&buf, ' ');
    lt_buf_int(&buf, INT64_MIN);
    lt_buf_char(&buf, ' ');
    lt_buf_int(&buf, INT64_MAX);
    lt_buf_char(&buf, ' ');
    lt_buf_int(&buf, -1);
    assert_str(lt_buf_view(&buf), LT_STR("0 18446744073709551615 -9223372036854775808 9223372036854775807 -1"));
    lt_buf_free(&buf);
}

static void test_padded_numbers(void **state)
{
    (void)state;
    static const struct {
        uint64_t number;
        unsigned width;
        const char *expected;
    } table[] = {
        {0, 0, "0"},
        {0, 1, "0"},
        {7, 4, "0007"},
        {12345, 4, "12345"}, /* never cut */
        {7, 20, "00000000000000000007"},
        {UINT64_MAX, 20, "18446744073709551615"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_buf buf = {0};
        lt_buf_padded(&buf, table[i].number, table[i].width);
        assert_str(lt_buf_view(&buf), lt_str_c(table[i].expected));
        lt_buf_free(&buf);
    }
}

/* Growth over several doublings, with every way of adding. */
static void test_buffer_grows(void **state)
{
    (void)state;
    struct lt_buf buf = {0};
    assert_str(lt_buf_view(&buf), LT_STR(""));
    lt_buf_add(&buf, NOTHING);
    lt_buf_printf(&buf, "%s", "");
    assert_int_equal(buf.len, 0);
    for (unsigned i = 0; i < 5000; i++) {
        lt_buf_char(&buf, 'a');
        lt_buf_lit(&buf, "bc");
        lt_buf_printf(&buf, "%04u", i);
    }
    assert_int_equal(buf.len, 5000 * 7);
    for (unsigned i = 0; i < 5000; i++) {
        char expected[12];
        snprintf(expected, sizeof expected, "abc%04u", i);
        assert_memory_equal(buf.ptr + i * 7, expected, 7);
    }
    lt_buf_free(&buf);
    assert_null(buf.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_equality),
        cmocka_unit_test(test_starts_and_ends),
        cmocka_unit_test(test_skip_and_trim),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_copies_end_in_nul),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_padded_numbers),
        cmocka_unit_test(test_buffer_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
