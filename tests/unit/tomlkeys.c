// SPDX-License-Identifier: Apache-2.0
#include "parse/tomlkeys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *text, *root;
} cases[] = {
    {"version = 2\nroot = \"/srv/ctd\"\nstate = \"/run\"\n", "/srv/ctd"},
    {"root='/a\\b'", "/a\\b"},                              /* a literal string */
    {"root = \"/a\\tb\\\"c\" # a comment\r\n", "/a\tb\"c"}, /* escapes, CRLF */
    {"\"root\" = \"/quoted\"\n", "/quoted"},
    {"#root = \"/no\"\nroot = \"/yes\"", "/yes"},
    {"[plugins]\nroot = \"/no\"\n", ""}, /* of a table */
    {"[[streams]]\nroot = \"/no\"\n", ""},
    {"root = 5\n", ""},
    {"root = \"/open\n", ""},
    {"rooted = \"/no\"\n", ""},
    {"root = \"/one\"\nroot = \"/two\"\n", "/two"},
    {"a = '''\nroot = \"/no\"\n'''\nroot = \"/yes\"\n", "/yes"}, /* a string of several lines */
    {"a = [ \"x\", # ]\n  'root = 1',\n]\nroot = \"/yes\"\n", "/yes"},
    {"", ""},
};

static void test_top(void **state)
{
    struct lt_arena arena = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lt_str root = lt_toml_string(&arena, lt_str_c(cases[i].text), "root");
        assert_true(lt_str_eq(root, lt_str_c(cases[i].root)));
    }
    lt_arena_free(&arena);
}

static void test_tables(void **state)
{
    struct lt_arena arena = {0};
    struct lt_list stores = {0};
    struct lt_str text = LT_STR("[storage] # of Podman\ndriver = \"overlay\"\ngraphroot = \"/srv/pod\"\n"
                                "[ storage . options ]\nadditionalimagestores = [ \"/a\",\n # none\n '/b' ]\n"
                                "[other]\nadditionalimagestores = [\"/c\"]\n");
    (void)state;
    assert_true(lt_str_eq(lt_toml_string(&arena, text, "storage.graphroot"), LT_STR("/srv/pod")));
    assert_int_equal(lt_toml_string(&arena, text, "graphroot").len, 0);
    lt_toml_strings(&arena, text, "storage.options.additionalimagestores", &stores);
    assert_int_equal(stores.count, 2);
    assert_true(lt_str_eq(*(struct lt_str *)stores.items[0], LT_STR("/a")));
    assert_true(lt_str_eq(*(struct lt_str *)stores.items[1], LT_STR("/b")));
    lt_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_top), cmocka_unit_test(test_tables)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
