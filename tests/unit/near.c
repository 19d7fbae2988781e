// SPDX-License-Identifier: Apache-2.0
/* How far mistyped words are from those that were meant. */
#include "base/near.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_distances(void **state)
{
    (void)state;
    static const struct {
        const char *one, *other;
        unsigned distance;
    } table[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"since", "since", 0},
        {"sicne", "since", 1},
        {"sinse", "since", 1},
        {"snce", "since", 1},
        {"sinnce", "since", 1},
        {"Since", "since", 0},
        {"kitten", "sitting", 3},
        {"ca", "abc", 3},
        {"contaners", "containers", 1},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_str one = lt_str_c(table[i].one), other = lt_str_c(table[i].other);
        assert_int_equal(lt_near_distance(one, other), table[i].distance);
        assert_int_equal(lt_near_distance(other, one), table[i].distance);
    }
}

static void test_long_words(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'a', sizeof text);
    assert_int_equal(lt_near_distance((struct lt_str){text, 64}, (struct lt_str){text, 63}), 1);
    assert_true(lt_near_distance((struct lt_str){text, 65}, (struct lt_str){text, 65}) > 64);
}

static void test_the_nearest(void **state)
{
    (void)state;
    static const char *const words[] = {"timeline", "containers", "images", "volumes", "ids", "diff", "who"};
    static const struct {
        const char *typed, *meant;
    } table[] = {{"contaners", "containers"}, {"diffs", "diff"}, {"idd", "ids"}, {"hwo", "who"},
                 {"frobnicate", ""},          {"x", ""},         {"", ""},       {"imgaes", "images"}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_near near = {.wanted = lt_str_c(table[i].typed)};
        for (size_t word = 0; word < sizeof words / sizeof *words; word++)
            lt_near_try(&near, lt_str_c(words[word]));
        assert_true(lt_str_eq(near.best, lt_str_c(table[i].meant)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distances),
        cmocka_unit_test(test_long_words),
        cmocka_unit_test(test_the_nearest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
