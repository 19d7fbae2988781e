// SPDX-License-Identifier: Apache-2.0
#include "parse/unitfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* All lines as "line section/key=value;", a line that is not understood as "line?;". */
static void assert_lines(const char *text, const char *expected)
{
    struct lt_arena arena = {0};
    struct lt_buf got = {0};
    struct lt_unit_text unit = {.rest = lt_str_c(text)};
    struct lt_unit_line line;
    for (enum lt_status status; (status = lt_unit_next(&unit, &arena, &line)) != LT_END;) {
        if (status == LT_OK)
            lt_buf_printf(&got, "%u %.*s/%.*s=%.*s;", line.line, LT_ARG(line.section), LT_ARG(line.key),
                          LT_ARG(line.value));
        else
            lt_buf_printf(&got, "%u?;", line.line);
    }
    if (!lt_str_eq(lt_buf_view(&got), lt_str_c(expected)))
        fail_msg("%s: %.*s, not %s", text, LT_ARG(lt_buf_view(&got)), expected);
    lt_buf_free(&got);
    lt_arena_free(&arena);
}

static void test_assignments(void **state)
{
    (void)state;
    assert_lines("", "");
    assert_lines("# x\n\n[Service]\n Key = a b \r\n;c=d\nExecStart=\n[Install]\nA=b=c",
                 "4 Service/Key=a b;6 Service/ExecStart=;8 Install/A=b=c;");
}

static void test_continuation(void **state)
{
    (void)state;
    /* man 7 systemd.syntax: the lines join with a blank, a comment between them is left out */
    assert_lines("[S]\nK=a\\\n  b\\\n# no\n ; no\\\nc\nL=d", "2 S/K=a   b c;7 S/L=d;");
    assert_lines("[S]\nK=a\\\\\nL=b", "2 S/K=a\\\\;3 S/L=b;");
    assert_lines("[S]\nK=a\\", "2 S/K=a;");
    assert_lines("[S]\n# c\\\nK=a", "3 S/K=a;");
}

static void test_bad_lines(void **state)
{
    (void)state;
    assert_lines("A=b\n[S\nB=c\n[S]\nnothing\nC=d\n[]\nD=e", "1?;2?;3?;5?;6 S/C=d;8?;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assignments),
        cmocka_unit_test(test_continuation),
        cmocka_unit_test(test_bad_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
