// SPDX-License-Identifier: Apache-2.0
#include "run/traces.h"

#include "model/told.h"
#include "run/schedule.h"

/* An event only borrows its container; the inventory has it for writing. */
static struct lt_container *traced_by(const struct lt_event *event)
{
    const struct lt_container *container = event->owner->container;
    return container && container->tags & LT_TAG_BIT(configuration_missing)
               ? lt_told_find(event->owner->host, container->id)
               : NULL;
}

static enum lt_status take_trace(void *arg, struct lt_event *event, enum lt_fate *fate, struct lt_err *err)
{
    struct lt_job *job = arg;
    struct lt_container *container = traced_by(event);
    struct lt_str reader = lt_str_c(job->ctx.reader);
    (void)err;
    *fate = LT_FILTERED;
    if (!container)
        return LT_OK;
    for (unsigned slot = 0; !event->first.set && !event->last.set && slot < LT_SLOTS; slot++)
        lt_time_widen(&container->first_trace, &container->last_trace, event->time[slot]);
    if (!lt_list_has_str(&container->traced_by, reader))
        lt_list_add_str(&container->traced_by, &job->arena, reader);
    return LT_OK;
}

enum lt_status lt_traces_find(struct lt_job *job, enum lt_traces_errors what, uint64_t *errors, struct lt_err *err)
{
    struct lt_report mute = {.quiet = true};
    if (what == LT_TRACES_COUNT)
        job->ctx.report = &mute;
    enum lt_status status = lt_job_traces(job, (struct lt_sink){take_trace, job}, err);
    job->ctx.report = &job->report;
    *errors = mute.failures;
    lt_report_free(&mute);
    return status;
}
