// SPDX-License-Identifier: Apache-2.0
/* A device that is gone through block by block: reads that follow each other become few large ones. */
#ifndef LT_EVIDENCE_WINDOW_H
#define LT_EVIDENCE_WINDOW_H

#include "evidence/device.h"

struct lt_window {
    const struct lt_device *device; /* borrowed */
    unsigned char *bytes;           /* owned; NULL until the first large read */
    uint64_t at;                    /* where `bytes` begins on the device */
    size_t len;
    uint64_t next; /* where the last read ended */
};

/* As lt_device_read(). What was read ahead is not read again, so nothing may change on the device meanwhile. */
bool lt_window_read(struct lt_window *window, uint64_t offset, void *buffer, size_t size);

void lt_window_free(struct lt_window *window);

#endif
