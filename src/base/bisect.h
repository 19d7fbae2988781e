// SPDX-License-Identifier: Apache-2.0
/* Bisection of a sorted array. */
#ifndef LT_BASE_BISECT_H
#define LT_BASE_BISECT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The first of `count` items of `size` bytes that begins with a number that is not less than `number`, as an index;
 * `count` if there is none. The items begin with an uint64_t, and are in order of it. Inline, because each read of a
 * block asks. */
static inline size_t lt_bisect(const void *items, size_t count, size_t size, uint64_t number)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint64_t first;
        memcpy(&first, (const char *)items + middle * size, sizeof first);
        if (first < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

#endif
