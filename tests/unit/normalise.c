// SPDX-License-Identifier: Apache-2.0
/* Who can set which time: utimensat(2) sets atime and mtime and nothing else; in an image layer those two come from the
 * tar headers of the builder. Nobody opens a whiteout, so nobody sets its times. */
#include "timeline/normalise.h"
#include "model/inventory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct lt_time early = {100, 0, true}, late = {100, 1, true};

static void test_each_set_time_is_a_row(void **state)
{
    (void)state;
    struct lt_owner owner = {.role = LT_ROLE_RW};
    for (unsigned set = 0; set < 16; set++) {
        struct lt_event event = {.kind = LT_KIND_FILE, .owner = &owner};
        for (unsigned slot = 0; slot < LT_SLOTS; slot++)
            if (set >> slot & 1)
                event.time[slot] = lt_time_at(0, 0); /* zero is a time, unset is none */
        struct lt_row rows[LT_SLOTS];
        unsigned count = (unsigned)__builtin_popcount(set), slots = 0;
        assert_int_equal(lt_normalise(&event, false, rows), count);
        for (unsigned i = 0; i < count; i++) {
            assert_int_equal(__builtin_popcount(rows[i].slots), 1);
            assert_ptr_equal(rows[i].event, &event);
            slots |= rows[i].slots;
        }
        assert_int_equal(slots, set);
        assert_int_equal(lt_normalise(&event, true, rows), set != 0);
        if (set)
            assert_int_equal(rows[0].slots, set);
    }
}

/* All ways in which four times can coincide, here with two values. */
static void test_merging(void **state)
{
    (void)state;
    struct lt_owner owner = {.role = LT_ROLE_RW};
    for (unsigned which = 0; which < 16; which++) {
        struct lt_event event = {.kind = LT_KIND_FILE, .owner = &owner};
        for (unsigned slot = 0; slot < LT_SLOTS; slot++)
            event.time[slot] = which >> slot & 1 ? late : early;
        struct lt_row rows[LT_SLOTS];
        size_t count = lt_normalise(&event, true, rows);
        assert_int_equal(count, which == 0 || which == 15 ? 1 : 2);
        for (size_t i = 0; i < count; i++) {
            bool is_late = lt_time_cmp(rows[i].time, late) == 0;
            assert_int_equal(rows[i].slots, is_late ? which : ~which & 15);
        }
    }
}

static void test_whose_clock(void **state)
{
    (void)state;
    static const struct {
        enum lt_role role;
        bool in_layer;
        lt_tags tags;
        enum lt_slot slot;
        enum lt_clock clock;
        enum lt_confidence confidence;
    } table[] = {
        {LT_ROLE_RW, true, 0, LT_M, LT_CLOCK_HOST, LT_CLAIMED},
        {LT_ROLE_RW, true, 0, LT_A, LT_CLOCK_HOST, LT_CLAIMED},
        {LT_ROLE_RW, true, 0, LT_C, LT_CLOCK_HOST, LT_EXACT},
        {LT_ROLE_RW, true, 0, LT_B, LT_CLOCK_HOST, LT_EXACT},
        {LT_ROLE_VOLUME, false, 0, LT_M, LT_CLOCK_HOST, LT_CLAIMED},
        {LT_ROLE_HOST, false, 0, LT_C, LT_CLOCK_HOST, LT_EXACT},
        {LT_ROLE_IMAGE, true, 0, LT_M, LT_CLOCK_BUILDER, LT_CLAIMED},
        {LT_ROLE_IMAGE, true, 0, LT_A, LT_CLOCK_BUILDER, LT_CLAIMED},
        {LT_ROLE_IMAGE, true, 0, LT_C, LT_CLOCK_HOST, LT_EXACT},
        {LT_ROLE_IMAGE, true, 0, LT_B, LT_CLOCK_HOST, LT_EXACT},
        {LT_ROLE_IMAGE, false, 0, LT_M, LT_CLOCK_HOST, LT_CLAIMED}, /* a record of the image */
        {LT_ROLE_RW, true, LT_TAG_BIT(whiteout), LT_M, LT_CLOCK_HOST, LT_EXACT},
        {LT_ROLE_IMAGE, true, LT_TAG_BIT(whiteout), LT_A, LT_CLOCK_HOST, LT_EXACT},
    };
    static const struct lt_layer layer;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_owner owner = {.role = table[i].role, .layer = table[i].in_layer ? &layer : NULL};
        struct lt_event event = {.kind = LT_KIND_FILE, .owner = &owner, .tags = table[i].tags};
        event.time[table[i].slot] = early;
        struct lt_row rows[LT_SLOTS];
        assert_int_equal(lt_normalise(&event, false, rows), 1);
        assert_int_equal(rows[0].clock, table[i].clock);
        assert_int_equal(rows[0].confidence, table[i].confidence);
    }
}

static void test_kinds_and_bounds(void **state)
{
    (void)state;
    static const struct {
        enum lt_kind kind;
        bool bounded;
        enum lt_clock clock;
        enum lt_confidence confidence;
    } table[] = {
        {LT_KIND_DOCKER_LOG_LINE, false, LT_CLOCK_HOST, LT_EXACT},
        {LT_KIND_DOCKER_STARTED, false, LT_CLOCK_HOST, LT_EXACT},
        {LT_KIND_IMAGE_HISTORY, false, LT_CLOCK_BUILDER, LT_CLAIMED},
        {LT_KIND_IMAGE_HISTORY, true, LT_CLOCK_BUILDER, LT_BOUNDED},
        {LT_KIND_IMAGE_STEP, true, LT_CLOCK_HOST, LT_BOUNDED},
        {LT_KIND_DELETED, true, LT_CLOCK_HOST, LT_BOUNDED},
        {LT_KIND_LAYER_CREATED, true, LT_CLOCK_HOST, LT_BOUNDED},
    };
    struct lt_owner owner = {.role = LT_ROLE_IMAGE};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_event event = {.kind = table[i].kind, .owner = &owner, .time = {early}};
        if (table[i].bounded)
            event.last = late;
        struct lt_row rows[LT_SLOTS];
        assert_int_equal(lt_normalise(&event, i % 2, rows), 1);
        assert_int_equal(rows[0].clock, table[i].clock);
        assert_int_equal(rows[0].confidence, table[i].confidence);
    }
}

/* A witness counts between the bounds, ends included. Else what is known last says when it had happened. */
static void test_likeliest(void **state)
{
    (void)state;
    const struct lt_time none = {0}, before = {99, 0, true}, after = {101, 0, true};
    const struct {
        struct lt_time first, last, witness, likeliest;
    } table[] = {
        {before, after, early, early}, {early, late, early, early}, {early, late, late, late},
        {early, late, none, late},     {early, late, before, late}, {early, late, after, late},
        {early, none, none, early},    {early, none, late, late},   {early, none, before, early},
        {none, late, none, late},      {none, late, early, early},  {none, late, after, late},
        {none, none, early, none},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_event event = {0};
        lt_event_bound(&event, table[i].first, table[i].last, table[i].witness);
        assert_true(lt_time_same(event.time[0], table[i].likeliest));
        assert_true(lt_time_same(event.first, table[i].first) && lt_time_same(event.last, table[i].last));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_set_time_is_a_row),
        cmocka_unit_test(test_merging),
        cmocka_unit_test(test_whose_clock),
        cmocka_unit_test(test_kinds_and_bounds),
        cmocka_unit_test(test_likeliest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
