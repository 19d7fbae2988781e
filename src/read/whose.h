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

/* Where containers are told of that are gone. */
struct lt_gone_owners {
    struct lt_inventory *inventory;
};

/* Whose the file at `path` of the host was. Directories of what exists tell whose their deleted files are; of what is
 * gone, recovered records do: see lt_recovered_find(), which must have been called. What lies in none of them is the
 * store's, or the host's. */
struct lt_whose lt_whose_is(struct lt_gone_owners *owners, const struct lt_host *host, struct lt_str path);

#endif
