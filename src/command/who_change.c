// SPDX-License-Identifier: Apache-2.0
#include "command/who.h"

#include "files/walked.h"
#include "run/job.h"

/* The search for one path among the events of a layer. */
struct seeker {
    struct lt_str path;
    enum lt_change change;
};

static enum lt_status take(void *arg, struct lt_event *event, enum lt_fate *fate, struct lt_err *err)
{
    struct seeker *seeker = arg;
    struct lt_buf path = {0};
    (void)err;
    *fate = LT_FILTERED;
    if (event->change == LT_CHANGE_NONE || event->node->unallocated || event->kind == LT_KIND_COPIED_UP)
        return LT_OK;
    lt_event_inside(&path, event);
    if (lt_str_eq(lt_buf_view(&path), seeker->path))
        seeker->change = event->change;
    lt_buf_free(&path);
    return LT_OK;
}

enum lt_change lt_who_change(struct lt_who *who, const struct lt_layer *layer)
{
    struct lt_job *job = who->job;
    struct seeker seeker = {.path = who->path.len ? who->path : LT_STR("/")};
    struct lt_report *report = who->ctx->report, aside = {.quiet = true};
    if (who->status != LT_OK)
        return LT_CHANGE_NONE;
    job->product = (struct lt_sink){take, &seeker};
    who->ctx->report = &aside;
    who->status = lt_walk_layer(who->ctx, &(struct lt_walking){0}, layer, who->err);
    who->ctx->report = report;
    lt_report_free(&aside);
    return seeker.change;
}
