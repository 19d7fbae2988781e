// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"

#include <sys/random.h>

enum { FIRST_CAP = 64 };

/* XOR the two halves of a product. Every bit of the secret `factor` takes part, so nobody can choose different keys
 * with equal hashes. */
static uint64_t mix(uint64_t word, uint64_t factor)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)word * factor;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Eight bytes at a time, because keys are paths, which are long. */
static uint64_t hash(const struct lt_map *map, struct lt_str key)
{
    uint64_t factor = map->seed | 1, sum = factor ^ key.len, word;
    for (; key.len >= sizeof word; key = lt_str_skip(key, sizeof word)) {
        memcpy(&word, key.ptr, sizeof word);
        sum = mix(sum ^ word, factor) + factor;
    }
    word = 0;
    if (key.len)
        memcpy(&word, key.ptr, key.len);
    return mix(sum ^ word, factor) * 0x9E3779B97F4A7C15u;
}

static struct lt_map_slot *find(const struct lt_map *map, struct lt_str key)
{
    size_t at = (size_t)(hash(map, key) >> 20) & (map->cap - 1);
    while (map->slots[at].value && !lt_str_eq(map->slots[at].key, key))
        at = (at + 1) & (map->cap - 1);
    return &map->slots[at];
}

void *lt_map_get(const struct lt_map *map, struct lt_str key)
{
    return map->cap ? find(map, key)->value : NULL;
}

static void grow(struct lt_map *map, struct lt_arena *arena)
{
    struct lt_map old = *map;
    if (!map->cap && getrandom(&map->seed, sizeof map->seed, GRND_NONBLOCK) < 0)
        map->seed = (uint64_t)(uintptr_t)map;
    map->cap = old.cap ? old.cap * 2 : FIRST_CAP;
    map->slots = lt_new_array(arena, struct lt_map_slot, map->cap);
    for (size_t i = 0; i < old.cap; i++)
        if (old.slots[i].value)
            *find(map, old.slots[i].key) = old.slots[i];
}

void lt_map_put(struct lt_map *map, struct lt_arena *arena, struct lt_str key, void *value)
{
    if (map->count * 4 >= map->cap * 3)
        grow(map, arena);
    struct lt_map_slot *slot = find(map, key);
    if (!slot->value)
        map->count++;
    *slot = (struct lt_map_slot){key, value};
}
