// SPDX-License-Identifier: Apache-2.0
/* The order is total and the same however little memory there is. */
#include "timeline/sort/sort.h"
#include "base/temporary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { LITTLE = 1, PLENTY = 64 * 1024 * 1024 }; /* memory: the least that is possible, and all in one piece */

static struct lt_sorter sorter_with(size_t memory)
{
    static int files[2]; /* they serve one sorter after the other */
    for (unsigned i = 0; i < 2 && !files[i]; i++)
        files[i] = lt_temporary_open(NULL);
    return (struct lt_sorter){.memory = memory, .files = files};
}

/* An event that carries its number, so that its row is known again. */
static void add(struct lt_sorter *sorter, uint64_t number, struct lt_time time)
{
    struct lt_event event = {
        .kind = LT_KIND_DOCKER_LOG_LINE, .time = {time}, .where = {.file = LT_STR("/f"), .offset = number}};
    struct lt_row row = {.event = &event, .time = time, .slots = 1};
    assert_int_equal(lt_sorter_add(sorter, &row, 1, NULL), LT_OK);
}

static const struct lt_row *next(struct lt_sorter *sorter)
{
    const struct lt_row *row = NULL;
    assert_int_equal(lt_sorter_next(sorter, &row, NULL), LT_OK);
    return row;
}

static void assert_end(struct lt_sorter *sorter)
{
    const struct lt_row *row;
    assert_int_equal(lt_sorter_next(sorter, &row, NULL), LT_END);
    assert_int_equal(lt_sorter_next(sorter, &row, NULL), LT_END);
}

static void finish(struct lt_sorter *sorter)
{
    assert_int_equal(lt_sorter_finish(sorter, NULL), LT_OK);
}

static void test_empty(void **state)
{
    (void)state;
    struct lt_sorter sorter = sorter_with(LITTLE);
    assert_int_equal(lt_sorter_add(&sorter, NULL, 0, NULL), LT_OK);
    finish(&sorter);
    assert_end(&sorter);
    lt_sorter_free(&sorter);
}

static const struct lt_time order[] = {
    {INT64_MIN, 0, true},
    {INT64_MIN, 999999999, true},
    {-62135596800, 0, true},        /* year 1 */
    {-9223372037, 145224191, true}, /* 1677: the first that fits nanoseconds in 64 bits, less one */
    {-9223372037, 145224192, true},
    {-2147483649, 999999999, true}, /* 1901 */
    {-2147483648, 0, true},         /* where ext4 begins */
    {-2147483648, 1, true},
    {-1, 0, true},
    {-1, 999999999, true},
    {0, 0, true},
    {0, 1, true},
    {0, 999999999, true},
    {1, 0, true},
    {4294967296, 0, true},
    {9223372036, 854775807, true}, /* 2262 */
    {9223372036, 854775808, true},
    {15032385535, 999999999, true}, /* 2446: where ext4 ends */
    {15032385536, 0, true},
    {253402300799, 999999999, true}, /* year 9999 */
    {253402300800, 0, true},
    {INT64_MAX, 999999998, true},
    {INT64_MAX, 999999999, true},
};
enum { TIMES = sizeof order / sizeof *order };

/* Each of the times so often that there is more than one run, in an order that is not theirs. */
static void check_boundaries(size_t memory, size_t rounds)
{
    struct lt_sorter sorter = sorter_with(memory);
    for (size_t i = 0; i < rounds * TIMES; i++)
        add(&sorter, i, order[i * 5 % TIMES]); /* 5 and 23 are coprime: each once a round */
    finish(&sorter);
    for (size_t at = 0; at < TIMES; at++)
        for (size_t round = 0; round < rounds; round++) {
            const struct lt_row *row = next(&sorter);
            assert_int_equal(row->time.sec, order[at].sec);
            assert_int_equal(row->time.nsec, order[at].nsec);
            assert_int_equal(row->event->where.offset * 5 % TIMES, at);
            assert_int_equal(row->event->where.offset / TIMES, round);
        }
    assert_end(&sorter);
    lt_sorter_free(&sorter);
}

static void test_boundaries(void **state)
{
    (void)state;
    check_boundaries(PLENTY, 1);
    check_boundaries(PLENTY, 200);
    check_boundaries(LITTLE, 1000);
}

