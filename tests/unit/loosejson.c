// SPDX-License-Identifier: Apache-2.0
#include "parse/loosejson.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* What is read is shown as KEY=VALUE@DEPTH, separated by spaces. */
static const struct {
    const char *text, *members;
} cases[] = {
    {"{\"data-root\": \"/data\",}", "data-root=/data@1"},                                   /* a comma too many */
    {"{\"a\": \"1\"\n\"data-root\": \"/data\"}", "a=1@1 data-root=/data@1"},                /* one too few */
    {"{ // \"data-root\": \"/no\"\n# \"x\": \"y\"\n\"g\": \"/d\" /* \"z\" */ }", "g=/d@1"}, /* comments */
    {"{\"g\": \"http://h/p\"}", "g=http://h/p@1"},                                          /* no comment in a string */
    {"{\"g\": \"/open,\n\"h\": \"2\"}", "g=/open@1 h=2@1"},                                 /* a quote is missing */
    {"\"g\": \"/d\"", "g=/d@0"},                                                            /* braces are missing */
    {"{\"l\": [\"a\", \"b\"], \"o\": {\"g\": \"/no\"}, \"g\": \"/d\"}", "l=a@2 l=b@2 g=/no@2 g=/d@1"},
    {"{\"g\": \"\\/a\\\\b\\\"c\"}", "g=/a\\b\"c@1"},
    {"{\"g\": true, \"h\"", "g=h@1"}, /* what is cut off looks like a value */
    {"{'g': '/d', \"h\": \"it's\"}", "g=/d@1 h=it's@1"},
    {"/* open", ""},
    {"", ""},
};

static void test_members(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lt_arena arena = {0};
        struct lt_buf shown = {0};
        struct lt_loose_json json = {.rest = lt_str_c(cases[i].text)};
        struct lt_loose_member member;
        while (lt_loose_next(&json, &arena, &member))
            lt_buf_printf(&shown, "%s%.*s=%.*s@%u", shown.len ? " " : "", LT_ARG(member.key), LT_ARG(member.value),
                          member.depth);
        assert_true(lt_str_eq(lt_buf_view(&shown), lt_str_c(cases[i].members)));
        lt_buf_free(&shown);
        lt_arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_members)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
