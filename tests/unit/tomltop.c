// SPDX-License-Identifier: Apache-2.0
#include "parse/tomltop.h"

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
    {"root = 5\n", ""},
    {"root = \"/open\n", ""},
    {"rooted = \"/no\"\n", ""},
    {"root = \"/one\"\nroot = \"/two\"\n", "/two"},
    {"", ""},
};

static void test_top(void **state)
{
    struct lt_arena arena = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lt_str root = lt_toml_top(&arena, lt_str_c(cases[i].text), "root");
        assert_true(lt_str_eq(root, lt_str_c(cases[i].root)));
    }
    lt_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_top)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
