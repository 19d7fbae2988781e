// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/mutate/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 8192, PAGE = 512, HEADER = 16, SUMMED = 56, SEEDS = 2000 };

struct input {
    uint8_t bytes[MOST];
    size_t size;
};

/* Stands in for libFuzzer's: no test here is about it. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most)
{
    (void)data;
    return size < most ? size : most;
}

static struct input load(const char *path)
{
    struct input input;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    input.size = fread(input.bytes, 1, MOST, file);
    assert_true(input.size > 0);
    fclose(file);
    return input;
}

/* In exactly the memory that libFuzzer gives, so that a sanitizer sees more. */
static struct input mutate(const struct input *from, size_t most, unsigned seed)
{
    struct input to;
    uint8_t *bytes = malloc(most);
    assert_non_null(bytes);
    memcpy(bytes, from->bytes, from->size);
    to.size = LLVMFuzzerCustomMutator(bytes, from->size, most, seed);
    assert_true(to.size <= most);
    memcpy(to.bytes, bytes, to.size);
    free(bytes);
    return to;
}

static bool same(const struct input *one, const struct input *other)
{
    return one->size == other->size && !memcmp(one->bytes, other->bytes, one->size);
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
    struct input start = load("tests/fuzz/corpus/bbolt/little");
    unsigned changed = 0;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct input one = mutate(&start, MOST, seed), other = mutate(&start, MOST, seed);
        assert_true(same(&one, &other));
        changed += !same(&one, &start);
    }
    assert_in_range(changed, SEEDS / 2, SEEDS);
}

/* Of the meta pages that were changed about half have a right checksum again. */
static void test_half_are_sealed(void **state)
{
    (void)state;
    struct input start = load("tests/fuzz/corpus/bbolt/little");
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
    static const char *const paths[] = {"big", "cut", "cycle", "library", "little", "no-meta"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        char path[100];
        snprintf(path, sizeof path, "tests/fuzz/corpus/bbolt/%s", paths[i]);
        struct input input = load(path);
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