/* Equal times stay in order of arrival, however many there are: the output is a function of the evidence alone. */
static void check_ties(size_t memory, uint64_t count)
{
    struct lt_sorter sorter = sorter_with(memory);
    uint32_t seed = 3;
    for (uint64_t i = 0; i < count; i++) {
        seed = seed * 1664525 + 1013904223;
        add(&sorter, i, lt_time_at(seed >> 31, seed >> 29 & 3)); /* eight different times */
    }
    finish(&sorter);
    bool *met = calloc(count, sizeof *met);
    assert_non_null(met);
    struct lt_time last = lt_time_at(-1, 0);
    for (uint64_t i = 0, before = 0; i < count; i++) {
        const struct lt_row *row = next(&sorter);
        uint64_t number = row->event->where.offset;
        assert_false(met[number]);
        met[number] = true;
        int cmp = lt_time_cmp(last, row->time);
        assert_true(cmp < 0 || (cmp == 0 && before < number));
        last = row->time;
        before = number;
    }
    assert_end(&sorter);
    free(met);
    lt_sorter_free(&sorter);
}

static void test_ties(void **state)
{
    (void)state;
    check_ties(PLENTY, 20000);
    check_ties(LITTLE, 20000);
}

/* All of an unpacked layer may have one time, which other programs took hours for. Also where only the exact time
 * tells. */
static void check_equal(struct lt_time time, uint64_t count)
{
    struct lt_sorter sorter = sorter_with(PLENTY);
    for (uint64_t i = 0; i < count; i++)
        add(&sorter, i, time);
    finish(&sorter);
    for (uint64_t i = 0; i < count; i++)
        if (next(&sorter)->event->where.offset != i)
            fail_msg("row %ju is out of place", (uintmax_t)i);
    assert_end(&sorter);
    lt_sorter_free(&sorter);
}

static void test_all_equal(void **state)
{
    (void)state;
    check_equal(lt_time_at(1795455964, 0), 1500000);
    check_equal(lt_time_at(INT64_MIN, 5), 100000);
}

/* One tag of all that there can be, more than have a name. */
static lt_tags any_tags(uint64_t seed)
{
    return LT_SET_BIT(seed % LT_SET_SIZE);
}

/* A row of some event that depends on `seed` alone; every 500th is larger than a batch. */
static void add_any(struct lt_sorter *sorter, uint32_t seed, const char *text)
{
    struct lt_time any = lt_time_at((int64_t)(seed >> 8 & 0xFF) << (seed & 31), seed & 3);
    struct lt_attr attr = {.key = LT_ATTR_BODY, .text = {text, seed % 500 ? seed % 100 : 20000}};
    struct lt_node node = {.name = LT_STR("name"), .ino = seed};
    struct lt_event event = {
        .time = {any, lt_time_at(seed, 0), any, lt_time_at(-(int64_t)seed, 1)},
        .node = seed & 1 ? &node : NULL,
        .attrs = &attr,
        .attr_count = 1,
        .where = {.offset = seed},
        .tags = any_tags(seed),
    };
    struct lt_row rows[] = {
        {.event = &event, .time = event.time[0], .slots = 5, .clock = LT_CLOCK_UNKNOWN, .confidence = LT_CLAIMED},
        {.event = &event, .time = event.time[1], .slots = 2, .clock = LT_CLOCK_BUILDER, .confidence = LT_BOUNDED},
        {.event = &event, .time = event.time[3], .slots = 8},
    };
    assert_int_equal(lt_sorter_add(sorter, rows, 1 + seed % 3, NULL), LT_OK);
}

static void assert_same(const struct lt_row *a, const struct lt_row *b)
{
    assert_int_equal(lt_time_cmp(a->time, b->time), 0);
    assert_int_equal(a->slots, b->slots);
    assert_int_equal(a->clock, b->clock);
    assert_int_equal(a->confidence, b->confidence);
    assert_int_equal(a->event->where.offset, b->event->where.offset);
    assert_int_equal(!a->event->node, !b->event->node);
    assert_true(a->event->tags == any_tags(a->event->where.offset) && b->event->tags == a->event->tags);
    assert_true(lt_str_eq(a->event->attrs->text, b->event->attrs->text));
}

