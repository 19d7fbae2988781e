// SPDX-License-Identifier: Apache-2.0
/* The one stage in which everything is opened: the files that the evidence consists of, and all that will be written.
 * Nothing of the evidence is read before it, and nothing is opened for writing after it, but for the copies of journals
 * that systemd's library wants (host/journal.c). */
#ifndef LT_RUN_OPENING_H
#define LT_RUN_OPENING_H

#include "run/job.h"

/* Open all that the options name. What of the evidence cannot be opened is kept in job->unopened, to be reported in its
 * turn; without any the product is not opened either. LT_SKIP: the user gave one file for two purposes, or one evidence
 * twice. LT_FATAL: an output cannot be had. */
enum lt_status lt_opening(struct lt_job *job, struct lt_err *err);

/* Now that the stores of the evidence are known: LT_FATAL if an output lies in one of a live host, whose root holds
 * everything. */
enum lt_status lt_opening_check(const struct lt_job *job, struct lt_err *err);

/* Close what was opened, and leave no unfinished file. */
void lt_opening_end(struct lt_job *job);

#endif
