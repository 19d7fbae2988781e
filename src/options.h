// SPDX-License-Identifier: Apache-2.0
/* The command line. One table of options feeds parsing and --help; a command takes some of them. */
#ifndef LT_OPTIONS_H
#define LT_OPTIONS_H

#include "formats/format.h"
#include "base/clock.h"
#include "base/err.h"
#include "command/command.h"

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

/* Parse argv into `options`, of which only `now` need be set. LT_SKIP with LT_CODE_USAGE and a message for the user. */
enum lt_status lt_options_parse(struct lt_options *options, int argc, char **argv, struct lt_err *err);

/* The text of --help: of one command and its options, or (NULL, or the main job) of the whole program. */
void lt_options_help(struct lt_buf *out, const struct lt_command *command);

#endif
