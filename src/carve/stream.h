// SPDX-License-Identifier: Apache-2.0
/* When something was written, by where it lies: see hints.h. Private to carve/. */
#ifndef LT_CARVE_STREAM_H
#define LT_CARVE_STREAM_H

#include "carve/hints.h"

/* The last or first small file of a stretch. */
struct lt_carve_edge {
    struct lt_time time;
};

struct lt_carve_stream {
    uint64_t stretch;            /* bytes */
    struct lt_carve_mark *files; /* owned; small files of today, in the order of their places, and in a stretch also of
                                  * their births: what is out of that order was put there later */
    size_t count;
    struct lt_carve_edge *first, *last; /* owned; of all stretches, each in the order of time */
    size_t stretches;
};

/* Make it of marks that are in the order of their places. Free it with lt_carve_stream_free(). */
void lt_carve_stream_make(struct lt_carve_stream *stream, const struct lt_carve_mark *marks, size_t count,
                          uint32_t block);
void lt_carve_stream_free(struct lt_carve_stream *stream);

/* Between which times was written what lies at `at`? Where a stretch has no file on one side, the nearest time at which
 * another one ended or began stands for it. False: nothing tells. */
bool lt_carve_written(const struct lt_carve_stream *stream, uint64_t at, struct lt_time *from, struct lt_time *to);

/* The number of marks before `at`, which are in the order of their places. */
size_t lt_carve_marks_before(const struct lt_carve_mark *marks, size_t count, uint64_t at);

#endif
