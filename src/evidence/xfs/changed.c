// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/changed.h"

#include "base/bisect.h"

#include <stdlib.h>
#include <string.h>

static unsigned char *find(const struct lt_changed *changed, uint64_t number)
{
    return lt_map_get(&changed->map, (struct lt_str){(const char *)&number, sizeof number});
}

/* Put the changes of the `size` bytes at `offset` in place, by the map. */
static void put_found(const struct lt_changed *changed, uint64_t offset, unsigned char *buffer, size_t size)
{
    for (size_t at = 0; changed->count && at < size; at += LT_SECTOR) {
        const unsigned char *bytes = find(changed, (offset + at) / LT_SECTOR);
        if (bytes)
            memcpy(buffer + at, bytes, LT_SECTOR);
    }
}

/* The same by the sorted sectors; then nothing needs to begin or end with a sector. */
static void put_sorted(const struct lt_changed *changed, uint64_t offset, unsigned char *buffer, size_t size)
{
    uint64_t end = offset + size;
    size_t at = lt_bisect(changed->sectors, changed->count, sizeof *changed->sectors, offset / LT_SECTOR);
    for (; at < changed->count && changed->sectors[at].number * LT_SECTOR < end; at++) {
        uint64_t start = changed->sectors[at].number * LT_SECTOR;
        uint64_t from = start < offset ? offset : start, to = start + LT_SECTOR < end ? start + LT_SECTOR : end;
        memcpy(buffer + (from - offset), changed->sectors[at].bytes + (from - start), (size_t)(to - from));
    }
}

bool lt_changed_read(struct lt_changed *changed, uint64_t offset, void *buffer, size_t size)
{
    if (!lt_device_read(&changed->device, offset, buffer, size))
        return false;
    if (changed->map.cap)
        put_found(changed, offset, buffer, size);
    else
        put_sorted(changed, offset, buffer, size);
    return true;
}

/* The number stands before the bytes: it is the key in the map. */
static unsigned char *add(struct lt_changed *changed, uint64_t number)
{
    if (changed->count >= LT_XFS_MAX_CHANGED / LT_SECTOR)
        return NULL;
    if (changed->count == changed->cap) {
        changed->cap = changed->cap ? changed->cap * 2 : 1024;
        changed->sectors = lt_realloc(changed->sectors, lt_array_size(changed->cap, sizeof *changed->sectors));
    }
    char *key = lt_arena_alloc(&changed->bytes, sizeof number + LT_SECTOR);
    unsigned char *bytes = (unsigned char *)key + sizeof number;
    memcpy(key, &number, sizeof number);
    lt_map_put(&changed->map, &changed->slots, (struct lt_str){key, sizeof number}, bytes);
    changed->sectors[changed->count++] = (struct lt_changed_sector){number, bytes};
    return bytes;
}

bool lt_changed_write(struct lt_changed *changed, uint64_t offset, const void *bytes, size_t size)
{
    for (size_t at = 0; at < size; at += LT_SECTOR) {
        uint64_t number = (offset + at) / LT_SECTOR;
        unsigned char *sector = find(changed, number);
        if (!sector)
            sector = add(changed, number);
        if (!sector)
            return false;
        memcpy(sector, (const char *)bytes + at, LT_SECTOR);
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    const struct lt_changed_sector *left = a, *right = b;
    return (left->number > right->number) - (left->number < right->number);
}

void lt_changed_settle(struct lt_changed *changed)
{
    if (changed->count)
        qsort(changed->sectors, changed->count, sizeof *changed->sectors, by_number);
    changed->map = (struct lt_map){0};
    lt_arena_free(&changed->slots);
}

uint64_t lt_changed_units(const struct lt_changed *changed, uint32_t unit)
{
    uint64_t count = 0, each = unit / LT_SECTOR;
    for (size_t i = 0; i < changed->count; i++)
        count += !i || changed->sectors[i].number / each != changed->sectors[i - 1].number / each;
    return count;
}

ssize_t lt_changed_device_read(void *changed, uint64_t offset, void *buffer, size_t size)
{
    struct lt_changed *from = changed;
    size_t got = lt_device_read_some(&from->device, offset, buffer, size);
    put_sorted(from, offset, buffer, got);
    return (ssize_t)got;
}

void lt_changed_free(struct lt_changed *changed)
{
    lt_arena_free(&changed->bytes);
    lt_arena_free(&changed->slots);
    free(changed->sectors);
    *changed = (struct lt_changed){0};
}
