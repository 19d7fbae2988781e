// SPDX-License-Identifier: Apache-2.0
/* The nearest of some words to one that was mistyped. */
#ifndef LT_BASE_NEAR_H
#define LT_BASE_NEAR_H

#include "base/str.h"

/* Initialise `wanted` with what was typed. */
struct lt_near {
    struct lt_str wanted;
    struct lt_str best; /* borrowed from the words; "" if none is near */
    unsigned distance;
};

/* How many letters are to be added, left out, changed, or exchanged with the next, to make one of the other. Letters of
 * both cases are the same. Words of more than 64 bytes are far from all. */
unsigned lt_near_distance(struct lt_str one, struct lt_str other);

/* Keep `word` if it is nearer than those before: at most a third of its letters differ, and no more than three. */
void lt_near_try(struct lt_near *near, struct lt_str word);

#endif
