// SPDX-License-Identifier: Apache-2.0
/* A bump allocator. Everything that layertime keeps lives in one of three arenas: the run (inventory, directories, kept
 * events), the artifact (scratch of one reader) or the sorter. Nothing in an arena is freed alone. */
#ifndef LT_BASE_ARENA_H
#define LT_BASE_ARENA_H

#include <stddef.h>

struct lt_arena_block;

/* Initialise with `struct lt_arena arena = {0};`. */
struct lt_arena {
    struct lt_arena_block *first;   /* owned; the chain of blocks */
    struct lt_arena_block *current; /* the block that serves the next request */
    size_t bytes;                   /* bytes held from the system, for --stats */
};

/* Return `size` zeroed bytes, aligned for any type. Never NULL: when memory is exhausted the program ends with a
 * message, because a timeline that silently lacks events is worse than none. Valid until the arena is reset. */
void *lt_arena_alloc(struct lt_arena *arena, size_t size);

/* Forget everything allocated, but keep the memory for the next use. */
void lt_arena_reset(struct lt_arena *arena);

/* Give all memory back. The arena can be used again afterwards. */
void lt_arena_free(struct lt_arena *arena);

/* malloc/realloc for growing buffers that end the program when memory is exhausted. The caller frees with free(). */
void *lt_realloc(void *old, size_t size);

/* The same for a buffer that a file is read into, at the start of a page. From the page cache the kernel copies three
 * times as fast to there as to an odd address (AMD Zen 3, Linux 6.18: its `rep movsb` wants aligned ends). */
void *lt_pages(size_t size);

/* Zeroed room for one or `count` values of `type`; an overflowing count ends the program. */
#define lt_new(arena, type)              ((type *)lt_arena_alloc((arena), sizeof(type)))
#define lt_new_array(arena, type, count) ((type *)lt_arena_alloc((arena), lt_array_size((count), sizeof(type))))

/* count * size, or SIZE_MAX (which no allocation survives) where that overflows. */
size_t lt_array_size(size_t count, size_t size);

#endif
