// SPDX-License-Identifier: Apache-2.0
/* Keeps rows and returns them in a total order: by time, then by arrival, which only the evidence decides. Rows and
 * their packed events fill batches. When the batches have used their share of memory, they are merged into a sorted run
 * in a temporary file. The runs are merged at the end. The order is the same whatever the memory.
 *
 *   sort.c         what the pipeline calls
 *   pack.c         an event as a short run of bytes
 *   batch.c        rows in memory, and a radix sort
 *   spill.c        the temporary file
 *   merge.c        merges sorted sequences
 */
#ifndef LT_TIMELINE_SORT_SORT_H
#define LT_TIMELINE_SORT_SORT_H

#include "timeline/sort/merge.h"

/* Minimum memory of the sorter, in bytes; less counts as this. */
enum { LT_SORT_MEMORY_MIN = 64 * 1024 };

/* Initialise with {.memory = ..., .files = ..., .file_error = ...}. */
struct lt_sorter {
    size_t memory;                   /* bytes that it may use */
    const int *files;                /* two temporary files, borrowed; each may be -1. NULL: none may be made */
    const struct lt_err *file_error; /* why one of them is -1; NULL: unknown */
    unsigned file;                   /* the one that is used next */
    struct lt_batch *batches;        /* owned, in order of arrival; all but the last are sorted */
    size_t batch_count, batch_cap, held;
    struct lt_spill spill;
    struct lt_run *runs; /* owned, in order of arrival */
    size_t run_count, run_cap;
    struct lt_merge merge;       /* after lt_sorter_finish() */
    struct lt_buf packed;        /* the event being added; after lt_sorter_finish(), a copy of the one returned last */
    struct lt_arena arena;       /* lists of `unpacked` */
    struct lt_unpacked unpacked; /* `packed`, unpacked */
    struct lt_row row;           /* the row returned last */
};

/* Keep a copy of `rows` and of their event. All rows are of one event, and each has the time of its lowest slot. The
 * event's source, owner, directory, hides->layer and hidden_by are borrowed for the life of the sorter. LT_FATAL: the
 * temporary file failed. */
enum lt_status lt_sorter_add(struct lt_sorter *sorter, const struct lt_row *rows, size_t count, struct lt_err *err);

/* Sort the rows. Nothing can be added afterwards. LT_FATAL: the temporary file failed. */
enum lt_status lt_sorter_finish(struct lt_sorter *sorter, struct lt_err *err);

/* The next row in order, borrowed until the next call. LT_END: there are no more. LT_FATAL: the temporary file
 * failed. */
enum lt_status lt_sorter_next(struct lt_sorter *sorter, const struct lt_row **out, struct lt_err *err);

void lt_sorter_free(struct lt_sorter *sorter);

#endif
