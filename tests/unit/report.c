// SPDX-License-Identifier: Apache-2.0
#include "read/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_counters_are_per_source(void **state)
{
    (void)state;
    struct lt_report report = {0};
    char same[] = "files"; /* equal text at another address is the same source */
    struct lt_counts *files = lt_report_counts(&report, "files");
    assert_ptr_not_equal(lt_report_counts(&report, "docker_log"), files);
    assert_ptr_equal(lt_report_counts(&report, same), files);
    assert_int_equal(report.sources.count, 2);
    lt_report_free(&report);
}

/* Counters are kept while other sources come up: they must not move. */
static void test_counters_stay_where_they_are(void **state)
{
    (void)state;
    enum { MANY = 1000 };
    static char names[MANY][16];
    struct lt_counts *counts[MANY];
    struct lt_report report = {0};
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "s%d", i);
        counts[i] = lt_report_counts(&report, names[i]);
        counts[i]->seen = (uint64_t)i;
    }
    for (int i = 0; i < MANY; i++) {
        assert_ptr_equal(lt_report_counts(&report, names[i]), counts[i]);
        assert_int_equal(counts[i]->seen, i);
    }
    assert_int_equal(report.sources.count, MANY);
    lt_report_free(&report);
}

static void test_balance(void **state)
{
    (void)state;
    static const struct {
        struct lt_counts counts;
        bool balanced;
    } table[] = {
        {{0}, true},
        {{10, 10, 0, 0, 0, 0, 0}, true},
        {{10, 3, 3, 2, 1, 1, 0}, true},
        {{10, 3, 3, 2, 0, 1, 0}, false}, /* one was lost without a word */
        {{10, 3, 3, 2, 2, 1, 0}, false}, /* one was counted twice */
        {{10, 3, 3, 2, 1, 0, 0}, false}, /* one without a time was lost */
        {{0, 1, 0, 0, 0, 0, 0}, false},
        {{UINT64_MAX, UINT64_MAX - 1, 0, 0, 1, 0, 0}, true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_report report = {0};
        *lt_report_counts(&report, "good") = (struct lt_counts){.seen = 3, .emitted = 3};
        *lt_report_counts(&report, "tested") = table[i].counts;
        assert_int_equal(lt_report_balanced(&report), table[i].balanced);
        lt_report_free(&report);
    }
}

/* Two wrongs do not make a right: one too many here and one too few there is no balance. */
static void test_balance_of_each_source(void **state)
{
    (void)state;
    struct lt_report report = {0};
    *lt_report_counts(&report, "a") = (struct lt_counts){.seen = 5, .emitted = 4};
    *lt_report_counts(&report, "b") = (struct lt_counts){.seen = 5, .emitted = 6};
    struct lt_counts total = lt_report_total(&report);
    assert_int_equal(total.seen, 10);
    assert_int_equal(total.emitted, 10);
    assert_false(lt_report_balanced(&report));
    lt_report_free(&report);
}

static void test_total(void **state)
{
    (void)state;
    struct lt_report report = {0};
    *lt_report_counts(&report, "a") = (struct lt_counts){31, 1, 2, 4, 8, 16, 1};
    *lt_report_counts(&report, "b") = (struct lt_counts){310, 10, 20, 40, 80, 160, 10};
    struct lt_counts total = lt_report_total(&report);
    assert_int_equal(total.seen, 341);
    assert_int_equal(total.emitted, 11);
    assert_int_equal(total.filtered, 22);
    assert_int_equal(total.deduplicated, 44);
    assert_int_equal(total.failed, 88);
    assert_int_equal(total.untimed, 176);
    assert_int_equal(total.foreign, 11);
    assert_true(lt_report_balanced(&report));
    lt_report_free(&report);
}

/* A problem is an error item, but decides nothing about what was seen or failed. */
static void test_problems_are_counted(void **state)
{
    (void)state;
    struct lt_report report = {.quiet = true, .evidence = "disk"};
    struct lt_err problem = {0};
    lt_fail(&problem, LT_SKIP, LT_CODE_DAMAGED, 0, "torn");
    for (int i = 0; i < 100; i++)
        lt_report_problem(&report, "files", LT_STR("/a\n\xff"), &problem);
    assert_int_equal(report.failures, 100);
    assert_int_equal(lt_report_total(&report).failed, 0);
    assert_true(lt_report_balanced(&report));
    lt_report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters_are_per_source),
        cmocka_unit_test(test_counters_stay_where_they_are),
        cmocka_unit_test(test_balance),
        cmocka_unit_test(test_balance_of_each_source),
        cmocka_unit_test(test_total),
        cmocka_unit_test(test_problems_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
