// SPDX-License-Identifier: Apache-2.0
/* Networks: <root>/network/files/local-kv.db (moby libnetwork datastore.go, network.go, endpoint.go, sandbox_store.go,
 * drivers/bridge/bridge_store.go, 20.10 to 28.x), a bbolt file: bucket "libnetwork", key "docker/network/v1.0/<kind>/
 * <IDs>/", value 8 bytes of index (little-endian), then JSON:
 *
 *   network/<ID>                   name, networkType, created (RFC 3339, the host's zone), scope, internal, labels...
 *   endpoint/<network>/<ID>        name, sandbox, ep_iface {addr, mac}: a container's place in a network
 *   sandbox/<ID>                   Cid: the container, Eps [{Eid, Nid}]
 *   bridge-endpoint/<ID>           PortMapping
 *
 * An endpoint and a sandbox exist while the container runs. The network "bridge" is recreated at each start of the
 * daemon, so its `created` is the daemon's last start. Removed records are recovered as parse/bbolt.h describes. */
#include "model/told.h"
#include "read/facts.h"
#include "read/values.h"
#include "runtime/docker/docker.h"

#include "parse/ident.h"
#include "parse/json.h"
#include "parse/stamp.h"

#include <ctype.h>

enum { INDEX = 8 };
#define PREFIX "docker/network/v1.0/"

enum kind { NETWORK, ENDPOINT, SANDBOX, PORTS, KINDS };

struct record {
    struct lt_str id, name;
    struct lt_str network, sandbox, container; /* IDs, where the kind has them */
    struct lt_time created;
    struct lt_facts facts;
    uint64_t offset;
    enum lt_bolt_origin origin;
    bool is_bridge, stands_in; /* stands_in: for what is damaged, so it need not have been removed */
    unsigned endpoints;        /* of a sandbox: number of live endpoints */
};

/* The contents of the database; read in phase 1, in the run arena. */
struct lt_networks {
    struct lt_ctx *ctx;
    struct lt_str database;
    struct lt_time born, written;
    struct lt_list records[KINDS];
    struct lt_map by_id[KINDS]; /* the first record of each ID, which is the live one if there is one */
    struct lt_map damaged;      /* keys of the last state whose records cannot be read: they were not removed */
    struct lt_map unknown;      /* what was reported as not known */
};

/* Parse JSON that is text in a record. */
static struct json_t *parse_inner(struct lt_networks *job, const struct lt_bolt_item *item, struct lt_str text)
{
    struct json_t *json = NULL;
    const char *flaw = NULL;
    if (text.len && (lt_json_parse(text, &json, &flaw, NULL) != LT_OK || flaw))
        lt_skip_value(job->ctx, job->database, item, LT_CODE_DAMAGED, "an address that cannot be read%s%s",
                      flaw ? ": " : "", flaw ? flaw : "");
    return json;
}

static void read_pool(struct lt_networks *job, struct lt_facts *facts, const struct lt_bolt_item *item,
                      struct lt_str text)
{
    struct json_t *pools = parse_inner(job, item, text);
    for (size_t i = 0; i < lt_json_count(pools); i++) {
        const struct json_t *pool = lt_json_item(pools, i);
        struct json_t *data = parse_inner(job, item, lt_json_str(pool, "IPAMData")); /* JSON in JSON, or an object */
        lt_fact(facts, "subnet", lt_json_str(data ? data : pool, data ? "Pool" : "IPAMData.Pool"));
        lt_fact(facts, "gateway", lt_json_str(data ? data : pool, data ? "Gateway" : "IPAMData.Gateway"));
        lt_json_free(data);
    }
    lt_json_free(pools);
}

