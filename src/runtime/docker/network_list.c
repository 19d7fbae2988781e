// SPDX-License-Identifier: Apache-2.0
/* The networks of a store, and who was in them. */
#include "runtime/docker/network.h"

/* The bounds of a removal. A network that the last state still has was removed by the last transaction. */
static struct lt_span removal_of(const struct lt_networks *networks, const struct lt_network_record *record)
{
    struct lt_time first = record->created.set ? record->created : networks->born;
    return (struct lt_span){record->origin == LT_BOLT_OLDER ? networks->written : first, networks->written};
}

static void add_witnesses(const struct lt_networks *networks, const struct lt_network_record *record,
                          struct lt_network *network)
{
    struct lt_inventory *inventory = networks->ctx->inventory;
    struct lt_str by =
        lt_str_format(networks->ctx->run, "%.*s, offset %ju", LT_ARG(networks->database), (uintmax_t)record->offset);
    lt_identifier_add(inventory, &network->witnesses, "network_identifier", by);
    lt_identifier_add(inventory, &network->witnesses, "removed",
                      lt_str_format(networks->ctx->run, "mtime of %.*s", LT_ARG(networks->database)));
}

/* The network "bridge" is made anew at each start of the daemon: that its last one is gone is no removal. */
static void list_network(const struct lt_networks *networks, const struct lt_network_record *record)
{
    struct lt_ctx *ctx = networks->ctx;
    bool live = record->origin == LT_BOLT_LIVE || record->stands_in;
    struct lt_network *network =
        live || !record->is_bridge ? lt_inventory_network(ctx->inventory, ctx->root, record->id) : NULL;
    if (!network)
        return;
    struct lt_network kept = *network;
    *network = *record->told;
    network->root = kept.root;
    network->id = kept.id;
    network->name = record->name;
    network->created = record->created;
    network->removed = !live;
    if (live)
        return;
    network->gone = removal_of(networks, record);
    add_witnesses(networks, record, network);
}

/* Who is in a network is known by an endpoint and its sandbox. */
static void list_member(const struct lt_networks *networks, const struct lt_network_record *endpoint)
{
    struct lt_ctx *ctx = networks->ctx;
    const struct lt_network_record *sandbox = lt_network_find(networks, LT_NETWORK_SANDBOX, endpoint->sandbox);
    struct lt_network *network = lt_map_get(&ctx->root->network_by_id, endpoint->network);
    if (!network || !sandbox || !sandbox->container.len)
        return;
    struct lt_member *member = lt_new(ctx->run, struct lt_member);
    *member = *endpoint->member;
    member->network = network->id;
    member->network_name = network->name;
    member->container = sandbox->container;
    lt_list_add(&network->members, ctx->run, member);
}

void lt_networks_list(const struct lt_networks *networks)
{
    if (networks->records[LT_NETWORK].count)
        networks->ctx->root->networks_saved = networks->written;
    lt_each (const struct lt_network_record, record, &networks->records[LT_NETWORK])
        list_network(networks, record);
    lt_each (const struct lt_network_record, endpoint, &networks->records[LT_NETWORK_ENDPOINT])
        list_member(networks, endpoint);
}
