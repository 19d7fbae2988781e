// SPDX-License-Identifier: Apache-2.0
/* A temporary file (base/temporary.h) for what does not fit into memory: sorted runs of rows with their packed events,
 * one after the other. */
#ifndef LT_TIMELINE_SORT_SPILL_H
#define LT_TIMELINE_SORT_SPILL_H

#include "timeline/sort/batch.h"

struct lt_spill {
    int fd;            /* borrowed */
    bool open;         /* else fd is not valid */
    uint64_t size;     /* bytes written and waiting in `buffer` */
    struct lt_buf out; /* not written yet */
};

/* Part of the file. */
struct lt_run {
    uint64_t start, end;
};

/* Begin with the file `fd`, which is borrowed and emptied. LT_FATAL when that fails, as do all that follow. */
enum lt_status lt_spill_open(struct lt_spill *spill, int fd, struct lt_err *err);

/* Write a row at the end. */
enum lt_status lt_spill_put(struct lt_spill *spill, const struct lt_ref *ref, struct lt_str event, struct lt_err *err);

/* Write what still waits. */
enum lt_status lt_spill_flush(struct lt_spill *spill, struct lt_err *err);

void lt_spill_close(struct lt_spill *spill);

/* Reads one run. */
struct lt_spill_reader {
    int fd;           /* borrowed */
    uint64_t at, end; /* what was not read yet */
    char *bytes;      /* owned: read, and not yet taken from `start` on */
    size_t start, len, cap;
};

/* Begin with `run` and a buffer of `size` bytes. */
void lt_spill_reader_init(struct lt_spill_reader *reader, const struct lt_spill *spill, struct lt_run run, size_t size);

/* The next row; its event is valid until the next call. LT_END after the last. */
enum lt_status lt_spill_next(struct lt_spill_reader *reader, struct lt_ref *ref, struct lt_str *event,
                             struct lt_err *err);

void lt_spill_reader_free(struct lt_spill_reader *reader);

#endif
