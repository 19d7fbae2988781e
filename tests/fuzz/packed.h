// SPDX-License-Identifier: Apache-2.0
/* A disk image that lies, as a file in memory that names nothing beside it. What it says of the disk may not depend on
 * how much is read at once, nor on what was read before.
 *
 * Input: the size of the file in sectors - 1 (2 bytes), where to read (4 bytes, in sectors), and the pieces of disk.h.
 * The magic number is put in. Seeds are what qemu-img 7.2 makes with the smallest clusters and blocks, and VHDs of
 * tests/lib/vhdfile.py. */
#ifndef TESTS_FUZZ_PACKED_H
#define TESTS_FUZZ_PACKED_H

#include "evidence/packed/packed.h"

#include "disk.h"

enum { MOST_SECTORS = 8192, WINDOW = 300000, PIECE = 1000 };

/* Read up to WINDOW bytes at once, and then in pieces. */
static inline void read_both_ways(const struct lt_device *disk, uint64_t at)
{
    static char whole[WINDOW], piece[WINDOW];
    uint64_t left = at < disk->size ? disk->size - at : 0;
    size_t size = left < WINDOW ? (size_t)left : WINDOW, done = 0, got = lt_device_read_some(disk, at, whole, size);
    while (done < size) {
        size_t part = size - done < PIECE ? size - done : PIECE,
               read = lt_device_read_some(disk, at + done, piece, part);
        PROMISE(done + read <= size && memcmp(whole + done, piece, done + read <= got ? read : 0) == 0);
        done += read;
        if (read < part)
            break;
    }
    PROMISE(done == got);
}

static inline int read_image(const uint8_t *data, size_t size, size_t magic_at, struct lt_str magic)
{
    struct input input = {data, size};
    size_t sectors = 1 + (size_t)take_number(&input, 2) % MOST_SECTORS;
    uint64_t at = take_number(&input, 4) * LT_SECTOR;
    struct disk bytes = make_disk(&input, sectors * LT_SECTOR);
    if (magic_at + magic.len <= bytes.size)
        memcpy(bytes.bytes + magic_at, magic.ptr, magic.len);
    struct lt_device file = device_of(&bytes), disk;
    struct lt_evidence evidence = {.spec = "image"};
    struct lt_err err = {0};
    struct lt_packed_disk *packed = lt_packed_find(&evidence, &file, false);
    if (packed && lt_packed_open(packed, &disk, &err) == LT_OK) {
        PROMISE(disk.size <= INT64_MAX);
        read_both_ways(&disk, 0);
        read_both_ways(&disk, at);
        read_both_ways(&disk, disk.size > WINDOW ? disk.size - WINDOW : 0);
    } else {
        PROMISE(!packed || (err.set && err.code && *err.text));
    }
    PROMISE(!evidence.files.count);
    lt_packed_close(packed);
    lt_arena_free(&evidence.arena);
    free_disk(&bytes);
    return 0;
}

#endif
