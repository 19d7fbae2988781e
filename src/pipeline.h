// SPDX-License-Identifier: Apache-2.0
/* The main job: evidence -> sources (inventory, then events) -> tag -> filter -> normalise -> sort -> format -> output
 */
#ifndef LT_PIPELINE_H
#define LT_PIPELINE_H

#include "options.h"

#include <signal.h>

/* What main() returns; SPEC, section 1. */
enum lt_exit {
    LT_EXIT_COMPLETE = 0,
    LT_EXIT_INCOMPLETE = 1, /* finished, but something could not be read */
    LT_EXIT_USAGE = 2,
    LT_EXIT_NO_EVIDENCE = 3,
    LT_EXIT_OUTPUT = 4,
    LT_EXIT_SIGNAL = 128, /* plus the number of the signal, which the caller raises again */
};

/* The signals that end a run in good order. */
void lt_signals_held(sigset_t *set);

/* Run the main job, or --list-sources. The signals of lt_signals_held() must be blocked and SIGPIPE ignored: the
 * pipeline looks for them between events, so that it can leave no half-written file behind. */
int lt_pipeline_run(const struct lt_options *options, int argc, char **argv);

#endif
