// SPDX-License-Identifier: Apache-2.0
#include "evidence/volumes/joined.h"

struct joined {
    const struct lt_piece *const *pieces;
    size_t count;
    size_t last; /* piece that was read last: most reads are near each other */
};

struct striped {
    const struct lt_device *devices;
    unsigned count;
    uint64_t chunk;
};

static bool is_in(const struct lt_piece *piece, uint64_t offset)
{
    return offset >= piece->start && offset - piece->start < piece->size;
}

/* The pieces are in order and without a gap, and `offset` lies in one of them. */
static size_t piece_at(const struct joined *joined, uint64_t offset)
{
    size_t low = 0, high = joined->count;
    if (is_in(joined->pieces[joined->last], offset))
        return joined->last;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (joined->pieces[middle]->start <= offset)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static ssize_t read_joined(void *arg, uint64_t offset, void *buffer, size_t size)
{
    struct joined *joined = arg;
    joined->last = piece_at(joined, offset);
    const struct lt_piece *piece = joined->pieces[joined->last];
    uint64_t at = offset - piece->start, left = piece->size - at;
    return (ssize_t)lt_device_read_some(&piece->device, at, buffer, size < left ? size : (size_t)left);
}

/* Who reads the whole counts its failures. */
static struct lt_device uncounted(const struct lt_device *device)
{
    struct lt_device copy = *device;
    copy.failed = NULL;
    return copy;
}

struct lt_device lt_joined(struct lt_arena *arena, const struct lt_list *pieces)
{
    struct joined *joined = lt_new(arena, struct joined);
    const struct lt_piece **copies = lt_new_array(arena, const struct lt_piece *, pieces->count);
    struct lt_device whole = {.read = read_joined, .arg = joined, .sector_size = LT_SECTOR};
    lt_each (const struct lt_piece, piece, pieces) {
        if (pieces->count == 1)
            return piece->device;
        struct lt_piece *copy = lt_new(arena, struct lt_piece);
        *copy = *piece;
        copy->device = uncounted(&piece->device);
        copies[joined->count++] = copy;
        whole.size = piece->start + piece->size;
        whole.failed = piece->device.failed;
    }
    joined->pieces = copies;
    return whole;
}

static ssize_t read_striped(void *arg, uint64_t offset, void *buffer, size_t size)
{
    const struct striped *striped = arg;
    uint64_t number = offset / striped->chunk, in = offset % striped->chunk, left = striped->chunk - in;
    const struct lt_device *device = &striped->devices[number % striped->count];
    uint64_t at = number / striped->count * striped->chunk + in;
    return (ssize_t)lt_device_read_some(device, at, buffer, size < left ? size : (size_t)left);
}

struct lt_device lt_striped(struct lt_arena *arena, const struct lt_device *devices, unsigned count, uint64_t chunk,
                            uint64_t size)
{
    struct striped *striped = lt_new(arena, struct striped);
    struct lt_device *copies = lt_new_array(arena, struct lt_device, count);
    for (unsigned i = 0; i < count; i++)
        copies[i] = uncounted(&devices[i]);
    *striped = (struct striped){copies, count, chunk};
    return (struct lt_device){
        .read = read_striped,
        .arg = striped,
        .size = size,
        .sector_size = devices->sector_size,
        .failed = devices->failed,
    };
}
