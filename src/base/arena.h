// SPDX-License-Identifier: Apache-2.0
/* A bump allocator. Everything that layertime keeps lives in one of three arenas: the run (inventory, directories, kept
 * events), the artifact (scratch memory of one reader) or the sorter. Nothing in an arena is freed on its own. */
#ifndef LT_BASE_ARENA_H
#define LT_BASE_ARENA_H

#include <stddef.h>

enum { LT_OUT_OF_MEMORY = 5 }; /* the exit code */

struct lt_arena_block;

/* Initialise with `struct lt_arena arena = {0};`. */
struct lt_arena {
    struct lt_arena_block *first;   /* owned; the chain of blocks */
    struct lt_arena_block *current; /* the block that serves the next request; NULL at first */
    size_t bytes;                   /* bytes taken from the system, for --stats */
};

/* Return `size` zeroed bytes, aligned for any type. Never NULL: when memory runs out, the program prints a message and
 * ends, because a timeline that silently lacks events is worse than none. Valid until the arena is reset or freed. */
void *lt_arena_alloc(struct lt_arena *arena, size_t size);

/* Release all allocations, but keep the memory for the next use. */
void lt_arena_reset(struct lt_arena *arena);

/* Free all memory. The arena can be used again afterwards. */
void lt_arena_free(struct lt_arena *arena);

/* End the program at once with LT_OUT_OF_MEMORY and a message: `size` bytes were wanted. What is unfinished the helper
 * removes (contain/helper.h), or else the next run. */
_Noreturn void lt_out_of_memory(size_t size);

/* realloc() (malloc() if `old` is NULL) that ends the program when memory runs out. The caller frees with free(). */
void *lt_realloc(void *old, size_t size);

/* The same for a buffer that a file is read into; it starts on a page boundary. The kernel copies from the page
 * cache to such an address three times as fast as to an odd one (AMD Zen 3, Linux 6.18: its `rep movsb` needs
 * aligned ends). */
void *lt_pages(size_t size);

/* Zeroed memory for one or `count` values of `type`. A count that overflows ends the program. */
#define lt_new(arena, type)              ((type *)lt_arena_alloc((arena), sizeof(type)))
#define lt_new_array(arena, type, count) ((type *)lt_arena_alloc((arena), lt_array_size((count), sizeof(type))))

/* count * size, or SIZE_MAX on overflow; no allocation of that size succeeds. */
size_t lt_array_size(size_t count, size_t size);

#endif
