// SPDX-License-Identifier: Apache-2.0
/* What the records of the database of networks tell: networks created and removed, containers that joined and left. */
#include "runtime/docker/network.h"

#include "model/told.h"
#include "parse/ident.h"

/* Set the time of an event that only a removed record shows: the file's mtime if the last transaction removed it, else
 * bounded by `from` and the mtime. */
static void set_removal(const struct lt_networks *job, const struct lt_network_record *record, struct lt_time from,
                        struct lt_event *event)
{
    event->tags |= LT_TAG_BIT(recovered);
    event->time[0] = job->written;
    if (record->origin == LT_BOLT_OLDER)
        event->tags |= LT_TAG_BIT(time_inferred);
    else
        lt_event_bound(event, from, job->written, (struct lt_time){0});
}

static void set_where(const struct lt_networks *job, const struct lt_network_record *record, struct lt_event *event)
{
    event->where = (struct lt_where){.file = job->database, .offset = record->offset, .has_offset = true};
}

static struct lt_facts with_action(const struct lt_network_record *record, const char *action)
{
    struct lt_facts facts = {.arena = record->facts.arena};
    lt_facts_text(&facts, LT_ATTR_ACTION, lt_str_c(action));
    memcpy(facts.attrs + 1, record->facts.attrs, record->facts.count * sizeof *facts.attrs);
    facts.count += record->facts.count;
    return facts;
}

static enum lt_status emit_network(const struct lt_networks *job, const struct lt_network_record *record,
                                   struct lt_err *err)
{
    bool live = record->origin == LT_BOLT_LIVE;
    struct lt_facts facts =
        with_action(record, record->is_bridge ? "create network, at a start of the daemon" : "create network");
    struct lt_event event = {
        .kind = LT_KIND_NETWORK_CREATED,
        .time = {record->created},
        .owner = &job->ctx->root->owner,
        .tags = live ? 0 : LT_TAG_BIT(recovered),
    };
    set_where(job, record, &event);
    event.where.field = "created";
    enum lt_status status = live || record->created.set ? lt_facts_emit(&facts, job->ctx, &event, err) : LT_OK;
    if (live || record->stands_in || status != LT_OK)
        return status;
    facts = with_action(record, "remove network");
    event.kind = LT_KIND_NETWORK_REMOVED;
    event.where.field = NULL;
    set_removal(job, record, record->created.set ? record->created : job->born, &event);
    return lt_facts_emit(&facts, job->ctx, &event, err);
}

/* The owner of a sandbox. Not all are of a container: those of a swarm have names. */
static const struct lt_owner *owner_of(const struct lt_networks *job, struct lt_str id, struct lt_facts *facts)
{
    const struct lt_root *root = job->ctx->root;
    const struct lt_container *container =
        lt_is_id(id) ? lt_told_container(job->ctx->inventory, job->ctx->root, id) : NULL;
    if (container)
        return &container->owner;
    if (id.len)
        lt_fact(facts, "sandbox of", id);
    return &root->owner;
}

/* An endpoint is called as its container was when it joined, or was renamed last (moby daemon/network.go,
 * daemon/container_operations.go). */
static void tell_name(const struct lt_networks *job, const struct lt_network_record *sandbox, struct lt_str name)
{
    if (sandbox && lt_is_id(sandbox->container))
        lt_told_name(job->ctx->inventory, lt_told_find(job->ctx->host, sandbox->container), name, false,
                     lt_str_format(job->ctx->scratch, "its endpoint in %.*s", LT_ARG(job->database)));
}

/* When the container last joined a network: the daemon then writes its `hosts` file. Unset if there is none. */
static struct lt_time joined_at(const struct lt_networks *job, const struct lt_owner *owner)
{
    struct lt_node node;
    if (!owner->container || !owner->container->path.len)
        return (struct lt_time){0};
    struct lt_str path = lt_path_join(job->ctx->scratch, owner->container->path, LT_STR("hosts"));
    return lt_stat_or_skip(job->ctx, path, &node) == LT_OK ? node.time[LT_M] : (struct lt_time){0};
}

static enum lt_status emit_endpoint(const struct lt_networks *job, const struct lt_network_record *record,
                                    struct lt_err *err)
{
    struct lt_facts facts = with_action(record, "join network");
    const struct lt_network_record *network = lt_network_find(job, LT_NETWORK, record->network);
    const struct lt_network_record *sandbox = lt_network_find(job, LT_NETWORK_SANDBOX, record->sandbox),
                                   *ports = lt_network_find(job, LT_NETWORK_PORTS, record->id);
    struct lt_event event = {.kind = LT_KIND_NETWORK_JOINED};
    set_where(job, record, &event);
    event.owner = owner_of(job, sandbox ? sandbox->container : LT_STR(""), &facts);
    tell_name(job, sandbox, record->name);
    lt_fact(&facts, "network", network && network->name.len ? network->name : record->network);
    lt_fact(&facts, "name", record->name);
    if (ports && ports->facts.count)
        facts.attrs[facts.count++] = ports->facts.attrs[0];
    struct lt_time from = network && network->created.set ? network->created : job->born;
    struct lt_time joined = joined_at(job, event.owner);
    if (record->origin == LT_BOLT_LIVE && joined.set && sandbox && sandbox->endpoints == 1) {
        event.time[0] = joined;
        event.tags = LT_TAG_BIT(time_inferred);
        lt_facts_item(&facts, LT_ATTR_FACTS, "time is that of the container's hosts file");
        return lt_facts_emit(&facts, job->ctx, &event, err);
    }
    struct lt_time until = joined.set ? joined : job->written; /* with several networks, when it joined the last one */
    if (from.set && lt_time_cmp(from, until) > 0)
        from.set = false;
    lt_event_bound(&event, from, until, (struct lt_time){0});
    event.tags = record->origin == LT_BOLT_LIVE ? 0 : LT_TAG_BIT(recovered);
    return lt_facts_emit(&facts, job->ctx, &event, err);
}

/* Emit a removed sandbox: its container was stopped, or removed since. */
static enum lt_status emit_sandbox(const struct lt_networks *job, const struct lt_network_record *record,
                                   struct lt_err *err)
{
    struct lt_facts facts = with_action(record, "leave networks");
    struct lt_event event = {.kind = LT_KIND_NETWORK_LEFT};
    if (record->origin == LT_BOLT_LIVE || record->stands_in || !lt_is_id(record->container))
        return LT_OK;
    set_where(job, record, &event);
    event.owner = owner_of(job, record->container, &facts);
    set_removal(job, record, job->born, &event);
    if (record->origin == LT_BOLT_OLDER)
        lt_facts_item(&facts, LT_ATTR_FACTS, "time is that of the last transaction of the database, which removed it");
    return lt_facts_emit(&facts, job->ctx, &event, err);
}

enum lt_status lt_network_events(struct lt_ctx *ctx, struct lt_err *err)
{
    static enum lt_status (*const emit[])(const struct lt_networks *, const struct lt_network_record *,
                                          struct lt_err *) = {emit_network, emit_endpoint, emit_sandbox};
    enum lt_status status = LT_OK;
    for (unsigned kind = 0; kind < sizeof emit / sizeof *emit; kind++)
        lt_each (const struct lt_network_record, record, &lt_docker_root(ctx->root)->networks->records[kind])
            status = status == LT_OK ? emit[kind](lt_docker_root(ctx->root)->networks, record, err) : status;
    return status;
}
