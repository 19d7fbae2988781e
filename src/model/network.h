// SPDX-License-Identifier: Apache-2.0
/* Networks of containers. */
#ifndef LT_MODEL_NETWORK_H
#define LT_MODEL_NETWORK_H

#include "model/inventory.h"

/* A network that a store's database has, or has no more. */
struct lt_network {
    struct lt_root *root;
    struct lt_str id, name, driver, scope;
    struct lt_list subnets, gateways, labels; /* of struct lt_str * */
    bool internal;
    struct lt_time created;
    bool removed;
    struct lt_span gone;      /* if `removed`: between these; both the same: then */
    struct lt_list members;   /* of struct lt_member *: as the database tells */
    struct lt_list witnesses; /* of struct lt_identifier *: if `removed`, who tells what of it, for people */
};

/* A container's place in a network. What is unknown is "". */
struct lt_member {
    struct lt_str network, network_name; /* ID, and the name that it had then */
    struct lt_str container;             /* ID */
    struct lt_list addresses;            /* of struct lt_str *: with the length of the prefix, as "10.0.0.2/24" */
    struct lt_str mac;
};

/* The network with that ID, which is copied. If it is new, it is `removed`, and NULL if the store has 16384 already. */
struct lt_network *lt_inventory_network(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id);

#endif
