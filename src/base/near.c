// SPDX-License-Identifier: Apache-2.0
#include "base/near.h"

#include <ctype.h>

enum { LONGEST = 64, FAR = 2 * LONGEST, MOST = 3 };

static bool same(char one, char other)
{
    return tolower((unsigned char)one) == tolower((unsigned char)other);
}

static unsigned least(unsigned one, unsigned other)
{
    return one < other ? one : other;
}

/* Row `i` of the matrix of distances between beginnings of the words: `i` letters of `one`, and any number of `other`.
 * `above` and `second` are the rows before it. */
static void fill(unsigned *row, const unsigned *above, const unsigned *second, size_t i, struct lt_str one,
                 struct lt_str other)
{
    row[0] = (unsigned)i;
    for (size_t j = 1; j <= other.len; j++) {
        unsigned differ = !same(one.ptr[i - 1], other.ptr[j - 1]);
        row[j] = least(least(above[j] + 1, row[j - 1] + 1), above[j - 1] + differ);
        if (i > 1 && j > 1 && same(one.ptr[i - 1], other.ptr[j - 2]) && same(one.ptr[i - 2], other.ptr[j - 1]))
            row[j] = least(row[j], second[j - 2] + differ);
    }
}

unsigned lt_near_distance(struct lt_str one, struct lt_str other)
{
    unsigned rows[3][LONGEST + 1] = {0};
    if (one.len > LONGEST || other.len > LONGEST)
        return FAR;
    for (size_t j = 0; j <= other.len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= one.len; i++)
        fill(rows[i % 3], rows[(i + 2) % 3], rows[(i + 1) % 3], i, one, other);
    return rows[one.len % 3][other.len];
}

void lt_near_try(struct lt_near *near, struct lt_str word)
{
    size_t shorter = word.len < near->wanted.len ? word.len : near->wanted.len;
    size_t third = shorter < 2 ? 0 : (shorter + 2) / 3, most = third < MOST ? third : MOST;
    unsigned distance = lt_near_distance(near->wanted, word);
    if (!near->wanted.len || distance > most || (near->best.len && distance >= near->distance))
        return;
    near->best = word;
    near->distance = distance;
}
