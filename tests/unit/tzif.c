// SPDX-License-Identifier: Apache-2.0
/* Damaged and odd zone files. That good ones are read right is checked on a whole tz database, in
 * tests/clock/test_zones.py.
 */
#include "parse/tzif.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* A file of RFC 8536: the 32-bit part without data, then two transitions, to +01:00 at 1000 and to +02:00 at 2000, from
 * -00:30, and a footer. */
#define HEAD(transitions, types, chars, leap)                                                                          \
    "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"                                                                              \
    "\0\0\0\0\0\0\0\0\0\0\0" leap "\0\0\0" transitions "\0\0\0" types "\0\0\0" chars
static const char good[] = HEAD("\0", "\1", "\4", "\0") "\0\0\0\0\0\0UTC\0" HEAD(
    "\2", "\3", "\4", "\0") "\0\0\0\0\0\0\3\xE8\0\0\0\0\0\0\7\xD0\1\2"
                            "\xFF\xFF\xF8\xF8\0\0\0\0\x0E\x10\0\0\0\0\x1C\x20\0\0ABC\0\nXXX-3\n";
enum { SIZE = sizeof good - 1, SECOND = 44 + 10, TIMES = SECOND + 44, TYPES = TIMES + 16, INFOS = TYPES + 2 };

static void test_good(void **state)
{
    (void)state;
    struct lt_zone zone;
    struct lt_err err = {0};
    if (lt_tzif_parse((struct lt_str){good, SIZE}, &zone, &err) != LT_OK)
        fail_msg("%s", err.text);
    assert_int_equal(lt_zone_offset(&zone, INT64_MIN), -1800);
    assert_int_equal(lt_zone_offset(&zone, 999), -1800);
    assert_int_equal(lt_zone_offset(&zone, 1000), 3600);
    assert_int_equal(lt_zone_offset(&zone, 1999), 3600);
    assert_int_equal(lt_zone_offset(&zone, 2000), 10800); /* from the last transition on the footer counts */
    assert_int_equal(lt_zone_offset(&zone, INT64_MAX), 10800);
    int64_t found[2];
    assert_int_equal(lt_zone_instants(&zone, 999 - 1800, found), 1);
    assert_int_equal(found[0], 999);
    assert_int_equal(lt_zone_instants(&zone, 3000, found), 0); /* clocks went from -800 to 4600 */
}

static void test_cut(void **state)
{
    (void)state;
    for (size_t length = 0; length < SIZE; length++) {
        struct lt_zone zone;
        struct lt_err err = {0};
        if (lt_tzif_parse((struct lt_str){good, length}, &zone, &err) != LT_SKIP)
            fail_msg("%zu bytes are accepted", length);
        assert_int_equal(zone.count, 0);
        assert_int_equal(lt_zone_offset(&zone, 0), 0);
    }
}

static void test_damaged(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        char byte;
    } table[] = {
        {0, 't'},            /* magic */
        {SECOND, 't'},       /* of the 64-bit part */
        {36 + 3, 2},         /* the 32-bit part is longer than it says */
        {SECOND + 39, 0},    /* no type at all */
        {SECOND + 31, 1},    /* a leap second that is not there */
        {SECOND + 32, 0x40}, /* transitions beyond the end */
        {TIMES + 8, '\x80'}, /* the second one before the first */
        {TIMES + 14, 3},     /* at nearly the same time: 976 is before 1000 */
        {TYPES, 3},          /* a type that is not there */
        {INFOS, 1},          /* an offset of half a year */
        {SIZE - 7, 'X'},     /* footer without its newline */
        {SIZE - 1, 'X'},     /* and at its end */
        {SIZE - 2, 'X'},     /* footer without an offset */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        char bytes[SIZE];
        struct lt_zone zone;
        struct lt_err err = {0};
        memcpy(bytes, good, SIZE);
        bytes[table[i].at] = table[i].byte;
        if (lt_tzif_parse((struct lt_str){bytes, SIZE}, &zone, &err) != LT_SKIP)
            fail_msg("row %zu is accepted", i);
        assert_true(err.set);
    }
}

/* The zeroed zone, which stands for an unknown one, is UTC. */
static void test_nothing(void **state)
{
    (void)state;
    const struct lt_zone zone = {0};
    int64_t found[2];
    assert_int_equal(lt_zone_offset(&zone, 1795455964), 0);
    assert_int_equal(lt_zone_instants(&zone, 1795455964, found), 1);
    assert_int_equal(found[0], 1795455964);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
