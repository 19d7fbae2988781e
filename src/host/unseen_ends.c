// SPDX-License-Identifier: Apache-2.0
/* The ends of containers that no daemon saw: the power failed, or the daemon was killed. At its next start the daemon
 * finds them dead, and saves its own present as the end (moby daemon/daemon.go restore; containerd
 * internal/cri/server/restart.go). The container ended after the last sign that it lived, and mostly right after it. */
#include "read/facts.h"

static enum lt_status emit_end(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err)
{
    const struct lt_life_sign *sign = container->last_sign;
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_event event = {
        .kind = LT_KIND_STATE_ENDED,
        .owner = &container->owner,
        .where = container->found_dead_by,
        .tags = container->tags,
    };
    lt_event_bound(&event, sign->time, container->finished, sign->time);
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("end while no daemon watched"));
    lt_facts_item(&facts, LT_ATTR_FACTS, "from the last sign of life, %s, to the daemon's next start", sign->what);
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status unseen_ends_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_container, container, &ctx->root->containers)
        if (status == LT_OK && container->found_dead && container->last_sign->time.set)
            status = emit_end(ctx, container, err);
    return status;
}

const struct lt_source lt_source_unseen_ends = {
    .name = "unseen_ends",
    .summary = "ends of containers that no daemon saw",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONCLUSIONS,
    .events = unseen_ends_events,
};
