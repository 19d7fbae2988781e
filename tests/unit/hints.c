// SPDX-License-Identifier: Apache-2.0
/* Whose finds may be, by what lies beside them and by when it was written. Blocks have 4096 bytes. */
#include "carve/hints.h"
#include "carve/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint64_t BLOCK = 4096, STRETCH = 512;

static struct lt_container one = {.id = {"1", 1}, .name = {"one", 3}, .owner.role = LT_ROLE_CONFIG};
static struct lt_container two = {.id = {"2", 1}, .name = {"two", 3}, .owner.role = LT_ROLE_CONFIG};
static const struct lt_owner of_one = {.container = &one, .role = LT_ROLE_RW};
static const struct lt_owner of_two = {.container = &two, .role = LT_ROLE_RW};

static struct lt_carve_mark living(uint64_t block, int64_t born, const struct lt_owner *owner)
{
    return (struct lt_carve_mark){
        .at = block * BLOCK, .size = 1, .born = lt_time_at(born, 0), .owner = owner, .lives = true};
}

static struct lt_carve_mark deleted(uint64_t block, const struct lt_owner *owner)
{
    return (struct lt_carve_mark){.at = block * BLOCK, .size = 1, .owner = owner};
}

static void search(struct lt_carve_item *items, size_t count, struct lt_carve_mark *marks, size_t mark_count)
{
    void *pointers[] = {&one, &two};
    struct lt_list containers = {pointers, 2, 2};
    one.owner.container = &one;
    two.owner.container = &two;
    const struct lt_carve_trail trail = {items, count, marks, mark_count, &containers, BLOCK};
    lt_carve_hints(&trail);
}

static void test_time(void **state)
{
    (void)state;
    struct lt_carve_mark marks[] = {
        living(STRETCH + 1, 10, &of_two),
        living(STRETCH + 9, 30, &of_two),
        living(STRETCH + 20, 31, &of_two),
        living(0, 20, &of_one),
        living(0, 21, &of_one),
        living(0, 22, &of_one),
        living(0, 23, &of_one),
        living(0, 24, &of_one),
        living(0, 25, &of_one),
        living(0, 26, &of_one),
        living(0, 27, &of_one),
        living(STRETCH + 4, 99, &of_two), /* put there later */
    };
    struct lt_carve_item items[] = {
        {.format = "text", .at = (STRETCH + 5) * BLOCK, .size = 9, .line = LT_STR("")},
        {.format = "text", .at = (STRETCH + 15) * BLOCK, .size = 9, .line = LT_STR("")},
        {.format = "json-log", .at = (STRETCH + 16) * BLOCK, .size = 9, .line = LT_STR("")},
    };
    search(items, 3, marks, sizeof marks / sizeof *marks);
    assert_ptr_equal(items[0].hint->container, &one);
    assert_int_equal(items[0].kind, LT_CARVE_HINT_TIME);
    assert_ptr_equal(items[1].hint->container, &two);
    assert_null(items[2].hint); /* a record */
}

static void test_neighbours(void **state)
{
    (void)state;
    struct lt_carve_mark marks[] = {deleted(10, &of_one), deleted(20, &of_one), deleted(70, &of_two)};
    struct lt_carve_item items[] = {
        {.format = "text", .at = 15 * BLOCK, .size = 9, .line = LT_STR("")},
        {.format = "text", .at = 69 * BLOCK, .size = 9, .line = LT_STR("")},
        {.format = "text", .at = 300 * BLOCK, .size = 9, .line = LT_STR("")},
    };
    search(items, 3, marks, 3);
    assert_true(items[0].hint == &of_one && items[0].kind == LT_CARVE_HINT_BETWEEN);
    assert_true(items[1].hint == &of_two && items[1].kind == LT_CARVE_HINT_NEAR);
    assert_null(items[2].hint);
}

static void test_records(void **state)
{
    (void)state;
    struct lt_carve_item items[] = {
        {.format = "layer-link", .at = 10 * BLOCK, .size = 26, .line = LT_STR("")},
        {.format = "text", .at = 12 * BLOCK, .size = 4, .line = LT_STR("one")},
        {.format = "json-log", .at = 13 * BLOCK, .size = 99, .line = LT_STR("")},
        {.format = "container-config", .at = 50 * BLOCK, .size = 99, .line = LT_STR(""), .owner = &two.owner},
        {.format = "host-config", .at = 51 * BLOCK, .size = 99, .line = LT_STR("")},
    };
    search(items, 5, NULL, 0);
    assert_true(items[0].hint->container == &one && items[0].kind == LT_CARVE_HINT_CREATED);
    assert_true(items[1].hint->container == &one && items[1].kind == LT_CARVE_HINT_NAMED);
    assert_true(items[2].hint->container == &one && items[2].kind == LT_CARVE_HINT_CREATED);
    assert_null(items[3].hint); /* it says whose it is */
    assert_true(items[4].hint->container == &two && items[4].kind == LT_CARVE_HINT_SAVED);
}

static void test_odds(void **state)
{
    (void)state;
    for (int kind = LT_CARVE_HINT_NONE + 1; kind < LT_CARVE_HINTS; kind++) {
        const struct lt_carve_hint_kind *known = &lt_carve_hint_kinds[kind];
        assert_true(known->name && *known->why && known->right <= known->of && known->of);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_time), cmocka_unit_test(test_neighbours),
                                       cmocka_unit_test(test_records), cmocka_unit_test(test_odds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
