// SPDX-License-Identifier: Apache-2.0
/* The one stage that opens files: those of the evidence, and all that will be written. Nothing of the evidence is read
 * before it, and nothing is opened for writing after it. There are two exceptions: of a live host the stores are found
 * first, and systemd's library needs copies of journals (host/journal.c). */
#ifndef LT_RUN_OPENING_H
#define LT_RUN_OPENING_H

#include "run/job.h"

/* Open everything that the options name, but for a live host only the evidence. Errors in opening evidence are kept in
 * job->unopened and reported later. If no evidence could be opened, only --errors is opened. LT_SKIP: the user gave one
 * file for two purposes, or one evidence twice. LT_FATAL: an output cannot be opened, or lies inside the evidence. */
enum lt_status lt_opening(struct lt_job *job, struct lt_err *err);

/* Is a live host among the evidence, so that the outputs are opened late? */
bool lt_opening_is_late(const struct lt_job *job);

/* Call it once the stores are known: now the outputs are opened if a live host is read. Its root contains every path,
 * so only its stores tell what must not be written. And now it is known which files images consist of. LT_FATAL as
 * above. */
enum lt_status lt_opening_late(struct lt_job *job, struct lt_err *err);

/* Close what was opened, and remove unfinished files. */
void lt_opening_end(struct lt_job *job);

#endif
