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
#include "runtime/docker/network.h"

#include "parse/ident.h"
#include "parse/json.h"
#include "parse/stamp.h"
#include "read/values.h"

#include <ctype.h>

enum { INDEX = 8 };
#define PREFIX "docker/network/v1.0/"

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

/* Add a fact, and keep it. */
static void tell(struct lt_facts *facts, const char *name, struct lt_str value, struct lt_list *kept)
{
    lt_fact(facts, name, value);
    if (value.len)
        lt_list_add_str(kept, facts->arena, lt_str_dup(facts->arena, value));
}

static void read_pool(struct lt_networks *job, struct lt_facts *facts, const struct lt_bolt_item *item,
                      struct lt_str text, struct lt_network *out)
{
    struct json_t *pools = parse_inner(job, item, text);
    for (size_t i = 0; i < lt_json_count(pools); i++) {
        const struct json_t *pool = lt_json_item(pools, i);
        struct json_t *data = parse_inner(job, item, lt_json_str(pool, "IPAMData")); /* JSON in JSON, or an object */
        tell(facts, "subnet", lt_json_str(data ? data : pool, data ? "Pool" : "IPAMData.Pool"), &out->subnets);
        tell(facts, "gateway", lt_json_str(data ? data : pool, data ? "Gateway" : "IPAMData.Gateway"), &out->gateways);
        lt_json_free(data);
    }
    lt_json_free(pools);
}

/* What a network was to get, by who made it. Before it is removed it gives its addresses back, and is saved once more
 * with this alone (moby libnetwork/network.go delete(), 20.10). */
static void read_wanted(struct lt_networks *job, struct lt_facts *facts, const struct lt_bolt_item *item,
                        struct lt_str text, struct lt_network *out)
{
    struct json_t *wanted = parse_inner(job, item, text);
    for (size_t i = 0; i < lt_json_count(wanted); i++) {
        const struct json_t *one = lt_json_item(wanted, i);
        tell(facts, "subnet", lt_json_str(one, "PreferredPool"), &out->subnets);
        tell(facts, "gateway", lt_json_str(one, "Gateway"), &out->gateways);
    }
    lt_json_free(wanted);
}

static void read_pools(struct lt_networks *job, struct lt_facts *facts, const struct lt_bolt_item *item,
                       const struct json_t *json, struct lt_network *out)
{
    read_pool(job, facts, item, lt_json_str(json, "ipamV4Info"), out);
    read_pool(job, facts, item, lt_json_str(json, "ipamV6Info"), out);
    if (out->subnets.count)
        return;
    read_wanted(job, facts, item, lt_json_str(json, "ipamV4Config"), out);
    read_wanted(job, facts, item, lt_json_str(json, "ipamV6Config"), out);
}

static void read_network(struct lt_networks *job, struct lt_network_record *record, const struct lt_bolt_item *item,
                         const struct json_t *json)
{
    struct lt_facts *facts = &record->facts;
    struct lt_network *told = lt_new(job->ctx->run, struct lt_network);
    struct lt_err problem = {0};
    struct lt_str key;
    const struct json_t *value;
    record->told = told;
    told->driver = lt_str_dup(job->ctx->run, lt_json_str(json, "networkType"));
    told->scope = lt_str_dup(job->ctx->run, lt_json_str(json, "scope"));
    told->internal = lt_json_bool(json, "internal");
    if (lt_stamp_rfc3339(lt_json_str(json, "created"), &record->created, &problem) == LT_SKIP)
        lt_skip_value(job->ctx, job->database, item, problem.code, "created: %s", problem.text);
    record->is_bridge = lt_str_eq(record->name, LT_STR("bridge"));
    lt_fact(facts, "network", record->name);
    lt_fact(facts, "driver", told->driver);
    lt_fact(facts, "scope", told->scope);
    read_pools(job, facts, item, json, told);
    if (told->internal)
        lt_facts_item(facts, LT_ATTR_FACTS, "internal");
    for (void *iter = NULL; lt_json_next(lt_json_at(json, "labels"), &iter, &key, &value);) {
        struct lt_str label = lt_str_format(job->ctx->run, "%.*s=%.*s", LT_ARG(key), LT_ARG(lt_json_str(value, "")));
        lt_facts_item(facts, LT_ATTR_LABELS, "%.*s", LT_ARG(label));
        lt_list_add_str(&told->labels, job->ctx->run, label);
    }
    lt_fact(facts, "id", record->id);
}

static void read_ports(struct lt_network_record *record, const struct json_t *json)
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

