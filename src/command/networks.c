// SPDX-License-Identifier: Apache-2.0
/* Every network, and which containers are in it: as the database of networks tells, and the configurations of
 * containers. With --removed those that were removed: of which the database still shows the record, or which a
 * container names and the database has no more. */
#include "command/command.h"
#include "command/record.h"
#include "command/removed.h"
#include "model/network.h"
#include "parse/ident.h"
#include "run/job.h"
#include "run/traces.h"

static bool names_container(const struct lt_list *members, struct lt_str container)
{
    lt_each (const struct lt_member, member, members)
        if (lt_str_eq(member->container, container))
            return true;
    return false;
}

/* Is the network gone, though a container names it? Its own daemon may not know one of a swarm, whose ID is another;
 * and "bridge" is made anew at each start. */
static bool is_missing(const struct lt_root *root, const struct lt_member *member)
{
    return root->networks_saved.set && lt_is_id(member->network) &&
           !lt_map_get(&root->network_by_id, member->network) && !lt_str_eq(member->network_name, LT_STR("bridge"));
}

/* A network that only containers tell of was there when they started, and not when the database was saved last. */
static void note_missing(struct lt_job *job, const struct lt_container *container, const struct lt_member *member)
{
    struct lt_root *root = container->root;
    struct lt_network *network = lt_inventory_network(&job->inventory, root, member->network);
    if (!network)
        return;
    network->name = member->network_name;
    network->gone.last = root->networks_saved;
    network->gone.first = container->started.set ? container->started : container->created;
    lt_identifier_add(&job->inventory, &network->witnesses, "network_identifier",
                      lt_str_format(&job->arena, "the configuration of container %.*s", LT_ARG(container->id)));
    lt_identifier_add(&job->inventory, &network->witnesses, "removed",
                      LT_STR("the database of networks, which has it no more"));
}

static void take_container(void *arg, const struct lt_container *container)
{
    struct lt_job *job = arg;
    lt_each (struct lt_member, member, &container->networks) {
        if (is_missing(container->root, member))
            note_missing(job, container, member);
        struct lt_network *network = lt_map_get(&container->root->network_by_id, member->network);
        if (network && !names_container(&network->members, container->id))
            lt_list_add(&network->members, &job->arena, member);
    }
}

/* --- records --- */

/* A member may be of a container that nothing else tells of. */
static const struct lt_container *container_of(const struct lt_network *network, struct lt_str id)
{
    lt_each (const struct lt_root, root, &network->root->host->roots) {
        const struct lt_container *container = lt_map_get(&root->container_by_id, id);
        container = container ? container : lt_map_get(&root->removed_by_id, id);
        if (container)
            return container;
    }
    return NULL;
}

static void add_member(struct lt_record *record, const struct lt_network *network, const struct lt_member *member,
                       struct lt_list *users, struct lt_list *words)
{
    struct lt_arena *arena = record->arena;
    struct lt_record *user = lt_record_new(arena);
    const struct lt_container *container = container_of(network, member->container);
    struct lt_str label = container ? *lt_record_label(arena, &container->owner) : member->container;
    const struct lt_str *address = member->addresses.count ? member->addresses.items[0] : NULL;
    lt_record_name(user, "container_identifier", member->container);
    lt_record_name(user, "container_name", container ? container->name : LT_STR(""));
    lt_record_list(user, "addresses", member->addresses);
    lt_record_name(user, "mac", member->mac);
    lt_list_add(users, arena, user);
    lt_list_add_str(words, arena, address ? lt_str_format(arena, "%.*s:%.*s", LT_ARG(label), LT_ARG(*address)) : label);
}

static void add_members(struct lt_record *record, const struct lt_network *network)
{
    struct lt_list users = {0}, words = {0};
    lt_each (const struct lt_member, member, &network->members)
        add_member(record, network, member, &users, &words);
    lt_record_records(record, "users", users);
    lt_record_list(record, "used_by", words);
}

static struct lt_record *describe(struct lt_arena *arena, const struct lt_network *network)
{
    struct lt_record *record = lt_record_new(arena);
    lt_record_name(record, "network_identifier", network->id);
    lt_record_name(record, "network_name", network->name);
    lt_record_name(record, "driver", network->driver);
    lt_record_name(record, "scope", network->scope);
    lt_record_list(record, "subnets", network->subnets);
    lt_record_list(record, "gateways", network->gateways);
    if (network->driver.len)
        lt_record_bool(record, "internal", network->internal);
    lt_record_list(record, "labels", network->labels);
    lt_record_time(record, "created", network->created);
    lt_record_removal(record, &network->gone);
    add_members(record, network);
    lt_record_witnesses(record, &network->witnesses);
    lt_record_root(record, network->root, network->root->runtime);
    return record;
}

static const struct lt_column columns[] = {
    {"NETWORK ID", "network_identifier", LT_SHOW_SHORT},
    {"NAME", "network_name", LT_SHOW_ALL},
    {"DRIVER", "driver", LT_SHOW_ALL},
    {"SUBNETS", "subnets", LT_SHOW_ALL},
    {"CREATED", "created", LT_SHOW_ALL},
    {"REMOVED", "removed", LT_SHOW_KNOWN},
    {"REMOVED AFTER", "removed_first", LT_SHOW_KNOWN},
    {"REMOVED BEFORE", "removed_last", LT_SHOW_KNOWN},
    {"EVIDENCE", "evidence", LT_SHOW_DIFFERS},
    {"HOST", "hostname", LT_SHOW_DIFFERS},
    {"DATA ROOT", "data_root", LT_SHOW_DIFFERS},
    {"USED BY", "used_by", LT_SHOW_ALL},
};

static enum lt_status run_networks(struct lt_job *job, struct lt_err *err)
{
    struct lt_list records = {0};
    uint64_t errors;
    bool removed = job->options->removed;
    if (removed && lt_traces_find(job, LT_TRACES_REPORT, &errors, err) != LT_OK)
        return LT_FATAL;
    lt_each (const struct lt_host, host, &job->inventory.hosts)
        lt_each_known_container(host, take_container, job);
    lt_each (const struct lt_root, root, &job->inventory.roots)
        lt_each (const struct lt_network, network, &root->networks)
            if (network->removed == removed)
                lt_list_add(&records, &job->arena, describe(&job->arena, network));
    return lt_records_write(job, &records, columns, sizeof columns / sizeof *columns, err);
}

const struct lt_command lt_command_networks = {
    .name = "networks",
    .arguments = "EVIDENCE...",
    .summary = "the networks of Docker: made when, and which containers are in them with which addresses",
    .options = LT_OPTIONS_JSON | LT_OPTIONS_REMOVED,
    .run = run_networks,
};
