// SPDX-License-Identifier: Apache-2.0
#include "evidence/device.h"

struct lt_device lt_device_slice(const struct lt_device *device, uint64_t offset, uint64_t size, struct lt_str place)
{
    struct lt_device slice = *device;
    uint64_t left = offset < device->size ? device->size - offset : 0;
    slice.close = NULL;
    slice.start += offset;
    slice.size = size < left ? size : left;
    slice.place = place;
    return slice;
}

size_t lt_device_read_some(const struct lt_device *device, uint64_t offset, void *buffer, size_t size)
{
    uint64_t left = offset < device->size ? device->size - offset : 0;
    size_t there = size < left ? size : (size_t)left, done = 0;
    while (done < there) {
        ssize_t got = device->read(device->arg, device->start + offset + done, (char *)buffer + done, there - done);
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    if (done < size && device->failed)
        ++*device->failed;
    return done;
}

bool lt_device_read(const struct lt_device *device, uint64_t offset, void *buffer, size_t size)
{
    if (offset > device->size || size > device->size - offset)
        return false;
    return lt_device_read_some(device, offset, buffer, size) == size;
}

void lt_device_close(struct lt_device *device)
{
    if (device->close)
        device->close(device->arg);
    *device = (struct lt_device){0};
}
