// SPDX-License-Identifier: Apache-2.0
#include "parse/cgconfig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* All lines as "line group|controller|key=value;", what is not understood as "line?;". */
static void assert_lines(const char *text, const char *expected)
{
    struct lt_buf got = {0};
    struct lt_cg_text config = {.rest = lt_str_c(text)};
    struct lt_cg_line line;
    for (enum lt_status status; (status = lt_cg_next(&config, &line)) != LT_END;) {
        if (status == LT_OK)
            lt_buf_printf(&got, "%u %.*s|%.*s|%.*s=%.*s;", line.line, LT_ARG(line.group), LT_ARG(line.controller),
                          LT_ARG(line.key), LT_ARG(line.value));
        else
            lt_buf_printf(&got, "%u?;", line.line);
    }
    if (!lt_str_eq(lt_buf_view(&got), lt_str_c(expected)))
        fail_msg("%s: %.*s, not %s", text, LT_ARG(lt_buf_view(&got)), expected);
    lt_buf_free(&got);
}

static void test_groups(void **state)
{
    (void)state;
    assert_lines("", "");
    assert_lines("# nothing\nmount { cpu = /cgroup/cpu; }\ndefault { perm { task { uid = 1; } } }\n", "");
    assert_lines("group docker/web {\n perm { admin { uid = root; } task { gid = x; } }\n memory {\n"
                 "  memory.limit_in_bytes = 512M; # half\n memory.swappiness=\"0\"; }\n cpu { }\n}\n",
                 "1 docker/web||=;3 docker/web|memory|=;4 docker/web|memory|memory.limit_in_bytes=512M;"
                 "5 docker/web|memory|memory.swappiness=0;6 docker/web|cpu|=;");
    assert_lines("template \"users/%u\" { devices { devices.allow = \"c 1:3 rwm\"; devices.deny = a b; } }",
                 "1 users/%u||=;1 users/%u|devices|=;1 users/%u|devices|devices.allow=c 1:3 rwm;"
                 "1 users/%u|devices|devices.deny=a b;");
}

static void test_damage(void **state)
{
    (void)state;
    assert_lines("}\ngroup a { cpu { x = 1 } }", "1?;2 a||=;2 a|cpu|=;2 a|cpu|x=1;");
    assert_lines("group a { cpu { what; y = 2; }\n", "1 a||=;1 a|cpu|=;1?;1 a|cpu|y=2;2?;");
    assert_lines("group a b c {}", "1?;");
    assert_lines("group a { cpu { x } }", "1 a||=;1 a|cpu|=;1?;");
    assert_lines("\"open", "1?;");
}

static void test_rules(void **state)
{
    (void)state;
    struct lt_str rest =
        LT_STR("# user controllers group\n\nann:dockerd cpu,memory  docker/ann/\n@wheel\t*\tx y\nbad cpu");
    struct lt_cg_rule rule;
    unsigned line = 0;
    assert_int_equal(lt_cg_rule_next(&rest, &line, &rule), LT_OK);
    assert_true(lt_str_eq(rule.who, LT_STR("ann:dockerd")) && lt_str_eq(rule.controllers, LT_STR("cpu,memory")) &&
                lt_str_eq(rule.group, LT_STR("docker/ann/")) && rule.line == 3);
    assert_int_equal(lt_cg_rule_next(&rest, &line, &rule), LT_OK);
    assert_true(lt_str_eq(rule.who, LT_STR("@wheel")) && lt_str_eq(rule.group, LT_STR("x")));
    assert_int_equal(lt_cg_rule_next(&rest, &line, &rule), LT_SKIP);
    assert_int_equal(rule.line, 5);
    assert_int_equal(lt_cg_rule_next(&rest, &line, &rule), LT_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