static void read_network(struct lt_networks *job, struct record *record, const struct lt_bolt_item *item,
                         const struct json_t *json)
{
    struct lt_facts *facts = &record->facts;
    struct lt_err problem = {0};
    struct lt_str key;
    const struct json_t *value;
    if (lt_stamp_rfc3339(lt_json_str(json, "created"), &record->created, &problem) == LT_SKIP)
        lt_skip_value(job->ctx, job->database, item, problem.code, "created: %s", problem.text);
    record->is_bridge = lt_str_eq(record->name, LT_STR("bridge"));
    lt_fact(facts, "network", record->name);
    lt_fact(facts, "driver", lt_json_str(json, "networkType"));
    lt_fact(facts, "scope", lt_json_str(json, "scope"));
    read_pool(job, facts, item, lt_json_str(json, "ipamV4Info"));
    read_pool(job, facts, item, lt_json_str(json, "ipamV6Info"));
    if (lt_json_bool(json, "internal"))
        lt_facts_item(facts, LT_ATTR_FACTS, "internal");
    for (void *iter = NULL; lt_json_next(lt_json_at(json, "labels"), &iter, &key, &value);)
        lt_facts_item(facts, LT_ATTR_LABELS, "%.*s=%.*s", LT_ARG(key), LT_ARG(lt_json_str(value, "")));
    lt_fact(facts, "id", record->id);
}

static void read_ports(struct record *record, const struct json_t *json)
{
    const struct json_t *list = lt_json_at(json, "PortMapping");
    for (size_t i = 0; i < lt_json_count(list); i++) {
        const struct json_t *item = lt_json_item(list, i);
        int64_t protocol = 0, inside = 0, outside = 0;
        struct lt_str ip = lt_json_str(item, "HostIP");
        lt_json_int(item, "Proto", &protocol);
        lt_json_int(item, "Port", &inside);
        lt_json_int(item, "HostPort", &outside);
        lt_facts_item(&record->facts, LT_ATTR_PORTS, "%.*s:%jd->%jd/%s", LT_ARG(ip), (intmax_t)outside,
                      (intmax_t)inside,
                      protocol == 17    ? "udp"
                      : protocol == 132 ? "sctp"
                                        : "tcp");
    }
}

static void read_record(struct lt_networks *job, enum kind kind, struct record *record, const struct lt_bolt_item *item,
                        const struct json_t *json)
{
    struct lt_arena *arena = job->ctx->run;
    record->name = lt_str_dup(arena, lt_json_str(json, "name"));
    if (kind == NETWORK) {
        read_network(job, record, item, json);
    } else if (kind == ENDPOINT) {
        record->sandbox = lt_str_dup(arena, lt_json_str(json, "sandbox"));
        lt_fact(&record->facts, "address", lt_json_str(json, "ep_iface.addr"));
        lt_fact(&record->facts, "address", lt_json_str(json, "ep_iface.addrv6"));
        lt_fact(&record->facts, "mac", lt_json_str(json, "ep_iface.mac"));
    } else if (kind == SANDBOX) {
        record->container = lt_str_dup(arena, lt_json_str(json, "Cid"));
        if (!record->container.len)
            lt_skip_value(job->ctx, job->database, item, LT_CODE_DAMAGED, "no Cid: whose it is is not known");
    } else {
        read_ports(record, json);
    }
}

/* The kind of a record by its key, whose IDs are cut out. */
static enum kind kind_of(struct lt_str key, struct lt_str *network, struct lt_str *id)
{
    static const char *const names[] = {"network", "endpoint", "sandbox", "bridge-endpoint"};
    *network = LT_STR("");
    if (!lt_str_starts(key, LT_STR(PREFIX)))
        return KINDS;
    struct lt_str rest = lt_str_skip(key, sizeof PREFIX - 1), name = lt_str_cut(&rest, '/');
    for (unsigned i = 0; i < KINDS; i++) {
        if (!lt_str_eq(name, lt_str_c(names[i])))
            continue;
        *network = i == ENDPOINT ? lt_str_cut(&rest, '/') : LT_STR("");
        *id = lt_str_cut(&rest, '/');
        return id->len ? (enum kind)i : KINDS;
    }
    return KINDS;
}

/* Records of other kinds: counters, and what the drivers keep (moby libnetwork datastore, drivers, ipams, 20.10 to 29).
 * A key that is neither may be a damaged one. */
