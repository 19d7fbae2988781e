// SPDX-License-Identifier: Apache-2.0
#include "../../src/sort.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* An event that carries its number, so that its row is known again. */
static void add(struct lt_sorter *sorter, uint64_t number, struct lt_time time)
{
    struct lt_event event = {.kind = LT_KIND_LOG_LINE, .where = {.file = LT_STR("/f"), .offset = number}};
    struct lt_row row = {.event = &event, .time = time, .slots = 1};
    lt_sorter_add(sorter, &row, 1);
}

static uint64_t number_at(const struct lt_sorter *sorter, size_t at)
{
    return lt_sorter_row(sorter, at)->event->where.offset;
}

static void test_empty(void **state)
{
    (void)state;
    struct lt_sorter sorter = {0};
    lt_sorter_add(&sorter, NULL, 0);
    lt_sorter_finish(&sorter);
    assert_int_equal(sorter.count, 0);
    lt_sorter_free(&sorter);
}

static void test_boundaries(void **state)
{
    (void)state;
    static const struct lt_time order[] = {
        {INT64_MIN, 0, true},
        {INT64_MIN, 999999999, true},
        {-62135596800, 0, true},
        {-2147483649, 0, true},
        {-1, 0, true},
        {-1, 999999999, true},
        {0, 0, true},
        {0, 1, true},
        {0, 999999999, true},
        {1, 0, true},
        {4294967296, 0, true},
        {253402300800, 0, true},
        {INT64_MAX, 999999999, true},
    };
    enum { COUNT = sizeof order / sizeof *order };
    struct lt_sorter sorter = {0};
    for (size_t i = 0; i < COUNT; i++)
        add(&sorter, i * 5 % COUNT, order[i * 5 % COUNT]); /* 5 and 13 are coprime: each once */
    lt_sorter_finish(&sorter);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(number_at(&sorter, i), i);
    lt_sorter_free(&sorter);
}

/* Equal times stay in order of arrival, however many there are: the output is a function of the evidence alone. */
static void test_ties(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct lt_sorter sorter = {0};
    uint32_t seed = 3;
    for (uint64_t i = 0; i < COUNT; i++) {
        seed = seed * 1664525 + 1013904223;
        add(&sorter, i, lt_time_at(seed >> 31, seed >> 29 & 3)); /* eight different times */
    }
    lt_sorter_finish(&sorter);
    assert_int_equal(sorter.count, COUNT);
    bool *met = calloc(COUNT, sizeof *met);
    assert_non_null(met);
    for (size_t i = 0; i < COUNT; i++) {
        assert_false(met[number_at(&sorter, i)]);
        met[number_at(&sorter, i)] = true;
        if (!i)
            continue;
        int order = lt_time_cmp(lt_sorter_row(&sorter, i - 1)->time, lt_sorter_row(&sorter, i)->time);
        assert_true(order < 0 || (order == 0 && number_at(&sorter, i - 1) < number_at(&sorter, i)));
    }
    free(met);
    lt_sorter_free(&sorter);
}

static void test_rows_share_an_event(void **state)
{
    (void)state;
    struct lt_sorter sorter = {0};
    struct lt_event event = {.kind = LT_KIND_LOG_LINE};
    struct lt_row rows[] = {{.event = &event, .time = {5, 0, true}, .slots = 1},
                            {.event = &event, .time = {3, 0, true}, .slots = 2}};
    lt_sorter_add(&sorter, rows, 2);
    lt_sorter_finish(&sorter);
    assert_int_equal(lt_sorter_row(&sorter, 0)->slots, 2);
    assert_int_equal(lt_sorter_row(&sorter, 1)->slots, 1);
    assert_ptr_equal(lt_sorter_row(&sorter, 0)->event, lt_sorter_row(&sorter, 1)->event);
    assert_ptr_not_equal(lt_sorter_row(&sorter, 0)->event, &event);
    lt_sorter_free(&sorter);
}

static void assert_str(struct lt_str got, const char *expected)
{
    assert_true(lt_str_eq(got, lt_str_c(expected)));
}

/* A reader reuses its buffers at once: nothing of the copy may point into them. */
static void test_copy_is_deep(void **state)
{
    (void)state;
    char name[] = "name", target[] = "target", inside[] = "/in", file[] = "/file", field[] = "State", text[] = "text",
         item[] = "item";
    struct lt_str items[] = {{item, 4}, {item, 2}};
    void *list[] = {&items[0], &items[1]};
    struct lt_attr attrs[] = {{.key = LT_ATTR_BODY, .text = {text, 4}},
                              {.key = LT_ATTR_EXIT_CODE, .number = -7},
                              {.key = LT_ATTR_PORTS, .items = {list, 2, 2}}};
    struct lt_node node = {.name = {name, 4}, .target = {target, 6}, .ino = 12, .mode = 0120777};
    struct lt_event event = {
        .kind = LT_KIND_FILE, .node = &node, .inside = {inside, 3}, .attrs = attrs, .attr_count = 3};
    event.where = (struct lt_where){.file = {file, 5}, .field = field};
    struct lt_row row = {.event = &event, .time = {0, 0, true}, .slots = 1};
    struct lt_sorter sorter = {0};
    lt_sorter_add(&sorter, &row, 1);
    char *texts[] = {name, target, inside, file, field, text, item};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        memset(texts[i], '!', strlen(texts[i]));
    memset(&node, 0, sizeof node);
    memset(attrs, 0, sizeof attrs);
    memset(list, 0, sizeof list);
    lt_sorter_finish(&sorter);
    const struct lt_event *copy = lt_sorter_row(&sorter, 0)->event;
    assert_str(copy->node->name, "name");
    assert_str(copy->node->target, "target");
    assert_int_equal(copy->node->ino, 12);
    assert_str(copy->inside, "/in");
    assert_str(copy->where.file, "/file");
    assert_string_equal(copy->where.field, "State");
    assert_int_equal(copy->attr_count, 3);
    assert_str(copy->attrs[0].text, "text");
    assert_int_equal(copy->attrs[1].number, -7);
    assert_int_equal(copy->attrs[2].items.count, 2);
    assert_str(*(struct lt_str *)copy->attrs[2].items.items[0], "item");
    assert_str(*(struct lt_str *)copy->attrs[2].items.items[1], "it");
    lt_sorter_free(&sorter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),        cmocka_unit_test(test_boundaries),
        cmocka_unit_test(test_ties),         cmocka_unit_test(test_rows_share_an_event),
        cmocka_unit_test(test_copy_is_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
