// SPDX-License-Identifier: Apache-2.0
/* Merges sorted sequences of rows: batches in memory, or runs in a temporary file. Equal times come in the order of the
 * sequences, so the result does not depend on where one ends and the next begins. */
#ifndef LT_TIMELINE_SORT_MERGE_H
#define LT_TIMELINE_SORT_MERGE_H

#include "timeline/sort/spill.h"

/* One sequence. */
struct lt_feed {
    struct lt_ref ref;             /* its first row not taken yet */
    struct lt_str event;           /* the packed event of that row */
    const struct lt_batch *batch;  /* NULL: see reader */
    size_t at;                     /* index in the batch of the row after `ref` */
    struct lt_spill_reader reader; /* owned */
};

/* Initialise with {0}. */
struct lt_merge {
    struct lt_feed *feeds; /* owned */
    uint32_t *heap;        /* owned: feeds that have rows; none comes before its parent at (index - 1) / 2 */
    size_t feed_count, count;
    bool taken; /* the first row was returned: advance before returning the next */
};

/* Begin with sorted batches, which are borrowed, or with runs of `spill`, each with a buffer of `buffer` bytes. Free
 * with lt_merge_free(), also after an error. */
void lt_merge_batches(struct lt_merge *merge, const struct lt_batch *batches, size_t count);
enum lt_status lt_merge_runs(struct lt_merge *merge, const struct lt_spill *spill, const struct lt_run *runs,
                             size_t count, size_t buffer, struct lt_err *err);

/* The next row of all, borrowed until the next call. LT_END: there are no more. */
enum lt_status lt_merge_next(struct lt_merge *merge, const struct lt_feed **out, struct lt_err *err);

void lt_merge_free(struct lt_merge *merge);

#endif
