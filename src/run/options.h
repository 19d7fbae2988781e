// SPDX-License-Identifier: Apache-2.0
/* What the user asked for. */
#ifndef LT_RUN_OPTIONS_H
#define LT_RUN_OPTIONS_H

#include "formats/format.h"
#include "read/context.h"
#include "run/command.h"

/* From the worst fit to the best. A prefix is no better than a pattern: see lt_filter_fit(). */
enum lt_fit { LT_FIT_NONE, LT_FIT_PATTERN, LT_FIT_PREFIX, LT_FIT_POD, LT_FIT_WHOLE };

enum lt_color { LT_COLOR_AUTO, LT_COLOR_ALWAYS, LT_COLOR_NEVER };
enum lt_progress_form { LT_PROGRESS_AUTO, LT_PROGRESS_NONE, LT_PROGRESS_LINE, LT_PROGRESS_JSON };

/* Which events the user asked for, beside their owner and time. */
struct lt_choice {
    lt_tags tags;      /* those with one of these; 0: all */
    unsigned changes;  /* bits 1 << enum lt_change; 0: all */
    const char *kinds; /* patterns of data types, with commas between them; NULL: all */
    const char *path;  /* pattern of a path in the container or in the evidence */
    const char *image; /* name, ID, prefix of an ID, or pattern of a name */
    const char *label; /* "key=value", or "key" */
    bool no_atime, triage;
    int64_t last; /* nanoseconds before the newest evidence; 0: all */
};
/* The forms in which commands other than the timeline print records. */
enum lt_table { LT_TABLE_TEXT, LT_TABLE_JSON, LT_TABLE_JSONL, LT_TABLE_CSV };

struct lt_options {
    const struct lt_command *command;       /* never NULL after parsing */
    const char *operands[LT_MOST_OPERANDS]; /* the words before the evidence that the command takes; else NULL */
    char **evidence;                        /* borrowed from argv */
    int evidence_count;
    const char *output, *errors, *manifest; /* NULL: not given */
    const char *tree;                       /* directory for recovered files, which `output` lies in; NULL: none */
    bool list;                              /* no files, only their list */
    size_t limit;                           /* bytes of contents that may be read; 0: not given */
    const char *unpack;                     /* directory for what is unpacked; NULL: nothing is */
    size_t unpack_limit;                    /* bytes that may be unpacked of one file; never 0 after parsing */
    const char *data_root;                  /* path of a store in the evidence; NULL: not given */
    const struct lt_format *format;         /* never NULL after parsing */
    bool gzip;                              /* the output's name ends in .gz */
    struct lt_time since, until;            /* `until` is exclusive; unset: open */
    const char *timezone;                   /* name of the zone for text output; NULL: UTC */
    int64_t clock_skew;                     /* nanoseconds that the host's clock ran ahead */
    const char *container;                  /* ID prefix, name or glob */
    enum lt_fit container_fit;              /* how it fits the containers that it means: see timeline/filter.h */
    bool no_infra;                          /* leave out containers that only hold the namespaces of a pod */
    unsigned roles;                         /* bits 1 << enum lt_role; 0: all */
    unsigned threads;                       /* that may read a mounted host; at least 1 after parsing */
    size_t memory;                          /* bytes that the sorter may take; never 0 after parsing */
    struct lt_choice choice;
    bool since_is_age;   /* `since` was given as an age, which counts from now */
    bool merge_times;    /* one row for equal times of one entry, in every format */
    bool json;           /* --json */
    enum lt_table table; /* by that, or by the name of the output */
    bool all;            /* also containers of which only traces are left */
    bool removed;        /* what stores have no more, instead of what they have */
    bool deleted;        /* what the container deleted or replaced */
    size_t state;        /* which state of a deleted file, 1 the newest; 0: not given */
    const char *layer;   /* which layer: see command/cat.c; NULL: not given */
    bool app_times;
    bool carve;
    enum lt_binds binds;
    bool force, strict, no_journal, no_deleted, no_sandbox, stats, quiet, verbose, help, version, list_sources,
        list_formats;
    enum lt_color color;
    enum lt_progress_form progress;
    bool wide;          /* do not fit the output to the terminal */
    bool raw_csv;       /* cells of CSV stay as they are, even if a spreadsheet would calculate them */
    bool verify_layers; /* read all files of image layers: see tamper.h */
    struct lt_time now; /* set by the caller: the time from which ages are counted */
};

#endif
