// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_empty_map(void **state)
{
    (void)state;
    struct lt_map map = {0};
    assert_null(lt_map_get(&map, LT_STR("a")));
    assert_null(lt_map_get(&map, LT_STR("")));
}

/* Many keys through several doublings: each must be found, and only those. */
static void test_many_keys(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    static int values[COUNT];
    struct lt_arena arena = {0};
    struct lt_map map = {0};
    for (int i = 0; i < COUNT; i++)
        lt_map_put(&map, &arena, lt_str_format(&arena, "key %d", i), &values[i]);
    assert_int_equal(map.count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_ptr_equal(lt_map_get(&map, lt_str_format(&arena, "key %d", i)), &values[i]);
        assert_null(lt_map_get(&map, lt_str_format(&arena, "key %d ", i)));
    }
    lt_arena_free(&arena);
}

/* Keys are bytes: the empty one, NUL, and prefixes of each other are all different. */
static void test_keys_are_bytes(void **state)
{
    (void)state;
    const struct lt_str keys[] = {LT_STR(""),     LT_STR("\0"),   LT_STR("\0\0"), LT_STR("a"),
                                  LT_STR("a\0b"), LT_STR("a\0c"), LT_STR("\xff"), LT_STR("\xff\xfe")};
    enum { COUNT = sizeof keys / sizeof *keys };
    static int values[COUNT];
    struct lt_arena arena = {0};
    struct lt_map map = {0};
    for (size_t i = 0; i < COUNT; i++)
        lt_map_put(&map, &arena, keys[i], &values[i]);
    for (size_t i = 0; i < COUNT; i++)
        assert_ptr_equal(lt_map_get(&map, keys[i]), &values[i]);
    assert_int_equal(map.count, COUNT);
    lt_arena_free(&arena);
}

static void test_put_replaces(void **state)
{
    (void)state;
    int first, second;
    struct lt_arena arena = {0};
    struct lt_map map = {0};
    for (int i = 0; i < 1000; i++)
        lt_map_put(&map, &arena, LT_STR("same"), &first);
    lt_map_put(&map, &arena, LT_STR("same"), &second);
    assert_ptr_equal(lt_map_get(&map, LT_STR("same")), &second);
    assert_int_equal(map.count, 1);
    lt_arena_free(&arena);
}

/* A full table would make a search for a missing key run for ever. */
static void test_never_full(void **state)
{
    (void)state;
    struct lt_arena arena = {0};
    struct lt_map map = {0};
    for (int i = 0; i < 300; i++) {
        lt_map_put(&map, &arena, lt_str_format(&arena, "%d", i), &map);
        assert_true(map.count < map.cap);
        assert_null(lt_map_get(&map, LT_STR("missing")));
    }
    lt_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_map),    cmocka_unit_test(test_many_keys),  cmocka_unit_test(test_keys_are_bytes),
        cmocka_unit_test(test_put_replaces), cmocka_unit_test(test_never_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