static void check_other(struct lt_networks *job, const struct lt_bolt_item *item)
{
    static const char *const names[] = {
        "endpoint_count", "bridge", "macvlan", "macvlan-endpoint", "ipvlan",  "ipvlan-endpoint", "overlay",
        "ipam",           "idm",    "network", "endpoint",         "sandbox", "bridge-endpoint", "vxlan-idm"};
    struct lt_str rest = lt_str_skip(item->key, sizeof PREFIX - 1), name = lt_str_cut(&rest, '/');
    bool ours = item->depth == 1 && lt_str_eq(item->path[0], LT_STR("libnetwork"));
    if (ours && item->key.len < sizeof PREFIX && lt_str_starts(LT_STR(PREFIX), item->key))
        return; /* a parent of all */
    for (size_t i = 0; ours && lt_str_starts(item->key, LT_STR(PREFIX)) && i < sizeof names / sizeof *names; i++)
        if (lt_str_eq(name, lt_str_c(names[i])))
            return;
    lt_skip_unknown(job->ctx, job->database, item, &job->unknown, ours ? item->key : LT_STR("no libnetwork"));
}

/* IDs are hex digits; those of a swarm, letters and digits, and a few are words (moby libnetwork). */
static bool is_id(struct lt_str id)
{
    for (size_t i = 0; i < id.len; i++)
        if (!isalnum((unsigned char)id.ptr[i]) && !strchr("_-.", id.ptr[i]))
            return false;
    return true;
}

/* The ID that the record itself gives; "" if it gives none. A copy of it elsewhere, or a byte of it, may be damaged. */
static void check_id(struct lt_networks *job, const struct lt_bolt_item *item, struct lt_str id, struct lt_str network,
                     const struct json_t *json)
{
    if (!is_id(id) || !is_id(network))
        lt_skip_value(job->ctx, job->database, item, LT_CODE_BAD_ID, "an ID that is none");
    struct lt_str inner = lt_json_str(json, "id").len ? lt_json_str(json, "id") : lt_json_str(json, "ID");
    if (inner.len && !lt_str_eq(inner, id))
        lt_skip_value(job->ctx, job->database, item, LT_CODE_DAMAGED, "a record with another ID: '%.*s'",
                      LT_ARG(inner));
}

static enum lt_status take_record(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    static const char *const members[] = {"id",          "name",    "networkType", "created",    "scope",
                                          "internal",    "ID",      "labels",      "ipamV4Info", "Cid",
                                          "PortMapping", "sandbox", "Eps",         "ep_iface",   NULL};
    struct lt_networks *job = arg;
    struct lt_arena *arena = job->ctx->run;
    struct lt_str network, id, text = lt_str_skip(item->value, INDEX);
    enum kind kind = kind_of(item->key, &network, &id);
    (void)err;
    if (kind == KINDS)
        check_other(job, item);
    if (kind == KINDS || item->known || item->value.len <= INDEX || lt_map_get(&job->by_id[kind], id))
        return LT_OK; /* of several records of one ID the newest counts */
    struct json_t *json = lt_value_json_or_skip(job->ctx, job->database, item, text, members);
    if (!json) {
        if (item->origin == LT_BOLT_LIVE)
            lt_map_put(&job->damaged, arena, lt_str_dup(arena, item->key), job);
        return LT_OK;
    }
    struct record *record = lt_new(arena, struct record);
    *record = (struct record){
        .id = lt_str_dup(arena, id),
        .network = lt_str_dup(arena, network),
        .facts = {.arena = arena},
        .offset = item->offset,
        .origin = item->origin,
        .stands_in = item->stands_in || (item->origin != LT_BOLT_LIVE && lt_map_get(&job->damaged, item->key)),
    };
    if (record->stands_in)
        lt_facts_item(&record->facts, LT_ATTR_FACTS, LT_BOLT_STANDS_IN);
    check_id(job, item, id, network, json);
    read_record(job, kind, record, item, json);
    lt_json_free(json);
    lt_list_add(&job->records[kind], arena, record);
    lt_map_put(&job->by_id[kind], arena, record->id, record);
    return LT_OK;
}

