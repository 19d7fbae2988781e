// SPDX-License-Identifier: Apache-2.0
/* Sets of small numbers, one bit each: the tags of an event, the fields of a format. A set is a plain number: | is the
 * union, & the intersection, ~ the complement, and 0 the empty set. Code that makes a set of an enum asserts that the
 * enum fits: _Static_assert(THE_LAST <= LT_SET_SIZE, ...). printf cannot print a set. */
#ifndef LT_BASE_SET_H
#define LT_BASE_SET_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 lt_set;

/* Not an enum, because compilers warn when two enums are compared. */
#define LT_SET_SIZE 128
#define LT_SET_HALF 64
_Static_assert(sizeof(lt_set) * CHAR_BIT == LT_SET_SIZE, "a number is a bit of the set");
_Static_assert(LT_SET_HALF * 2 == LT_SET_SIZE && sizeof(uint64_t) * CHAR_BIT == LT_SET_HALF, "a half is a word");

/* The set of `number` alone; a constant if `number` is one. */
#define LT_SET_BIT(number) ((lt_set)1 << (number))

/* The numbers below 64, and those from 64 on minus 64, as bits; and a set made of both. */
static inline uint64_t lt_set_low(lt_set set)
{
    return (uint64_t)set;
}

static inline uint64_t lt_set_high(lt_set set)
{
    return (uint64_t)(set >> LT_SET_HALF);
}

static inline lt_set lt_set_of(uint64_t low, uint64_t high)
{
    return (lt_set)high << LT_SET_HALF | low;
}

/* All numbers below `end` (at most LT_SET_SIZE). */
static inline lt_set lt_set_below(unsigned end)
{
    return end < LT_SET_SIZE ? LT_SET_BIT(end) - 1 : ~(lt_set)0;
}

static inline bool lt_set_has(lt_set set, unsigned number)
{
    return set >> number & 1;
}

/* The smallest number of a set, which must not be empty. */
static inline unsigned lt_set_first(lt_set set)
{
    uint64_t low = lt_set_low(set);
    return (unsigned)(low ? __builtin_ctzll(low) : LT_SET_HALF + __builtin_ctzll(lt_set_high(set)));
}

/* for (each number in the set, smallest first); `continue` and `return` work as in any loop, `break` does not */
#define lt_set_each(number, set)                                                                                       \
    for (lt_set number##_rest = (set); number##_rest; number##_rest &= number##_rest - 1)                              \
        for (unsigned number = lt_set_first(number##_rest), number##_once = 1; number##_once; number##_once = 0)

#endif
