// SPDX-License-Identifier: Apache-2.0
/* Keeps rows and gives them back in a total order: by time, then by arrival, which the evidence alone decides. Rows and
 * their packed events fill batches; when those have taken their share of memory, they are merged into a sorted run in a
 * temporary file, and the runs are merged in the end. The order is the same however much memory there is.
 *
 *   sort.c         what the pipeline calls
 *   pack.c         an event as a short run of bytes
 *   batch.c        rows in memory, and a radix sort
 *   spill.c        the temporary file
 *   merge.c        sorted sequences to one
 */
#ifndef LT_TIMELINE_SORT_SORT_H
#define LT_TIMELINE_SORT_SORT_H

#include "timeline/sort/merge.h"

/* Bytes of memory that the sorter needs at least: what is less counts as this. */
enum { LT_SORT_MEMORY_MIN = 64 * 1024 };

/* Initialise with {.memory = ..., .files = ..., .lack = ...}. */
struct lt_sorter {
    size_t memory;             /* bytes that it may take */
    const int *files;          /* two temporary files, borrowed, of which each may be -1; NULL: none may be made */
    const struct lt_err *lack; /* why one of them is -1; NULL: no reason is known */
    unsigned file;             /* the one in use */
    struct lt_batch *batches;  /* owned, in order of arrival; all but the last are sorted */
    size_t batch_count, batch_cap, held;
    struct lt_spill spill;
    struct lt_run *runs; /* owned, in order of arrival */
    size_t run_count, run_cap;
    struct lt_merge merge; /* after lt_sorter_finish() */
    struct lt_buf packed;  /* the event that is being added; then a copy of the one given out last, and in it... */
    struct lt_arena arena; /* lists of... */
    struct lt_unpacked unpacked; /* ...the event of... */
    struct lt_row row;           /* ...the row given out last */
};

/* Keep `rows`, all of one event, each with the time of its lowest slot, and a copy of that event. Its source, owner and
 * directory are borrowed for good. LT_FATAL when the temporary file fails. */
enum lt_status lt_sorter_add(struct lt_sorter *sorter, const struct lt_row *rows, size_t count, struct lt_err *err);

/* Bring the rows in order; nothing can be added any more. */
enum lt_status lt_sorter_finish(struct lt_sorter *sorter, struct lt_err *err);

/* The next row in order, borrowed until the next call; LT_END after the last, LT_FATAL when the temporary file fails.
 */
enum lt_status lt_sorter_next(struct lt_sorter *sorter, const struct lt_row **out, struct lt_err *err);

void lt_sorter_free(struct lt_sorter *sorter);

#endif
