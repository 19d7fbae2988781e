// SPDX-License-Identifier: Apache-2.0
/* A block of memory that takes rows and their packed events until it is full, and then sorts the rows. Events grow from
 * its start, rows from its end, so that no room is wasted whichever there is less of. */
#ifndef LT_TIMELINE_SORT_BATCH_H
#define LT_TIMELINE_SORT_BATCH_H

#include "timeline/sort/pack.h"

/* One row, in memory and in the temporary file alike. */
struct lt_ref {
    uint64_t key;   /* lt_time_key() of its time */
    uint32_t event; /* where in the batch its event is; in the file: bytes of the event, which follows */
    uint32_t bits;  /* slots, clock and confidence, see lt_ref_bits() */
};

/* What a row holds besides its event, as bits. */
uint32_t lt_ref_bits(const struct lt_row *row);

/* The row of an unpacked event. */
struct lt_row lt_ref_row(const struct lt_ref *ref, const struct lt_event *event);

/* Order of two rows with equal keys by their exact times, if the key alone does not decide; 0 for equal times. The
 * packed events are those of the rows. */
int lt_ref_cmp_exact(const struct lt_ref *a, const char *packed_a, const struct lt_ref *b, const char *packed_b);

struct lt_batch {
    char *bytes;          /* owned */
    size_t size, used;    /* of the block; bytes used by events */
    struct lt_ref *first; /* first of the rows, which extend to the end of the block */
    size_t count;         /* of rows */
};

/* Bytes that `count` rows of an event of `len` packed bytes take. */
size_t lt_batch_need(size_t len, size_t count);

/* An empty batch of `size` bytes, at most UINT32_MAX. */
void lt_batch_init(struct lt_batch *batch, size_t size);

/* Is there room for `need` more bytes? */
bool lt_batch_fits(const struct lt_batch *batch, size_t need);

/* Add the rows of one event; they must fit. */
void lt_batch_add(struct lt_batch *batch, struct lt_str packed, const struct lt_row *rows, size_t count);

/* Sort the rows by time, equal ones in order of arrival. Nothing can be added afterwards. Takes 16 bytes a row while it
 * runs. */
void lt_batch_sort(struct lt_batch *batch);

/* The packed event of a row. */
struct lt_str lt_batch_event(const struct lt_batch *batch, const struct lt_ref *ref);

void lt_batch_free(struct lt_batch *batch);

#endif
