// SPDX-License-Identifier: Apache-2.0
/* Output formats. A writer turns one record into text and decides nothing. One file here plus a line in formats.def. */
#ifndef LT_FORMATS_FORMAT_H
#define LT_FORMATS_FORMAT_H

#include "../src/event.h"
#include "../src/inventory.h"

struct lt_format {
    const char *name;
    const char *suffix; /* of an output file that chooses it: ".jsonl" */
    const char *summary;
    bool merged; /* equal times of one entry make one row */
    /* What stands before the first record; may be NULL. */
    void (*begin)(struct lt_buf *out);
    /* Exactly one of the next two is set. `row` gets rows in order of time. `event` gets events as they are found, and
     * returns false for those that the format has no place for. */
    void (*row)(struct lt_buf *out, const struct lt_row *row);
    bool (*event)(struct lt_buf *out, const struct lt_event *event);
};

/* NULL-terminated table made from formats.def; the first one is the default. */
extern const struct lt_format *const lt_formats[];

/* By name, or NULL. */
const struct lt_format *lt_format_named(const char *name);

/* By the suffix of a file name, ".gz" after it not counted; NULL if no format has it. */
const struct lt_format *lt_format_for(const char *path);

#endif
