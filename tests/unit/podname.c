// SPDX-License-Identifier: Apache-2.0
/* Names as the sources of Kubernetes compose them; see podname.h. */
#include "parse/podname.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define UID    "7865258b-0ee3-4af2-75bb-16a3837c3a0d"
#define STATIC "0123456789abcdef0123456789abcdef"
#define ID     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void same(struct lt_str got, const char *wanted)
{
    assert_true(lt_str_eq(got, lt_str_c(wanted)));
}

static void test_directory(void **state)
{
    (void)state;
    struct lt_pod_name pod;
    assert_true(lt_pod_log_directory(LT_STR("kube-system_etcd-node.1_" STATIC), &pod));
    same(pod.namespace, "kube-system");
    same(pod.name, "etcd-node.1");
    same(pod.uid, STATIC);
    assert_true(lt_pod_log_directory(LT_STR(UID), &pod));
    same(pod.uid, UID);
    assert_int_equal(pod.name.len, 0);
    assert_false(lt_pod_log_directory(LT_STR("a_" UID), &pod));
    assert_false(lt_pod_log_directory(LT_STR("a_b_c_" UID), &pod));
    assert_false(lt_pod_log_directory(LT_STR("a_b_7865258b0-ee3-4af2-75bb-16a3837c3a0d"), &pod));
    assert_false(lt_pod_log_directory(LT_STR("a_.._" UID), &pod));
    assert_false(lt_pod_log_directory(LT_STR(""), &pod));
}

static void test_link(void **state)
{
    (void)state;
    struct lt_pod_name pod;
    struct lt_buf cut = {0};
    assert_true(lt_pod_log_link(LT_STR("web-0_portal_side-car-" ID ".log"), &pod));
    same(pod.name, "web-0");
    same(pod.namespace, "portal");
    same(pod.container, "side-car");
    same(pod.id, ID);
    assert_false(lt_pod_log_link(LT_STR("web-0_portal_side-car-" ID), &pod));
    assert_false(lt_pod_log_link(LT_STR("web-0_portal_side-car-0123.log"), &pod));
    while (cut.len < 200)
        lt_buf_char(&cut, 'p');
    lt_buf_lit(&cut, "_portal_app-");
    lt_buf_add(&cut, (struct lt_str){ID, 251 - cut.len});
    lt_buf_lit(&cut, ".log");
    assert_true(lt_pod_log_link(lt_buf_view(&cut), &pod));
    same(pod.namespace, "portal");
    assert_int_equal(pod.id.len, 0);
    lt_buf_free(&cut);
}

static void test_file(void **state)
{
    (void)state;
    struct lt_pod_log log;
    struct lt_pod_name name;
    assert_true(lt_pod_log_file(LT_STR("12.log"), &log, &name));
    assert_true(name.has_attempt && name.attempt == 12 && !log.local.set);
    assert_true(lt_pod_log_file(LT_STR("0.log.20261123-184644.gz"), &log, &name));
    same(log.log, "0.log");
    same(log.stamp, "20261123-184644");
    assert_true(log.is_copy && log.local.set && log.local.sec == 1795459604);
    assert_true(lt_pod_log_file(LT_STR("0.log.20261123-184644.tmp"), &log, &name) && log.is_copy);
    assert_true(lt_pod_log_file(LT_STR("app_3.log"), &log, &name));
    same(name.container, "app");
    same(log.log, "app_3.log");
    assert_int_equal(name.attempt, 3);
    static const char *const others[] = {"", "log", ".log", "x.log", "0", "1234567890.log", "_0.log"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(lt_pod_log_file(lt_str_c(others[i]), &log, &name));
    static const char *const by_others[] = {"0.log.1", "0.log.gz", "0.log.bak", "0.log-20261123",
                                            "0.log.20261323-184644"};
    for (size_t i = 0; i < sizeof by_others / sizeof *by_others; i++)
        assert_true(lt_pod_log_file(lt_str_c(by_others[i]), &log, &name) && !log.local.set && !log.stamp.len);
}

static void test_projection(void **state)
{
    (void)state;
    struct lt_time time;
    assert_true(lt_pod_projection(LT_STR("..2016_02_01_15_04_05.12345678"), &time));
    assert_true(time.sec == 1454339045 && time.nsec == 0);
    assert_false(lt_pod_projection(LT_STR("..data"), &time));
    assert_false(lt_pod_projection(LT_STR("..2016_02_31_15_04_05.1"), &time));
    assert_false(lt_pod_projection(LT_STR("..2016_02_01_15_04_05.1x"), &time));
}

static void test_checkpoint(void **state)
{
    (void)state;
    struct lt_pod_name pod;
    struct lt_time time;
    assert_true(lt_pod_checkpoint(LT_STR("checkpoint-web-0_shop-app-2016-02-01T16:04:05+01:00.tar"), &pod, &time));
    same(pod.name, "web-0");
    same(pod.container, "shop-app");
    assert_int_equal(time.sec, 1454339045);
    assert_false(lt_pod_checkpoint(LT_STR("checkpoint-web-0_shop-app.tar"), &pod, &time));
    assert_false(lt_pod_checkpoint(LT_STR("checkpoint-.tar"), &pod, &time));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directory),  cmocka_unit_test(test_link),       cmocka_unit_test(test_file),
        cmocka_unit_test(test_projection), cmocka_unit_test(test_checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
