// SPDX-License-Identifier: Apache-2.0
/* A map from byte strings to pointers. Keys are hashed with a seed of each map, because container names and IDs come
 * from the evidence and must not be able to choose their bucket. Nothing iterates over a map, so hash order cannot
 * reach the output. */
#ifndef LT_BASE_MAP_H
#define LT_BASE_MAP_H

#include "base/str.h"

struct lt_map_slot {
    struct lt_str key;
    void *value;
};

/* Initialise with `struct lt_map map = {0};`; slots live in the arena given to lt_map_put(). */
struct lt_map {
    struct lt_map_slot *slots;
    size_t count, cap; /* cap is a power of two, 0 at first */
    uint64_t seed;
};

/* The value of `key`, or NULL. */
void *lt_map_get(const struct lt_map *map, struct lt_str key);

/* Set `key` to `value` (not NULL). The key's bytes are borrowed and must live as long as the map. */
void lt_map_put(struct lt_map *map, struct lt_arena *arena, struct lt_str key, void *value);

#endif
