// SPDX-License-Identifier: Apache-2.0
#include "parse/dockerd.h"

#include "parse/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_options(const char *text, const char *expected)
{
    struct lt_arena arena = {0};
    struct lt_buf got = {0};
    struct lt_list words = {0};
    struct lt_str rest = lt_str_c(text), word;
    while (lt_word_next(&rest, &arena, &word) == LT_OK) {
        struct lt_str *kept = lt_new(&arena, struct lt_str);
        *kept = word;
        lt_list_add(&words, &arena, kept);
    }
    struct lt_dockerd_option option;
    for (size_t at = 0; lt_dockerd_next(&words, &at, &option) == LT_OK;)
        lt_buf_printf(&got, "%.*s=%.*s;", LT_ARG(option.key), LT_ARG(option.value));
    if (!lt_str_eq(lt_buf_view(&got), lt_str_c(expected)))
        fail_msg("%s: %.*s, not %s", text, LT_ARG(lt_buf_view(&got)), expected);
    lt_buf_free(&got);
    lt_arena_free(&arena);
}

static void test_options(void **state)
{
    (void)state;
    assert_options("", "");
    assert_options("dockerd -H fd:// --containerd=/run/c.sock", "hosts=fd://;containerd=/run/c.sock;");
    assert_options("docker daemon --host tcp://1.2.3.4 --tlsverify --insecure-registry r:5000 -g /srv",
                   "hosts=tcp://1.2.3.4;tlsverify=true;insecure-registries=r:5000;data-root=/srv;");
    assert_options("-H=unix:///a -Htcp://b -DH tcp://c -D=false",
                   "hosts=unix:///a;hosts=tcp://b;hosts=tcp://c;debug=false;");
    assert_options("--icc=false --tls $OPTS --new-thing x --other --last",
                   "icc=false;tls=true;new-thing=x;other=true;last=true;");
    assert_options("-d -tlsverify=false -host tcp://x", "daemon=true;tlsverify=false;hosts=tcp://x;");
    assert_options("-H", "hosts=true;");
    assert_options("--tls -- -H tcp://x", "tls=true;");
    assert_options("- x -Z -Zv", "Z=true;Z=v;");
}

static void test_reach(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        enum lt_reach reach;
    } cases[] = {{"unix:///var/run/docker.sock", LT_REACH_SOCKET},
                 {"fd://", LT_REACH_SOCKET},
                 {"", LT_REACH_SOCKET},
                 {"tcp://", LT_REACH_LOCAL},
                 {"tcp://:2375", LT_REACH_LOCAL}, /* moby opts/hosts.go: the default address is localhost */
                 {"tcp://localhost:2375", LT_REACH_LOCAL},
                 {"tcp://127.0.0.1:2375/path", LT_REACH_LOCAL},
                 {"tcp://[::1]:2375", LT_REACH_LOCAL},
                 {"tcp://0.0.0.0:2375", LT_REACH_NETWORK},
                 {"tcp://[::]:2375", LT_REACH_NETWORK},
                 {"tcp://host", LT_REACH_NETWORK},
                 {"0.0.0.0:2375", LT_REACH_NETWORK},
                 {" tcp://10.0.0.1 ", LT_REACH_NETWORK}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (lt_dockerd_reach(lt_str_c(cases[i].host)) != cases[i].reach)
            fail_msg("%s", cases[i].host);
}

static void test_listen(void **state)
{
    (void)state;
    assert_int_equal(lt_listen_reach(LT_STR("/run/docker.sock")), LT_REACH_SOCKET);
    assert_int_equal(lt_listen_reach(LT_STR("%t/docker.sock")), LT_REACH_SOCKET);
    assert_int_equal(lt_listen_reach(LT_STR("@docker")), LT_REACH_SOCKET);
    assert_int_equal(lt_listen_reach(LT_STR("vsock::2375")), LT_REACH_SOCKET);
    assert_int_equal(lt_listen_reach(LT_STR("2375")), LT_REACH_NETWORK);
    assert_int_equal(lt_listen_reach(LT_STR("0.0.0.0:2375")), LT_REACH_NETWORK);
    assert_int_equal(lt_listen_reach(LT_STR("[::]:2375")), LT_REACH_NETWORK);
    assert_int_equal(lt_listen_reach(LT_STR("127.0.0.1:2375")), LT_REACH_LOCAL);
    assert_int_equal(lt_listen_reach(LT_STR("[::1]:2375")), LT_REACH_LOCAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_reach),
        cmocka_unit_test(test_listen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
