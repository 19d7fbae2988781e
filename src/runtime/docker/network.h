// SPDX-License-Identifier: Apache-2.0
/* The records of the database of networks: network.c reads them, network_events.c emits what they tell, network_list.c
 * makes networks of them. */
#ifndef LT_RUNTIME_DOCKER_NETWORK_H
#define LT_RUNTIME_DOCKER_NETWORK_H

#include "model/network.h"
#include "parse/bbolt.h"
#include "read/facts.h"
#include "runtime/docker/docker.h"

enum lt_network_kind { LT_NETWORK, LT_NETWORK_ENDPOINT, LT_NETWORK_SANDBOX, LT_NETWORK_PORTS, LT_NETWORK_KINDS };

struct lt_network_record {
    struct lt_str id, name;
    struct lt_str network, sandbox, container; /* IDs, where the kind has them */
    struct lt_time created;
    struct lt_facts facts;
    const struct lt_network *told;  /* of a network: what it says; what this has of the model is not set */
    const struct lt_member *member; /* of an endpoint: its addresses */
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
    struct lt_list records[LT_NETWORK_KINDS]; /* of struct lt_network_record * */
    struct lt_map by_id[LT_NETWORK_KINDS];    /* the first record of each ID, which is the live one if there is one */
    struct lt_map damaged; /* keys of the last state whose records cannot be read: they were not removed */
    struct lt_map unknown; /* what was reported as not known */
};

/* The record of that kind and ID, or NULL. */
static inline struct lt_network_record *lt_network_find(const struct lt_networks *networks, enum lt_network_kind kind,
                                                        struct lt_str id)
{
    return lt_map_get(&networks->by_id[kind], id);
}

/* Make networks of the store, and their members, of what was read. */
void lt_networks_list(const struct lt_networks *networks);

/* See lt_source.events. */
enum lt_status lt_network_events(struct lt_ctx *ctx, struct lt_err *err);

#endif
