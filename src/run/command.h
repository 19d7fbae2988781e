// SPDX-License-Identifier: Apache-2.0
/* A command: what layertime can do with evidence. Each is a file and a line in command/commands.def. */
#ifndef LT_RUN_COMMAND_H
#define LT_RUN_COMMAND_H

#include "base/err.h"

struct lt_job;

enum { LT_MOST_OPERANDS = 2 };

/* Groups of options, one bit each. Options of group 0 go with every command. */
enum lt_option_group {
    LT_OPTIONS_ROWS = 1 << 0,    /* which rows of a timeline, and in which form */
    LT_OPTIONS_FILES = 1 << 1,   /* how the files of layers and volumes are read */
    LT_OPTIONS_JSON = 1 << 2,    /* a table, or JSON */
    LT_OPTIONS_INFRA = 1 << 3,   /* with or without the containers that hold a pod together */
    LT_OPTIONS_TRACES = 1 << 4,  /* with or without the containers of which only traces are left */
    LT_OPTIONS_CHOSEN = 1 << 6,  /* whose files; rows of a timeline can be chosen so, too */
    LT_OPTIONS_TREE = 1 << 7,    /* -o names a directory for files, unless --list is given */
    LT_OPTIONS_REMOVED = 1 << 8, /* what stores have, or what they have no more */
    LT_OPTIONS_BYTES = 1 << 5,   /* which file; its bytes are the output, and are never packed */
};

struct lt_command {
    const char *name;
    const char *arguments; /* for the usage: "CONTAINER EVIDENCE..." */
    const char *summary;   /* one line */
    unsigned operands;     /* words before the evidence, at most LT_MOST_OPERANDS; they become options->operands */
    unsigned options;      /* bits of enum lt_option_group */
    bool storeless;        /* it has something to tell of evidence without any store */
    /* Write the output: append to lt_output_buffer(&job->output), and call lt_output_flush() from time to time. LT_SKIP
     * with LT_CODE_USAGE: the user asked for something that does not exist (exit 2). LT_END: the evidence has no
     * answer, and `err` says why; an output file is not made (exit 1). LT_FATAL: exit 4. Losses are reported with
     * lt_skip() and are not a failure. */
    enum lt_status (*run)(struct lt_job *job, struct lt_err *err);
};

#endif
