// SPDX-License-Identifier: Apache-2.0
/* Messages put together by hand after swarmkit's types.proto and objects.proto. */
#include "parse/swarmtask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_status(void **state)
{
    (void)state;
    struct lt_swarm_status status;
    /* timestamp 5 s, state 704, message "m", error "e", container "c" with exit code -1 */
    assert_true(lt_swarm_status_parse(LT_STR("\x0a\x02\x08\x05\x10\xc0\x05\x1a\x01m\x22\x01"
                                             "e\x2a\x0e\x0a\x01"
                                             "c\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
                                      &status));
    assert_true(status.time.set && status.time.sec == 5);
    assert_string_equal(status.state, "failed");
    assert_true(lt_str_eq(status.message, LT_STR("m")) && lt_str_eq(status.error, LT_STR("e")));
    assert_true(lt_str_eq(status.container, LT_STR("c")));
    assert_true(status.has_exit_code && status.exit_code == -1);
}

static void test_states(void **state)
{
    (void)state;
    static const struct {
        const char *message, *name;
    } table[] = {
        {"", "new"},
        {"\x10\x40", "allocated"},
        {"\x10\xc0\x02", "preparing"},
        {"\x10\x80\x06", "rejected"},
        {"\x10\xa0\x06", "remove"},
        {"\x10\xc0\x06", "orphaned"},
        {"\x10\x01", ""},
        {"\x10\x80\x07", ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_swarm_status status;
        assert_true(lt_swarm_status_parse(lt_str_c(table[i].message), &status));
        assert_string_equal(status.state, table[i].name);
    }
}

static void test_task(void **state)
{
    (void)state;
    struct lt_swarm_task task;
    assert_true(lt_swarm_task_parse(LT_STR("\x0a\x01i\x12\x04\x12\x02\x08\x07\x42\x03\x0a\x01s"), &task));
    assert_true(lt_str_eq(task.id, LT_STR("i")) && lt_str_eq(task.service, LT_STR("s")));
    assert_true(task.created.set && task.created.sec == 7 && !task.slot && !task.node.len);
    assert_true(lt_swarm_task_parse(LT_STR("\x0a\x01i\x28\x03\x32\x01n"), &task));
    assert_true(task.slot == 3 && lt_str_eq(task.node, LT_STR("n")));
    assert_false(lt_swarm_task_parse(LT_STR("\x0a\x01i\x12\x09"), &task));
    assert_true(lt_str_eq(task.id, LT_STR("i")) && !task.created.set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_task),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
