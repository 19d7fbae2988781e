// SPDX-License-Identifier: Apache-2.0
/* A disk that may be anything. What is found has a name, and a text of bounded length.
 *
 * Input: the size of the disk in KiB (2 bytes), and the pieces of disk.h. */
#include "evidence/magic/magic.h"

#include "disk.h"

enum { MOST_KIB = 4096, LONGEST = 500 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    size_t kib = take_number(&input, 2) % MOST_KIB;
    struct disk disk = make_disk(&input, kib * 1024 + 1);
    struct lt_device device = device_of(&disk);
    struct lt_arena arena = {0};
    struct lt_magic found;
    if (lt_magic_find(&device, &arena, &found)) {
        struct lt_str name = lt_magic_text(&found, false, &arena), all = lt_magic_text(&found, true, &arena);
        PROMISE(lt_str_starts(name, lt_str_c(found.name)) && lt_str_starts(all, name) && all.len < LONGEST);
        PROMISE(memchr(all.ptr, 0, all.len) == NULL);
    }
    lt_arena_free(&arena);
    free_disk(&disk);
    return 0;
}
