// SPDX-License-Identifier: Apache-2.0
#include "mutants.h"

enum { MOST = 8192, PAGE = 512, HEADER = 16, SUMMED = 56, SEEDS = 2000 };

static struct input load(const char *name)
{
    return load_input("bbolt", name, MOST);
}

/* FNV-1a of 64 bits, after its description. */
static bool has_right_sum(const uint8_t *meta)
{
    uint64_t hash = 0xCBF29CE484222325, stored = 0;
    for (size_t i = 0; i < SUMMED; i++) {
        hash ^= meta[i];
        hash *= 0x100000001B3;
    }
    for (size_t i = 8; i-- > 0;)
        stored = stored << 8 | meta[SUMMED + i];
    return hash == stored;
}

static void test_same_seed_same_mutant(void **state)
{
    (void)state;
    struct input start = load("little");
    check_same_seed_same_mutant(&start, MOST, SEEDS);
}

/* Of the meta pages that were changed about half have a right checksum again. */
static void test_half_are_sealed(void **state)
{
    (void)state;
    struct input start = load("little");
    unsigned right = 0, wrong = 0;
    assert_true(has_right_sum(start.bytes + HEADER) && has_right_sum(start.bytes + PAGE + HEADER));
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct input mutant = mutate(&start, MOST, seed);
        for (size_t at = HEADER; at <= PAGE + HEADER; at += PAGE) {
            if (memcmp(mutant.bytes + at, start.bytes + at, 4) != 0 ||
                !memcmp(mutant.bytes + at, start.bytes + at, SUMMED))
                continue; /* no meta page any more, or the same one */
            right += has_right_sum(mutant.bytes + at);
            wrong += !has_right_sum(mutant.bytes + at);
        }
    }
    assert_true(right > SEEDS / 20 && wrong > SEEDS / 20);
    assert_true(right < 2 * wrong && wrong < 2 * right);
}

/* Mutants of mutants, which are less and less of a database, in memory that does not suffice for another page, too. */
static void test_any_start(void **state)
{
    (void)state;
    static const char *const names[] = {"big", "cut", "cycle", "library", "little", "no-meta"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct input input = load(names[i]);
        for (unsigned seed = 0; seed < SEEDS; seed++)
            input = mutate(&input, seed % 2 ? MOST : input.size, seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_mutant),
        cmocka_unit_test(test_half_are_sealed),
        cmocka_unit_test(test_any_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
