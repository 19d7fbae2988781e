// SPDX-License-Identifier: Apache-2.0
/* What the mutators share. A mutator knows what the input of its target means: it lists the fields of one structure,
 * and gives one of them a value that is interesting there. NAME.c and NAME_*.c in this folder are linked to the target
 * NAME. The same seed always makes the same mutant. */
#ifndef TESTS_FUZZ_MUTATE_H
#define TESTS_FUZZ_MUTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* libFuzzer calls the first, which must leave at most `most` bytes and may call the second, which knows no format. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);

struct dice {
    uint64_t state;
};

/* splitmix64. */
static inline uint64_t roll(struct dice *dice)
{
    uint64_t value = dice->state += 0x9E3779B97F4A7C15u;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9u;
    value = (value ^ value >> 27) * 0x94D049BB133111EBu;
    return value ^ value >> 31;
}

/* A number from 0 to `count` - 1; 0 if there is none. */
static inline size_t below(struct dice *dice, size_t count)
{
    return count ? (size_t)(roll(dice) % count) : 0;
}

static inline bool one_in(struct dice *dice, size_t count)
{
    return below(dice, count) == 0;
}

enum meaning {
    NUMBER,
    FLAGS,
    BLOCK, /* number of a block or page */
    INODE, /* number of an inode */
    MODE,  /* of an inode: its type and rights */
};

/* A number in the image of a disk or in a file. */
struct field {
    size_t at;
    unsigned width; /* bytes */
    enum meaning meaning;
    bool big_endian;
};

enum { MOST_FIELDS = 1024 };

struct fields {
    struct field all[MOST_FIELDS];
    size_t count;
};

static inline void add_field(struct fields *fields, struct field field)
{
    if (fields->count < MOST_FIELDS)
        fields->all[fields->count++] = field;
}

/* Bit offset of byte number `i`, counted from the front. */
static inline unsigned shift_of(unsigned width, bool big_endian, unsigned i)
{
    return 8 * (big_endian ? width - 1 - i : i);
}

static inline uint64_t get_number(const uint8_t *bytes, unsigned width, bool big_endian)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < width; i++)
        number |= (uint64_t)bytes[i] << shift_of(width, big_endian, i);
    return number;
}

static inline void put_number(uint8_t *bytes, unsigned width, bool big_endian, uint64_t number)
{
    for (unsigned i = 0; i < width; i++)
        bytes[i] = (uint8_t)(number >> shift_of(width, big_endian, i));
}

/* Where numbers break: at their ends, around what they were, where a sign would be. */
static inline uint64_t interesting(struct dice *dice, uint64_t old, unsigned width)
{
    static const uint64_t signed_ends[] = {INT8_MAX, INT16_MAX, INT32_MAX, INT64_MAX};
    size_t bits = 8 * (size_t)width;
    switch (below(dice, 9)) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX - below(dice, 2);
    case 2:
        return signed_ends[below(dice, 4)] + below(dice, 2);
    case 3:
        return old + 1 + below(dice, 16);
    case 4:
        return old - 1 - below(dice, 16);
    case 5:
        return old ^ (uint64_t)1 << below(dice, bits);
    case 6:
        return (uint64_t)1 << below(dice, bits);
    case 7:
        return below(dice, 256);
    default:
        return roll(dice);
    }
}

/* Set a field to what is interesting for any number or, half of the time, to a value that has a meaning there. */
static inline void change_field(struct dice *dice, uint8_t *bytes, const struct field *field, uint64_t fitting)
{
    uint64_t old = get_number(bytes + field->at, field->width, field->big_endian);
    uint64_t value = one_in(dice, 2) ? fitting : interesting(dice, old, field->width);
    put_number(bytes + field->at, field->width, field->big_endian, value);
}

/* Exchange two stretches that do not overlap. */
static inline void swap_bytes(uint8_t *one, uint8_t *other, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = one[i];
        one[i] = other[i];
        other[i] = byte;
    }
}

#endif
