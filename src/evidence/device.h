// SPDX-License-Identifier: Apache-2.0
/* A device of bytes: an image, a partition of it, a volume. A reader of a file system takes one, and knows nothing else
 * about where its bytes come from. So layers can be stacked. Code that unpacks a format, or joins pieces of disks,
 * makes one device out of others; code that reads a partition table makes slices of one.
 *
 * Ownership: a device is a plain value. All copies and slices of it borrow what `arg` points to. Whoever opened the
 * device keeps the original, and closes it with lt_device_close() after everything that was opened on it or on its
 * copies; a copy or slice is never closed.
 *
 * A device is read by one thread at a time. */
#ifndef LT_EVIDENCE_DEVICE_H
#define LT_EVIDENCE_DEVICE_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { LT_SECTOR = 512 }; /* bytes of a sector where nothing says otherwise */

struct lt_device {
    /* Like pread(): the number of bytes, which may be less than `size`, or 0 and below if none can be read at `offset`.
     * It is only asked for bytes that the device has. */
    ssize_t (*read)(void *arg, uint64_t offset, void *buffer, size_t size);
    void (*close)(void *arg); /* NULL: there is nothing to give back */
    void *arg;
    uint64_t start;       /* where this device begins among the bytes that `read` knows: not 0 in a slice */
    uint64_t size;        /* bytes; what lies on it may say that it has more */
    uint32_t sector_size; /* bytes */
    struct lt_str place;  /* where it lies, for messages: "at sector 2048"; "" for all of an image. Borrowed. */
    uint64_t *failed;     /* counts failed reads, even where a library keeps quiet about them. Borrowed, or NULL. */
};

/* The part of `device` from `offset` on, `size` bytes but no more than the device has (UINT64_MAX: all of them).
 * `place` is where it lies, and is borrowed. */
struct lt_device lt_device_slice(const struct lt_device *device, uint64_t offset, uint64_t size, struct lt_str place);

/* Read `size` bytes at `offset`. False: not all of them are there (then nothing is read) or could be read. */
bool lt_device_read(const struct lt_device *device, uint64_t offset, void *buffer, size_t size);

/* Read what there is of `size` bytes at `offset`: the number of bytes up to the first one that could not be read. Fewer
 * than `size` count as a failed read. */
size_t lt_device_read_some(const struct lt_device *device, uint64_t offset, void *buffer, size_t size);

void lt_device_close(struct lt_device *device);

#endif
