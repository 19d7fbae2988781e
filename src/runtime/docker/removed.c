// SPDX-License-Identifier: Apache-2.0
/* Containers that were removed, by the records that are still found of them: gone.c says which these are.
 *
 * Each save of config.v2.json is a new file, which is renamed over the one before (moby daemon/container/container.go
 * toDisk(), 20.10 to 28.x). So several saves of a container may be left, each with its state then: created, running,
 * stopped, dead. They are read as that of a container that exists is; the newest tells what the container was last, the
 * older ones its runs before. A removal saves the state Dead, deletes layerdb/mounts/<ID>, then containers/<ID>
 * (daemon/delete.go cleanupContainer()). */
#include "runtime/docker/removed.h"

#include "model/told.h"
#include "parse/ident.h"
#include "read/facts.h"
#include "read/source.h"
#include "runtime/docker/container.h"

/* The last change of the directory of all containers: none was removed later. Unset where that may be older than what
 * is in the directory. */
static struct lt_time changed_at(struct lt_ctx *ctx)
{
    struct lt_node node;
    struct lt_str path = lt_root_path(ctx, "containers");
    bool known = !ctx->root->part->lagging && lt_fs_stat(ctx->fs, path, ctx->scratch, &node, NULL) == LT_OK;
    return known ? node.time[LT_M] : (struct lt_time){0};
}

/* It is in the directory of all containers no more. Nothing tells more of it but logs and databases. */
static void bound_traced(struct lt_ctx *ctx, struct lt_container *container)
{
    struct lt_span *removed = &container->traces.removed;
    if (removed->last.set || !lt_is_id(container->id))
        return;
    removed->last = changed_at(ctx);
    if (removed->last.set)
        lt_identifier_add(
            ctx->inventory, &container->witnesses, "removed",
            lt_str_format(ctx->run, "mtime of %.*s, in which it is no more", LT_ARG(lt_root_path(ctx, "containers"))));
}

static void bound_removal(struct lt_ctx *ctx, struct lt_docker_removed *removed)
{
    struct lt_container *container = removed->container;
    struct lt_traces *traces = &container->traces;
    if (removed->ended.set) {
        struct lt_time time = lt_docker_is_later(removed->freed, removed->ended) ? removed->freed : removed->ended;
        traces->removed = (struct lt_span){time, time};
        traces->gone = time;
        lt_docker_tell(ctx, &container->witnesses, "removed", true, removed->ended_by);
        return;
    }
    traces->removed.first = removed->freed;
    lt_each (const struct lt_docker_save, save, &removed->configs)
        if (lt_docker_is_later(save->written, traces->removed.first))
            traces->removed.first = save->written;
    traces->removed.last = changed_at(ctx);
    if (lt_docker_is_later(traces->removed.first, traces->removed.last))
        traces->removed.last.set = false;
    traces->gone = traces->removed.last;
    lt_docker_tell(
        ctx, &container->witnesses, "removed", traces->removed.last.set,
        lt_str_format(ctx->run, "mtime of %.*s, in which it is no more", LT_ARG(lt_root_path(ctx, "containers"))));
}

static void conclude(struct lt_ctx *ctx, struct lt_docker_removed *removed)
{
    struct lt_container *container = removed->container;
    lt_docker_read_saves(ctx, removed);
    if (removed->rw_id.len && !container->rw_id.len) {
        container->rw_id = removed->rw_id;
        lt_identifier_add(ctx->inventory, &container->identifiers, "mount_identifier", removed->rw_id);
        lt_identifier_add(ctx->inventory, &container->identifiers, "init_identifier", removed->init_id);
    }
    lt_docker_tell(ctx, &container->witnesses, "layer_identifier", removed->rw_id.len, removed->layers_by);
    bound_removal(ctx, removed);
}

/* --- events --- */

static enum lt_status emit_removal(struct lt_ctx *ctx, const struct lt_docker_removed *removed, struct lt_err *err)
{
    const struct lt_container *container = removed->container;
    const struct lt_span *span = &container->traces.removed;
    struct lt_facts facts = {.arena = ctx->scratch};
    bool exact = removed->ended.set;
    struct lt_event event = {
        .kind = LT_KIND_CONTAINER_REMOVED,
        .owner = &container->owner,
        .where = {.file = lt_path_join(ctx->scratch, lt_root_path(ctx, "containers"), container->id), .field = "dtime"},
        .tags = container->tags | LT_TAG_BIT(recovered) | (exact ? LT_TAG_BIT(time_inferred) : 0),
    };
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("remove"));
    if (exact) {
        event.time[0] = span->last;
        lt_facts_item(&facts, LT_ATTR_FACTS, "time is that at which its records were freed: %.*s",
                      LT_ARG(removed->ended_by));
    } else {
        event.where = (struct lt_where){.file = lt_root_path(ctx, "containers"), .field = "mtime"};
        lt_event_bound(&event, span->first, span->last, (struct lt_time){0});
    }
    return lt_facts_emit(&facts, ctx, &event, err);
}

static bool same(struct lt_time a, struct lt_time b)
{
    return a.set == b.set && (!a.set || lt_time_same(a, b));
}

/* What each save tells that the one before did not. */
static enum lt_status emit_lives(struct lt_ctx *ctx, const struct lt_docker_removed *removed, struct lt_err *err)
{
    const struct lt_container none = {0}, *before = &none;
    enum lt_status status = LT_OK;
    lt_each (const struct lt_container, life, &removed->lives) {
        if (status == LT_OK && !same(life->created, before->created))
            status = lt_docker_emit_created(ctx, life, err);
        if (status == LT_OK && !same(life->started, before->started))
            status = lt_docker_emit_started(ctx, life, err);
        if (status == LT_OK && !same(life->finished, before->finished))
            status = lt_docker_emit_finished(ctx, life, err);
        before = life;
    }
    return status;
}

static enum lt_status docker_removed_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (struct lt_docker_removed, removed, &lt_docker_root(ctx->root)->removed) {
        if (!removed->container)
            removed->container = lt_told_find(ctx->host, removed->id);
        if (!removed->container)
            continue;
        if (removed->read != removed->configs.count + 1)
            conclude(ctx, removed);
        removed->read = removed->configs.count + 1;
        status = status == LT_OK ? emit_lives(ctx, removed, err) : status;
        status = status == LT_OK ? emit_removal(ctx, removed, err) : status;
    }
    lt_each (struct lt_container, container, &ctx->root->removed)
        bound_traced(ctx, container);
    return status == LT_OK ? lt_docker_emit_removed_objects(ctx, err) : status;
}

const struct lt_source lt_source_docker_removed = {
    .name = "docker_removed",
    .summary = "deleted and carved records of removed containers: created, started, finished, removed",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .tells_removed = true,
    .events = docker_removed_events,
};
