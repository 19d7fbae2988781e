// SPDX-License-Identifier: Apache-2.0
/* Whose a deleted file was: its owner is that of the directories that it lay in, whether these still exist or not. */
#ifndef LT_READ_WHOSE_H
#define LT_READ_WHOSE_H

#include "model/inventory.h"

struct lt_deleted;

/* Whose a file was, and its path as the owner's containers saw it: whole with a slash in front, or the last steps. */
struct lt_whose {
    const struct lt_owner *owner;
    struct lt_str inside;
};

/* Layers that are gone, and the containers that they were of. */
struct lt_gone_owners {
    struct lt_inventory *inventory;
    struct lt_map by_layer; /* name of a layer's directory -> struct lt_owner * */
};

/* Keep what the file tells of such a layer, if it is a record of a store that is whole. */
void lt_whose_learn(struct lt_gone_owners *owners, const struct lt_host *host, struct lt_str path,
                    const struct lt_deleted *file);

/* Whose the file at `path` of the host was. Directories of what exists tell whose their deleted files are; of what is
 * gone, deleted records do. What lies in none of them is the store's, or the host's. */
struct lt_whose lt_whose_is(struct lt_gone_owners *owners, const struct lt_host *host, struct lt_str path);

#endif
