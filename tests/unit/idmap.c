// SPDX-License-Identifier: Apache-2.0
/* man 5 subuid, man 7 user_namespaces, and the order of moby pkg/idtools: expectations worked out by hand. */
#include "parse/idmap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_inside(const struct lt_idmap *map, uint32_t id, uint32_t expected)
{
    uint32_t inside;
    if (!lt_idmap_inside(map, id, &inside) || inside != expected)
        fail_msg("%u is not %u inside", id, expected);
}

static void assert_outside(const struct lt_idmap *map, uint32_t id)
{
    uint32_t inside;
    if (lt_idmap_inside(map, id, &inside))
        fail_msg("%u is %u inside", id, inside);
}

static void test_ranges(void **state)
{
    (void)state;
    struct lt_idmap map = {0};
    assert_outside(&map, 0);
    lt_idmap_add(&map, 1000, 1);
    lt_idmap_add(&map, 100000, 65536);
    lt_idmap_add(&map, 5, 2);
    assert_inside(&map, 1000, 0);
    assert_inside(&map, 100000, 1);
    assert_inside(&map, 165535, 65536);
    assert_inside(&map, 5, 65537);
    assert_inside(&map, 6, 65538);
    const uint32_t none[] = {0, 4, 7, 999, 1001, 99999, 165536, UINT32_MAX};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_outside(&map, none[i]);
}

/* Ranges of an OCI specification may leave holes inside, and come in any order. */
static void test_ranges_at(void **state)
{
    (void)state;
    struct lt_idmap map = {0}, other = {0};
    lt_idmap_add_at(&map, 1000, 7, 1);
    lt_idmap_add_at(&map, 0, 100000, 1000);
    lt_idmap_add_at(&map, 1, 1, 0);
    lt_idmap_add_at(&map, UINT32_MAX, 1, 1);
    lt_idmap_add_at(&map, UINT32_MAX - 1, 1, 2);
    assert_int_equal(map.count, 2);
    assert_inside(&map, 7, 1000);
    assert_inside(&map, 100000, 0);
    assert_inside(&map, 100999, 999);
    assert_outside(&map, 101000);
    assert_false(lt_idmap_equal(&map, &other));
    lt_idmap_add_at(&other, 1000, 7, 1);
    lt_idmap_add_at(&other, 0, 100000, 999);
    assert_false(lt_idmap_equal(&map, &other));
    other.ranges[1].count = 1000;
    assert_true(lt_idmap_equal(&map, &other));
}

/* A map within a namespace that has holes: 0 to 9 are 500 to 509, 20 to 29 are 700 to 709. */
static void test_nested(void **state)
{
    (void)state;
    struct lt_idmap outer = {0}, map = {0};
    lt_idmap_add_at(&outer, 20, 700, 10);
    lt_idmap_add_at(&outer, 0, 500, 10);
    lt_idmap_add_nested(&map, &outer, 100, 5, 20); /* 100 to 119 are 5 to 24 there */
    assert_int_equal(map.count, 2);
    assert_inside(&map, 505, 100);
    assert_inside(&map, 509, 104);
    assert_inside(&map, 700, 115);
    assert_inside(&map, 704, 119);
    assert_outside(&map, 504);
    assert_outside(&map, 705);
    lt_idmap_add_nested(&map, &outer, 0, 10, 10);
    lt_idmap_add_nested(&map, &outer, 0, 0, 0);
    lt_idmap_add_nested(&map, &outer, UINT32_MAX - 2, 0, 10);
    assert_int_equal(map.count, 2);
}

static void test_edges(void **state)
{
    (void)state;
    struct lt_idmap map = {0};
    lt_idmap_add(&map, 7, 0);
    lt_idmap_add(&map, UINT32_MAX, 1);
    lt_idmap_add(&map, UINT32_MAX - 1, 2);
    lt_idmap_add(&map, 1, UINT32_MAX);
    assert_int_equal(map.count, 0);
    lt_idmap_add(&map, 0, UINT32_MAX); /* the whole of it: the map of the first namespace */
    assert_inside(&map, UINT32_MAX - 1, UINT32_MAX - 1);
    assert_outside(&map, UINT32_MAX);
    lt_idmap_add(&map, 0, 1);
    assert_int_equal(map.count, 1);
}

static void test_limit(void **state)
{
    (void)state;
    struct lt_idmap map = {0};
    for (uint32_t i = 0; i < 1000; i++)
        lt_idmap_add(&map, i * 10, 1);
    assert_int_equal(map.count, LT_MAX_IDRANGES);
    assert_inside(&map, 3390, 339);
    assert_outside(&map, 3400);
}

