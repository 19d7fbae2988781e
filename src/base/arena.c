// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_SIZE = 256 * 1024, ALIGNMENT = 16 };

struct lt_arena_block {
    struct lt_arena_block *next;
    size_t used, size;
    _Alignas(16) char bytes[];
};

void lt_out_of_memory(size_t size)
{
    fprintf(stderr, "layertime: out of memory (%zu bytes wanted)\n", size);
    _exit(LT_OUT_OF_MEMORY);
}

size_t lt_array_size(size_t count, size_t size)
{
    size_t product;
    return __builtin_mul_overflow(count, size, &product) ? SIZE_MAX : product;
}

void *lt_realloc(void *old, size_t size)
{
    void *grown = realloc(old, size);
    if (!grown)
        lt_out_of_memory(size);
    return grown;
}

void *lt_pages(size_t size)
{
    enum { PAGE = 4096 };
    void *pages;
    if (posix_memalign(&pages, PAGE, size))
        lt_out_of_memory(size);
    return pages;
}

static struct lt_arena_block *block_new(struct lt_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        lt_out_of_memory(size);
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct lt_arena_block *block = lt_realloc(NULL, sizeof *block + room);
    block->next = NULL;
    block->used = 0;
    block->size = room;
    arena->bytes += sizeof *block + room;
    return block;
}

/* Find a block with room for `size` bytes: the current one, one that a reset kept, or a new one. */
static struct lt_arena_block *block_with_room(struct lt_arena *arena, size_t size)
{
    struct lt_arena_block *block = arena->current;
    while (block && block->size - block->used < size) {
        if (!block->next)
            break;
        block = block->next;
        block->used = 0;
    }
    if (block && block->size - block->used >= size)
        return arena->current = block;
    struct lt_arena_block *fresh = block_new(arena, size);
    if (block)
        block->next = fresh;
    else
        arena->first = fresh;
    return arena->current = fresh;
}

void *lt_arena_alloc(struct lt_arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        lt_out_of_memory(size);
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct lt_arena_block *block = block_with_room(arena, size);
    void *room = block->bytes + block->used;
    block->used += size;
    return memset(room, 0, size);
}

void lt_arena_reset(struct lt_arena *arena)
{
    arena->current = arena->first;
    if (arena->first)
        arena->first->used = 0;
}

void lt_arena_free(struct lt_arena *arena)
{
    for (struct lt_arena_block *block = arena->first, *next; block; block = next) {
        next = block->next;
        free(block);
    }
    *arena = (struct lt_arena){0};
}
