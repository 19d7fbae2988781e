// SPDX-License-Identifier: Apache-2.0
#include "base/xxh64.h"

#include "base/cursor.h"

#define PRIME1 0x9e3779b185ebca87u
#define PRIME2 0xc2b2ae3d27d4eb4fu
#define PRIME3 0x165667b19e3779f9u
#define PRIME4 0x85ebca77c2b2ae63u
#define PRIME5 0x27d4eb2f165667c5u

enum { LANES = 4, WORD = 8, STRIPE = LANES * WORD };

static uint64_t turn(uint64_t number, unsigned bits)
{
    return number << bits | number >> (64 - bits);
}

static uint64_t mix(uint64_t lane, uint64_t word)
{
    return turn(lane + word * PRIME2, 31) * PRIME1;
}

/* Stripes of 32 bytes go to four lanes, which are joined at the end. */
static uint64_t mix_stripes(struct lt_cursor *input, size_t *at)
{
    static const unsigned turns[LANES] = {1, 7, 12, 18};
    uint64_t lanes[LANES] = {PRIME1 + PRIME2, PRIME2, 0, -PRIME1}, sum = 0;
    for (; input->len - *at >= STRIPE; *at += STRIPE)
        for (size_t i = 0; i < LANES; i++)
            lanes[i] = mix(lanes[i], lt_cursor_le(input, *at + i * WORD, WORD));
    for (size_t i = 0; i < LANES; i++)
        sum += turn(lanes[i], turns[i]);
    for (size_t i = 0; i < LANES; i++)
        sum = (sum ^ mix(0, lanes[i])) * PRIME1 + PRIME4;
    return sum;
}

uint64_t lt_xxh64(const void *bytes, size_t size)
{
    struct lt_cursor input = {.ptr = bytes, .len = size};
    size_t at = 0;
    uint64_t sum = size >= STRIPE ? mix_stripes(&input, &at) : PRIME5;
    sum += size;
    for (; size - at >= WORD; at += WORD)
        sum = turn(sum ^ mix(0, lt_cursor_le(&input, at, WORD)), 27) * PRIME1 + PRIME4;
    if (size - at >= WORD / 2) {
        sum = turn(sum ^ lt_le32(&input, at) * PRIME1, 23) * PRIME2 + PRIME3;
        at += WORD / 2;
    }
    for (; at < size; at++)
        sum = turn(sum ^ lt_cursor_le(&input, at, 1) * PRIME5, 11) * PRIME1;
    sum = (sum ^ sum >> 33) * PRIME2;
    sum = (sum ^ sum >> 29) * PRIME3;
    return sum ^ sum >> 32;
}
