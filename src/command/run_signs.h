// SPDX-License-Identifier: Apache-2.0
/* What witnesses that containers started, lived or ended: events of the sources, as runs.def says. */
#ifndef LT_COMMAND_RUN_SIGNS_H
#define LT_COMMAND_RUN_SIGNS_H

#include "command/run_fold.h"
#include "read/context.h"

/* Those of all containers. Initialise with an arena that lives as long as the run. */
struct lt_run_signs {
    struct lt_arena *arena;
    struct lt_map by_container; /* by the address of the container */
};

/* A sink (read/context.h) whose argument is a struct lt_run_signs: keep the event if it is a witness. Of a long log
 * signs of life that follow each other closely are kept as one, so that memory is bounded. */
enum lt_status lt_run_signs_take(void *arg, struct lt_event *event, enum lt_fate *fate, struct lt_err *err);

/* The signs of a container so far, of struct lt_sign *: empty if there are none. The list may be sorted. */
struct lt_list *lt_run_signs_of(struct lt_run_signs *all, const struct lt_container *container);

#endif
