// SPDX-License-Identifier: Apache-2.0
/* How far a run has come, on stderr: a line that is written over on a terminal, or with --progress json one object a
 * second, for programs that start this one. It is chatter: no output depends on it. */
#ifndef LT_RUN_PROGRESS_H
#define LT_RUN_PROGRESS_H

#include "run/options.h"

struct lt_progress {
    enum lt_progress_form form;
    uint64_t total;             /* entries of all file systems, 0 if unknown */
    const char *stage;          /* the last one told, static */
    uint64_t before;            /* what was done when it began */
    struct lt_time began, told; /* by a clock that only goes forward */
    bool shown;                 /* a line stands on the terminal */
};

/* Begin. On its own (LT_PROGRESS_AUTO), it is shown on a terminal, and not with -q. */
void lt_progress_start(struct lt_progress *progress, const struct lt_options *options);

/* `done` of `total` (0: unknown) things of `stage` (static: "reading files") are done. Writes at most once a second. */
void lt_progress_tell(struct lt_progress *progress, const char *stage, uint64_t done, uint64_t total);

/* Take the line from the terminal, before something else is written there. */
void lt_progress_clear(struct lt_progress *progress);

#endif
