// SPDX-License-Identifier: Apache-2.0
/* Containers that are in no store, and that logs and databases still name: lt_root.removed. The sources that may name
 * one are marked in their table (lt_source.tells_removed). They do so while they emit their events, so whoever wants to
 * know these containers, or their names, before any row is made calls these sources once for that alone. */
#ifndef LT_RUN_TRACES_H
#define LT_RUN_TRACES_H

#include "run/job.h"

/* What becomes of the errors of these sources: a run that calls them again reports them then. */
enum lt_traces_errors { LT_TRACES_REPORT, LT_TRACES_COUNT };

/* Find them. Sets first_trace, last_trace and traced_by of each, and of those in a store that have no configuration. A
 * time that is only bounded is none of these.
 * `*errors` is the number of errors that were not reported. LT_FATAL: the run must end. */
enum lt_status lt_traces_find(struct lt_job *job, enum lt_traces_errors what, uint64_t *errors, struct lt_err *err);

#endif
