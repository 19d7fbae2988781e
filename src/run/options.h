// SPDX-License-Identifier: Apache-2.0
/* What the user asked for. */
#ifndef LT_RUN_OPTIONS_H
#define LT_RUN_OPTIONS_H

#include "formats/format.h"
#include "run/command.h"

struct lt_options {
    const struct lt_command *command; /* never NULL after parsing */
    const char *operand;              /* what the command wants before the evidence, NULL if it wants nothing */
    char **evidence;                  /* borrowed from argv */
    int evidence_count;
    const char *output, *errors, *manifest; /* NULL: not given */
    const struct lt_format *format;         /* never NULL after parsing */
    bool gzip;                              /* the output's name ends in .gz */
    struct lt_time since, until;            /* until is exclusive; unset: open */
    const char *timezone;                   /* name of a zone that text output is to show; NULL: UTC */
    int64_t clock_skew;                     /* nanoseconds that the host's clock ran ahead */
    const char *container;                  /* ID prefix, name or glob */
    bool container_exact;                   /* it is a whole ID or name that exists: no prefix or pattern is meant */
    unsigned roles;                         /* bits 1 << enum lt_role; 0: all */
    unsigned threads;                       /* that may read a mounted host, at least 1 */
    size_t memory;                          /* bytes that the sorter may take; never 0 after parsing */
    bool json;                              /* not a table */
    bool app_times;
    bool binds; /* read what containers bind of the host, too */
    bool force, no_journal, no_deleted, stats, quiet, verbose, help, version, list_sources, list_formats;
    bool verify_layers; /* read all files of image layers: see tamper.h */
    struct lt_time now; /* set by the caller: what ages are counted from */
};

#endif
