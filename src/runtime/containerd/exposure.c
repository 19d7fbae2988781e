// SPDX-License-Identifier: Apache-2.0
/* Settings given to a container when it was created that expose the host, and its resource limits, as oci_spec.c read
 * them from its specification. */
#include "host/exposure.h"
#include "read/source.h"
#include "runtime/containerd/containerd.h"

static struct lt_event event_of(struct lt_ctx *ctx, const struct lt_container *container, enum lt_kind kind)
{
    const struct lt_containerd_record *record = lt_containerd_container(container)->record;
    return (struct lt_event){
        .kind = kind,
        .time = {record->created},
        .owner = &container->owner,
        .where = {.file = lt_containerd(ctx->root)->database, .offset = record->created_at, .has_offset = true},
    };
}

static enum lt_status emit_limits(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err)
{
    struct lt_exposure finding = lt_exposure_of(container->unlimited ? LT_RULE_UNLIMITED : LT_RULE_LIMITED, LT_STR(""));
    struct lt_facts facts = lt_exposure_facts(ctx, &finding);
    struct lt_event event = event_of(ctx, container, LT_KIND_LIMITS);
    lt_each (const struct lt_str, limit, &container->limits)
        lt_facts_item(&facts, LT_ATTR_FACTS, "%.*s", LT_ARG(*limit));
    return lt_exposure_emit(ctx, &finding, &facts, &event, err);
}

static enum lt_status containerd_exposure_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_container, container, &ctx->root->containers) {
        const struct lt_containerd_container *own = lt_containerd_container(container);
        if (!own || !own->record || !own->record->created.set)
            continue;
        lt_each (const struct lt_exposure, finding, &container->findings) {
            struct lt_facts facts = lt_exposure_facts(ctx, finding);
            struct lt_event event = event_of(ctx, container, LT_KIND_EXPOSED);
            lt_exposure_add_namespace(&facts, container);
            status = status == LT_OK ? lt_exposure_emit(ctx, finding, &facts, &event, err) : status;
        }
        if (status == LT_OK && container->limits_known)
            status = emit_limits(ctx, container, err);
    }
    return status;
}

const struct lt_source lt_source_containerd_exposure = {
    .name = "containerd_exposure",
    .summary = "specifications in meta.db: what exposes the host to containers, and their limits",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .events = containerd_exposure_events,
};
