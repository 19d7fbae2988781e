// SPDX-License-Identifier: Apache-2.0
/* What the user asked for. */
#ifndef LT_RUN_OPTIONS_H
#define LT_RUN_OPTIONS_H

#include "formats/format.h"
#include "run/command.h"

/* From the worst fit to the best. A prefix is no better than a pattern: see lt_filter_fit(). */
enum lt_fit { LT_FIT_NONE, LT_FIT_PATTERN, LT_FIT_PREFIX, LT_FIT_POD, LT_FIT_WHOLE };

struct lt_options {
    const struct lt_command *command;       /* never NULL after parsing */
    const char *operands[LT_MOST_OPERANDS]; /* the words before the evidence that the command takes; else NULL */
    char **evidence;                        /* borrowed from argv */
    int evidence_count;
    const char *output, *errors, *manifest; /* NULL: not given */
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
    bool json;                              /* instead of a table */
    bool deleted;                           /* what the container deleted or replaced */
    const char *layer;                      /* which layer: see command/cat.c; NULL: not given */
    bool app_times;
    bool binds; /* also read the host's files that containers bind */
    bool force, no_journal, no_deleted, stats, quiet, verbose, help, version, list_sources, list_formats;
    bool raw_csv;       /* cells of CSV stay as they are, even if a spreadsheet would calculate them */
    bool verify_layers; /* read all files of image layers: see tamper.h */
    struct lt_time now; /* set by the caller: the time from which ages are counted */
};

#endif
