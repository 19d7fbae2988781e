// SPDX-License-Identifier: Apache-2.0
/* Whose a deleted file was: its owner is that of the directories that it lay in, whether these still exist or not. */
#ifndef LT_READ_WHOSE_H
#define LT_READ_WHOSE_H

#include "model/inventory.h"

/* Whose a file was, and its path as the owner's containers saw it: whole with a slash in front, or the last steps. */
struct lt_whose {
    const struct lt_owner *owner;
    struct lt_str inside;
    struct lt_str gone; /* name of the directory of a layer that the store has no more, of the path; "": none */
};

/* Layers that are gone, and the containers that they were of. */
struct lt_gone_owners {
    struct lt_inventory *inventory;
    struct lt_map by_layer; /* name of a layer's directory -> struct lt_owner * */
};

/* Is the file a record of a store, which tells of layers or containers that are gone? Then its greatest size, else 0.
 */
size_t lt_whose_record(const struct lt_host *host, struct lt_str path);

/* Keep what such a record, which is whole, tells. */
void lt_whose_learn(struct lt_gone_owners *owners, const struct lt_host *host, struct lt_str path, struct lt_str text);

/* Whose the file at `path` of the host was. Directories of what exists tell whose their deleted files are; of what is
 * gone, deleted records do. What lies in none of them is the store's, or the host's. */
struct lt_whose lt_whose_is(struct lt_gone_owners *owners, const struct lt_host *host, struct lt_str path);

#endif
