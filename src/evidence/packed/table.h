// SPDX-License-Identifier: Apache-2.0
/* Tables of an image: what says where the pieces of the disk lie. They are read page by page, and the pages that were
 * used last are kept, so memory is bounded whatever sizes a header claims. */
#ifndef LT_EVIDENCE_PACKED_TABLE_H
#define LT_EVIDENCE_PACKED_TABLE_H

#include "evidence/device.h"

struct lt_packed_page;

struct lt_packed_table {
    const struct lt_device *device; /* borrowed */
    struct lt_packed_page *pages;   /* owned; NULL until the first use */
};

/* The big- or little-endian number of `size` bytes (1..8) at `at` of the device. False: it is not there, or cannot be
 * read. */
bool lt_packed_be(struct lt_packed_table *table, uint64_t at, unsigned size, uint64_t *out);
bool lt_packed_le(struct lt_packed_table *table, uint64_t at, unsigned size, uint64_t *out);

void lt_packed_table_free(struct lt_packed_table *table);

#endif
