// SPDX-License-Identifier: Apache-2.0
/* A temporary file (base/temporary.h) for what does not fit into memory: sorted runs of rows with their packed events,
 * one after the other. */
#ifndef LT_TIMELINE_SORT_SPILL_H
#define LT_TIMELINE_SORT_SPILL_H

#include "timeline/sort/batch.h"

struct lt_spill {
    int fd;            /* borrowed */
    bool open;         /* else fd is not valid */
    uint64_t size;     /* bytes written, plus those waiting in `out` */
    struct lt_buf out; /* not yet written */
};

/* Part of the file. */
struct lt_run {
    uint64_t start, end;
};

/* Open the file `fd`, which is borrowed and truncated. This and all functions below return LT_FATAL if the file
 * fails. */
enum lt_status lt_spill_open(struct lt_spill *spill, int fd, struct lt_err *err);

/* Append a row. */
enum lt_status lt_spill_put(struct lt_spill *spill, const struct lt_ref *ref, struct lt_str event, struct lt_err *err);

/* Write what is waiting. */
enum lt_status lt_spill_flush(struct lt_spill *spill, struct lt_err *err);

void lt_spill_close(struct lt_spill *spill);

/* Reads one run. */
struct lt_spill_reader {
    int fd;           /* borrowed */
    uint64_t at, end; /* part of the file that is not read yet */
    char *bytes;      /* owned: bytes read; those from `start` on are not taken yet */
    size_t start, len, cap;
};

/* Begin with `run` and a buffer of `size` bytes. */
void lt_spill_reader_init(struct lt_spill_reader *reader, const struct lt_spill *spill, struct lt_run run, size_t size);

/* The next row; its event is valid until the next call. LT_END: there are no more. */
enum lt_status lt_spill_next(struct lt_spill_reader *reader, struct lt_ref *ref, struct lt_str *event,
                             struct lt_err *err);

void lt_spill_reader_free(struct lt_spill_reader *reader);

#endif