static void test_memory_makes_no_difference(void **state)
{
    (void)state;
    enum { EVENTS = 30000 };
    struct lt_sorter plenty = sorter_with(PLENTY), little = sorter_with(LITTLE);
    char *text = malloc(20000);
    assert_non_null(text);
    memset(text, 'x', 20000);
    uint32_t seed = 7;
    for (int i = 0; i < EVENTS; i++) {
        seed = seed * 1664525 + 1013904223;
        add_any(&plenty, seed >> 4, text);
        add_any(&little, seed >> 4, text);
    }
    assert_int_equal(plenty.run_count, 0);
    assert_true(little.run_count > 64);
    finish(&plenty);
    finish(&little);
    const struct lt_row *a, *b;
    enum lt_status status;
    while ((status = lt_sorter_next(&plenty, &a, NULL)) == LT_OK) {
        assert_int_equal(lt_sorter_next(&little, &b, NULL), LT_OK);
        assert_same(a, b);
    }
    assert_int_equal(status, LT_END);
    assert_end(&little);
    lt_sorter_free(&plenty);
    lt_sorter_free(&little);
    free(text);
}

/* Add until memory has run out, and return how that ended. */
static enum lt_status overflow(struct lt_sorter *sorter, struct lt_err *err)
{
    struct lt_event event = {.time = {{5, 0, true}}};
    struct lt_row row = {.event = &event, .time = event.time[0], .slots = 1};
    enum lt_status status = LT_OK;
    for (int i = 0; status == LT_OK && i < 10000; i++)
        status = lt_sorter_add(sorter, &row, 1, err);
    return status;
}

static void test_no_place_for_the_file(void **state)
{
    (void)state;
    const char *const places[] = {"/nonexistent/layertime", "/dev/null", "/proc", NULL};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct lt_err err = {0}, lack = {0};
        if (places[i])
            setenv("TMPDIR", places[i], 1);
        const int files[2] = {places[i] ? lt_temporary_open(&lack) : -1, -1};
        unsetenv("TMPDIR");
        assert_int_equal(files[0], -1);
        struct lt_sorter sorter = {.memory = LITTLE, .files = files, .file_error = &lack};
        assert_int_equal(overflow(&sorter, &err), LT_FATAL);
        assert_non_null(strstr(err.text, "temporary file"));
        assert_non_null(strstr(err.text, "TMPDIR"));
        lt_sorter_free(&sorter);
    }
}

static void test_file_is_lost(void **state)
{
    (void)state;
    struct lt_sorter sorter = sorter_with(LITTLE);
    struct lt_err err = {0};
    const struct lt_row *row;
    assert_int_equal(overflow(&sorter, &err), LT_OK);
    finish(&sorter);
    next(&sorter);
    assert_int_equal(ftruncate(sorter.spill.fd, 0), 0);
    enum lt_status status;
    while ((status = lt_sorter_next(&sorter, &row, &err)) == LT_OK)
        ;
    assert_int_equal(status, LT_FATAL);
    assert_non_null(strstr(err.text, "cannot read the temporary file"));
    lt_sorter_free(&sorter);
}

static void test_rows_share_an_event(void **state)
{
    (void)state;
    struct lt_sorter sorter = sorter_with(PLENTY);
    struct lt_event event = {.kind = LT_KIND_DOCKER_LOG_LINE, .time = {{5, 0, true}, {3, 0, true}}};
    struct lt_row rows[] = {{.event = &event, .time = {5, 0, true}, .slots = 1},
                            {.event = &event, .time = {3, 0, true}, .slots = 2}};
    assert_int_equal(lt_sorter_add(&sorter, rows, 2, NULL), LT_OK);
    finish(&sorter);
    const struct lt_row *row = next(&sorter);
    assert_int_equal(row->slots, 2);
    assert_ptr_not_equal(row->event, &event);
    assert_int_equal(next(&sorter)->slots, 1);
    assert_end(&sorter);
    lt_sorter_free(&sorter);
}

/* The time of a row is not kept: it must be the one that its slot has in the event. */
static void test_row_of_another_time(void **state)
{
    (void)state;
    struct lt_sorter sorter = sorter_with(PLENTY);
    struct lt_event event = {.time = {{5, 0, true}}};
    struct lt_row rows[] = {{.event = &event, .time = {6, 0, true}, .slots = 1},
                            {.event = &event, .time = {0, 0, true}, .slots = 2},
                            {.event = &event, .time = {5, 0, true}, .slots = 0}};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(lt_sorter_add(&sorter, &rows[i], 1, NULL), LT_FATAL);
    lt_sorter_free(&sorter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_boundaries),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_all_equal),
        cmocka_unit_test(test_memory_makes_no_difference),
        cmocka_unit_test(test_no_place_for_the_file),
        cmocka_unit_test(test_file_is_lost),
        cmocka_unit_test(test_rows_share_an_event),
        cmocka_unit_test(test_row_of_another_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
