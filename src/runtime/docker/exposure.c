// SPDX-License-Identifier: Apache-2.0
/* Settings given to a container when it was created that expose the host, and its resource limits. container_host.c
 * reads them from hostconfig.json and from MountPoints in config.v2.json. Only `docker update` can change them later,
 * and only limits and the restart policy (moby daemon/update.go). A setting therefore has the time of the creation;
 * limits are bounded by the creation and the last save of hostconfig.json. */
#include "host/exposure.h"
#include "runtime/docker/docker.h"

static struct lt_time saved_at(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_node node;
    return lt_stat_or_skip(ctx, path, &node) == LT_OK ? node.time[LT_M] : (struct lt_time){0};
}

/* Bound the time by the container's creation and the mtime of hostconfig.json. Most containers keep the limits that
 * they were created with, and any change of their state saves the file anew. */
static void set_bounds(struct lt_event *event, struct lt_time created, struct lt_time saved)
{
    if (saved.set && created.set && lt_time_cmp(created, saved) > 0)
        saved.set = false;
    lt_event_bound(event, created, saved, created);
}

static enum lt_status emit_finding(struct lt_ctx *ctx, const struct lt_container *container,
                                   const struct lt_exposure *finding, struct lt_str host, struct lt_err *err)
{
    struct lt_facts facts = lt_exposure_facts(ctx, finding);
    struct lt_event event = {
        .kind = LT_KIND_EXPOSED,
        .time = {container->created},
        .owner = &container->owner,
        .where = {.file = lt_docker_container(container)->config, .field = "Created"},
    };
    lt_exposure_add_namespace(&facts, container);
    if (!container->created.set) {
        event.where = (struct lt_where){.file = host, .field = "mtime"};
        set_bounds(&event, container->created, saved_at(ctx, host));
    }
    return lt_exposure_emit(ctx, finding, &facts, &event, err);
}

static enum lt_status emit_limits(struct lt_ctx *ctx, const struct lt_container *container, struct lt_str host,
                                  struct lt_err *err)
{
    struct lt_exposure finding = lt_exposure_of(container->unlimited ? LT_RULE_UNLIMITED : LT_RULE_LIMITED, LT_STR(""));
    struct lt_facts facts = lt_exposure_facts(ctx, &finding);
    lt_each (struct lt_str, limit, &container->limits)
        lt_facts_item(&facts, LT_ATTR_FACTS, "%.*s", LT_ARG(*limit));
    struct lt_event event = {
        .kind = LT_KIND_LIMITS, .owner = &container->owner, .where = {.file = host, .field = "mtime"}};
    set_bounds(&event, container->created, saved_at(ctx, host));
    return lt_exposure_emit(ctx, &finding, &facts, &event, err);
}

static enum lt_status docker_exposure_events(struct lt_ctx *ctx, struct lt_err *err)
{
    lt_each (const struct lt_container, container, &ctx->root->containers) {
        struct lt_str host = lt_path_join(ctx->scratch, container->path, LT_STR("hostconfig.json"));
        enum lt_status status = LT_OK;
        lt_each (const struct lt_exposure, finding, &container->findings)
            if (status == LT_OK)
                status = emit_finding(ctx, container, finding, host, err);
        if (status == LT_OK && container->limits_known)
            status = emit_limits(ctx, container, host, err);
        if (status != LT_OK)
            return status;
    }
    return LT_OK;
}

const struct lt_source lt_source_docker_exposure = {
    .name = "docker_exposure",
    .summary = "hostconfig.json: what exposes the host to containers, and their limits",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .events = docker_exposure_events,
};
