// SPDX-License-Identifier: Apache-2.0
/* The main job: sources' events -> filter -> normalise -> sort -> format -> output. The map of this folder:
 *
 *   pipeline.c     the stages on one screen
 *   filter.c       which events and rows the user asked to see: by owner and time; choice.c: by what they say
 *   triage.c       what --profile triage leaves out
 *   normalise.c    from events to rows: whose clock made a time, and how far it can be trusted
 *   parts.c        further rows for text that is too long for one
 *   sort/          the total order
 */
#ifndef LT_TIMELINE_PIPELINE_H
#define LT_TIMELINE_PIPELINE_H

#include "run/job.h"

/* Write the timeline of a run whose inventory is complete; see lt_command.run. */
enum lt_status lt_pipeline_run(struct lt_job *job, struct lt_err *err);

/* Decide what -c means, once all containers of the stores are known: sets container_fit. A whole name is not taken as a
 * prefix of another container's ID. LT_SKIP with LT_CODE_USAGE: no container is meant, also none that is known by
 * traces only. */
enum lt_status lt_resolve_container(struct lt_job *job, struct lt_err *err);

/* The same without a search for traces, once all that tell of containers were read. */
enum lt_status lt_resolve_known_container(struct lt_job *job, struct lt_err *err);

#endif
