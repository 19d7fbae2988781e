// SPDX-License-Identifier: Apache-2.0
/* The account of a run: what each source saw and what became of it, and every error. Promise 1 is kept here: at the end
 * seen = emitted + filtered + deduplicated + failed must hold for every source. */
#ifndef LT_READ_REPORT_H
#define LT_READ_REPORT_H

#include "base/list.h"
#include "base/output.h"

/* Counted in records: a directory entry, a log line, one event of an artifact. `failed` items count as seen. */
struct lt_counts {
    uint64_t seen, emitted, filtered, deduplicated, failed;
};

struct lt_source_counts {
    const char *source; /* static */
    struct lt_counts counts;
};

/* Initialise with designated initialisers; `errors` is borrowed. */
struct lt_report {
    struct lt_output *errors; /* --errors: one JSON object a line; NULL: none, or not open yet */
    struct lt_buf early;      /* items from before it was open; see lt_report_open() */
    bool keep_early;          /* it will be open */
    const char *evidence;     /* the evidence at hand, named in every error */
    bool quiet;               /* no messages on stderr */
    unsigned shown;           /* error messages shown so far: beyond twenty they are only counted */
    uint64_t failures;        /* error items altogether */
    struct lt_list sources;   /* of struct lt_source_counts *, in the order of their first use */
    struct lt_arena arena;    /* they live here, and stay where they are */
};

/* One line on stderr, "layertime: " before it. Whatever arguments or evidence put into it is escaped. */
void lt_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on write error items to `errors`, those kept so far first. */
void lt_report_open(struct lt_report *report, struct lt_output *errors);
void lt_report_free(struct lt_report *report);

/* Counters of `source`, made on first use. */
struct lt_counts *lt_report_counts(struct lt_report *report, const char *source);

/* Report that something of the file at `path` (evidence path) is lost; not counted as seen or failed. */
void lt_report_problem(struct lt_report *report, const char *source, struct lt_str path, const struct lt_err *problem);

/* Sum over all sources. */
struct lt_counts lt_report_total(const struct lt_report *report);

/* Does the account of every source balance? */
bool lt_report_balanced(const struct lt_report *report);

/* The table of --stats on stderr. */
void lt_report_print(const struct lt_report *report, uint64_t rows);

#endif
