// SPDX-License-Identifier: Apache-2.0
/* The one stage that opens files: those of the evidence, and all that will be written. Nothing of the evidence is read
 * before it, and nothing is opened for writing after it, except the copies of journals that systemd's library needs
 * (host/journal.c). */
#ifndef LT_RUN_OPENING_H
#define LT_RUN_OPENING_H

#include "run/job.h"

/* Open everything that the options name. Errors in opening evidence are kept in job->unopened and reported later. If no
 * evidence could be opened, only --errors is opened. LT_SKIP: the user gave one file for two purposes, or one evidence
 * twice. LT_FATAL: an output cannot be opened, or lies inside the evidence. */
enum lt_status lt_opening(struct lt_job *job, struct lt_err *err);

/* Call it once the stores of the evidence are known. LT_FATAL: an output lies in a store of a live host, whose root
 * contains every path. */
enum lt_status lt_opening_check(const struct lt_job *job, struct lt_err *err);

/* Close what was opened, and remove unfinished files. */
void lt_opening_end(struct lt_job *job);

#endif
