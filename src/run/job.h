// SPDX-License-Identifier: Apache-2.0
/* One run over its evidence, from opening it to the exit code: what all commands share. A command (src/command) writes
 * the output in between. The map of this folder:
 *
 *   job.c          finds the stores, fills the inventory, runs the command, and determines the exit code
 *   opening.c      opens evidence and outputs, before anything is read
 *   sandbox.c      enters the sandbox, between the opening and the first read
 *   unwritten.c    where nothing may be written
 *   command.h      what a command is
 *   options.h      what the user asked for
 *   schedule.c     which source reads what, and when
 *   traces.c       containers of which only traces are left
 *   manifest.c     the record of the run (--manifest)
 *   users.c        all who share a layer or a volume, for the manifest
 *   progress.c     how far the run has come, on stderr
 *   summary.c      its last words there
 *   terminal.c     what the terminal is that stdout may be
 *   show.c         --list-sources, and the answer to a wrong -c
 */
#ifndef LT_RUN_JOB_H
#define LT_RUN_JOB_H

#include "contain/contain.h"
#include "contain/helper.h"
#include "read/context.h"
#include "run/progress.h"

#include <signal.h>

/* What main() returns: the exit codes of layertime(1). */
enum lt_exit {
    LT_EXIT_COMPLETE = 0,
    LT_EXIT_INCOMPLETE = 1, /* finished, but something could not be read, or what was asked for is not there */
    LT_EXIT_USAGE = 2,
    LT_EXIT_NO_EVIDENCE = 3,
    LT_EXIT_OUTPUT = 4,
    LT_EXIT_MEMORY = LT_OUT_OF_MEMORY,
    LT_EXIT_LIMIT = LT_OUT_OF_MEMORY, /* finished, but --limit was reached */
    LT_EXIT_SIGNAL = 128,             /* plus the number of the signal, which the caller raises again */
};

struct lt_job {
    const struct lt_options *options; /* own_options */
    struct lt_options own_options;    /* the user's, completed by what only the evidence shows */
    int argc;
    char **argv;
    struct lt_arena arena, scratch;
    struct lt_list evidence; /* of struct lt_evidence * */
    struct lt_list unopened; /* of struct lt_err *, one for each evidence: why it is not read, if set */
    bool any_open;           /* at least one of them could be */
    struct lt_inventory inventory;
    struct lt_report report;
    struct lt_ctx ctx; /* of the current reader; a command may read with it after lt_job_enter() */
    struct lt_reading reading;
    struct lt_sink sink; /* of all sources: it checks for signals and passes events on to `product` */
    struct lt_poll poll;
    struct lt_sink product;                    /* the command's sink */
    struct lt_output output, errors, manifest; /* opened by run/opening.c, like everything that is written */
    struct lt_output listing;                  /* of the files in `tree`, a second one */
    int tree;             /* the directory that options->tree names, -1: none; files are made through the helper */
    bool limited;         /* --limit was reached */
    int temporary[2];     /* for the sorter, -1: none; see base/temporary.h */
    struct lt_list rooms; /* of struct lt_room *: for packed images, one for each evidence */
    struct lt_err temporary_error; /* why one of these could not be made */
    bool may_spill;                /* temporary files are allowed: they do not lie in the evidence */
    uint64_t rows;                 /* written; counted by the command */
    struct lt_time first, last;    /* of the rows of a timeline */
    struct lt_progress progress;
    struct lt_list left_out; /* of struct lt_left_out *: what --profile left out */
    bool in_vain;            /* the command found nothing of what it was asked for */
    unsigned events;
    int signals;           /* signalfd of the signals that end the run */
    int signal;            /* the signal that ended it, 0 if none */
    bool data_root_found;  /* a store is where --data-root says */
    struct lt_list looked; /* of struct lt_str *: what was looked for in vain, one line each */
    struct lt_time started;
    struct lt_helper helper; /* gives the outputs their names, and starts libsystemd */
    struct lt_helper images; /* starts libtsk: it must be there before the stores of a live host are looked for */
    struct lt_contained contained;
};

/* The signals that end a run in good order: SIGHUP, SIGINT, SIGTERM. */
void lt_signals_held(sigset_t *set);

/* Run the command of the options, or --list-sources. The signals of lt_signals_held() must be blocked and SIGPIPE
 * ignored: the run checks for them from time to time and so leaves no half-written file behind. Returns the exit code
 * for main(): enum lt_exit. */
int lt_job_run(const struct lt_options *options, int argc, char **argv);

/* The rest is for commands. Their run function is called with the inventory complete and the output open. */

/* Make `root` the current store and `reader` (a static name, for the account and the error list) the current reader.
 * job->ctx may then be passed to the functions of context.h. Resets scratch. */
void lt_job_enter(struct lt_job *job, struct lt_root *root, const char *reader);

/* Phase 2: call the sources for all hosts and stores. `product` gets each event, already tagged. */
enum lt_status lt_job_events(struct lt_job *job, struct lt_sink product, struct lt_err *err);

/* The same for the sources that may name containers that no store has: see run/traces.h. */
enum lt_status lt_job_traces(struct lt_job *job, struct lt_sink product, struct lt_err *err);

/* LT_FATAL if a signal is pending. Long operations must call it from time to time. */
enum lt_status lt_job_poll(struct lt_job *job, struct lt_err *err);

#endif
