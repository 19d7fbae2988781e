// SPDX-License-Identifier: Apache-2.0
#include "model/network.h"

enum { MOST = 16384 }; /* hostile evidence may name any number of them */

struct lt_network *lt_inventory_network(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id)
{
    struct lt_network *network = lt_map_get(&root->network_by_id, id);
    if (network || root->networks.count >= MOST)
        return network;
    network = lt_new(inventory->arena, struct lt_network);
    *network = (struct lt_network){.root = root, .id = lt_str_dup(inventory->arena, id), .removed = true};
    lt_list_add(&root->networks, inventory->arena, network);
    lt_map_put(&root->network_by_id, inventory->arena, network->id, network);
    return network;
}
