// SPDX-License-Identifier: Apache-2.0
/* Output formats. A writer turns one record into text and makes no other decision. A format is one file here and one
 * line in formats.def.
 *
 *   format.c          the table, and how a name or a suffix selects a line of it
 *   fields.def        the facts of a row under their JSON names, sorted; fields.c: where each comes from
 *   message.c         pieces of text that several formats share
 *   columns.c         a row as a sequence of columns, which are made once where they are the same
 *   memory.c          text that a writer made for one record and reuses for the next
 *   text.c            a timeline to read and grep
 *   jsonl.c           JSON lines for Timesketch, in the form of psort
 *   csv.c             a table for spreadsheets
 *   body.c            The Sleuth Kit's body file, for mactime
 *   l2tcsv.c          log2timeline's 17 columns, for old tools
 *   layertime-formats.5   the manual: formats, fields with type and unit, kinds of event, tags
 */
#ifndef LT_FORMATS_FORMAT_H
#define LT_FORMATS_FORMAT_H

#include "model/event.h"
#include "model/inventory.h"

/* What many events have in common. */
struct lt_origin {
    const struct lt_owner *owner;
    enum lt_kind kind;
    const char *source;
};

static inline struct lt_origin lt_origin_of(const struct lt_event *event)
{
    return (struct lt_origin){event->owner, event->kind, event->source};
}

/* The largest number of JSON names, which fields.h asserts. A memo has a part for each. */
enum { LT_MAX_FIELDS = 96 };

/* Text that a writer made for one record and reuses for others. */
enum { LT_MEMOS = 256 };
struct lt_memo {
    struct lt_origin origin; /* what the text was made for: one of these three; zeros: there is none */
    const struct lt_dir *dir;
    struct lt_time time;
    struct lt_buf text;           /* owned */
    uint32_t ends[LT_MAX_FIELDS]; /* where its parts end, if it has parts */
};

/* How the output is to look. */
struct lt_style {
    bool raw_cells; /* cells of CSV stay as they are, even if a spreadsheet would calculate them */
    bool color;     /* text has colours of a terminal (ECMA-48) */
    unsigned width; /* columns that a line of text should fit in; 0: any */
};

/* Some of the columns, in their order. */
struct lt_stop {
    uint8_t column, field, scope;
};
struct lt_stops {
    struct lt_stop at[LT_MAX_FIELDS];
    unsigned count;
};

/* What a writer keeps from one record to the next. Initialise with zeros, free with lt_memory_free(). */
struct lt_memory {
    struct lt_memo event, time, dir;  /* of the last record */
    struct lt_memo origins[LT_MEMOS]; /* see lt_memory_of() */
    uint8_t columns[LT_MAX_FIELDS];   /* of a format with columns: their facts; see formats/columns.h */
    unsigned column_count;
    struct lt_stops plain, attributed, moving; /* of these, see formats/columns.c */
    struct lt_style style;
};

/* The memo for the text of all events of `origin`. It may still hold another origin's text: compare its `origin`. Valid
 * as long as `memory`. */
struct lt_memo *lt_memory_of(struct lt_memory *memory, const struct lt_origin *origin);

void lt_memory_free(struct lt_memory *memory);

struct lt_format {
    const char *name;
    const char *suffix; /* suffix of an output file that selects the format: ".jsonl" */
    const char *summary;
    bool merged; /* equal times of one entry become one row */
    /* Write what comes before the first record; may be NULL. */
    void (*begin)(struct lt_buf *out);
    /* Exactly one of the next two is set. `row` receives rows in order of time. `event` receives events in the order in
     * which they are found, and returns false for those that the format cannot hold. `memory` is the same in every
     * call. */
    void (*row)(struct lt_buf *out, const struct lt_row *row, struct lt_memory *memory);
    bool (*event)(struct lt_buf *out, const struct lt_event *event, struct lt_memory *memory);
};

/* NULL-terminated table made from formats.def; the first format is the default. */
extern const struct lt_format *const lt_formats[];

/* The format of this name, or NULL. */
const struct lt_format *lt_format_named(const char *name);

/* The format for the suffix of a file name, without a final ".gz"; NULL if there is none. */
const struct lt_format *lt_format_for(const char *path);

#endif
