// SPDX-License-Identifier: Apache-2.0
/* A set takes numbers on both sides of 64, and the tables that are made into sets fit. */
#include "base/set.h"
#include "formats/fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The types that carry sets are as wide as a set: where one is narrower, bits get lost without a word. */
_Static_assert(sizeof(lt_tags) == sizeof(lt_set) && sizeof((struct lt_event){0}.tags) == sizeof(lt_set), "tags");
_Static_assert(sizeof((struct lt_layer){0}.tags) == sizeof(lt_set), "tags of layers");
_Static_assert(sizeof((struct lt_image){0}.tags) == sizeof(lt_set), "tags of images");
_Static_assert(sizeof((struct lt_container){0}.tags) == sizeof(lt_set), "tags of containers");
_Static_assert(sizeof(lt_fields) == sizeof(lt_set), "fields");
_Static_assert(sizeof((struct lt_memo){0}.ends) / sizeof(uint32_t) >= LT_FIELDS, "parts of a memo");

/* Sets of constants are constants. */
static const lt_set far = LT_SET_BIT(0) | LT_SET_BIT(63) | LT_SET_BIT(64) | LT_SET_BIT(95) | LT_SET_BIT(127);
static const unsigned far_numbers[] = {0, 63, 64, 95, 127};
enum { FAR = sizeof far_numbers / sizeof *far_numbers };

static void test_each_number_alone(void **state)
{
    (void)state;
    for (unsigned number = 0; number < LT_SET_SIZE; number++) {
        lt_set set = LT_SET_BIT(number);
        unsigned met = 0;
        assert_int_equal(lt_set_first(set), number);
        for (unsigned other = 0; other < LT_SET_SIZE; other++)
            assert_int_equal(lt_set_has(set, other), other == number);
        lt_set_each (each, set) {
            assert_int_equal(each, number);
            met++;
        }
        assert_int_equal(met, 1);
        assert_true(lt_set_of(lt_set_low(set), lt_set_high(set)) == set);
        assert_int_equal(!lt_set_low(set), number >= 64);
        assert_int_equal(!lt_set_high(set), number < 64);
    }
}

static void test_empty(void **state)
{
    (void)state;
    lt_set_each (number, 0)
        fail_msg("%u is in the empty set", number);
    assert_true(lt_set_below(0) == 0);
}

static void test_order(void **state)
{
    (void)state;
    unsigned at = 0;
    lt_set_each (number, far)
        assert_int_equal(number, far_numbers[at++]);
    assert_int_equal(at, FAR);
}

/* `continue` goes on with the next number, and a set that changes on the way does not change the walk. */
static void test_loop(void **state)
{
    (void)state;
    lt_set set = far;
    unsigned kept = 0;
    lt_set_each (number, set) {
        set = 0;
        if (number == 63)
            continue;
        kept++;
    }
    assert_int_equal(kept, FAR - 1);
}

static void test_operators(void **state)
{
    (void)state;
    lt_set set = far & ~LT_SET_BIT(95);
    assert_false(lt_set_has(set, 95));
    assert_true((set | LT_SET_BIT(95)) == far);
    assert_true((far & lt_set_below(64)) == (LT_SET_BIT(0) | LT_SET_BIT(63)));
    bool any = set & LT_SET_BIT(127); /* a test for a high bit is not cut to a word */
    assert_true(any);
}

static void test_below(void **state)
{
    (void)state;
    for (unsigned end = 0; end <= LT_SET_SIZE; end++) {
        unsigned count = 0;
        lt_set_each (number, lt_set_below(end))
            assert_int_equal(number, count++);
        assert_int_equal(count, end);
    }
}

/* Every tag and every field is a member of its own. */
static void test_tables(void **state)
{
    (void)state;
    lt_tags tags = 0;
    lt_fields fields = 0;
#define TAG(id) tags |= LT_TAG_BIT(id);
#include "model/tags.def"
#undef TAG
    assert_true(tags == lt_set_below(LT_TAGS));
#define FIELD(id, ...)        fields |= LT_FIELD_BIT(id);
#define FIELD_TIME(id, ...)   fields |= LT_FIELD_BIT(id);
#define FIELD_EVENT(id, ...)  fields |= LT_FIELD_BIT(id);
#define FIELD_ORIGIN(id, ...) fields |= LT_FIELD_BIT(id);
#define FIELD_ATTR(id, ...)   fields |= LT_FIELD_BIT(id);
#include "formats/fields.def"
    assert_true(fields == lt_set_below(LT_FIELDS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_number_alone),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_loop),
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_below),
        cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
