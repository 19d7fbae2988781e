// SPDX-License-Identifier: Apache-2.0
/* What can be carved out of one file system of a host, and whose it is: a fact where the contents say it, a hint where
 * they do not. */
#ifndef LT_READ_CARVING_H
#define LT_READ_CARVING_H

#include "carve/hints.h"
#include "read/whose.h"

/* One find. It lives as long as the arena of its search, and can be read as long as the evidence is open. */
struct lt_carving_find {
    struct lt_carved carved;
    const struct lt_owner *owner; /* whose the contents say that it is; NULL: they do not */
    const struct lt_owner *hint;  /* whose it may be; NULL: nothing tells, or there is an owner */
    struct lt_str hint_layer;     /* name of the directory of a layer that is gone, which it may have been in */
    struct lt_str hint_below; /* name of a directory that it may have been below; the hint's owner says nothing then */
    const struct lt_carve_hint_kind *kind; /* of the hint */
};

struct lt_carving {
    const struct lt_host *host;
    struct lt_on_host where; /* what is searched */
    struct lt_inventory *inventory;
    struct lt_arena *arena;
    size_t most; /* finds that are kept; more are counted as forgotten */
    /* Optional: called again and again. Anything but LT_OK ends the search. */
    enum lt_status (*poll)(void *arg, struct lt_err *err);
    void *arg;
    struct lt_list finds; /* of struct lt_carving_find *, in the order of their places */
    uint64_t forgotten;
};

/* Search. What deleted files own whole is left out (lt_fs_ops.deleted). Containers whose configuration is found are
 * told to the inventory. LT_END: the file system cannot be searched so. LT_SKIP: something is missing, and `err` says
 * what. */
enum lt_status lt_carving_search(struct lt_carving *carving, struct lt_err *err);

#endif