/* Set the time of an event that only a removed record shows: the file's mtime if the last transaction removed it, else
 * bounded by `from` and the mtime. */
static void set_removal(const struct lt_networks *job, const struct record *record, struct lt_time from,
                        struct lt_event *event)
{
    event->tags |= LT_TAG_BIT(recovered);
    event->time[0] = job->written;
    if (record->origin == LT_BOLT_OLDER)
        event->tags |= LT_TAG_BIT(time_inferred);
    else
        lt_event_bound(event, from, job->written, (struct lt_time){0});
}

static void set_where(const struct lt_networks *job, const struct record *record, struct lt_event *event)
{
    event->where = (struct lt_where){.file = job->database, .offset = record->offset, .has_offset = true};
}

static struct lt_facts with_action(const struct record *record, const char *action)
{
    struct lt_facts facts = {.arena = record->facts.arena};
    lt_facts_text(&facts, LT_ATTR_ACTION, lt_str_c(action));
    memcpy(facts.attrs + 1, record->facts.attrs, record->facts.count * sizeof *facts.attrs);
    facts.count += record->facts.count;
    return facts;
}

static enum lt_status emit_network(const struct lt_networks *job, const struct record *record, struct lt_err *err)
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

static const struct record *find(const struct lt_networks *job, enum kind kind, struct lt_str id)
{
    return lt_map_get(&job->by_id[kind], id);
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
static void tell_name(const struct lt_networks *job, const struct record *sandbox, struct lt_str name)
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

static enum lt_status emit_endpoint(const struct lt_networks *job, const struct record *record, struct lt_err *err)
{
    struct lt_facts facts = with_action(record, "join network");
    const struct record *network = find(job, NETWORK, record->network);
    const struct record *sandbox = find(job, SANDBOX, record->sandbox), *ports = find(job, PORTS, record->id);
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
static enum lt_status emit_sandbox(const struct lt_networks *job, const struct record *record, struct lt_err *err)
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

static void docker_network_inventory(struct lt_ctx *ctx)
{
    struct lt_networks *job = lt_new(ctx->run, struct lt_networks);
    struct lt_node node;
    struct lt_err none = {0};
    *job = (struct lt_networks){.ctx = ctx, .database = lt_root_path(ctx, "network/files/local-kv.db")};
    lt_docker_root(ctx->root)->networks = job;
    if (lt_stat_or_skip(ctx, job->database, &node) != LT_OK)
        return;
    job->born = node.time[LT_B];
    job->written = node.time[LT_M];
    lt_read_bolt_or_skip(ctx, job->database, take_record, job, &none);
    lt_each (const struct record, record, &job->records[ENDPOINT]) {
        struct record *sandbox = lt_map_get(&job->by_id[SANDBOX], record->sandbox);
        if (sandbox && record->origin == LT_BOLT_LIVE)
            sandbox->endpoints++;
    }
    lt_each (const struct record, record, &job->records[NETWORK])
        if (record->is_bridge && record->origin == LT_BOLT_LIVE)
            lt_docker_root(ctx->root)->daemon_ready = record->created;
}

static enum lt_status docker_network_events(struct lt_ctx *ctx, struct lt_err *err)
{
    static enum lt_status (*const emit[])(const struct lt_networks *, const struct record *,
                                          struct lt_err *) = {emit_network, emit_endpoint, emit_sandbox};
    enum lt_status status = LT_OK;
    for (unsigned kind = 0; kind < sizeof emit / sizeof *emit; kind++)
        lt_each (const struct record, record, &lt_docker_root(ctx->root)->networks->records[kind])
            status = status == LT_OK ? emit[kind](lt_docker_root(ctx->root)->networks, record, err) : status;
    return status;
}

const struct lt_source lt_source_docker_network = {
    .name = "docker_network",
    .summary = "local-kv.db: networks created and removed, who joined them",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .tells_removed = true,
    .inventory = docker_network_inventory,
    .events = docker_network_events,
};
