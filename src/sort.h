// SPDX-License-Identifier: Apache-2.0
/* Keeps rows and gives them back in a total order: by time, then by arrival, which the evidence alone decides. */
#ifndef LT_SORT_H
#define LT_SORT_H

#include "event.h"

struct lt_sorter {
    struct lt_arena arena; /* copies of the events */
    struct lt_row *rows;   /* owned */
    uint32_t *order;       /* owned: rows in order, after lt_sorter_finish() */
    size_t count, cap;
};

/* Keep `rows`, all of one event, and a deep copy of that event. Its owner and directory are borrowed for good. */
void lt_sorter_add(struct lt_sorter *sorter, const struct lt_row *rows, size_t count);

/* Bring the rows in order. */
void lt_sorter_finish(struct lt_sorter *sorter);

/* Row `at` in order, 0 .. count - 1. */
const struct lt_row *lt_sorter_row(const struct lt_sorter *sorter, size_t at);

void lt_sorter_free(struct lt_sorter *sorter);

#endif
