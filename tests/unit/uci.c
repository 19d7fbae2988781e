// SPDX-License-Identifier: Apache-2.0
#include "parse/uci.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

/* As the file of the package dockerd is written (openwrt/packages utils/dockerd/files/etc/config/dockerd). */
static const char text[] = "# a comment\n\nconfig globals 'globals'\n#\toption data_root '/no'\n"
                           "\toption data_root '/mnt/my disk/docker/' # why\n\toption log_level \"warn\"\r\n"
                           "\toption iptables 1\n\tlist hosts 'tcp://0.0.0.0:2375'\n\tlist hosts unix:///x\n"
                           "\toption empty\n\toption 'open\nconfig firewall\n\toption device 'docker0'\n";

static const struct {
    const char *section, *key, *value;
} wanted[] = {
    {"globals", "data_root", "/mnt/my disk/docker/"},
    {"globals", "log_level", "warn"},
    {"globals", "iptables", "1"},
    {"globals", "hosts", "tcp://0.0.0.0:2375"},
    {"globals", "hosts", "unix:///x"},
    {"firewall", "device", "docker0"},
};

static void test_options(void **state)
{
    struct lt_arena arena = {0};
    struct lt_uci uci = {.rest = lt_str_c(text)};
    struct lt_uci_option option;
    (void)state;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_true(lt_uci_next(&uci, &arena, &option));
        assert_true(lt_str_eq(option.section, lt_str_c(wanted[i].section)));
        assert_true(lt_str_eq(option.key, lt_str_c(wanted[i].key)));
        assert_true(lt_str_eq(option.value, lt_str_c(wanted[i].value)));
    }
    assert_false(lt_uci_next(&uci, &arena, &option));
    lt_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_options)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