static void read_endpoint(struct lt_network_record *record, const struct json_t *json)
{
    struct lt_facts *facts = &record->facts;
    struct lt_member *member = lt_new(facts->arena, struct lt_member);
    record->member = member;
    record->sandbox = lt_str_dup(facts->arena, lt_json_str(json, "sandbox"));
    member->mac = lt_str_dup(facts->arena, lt_json_str(json, "ep_iface.mac"));
    tell(facts, "address", lt_json_str(json, "ep_iface.addr"), &member->addresses);
    tell(facts, "address", lt_json_str(json, "ep_iface.addrv6"), &member->addresses);
    lt_fact(facts, "mac", member->mac);
}

static void read_record(struct lt_networks *job, enum lt_network_kind kind, struct lt_network_record *record,
                        const struct lt_bolt_item *item, const struct json_t *json)
{
    struct lt_arena *arena = job->ctx->run;
    record->name = lt_str_dup(arena, lt_json_str(json, "name"));
    if (kind == LT_NETWORK) {
        read_network(job, record, item, json);
    } else if (kind == LT_NETWORK_ENDPOINT) {
        read_endpoint(record, json);
    } else if (kind == LT_NETWORK_SANDBOX) {
        record->container = lt_str_dup(arena, lt_json_str(json, "Cid"));
        if (!record->container.len)
            lt_skip_value(job->ctx, job->database, item, LT_CODE_DAMAGED, "no Cid: whose it is is not known");
    } else {
        read_ports(record, json);
    }
}

/* The kind of a record by its key, whose IDs are cut out. */
static enum lt_network_kind kind_of(struct lt_str key, struct lt_str *network, struct lt_str *id)
{
    static const char *const names[] = {"network", "endpoint", "sandbox", "bridge-endpoint"};
    *network = LT_STR("");
    if (!lt_str_starts(key, LT_STR(PREFIX)))
        return LT_NETWORK_KINDS;
    struct lt_str rest = lt_str_skip(key, sizeof PREFIX - 1), name = lt_str_cut(&rest, '/');
    for (unsigned i = 0; i < LT_NETWORK_KINDS; i++) {
        if (!lt_str_eq(name, lt_str_c(names[i])))
            continue;
        *network = i == LT_NETWORK_ENDPOINT ? lt_str_cut(&rest, '/') : LT_STR("");
        *id = lt_str_cut(&rest, '/');
        return id->len ? (enum lt_network_kind)i : LT_NETWORK_KINDS;
    }
    return LT_NETWORK_KINDS;
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
    static const char *const members[] = {
        "id",         "name",         "networkType", "created",     "scope",   "internal", "ID",       "labels",
        "ipamV4Info", "ipamV4Config", "Cid",         "PortMapping", "sandbox", "Eps",      "ep_iface", NULL};
    struct lt_networks *job = arg;
    struct lt_arena *arena = job->ctx->run;
    struct lt_str network, id, text = lt_str_skip(item->value, INDEX);
    enum lt_network_kind kind = kind_of(item->key, &network, &id);
    (void)err;
    if (kind == LT_NETWORK_KINDS)
        check_other(job, item);
    if (kind == LT_NETWORK_KINDS || item->known || item->value.len <= INDEX || lt_network_find(job, kind, id))
        return LT_OK; /* of several records of one ID the newest counts */
    struct json_t *json = lt_value_json_or_skip(job->ctx, job->database, item, text, members);
    if (!json) {
        if (item->origin == LT_BOLT_LIVE)
            lt_map_put(&job->damaged, arena, lt_str_dup(arena, item->key), job);
        return LT_OK;
    }
    struct lt_network_record *record = lt_new(arena, struct lt_network_record);
    *record = (struct lt_network_record){
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
    lt_each (const struct lt_network_record, record, &job->records[LT_NETWORK_ENDPOINT]) {
        struct lt_network_record *sandbox = lt_map_get(&job->by_id[LT_NETWORK_SANDBOX], record->sandbox);
        if (sandbox && record->origin == LT_BOLT_LIVE)
            sandbox->endpoints++;
    }
    lt_each (const struct lt_network_record, record, &job->records[LT_NETWORK])
        if (record->is_bridge && record->origin == LT_BOLT_LIVE)
            lt_docker_root(ctx->root)->daemon_ready = record->created;
    lt_networks_list(job);
}

const struct lt_source lt_source_docker_network = {
    .name = "docker_network",
    .summary = "local-kv.db: networks created and removed, who joined them",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .tells_removed = true,
    .inventory = docker_network_inventory,
    .events = lt_network_events,
};
