// SPDX-License-Identifier: Apache-2.0
#include "ext4image.h"

#include "tests/fuzz/disk.h"

#include <stdlib.h>
#include <string.h>

/* The input of the target: options, size, and the pieces of disk.h. */
enum { HEAD = 3, MOST_KIB = 4096, LONGEST = 256, SMALL_GAP = 8 };

struct image *read_pieces(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    struct image *image = malloc(sizeof *image);
    PROMISE(image);
    image->options = take_byte(&input);
    struct disk disk = make_disk(&input, (1 + take_number(&input, 2) % MOST_KIB) * 1024);
    image->bytes = disk.bytes;
    image->size = disk.size;
    image->count = 0;
    return image;
}

void free_image(struct image *image)
{
    struct disk disk = {image->bytes, image->size};
    free_disk(&disk);
    free(image);
}

/* The length of a unit without the zeros at its end. */
static size_t used_length(const uint8_t *unit)
{
    uint64_t words[UNIT / sizeof(uint64_t)], all = 0;
    memcpy(words, unit, UNIT);
    for (size_t i = 0; i < UNIT / sizeof *words; i++)
        all |= words[i];
    size_t length = all ? UNIT : 0;
    while (length && !unit[length - 1])
        length--;
    return length;
}

/* The length of the piece that begins at `at`, which goes on over small gaps. */
static size_t piece_length(const struct image *image, size_t at)
{
    size_t length = used_length(image->bytes + at);
    for (size_t next = UNIT; length && at + next < image->size && next - length < SMALL_GAP; next += UNIT) {
        size_t more = used_length(image->bytes + at + next);
        if (!more || next + more > LONGEST)
            break;
        length = next + more;
    }
    return length;
}

size_t write_pieces(const struct image *image, uint8_t *data, size_t most)
{
    size_t size = HEAD;
    data[0] = image->options;
    put_number(data + 1, 2, true, image->size / 1024 - 1);
    for (size_t at = 0, length; at < image->size; at += length ? (length + UNIT - 1) / UNIT * UNIT : UNIT) {
        length = piece_length(image, at);
        if (size + HEAD + length > most)
            break;
        if (!length)
            continue;
        put_number(data + size, 2, true, at / UNIT);
        data[size + 2] = (uint8_t)(length - 1);
        memcpy(data + size + HEAD, image->bytes + at, length);
        size += HEAD + length;
    }
    return size;
}
