// SPDX-License-Identifier: Apache-2.0
/* Seeds of the corpus and their mutants, for the tests of mutators. */
#ifndef TESTS_UNIT_MUTANTS_H
#define TESTS_UNIT_MUTANTS_H

#include "tests/fuzz/mutate/mutate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST_INPUT = 24576 }; /* bytes of the largest */

struct input {
    uint8_t bytes[MOST_INPUT];
    size_t size;
};

/* Stands in for libFuzzer's: no test is about it. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most)
{
    (void)data;
    return size < most ? size : most;
}

/* The first `most` bytes of a seed. */
static struct input load_input(const char *folder, const char *name, size_t most)
{
    struct input input;
    char path[100];
    snprintf(path, sizeof path, "tests/fuzz/corpus/%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    input.size = fread(input.bytes, 1, most, file);
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

static void check_same_seed_same_mutant(const struct input *start, size_t most, unsigned seeds)
{
    unsigned changed = 0;
    for (unsigned seed = 0; seed < seeds; seed++) {
        struct input one = mutate(start, most, seed), other = mutate(start, most, seed);
        assert_true(same(&one, &other));
        changed += !same(&one, start);
    }
    assert_in_range(changed, seeds / 2, seeds);
}

#endif
