// SPDX-License-Identifier: Apache-2.0
#include "evidence/window.h"

#include "base/base.h"

#include <stdlib.h>
#include <string.h>

enum { AHEAD = 128 * 1024 }; /* bytes */

static bool is_inside(const struct lt_window *window, uint64_t offset, size_t size)
{
    return offset >= window->at && offset - window->at <= window->len && size <= window->len - (offset - window->at);
}

/* Read ahead as much as the device has. A failure, which may lie behind what is asked for, is none of that. */
static bool fill(struct lt_window *window, uint64_t offset)
{
    const struct lt_device *device = window->device;
    uint64_t left = offset < device->size ? device->size - offset : 0;
    size_t size = left < AHEAD ? (size_t)left : AHEAD;
    if (!window->bytes)
        window->bytes = lt_realloc(NULL, AHEAD);
    window->at = offset;
    window->len = lt_device_read_some(device, offset, window->bytes, size);
    return window->len;
}

bool lt_window_read(struct lt_window *window, uint64_t offset, void *buffer, size_t size)
{
    bool follows = offset == window->next;
    window->next = offset + size;
    if (!is_inside(window, offset, size) &&
        !(follows && size <= AHEAD && fill(window, offset) && is_inside(window, offset, size)))
        return lt_device_read(window->device, offset, buffer, size);
    memcpy(buffer, window->bytes + (offset - window->at), size);
    return true;
}

void lt_window_free(struct lt_window *window)
{
    free(window->bytes);
    *window = (struct lt_window){0};
}
