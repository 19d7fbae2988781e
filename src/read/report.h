// SPDX-License-Identifier: Apache-2.0
/* The account of a run: what each source saw, what became of it, and every error. At the end seen = emitted + filtered
 * + deduplicated + failed + untimed must hold for every source (promise 1). */
#ifndef LT_READ_REPORT_H
#define LT_READ_REPORT_H

#include "base/list.h"
#include "base/output.h"
#include "read/denied.h"

/* Counted in records: a directory entry, a log line, one event of an artifact. `failed` items count as seen. `untimed`
 * are events of which nothing says when they happened: they have no place in a timeline, and that is no error. */
struct lt_counts {
    uint64_t seen, emitted, filtered, deduplicated, failed, untimed;
    uint64_t foreign; /* of those filtered: lines of a host's log that are of no container and no daemon */
};

struct lt_source_counts {
    const char *source; /* static */
    struct lt_counts counts;
};

/* Initialise with designated initialisers; `errors` is borrowed. */
struct lt_report {
    struct lt_output *errors;      /* --errors: one JSON object a line; NULL: none, or not open yet */
    struct lt_buf early;           /* items from before it was open; see lt_report_open() */
    bool keep_early;               /* `errors` will be opened: keep items until then */
    const char *evidence;          /* the current evidence, named in every error */
    bool quiet;                    /* no messages on stderr */
    unsigned shown;                /* error messages shown so far; after twenty they are only counted */
    uint64_t failures;             /* error items in total */
    struct lt_denied denied;       /* those that are not shown one by one, since only root may read them */
    struct lt_list sources;        /* of struct lt_source_counts *, in the order of first use */
    struct lt_source_counts *last; /* that was asked for; NULL: none */
    struct lt_arena arena;         /* holds `sources`, whose items do not move, and `denied` */
};

/* Print one line on stderr, "layertime: " before it. Arguments and bytes of the evidence are escaped. */
void lt_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From now on write error items to `errors`, beginning with those kept so far. */
void lt_report_open(struct lt_report *report, struct lt_output *errors);
void lt_report_free(struct lt_report *report);

/* Counters of `source`, made on first use. */
struct lt_counts *lt_report_counts(struct lt_report *report, const char *source);

/* Report that something of the file at `path` (evidence path) is lost. Does not count it as seen or failed. */
void lt_report_problem(struct lt_report *report, const char *source, struct lt_str path, const struct lt_err *problem);

/* Say in one line what cannot be read since the program is not run as root, if anything. */
void lt_report_denied(const struct lt_report *report);

/* Sum over all sources. */
struct lt_counts lt_report_total(const struct lt_report *report);

/* Does the account of every source balance? */
bool lt_report_balanced(const struct lt_report *report);

/* Print the table of --stats on stderr. */
void lt_report_print(const struct lt_report *report, uint64_t rows);

#endif
