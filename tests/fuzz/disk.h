// SPDX-License-Identifier: Apache-2.0
/* A disk in memory, nearly all zeros. The input says what is not: where (2 bytes, in units of 64 bytes), length - 1,
 * the bytes. image.py makes such inputs. */
#ifndef TESTS_FUZZ_DISK_H
#define TESTS_FUZZ_DISK_H

#include "evidence/device.h"

#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>

enum { UNIT = 64 };

struct disk {
    uint8_t *bytes; /* owned */
    size_t size;
};

static inline ssize_t read_disk(void *arg, uint64_t offset, void *buffer, size_t size)
{
    const struct disk *disk = arg;
    PROMISE(offset <= disk->size && size <= disk->size - offset); /* nobody asks for more than there is */
    memcpy(buffer, disk->bytes + offset, size);
    return (ssize_t)size;
}

/* Pages that nobody touches cost nothing; with calloc() ASan would touch them. */
static inline struct disk make_disk(struct input *input, size_t size)
{
    struct disk disk = {mmap(NULL, size + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), size};
    PROMISE(disk.bytes != MAP_FAILED);
    while (input->len > 3) {
        size_t at = (size_t)take_number(input, 2) * UNIT, length = (size_t)take_byte(input) + 1;
        length = length < input->len ? length : input->len;
        if (at < size)
            memcpy(disk.bytes + at, input->ptr, length < size - at ? length : size - at);
        input->ptr += length;
        input->len -= length;
    }
    return disk;
}

static inline void free_disk(struct disk *disk)
{
    munmap(disk->bytes, disk->size + 1);
}

static inline struct lt_device device_of(struct disk *disk)
{
    return (struct lt_device){.read = read_disk, .arg = disk, .size = disk->size, .sector_size = LT_SECTOR};
}

#endif
