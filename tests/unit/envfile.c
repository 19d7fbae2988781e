// SPDX-License-Identifier: Apache-2.0
#include "parse/envfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* All lines as "line name=value;" (name+= if it appends), what is no assignment as "line?;". */
static void assert_lines(const char *text, const char *expected)
{
    struct lt_arena arena = {0};
    struct lt_buf got = {0};
    struct lt_env_text env = {.rest = lt_str_c(text)};
    struct lt_env_line line;
    for (enum lt_status status; (status = lt_env_next(&env, &arena, &line)) != LT_END;) {
        if (status == LT_OK)
            lt_buf_printf(&got, "%u %.*s%s=%.*s;", line.line, LT_ARG(line.name), line.appends ? "+" : "",
                          LT_ARG(line.value));
        else
            lt_buf_printf(&got, "%u?;", line.line);
    }
    if (!lt_str_eq(lt_buf_view(&got), lt_str_c(expected)))
        fail_msg("%s: %.*s, not %s", text, LT_ARG(lt_buf_view(&got)), expected);
    lt_buf_free(&got);
    lt_arena_free(&arena);
}

/* Values as a shell and systemd have them, where they agree. */
static void test_assignments(void **state)
{
    (void)state;
    assert_lines("", "");
    assert_lines("#DOCKER_OPTS=\"--dns 8.8.8.8\"\n\n  # x\n", "");
    assert_lines("DOCKER_OPTS=\"-H tcp://0.0.0.0:2375\"\n", "1 DOCKER_OPTS=-H tcp://0.0.0.0:2375;");
    assert_lines("\nexport A='b c'\n B=\nC=d\\ e\nexport\tD=1", "2 A=b c;3 B=;4 C=d e;5 D=1;");
    assert_lines("A=\"x\"'y'z # note\nB=a#b\nC+=' d'", "1 A=xyz;2 B=a#b;3 C+= d;");
    assert_lines("A=-H fd:// --tls  \r\nB=1", "1 A=-H fd:// --tls;2 B=1;");
}

static void test_lines_join(void **state)
{
    (void)state;
    assert_lines("A=\"a\\\nb\"\nB=c\\\nd\nC='e\nf'\nD=g", "1 A=ab;3 B=cd;5 C=e\nf;7 D=g;");
    assert_lines("A=\"\\$x \\q \\\"\"", "1 A=$x \\q \";");
}

static void test_no_assignments(void **state)
{
    (void)state;
    assert_lines("ulimit -n 100\nif [ a = b ]; then\n1A=b\n=c\nA-B=c\nA=\"open\n", "1?;2?;3?;4?;5?;6?;");
    assert_lines("exportA=b\nA b=c", "1 exportA=b;2?;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assignments),
        cmocka_unit_test(test_lines_join),
        cmocka_unit_test(test_no_assignments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
