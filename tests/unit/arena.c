// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static bool all_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

/* Sizes around the alignment and around the size of a block, where off-by-one errors would live. */
static const size_t sizes[] = {0, 1, 15, 16, 17, 4095, 256 * 1024 - 16, 256 * 1024, 256 * 1024 + 1, 3 * 1024 * 1024};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* Ask for every size, fill it, and see at the end that nobody wrote into anybody else's bytes. */
static void fill_and_check(struct lt_arena *arena)
{
    unsigned char *got[SIZES];
    for (size_t i = 0; i < SIZES; i++) {
        got[i] = lt_arena_alloc(arena, sizes[i]);
        assert_non_null(got[i]);
        assert_int_equal((uintptr_t)got[i] % 16, 0);
        assert_true(all_zero(got[i], sizes[i]));
        memset(got[i], (int)(i + 1), sizes[i]);
    }
    for (size_t i = 0; i < SIZES; i++)
        for (size_t at = 0; at < sizes[i]; at++)
            if (got[i][at] != i + 1)
                fail_msg("block %zu was overwritten at %zu", i, at);
}

static void test_blocks_do_not_overlap(void **state)
{
    (void)state;
    struct lt_arena arena = {0};
    fill_and_check(&arena);
    lt_arena_free(&arena);
}

/* A reader resets its scratch arena for each artifact: old bytes must be zero again, and memory must not grow. */
static void test_reset_zeroes_and_keeps_memory(void **state)
{
    (void)state;
    struct lt_arena arena = {0};
    fill_and_check(&arena);
    size_t held = arena.bytes;
    for (int round = 0; round < 3; round++) {
        lt_arena_reset(&arena);
        fill_and_check(&arena);
        assert_int_equal(arena.bytes, held);
    }
    lt_arena_free(&arena);
}

static void test_free_then_use_again(void **state)
{
    (void)state;
    struct lt_arena arena = {0};
    lt_arena_reset(&arena);
    lt_arena_free(&arena);
    assert_non_null(lt_arena_alloc(&arena, 10));
    assert_true(arena.bytes >= 10);
    lt_arena_free(&arena);
    assert_int_equal(arena.bytes, 0);
    fill_and_check(&arena);
    lt_arena_free(&arena);
}

static void test_array_size_overflow(void **state)
{
    (void)state;
    static const struct {
        size_t count, size, expected;
    } table[] = {
        {0, 8, 0},
        {8, 0, 0},
        {3, 8, 24},
        {SIZE_MAX, 1, SIZE_MAX},
        {SIZE_MAX / 2, 2, SIZE_MAX - 1},
        {SIZE_MAX / 2 + 1, 2, SIZE_MAX},
        {SIZE_MAX, SIZE_MAX, SIZE_MAX},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_true(lt_array_size(table[i].count, table[i].size) == table[i].expected);
}

/* A size that no machine has must end the program, never give a short block. */
static void test_impossible_size_ends(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (!freopen("/dev/null", "w", stderr))
            _exit(2);
        struct lt_arena arena = {0};
        size_t count = SIZE_MAX / 4;
        _exit(lt_new_array(&arena, uint64_t, count) ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == LT_OUT_OF_MEMORY);
}

static void test_list_grows_in_order(void **state)
{
    (void)state;
    static const int values[1000];
    struct lt_arena arena = {0};
    struct lt_list list = {0};
    for (size_t i = 0; i < 1000; i++)
        lt_list_add(&list, &arena, &values[i]);
    assert_int_equal(list.count, 1000);
    size_t at = 0;
    lt_each (const int, item, &list)
        assert_ptr_equal(item, &values[at++]);
    assert_int_equal(at, 1000);
    assert_true(lt_list_has(&list, &values[999]));
    assert_false(lt_list_has(&list, &list));
    lt_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_do_not_overlap), cmocka_unit_test(test_reset_zeroes_and_keeps_memory),
        cmocka_unit_test(test_free_then_use_again),   cmocka_unit_test(test_array_size_overflow),
        cmocka_unit_test(test_impossible_size_ends),  cmocka_unit_test(test_list_grows_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