static void test_lines(void **state)
{
    (void)state;
    struct lt_str rest = LT_STR("ann:100000:65536\n\n# ben:1:2\n 1001:5:1 \r\nx:4294967294:1");
    const struct lt_subid expected[] = {
        {LT_STR("ann"), 100000, 65536}, {LT_STR("1001"), 5, 1}, {LT_STR("x"), UINT32_MAX - 1, 1}};
    struct lt_subid got;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(lt_subid_next(&rest, &got), LT_OK);
        assert_true(lt_str_eq(got.owner, expected[i].owner));
        assert_int_equal(got.first, expected[i].first);
        assert_int_equal(got.count, expected[i].count);
    }
    assert_int_equal(lt_subid_next(&rest, &got), LT_END);
}

static void test_bad_lines(void **state)
{
    (void)state;
    static const char *const lines[] = {"ann",
                                        "ann:",
                                        "ann:1",
                                        "ann:1:",
                                        ":1:1",
                                        "ann:1:1:1",
                                        "ann:-1:1",
                                        "ann:+1:1",
                                        "ann: 1:1",
                                        "ann:1:0",
                                        "ann:0x1:1",
                                        "ann:1e3:1",
                                        "ann::1",
                                        "ann:4294967296:1",
                                        "ann:4294967295:1",
                                        "ann:1:x",
                                        "ann:2:4294967294",
                                        "ann:18446744073709551617:1"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct lt_str rest = lt_str_c(lines[i]);
        struct lt_subid got;
        if (lt_subid_next(&rest, &got) != LT_SKIP)
            fail_msg("taken: %s", lines[i]);
        assert_int_equal(lt_subid_next(&rest, &got), LT_END);
    }
}

static void test_owner(void **state)
{
    (void)state;
    struct lt_idmap map = {0};
    lt_idmap_add_owner(&map, LT_STR("a:300:10\nab:1:1\nbad\na:100:5\nA:2:1\n"), LT_STR("a"));
    assert_int_equal(map.count, 2);
    assert_inside(&map, 300, 0);
    assert_inside(&map, 100, 10);
    assert_outside(&map, 1);
}

static void test_beginning(void **state)
{
    (void)state;
    struct lt_str text = LT_STR("other:100:9\nremap:500:10\nremap:200:20\nremap:300:30\n");
    struct lt_idmap map = {0};
    assert_true(lt_idmap_add_beginning(&map, text, 500)); /* the order of the file */
    assert_inside(&map, 200, 10);
    assert_inside(&map, 329, 59);
    map.count = 0;
    assert_true(lt_idmap_add_beginning(&map, text, 200)); /* the lowest first */
    assert_inside(&map, 200, 0);
    assert_inside(&map, 300, 20);
    assert_inside(&map, 509, 59);
    map.count = 0;
    assert_false(lt_idmap_add_beginning(&map, text, 300)); /* never comes first */
    assert_false(lt_idmap_add_beginning(&map, text, 501));
    assert_false(lt_idmap_add_beginning(&map, LT_STR(""), 0));
    assert_int_equal(map.count, 0);
}

static void test_remap(void **state)
{
    (void)state;
    uint32_t uid, gid;
    assert_true(lt_remap_parse(LT_STR("165536.231072"), &uid, &gid));
    assert_int_equal(uid, 165536);
    assert_int_equal(gid, 231072);
    static const char *const bad[] = {"", ".", "1.", ".1", "1", "1.2.3", "1..2", "a.1", "1.a", "-1.1", "1.4294967296"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(lt_remap_parse(lt_str_c(bad[i]), &uid, &gid));
}

static void test_passwd(void **state)
{
    (void)state;
    struct lt_str text = LT_STR("root:x:0:0:root:/root:/bin/sh\nbroken\nann:x:1000:1001::/home/ann:\nbis:x:1000:1::/:");
    assert_true(lt_str_eq(lt_passwd_name(text, 1000), LT_STR("ann")));
    assert_true(lt_str_eq(lt_passwd_name(text, 0), LT_STR("root")));
    assert_int_equal(lt_passwd_name(text, 1001).len, 0);
    assert_int_equal(lt_passwd_name(LT_STR(""), 0).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges_at), cmocka_unit_test(test_nested), cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_edges),     cmocka_unit_test(test_limit),  cmocka_unit_test(test_lines),
        cmocka_unit_test(test_bad_lines), cmocka_unit_test(test_owner),  cmocka_unit_test(test_beginning),
        cmocka_unit_test(test_remap),     cmocka_unit_test(test_passwd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
