// SPDX-License-Identifier: Apache-2.0
/* Finds the stores of an evidence: the runtimes name directories and bid on them. */
#ifndef LT_READ_DISCOVER_H
#define LT_READ_DISCOVER_H

#include "model/runtime.h"
#include "read/context.h"

struct lt_discovery {
    struct lt_ctx *ctx;                       /* ctx->fs is searched */
    const struct lt_runtime *const *runtimes; /* that may bid; ends with NULL */
    bool rootless;                            /* stores that are found belong to a rootless daemon */
    struct lt_buf *looked;  /* places that were searched in vain are appended, comma-separated; NULL: not wanted */
    struct lt_list *almost; /* of struct lt_str *: what looked like a store, and what it lacks; NULL: not wanted */
    const char *data_root;  /* where the user says that a store is; NULL: nowhere */
    bool data_root_found;
    unsigned depth; /* of hosts in directories of others */
};

/* Add every store of ctx->fs to the inventory: at the default places of all runtimes, where their settings say, and
 * wherever else one lies. Paths are taken from the root of the file system. A store below a directory with an /etc of
 * another host becomes one of a new host. */
void lt_discover(struct lt_discovery *discovery);

/* Add the directory at `path`, which has no symbolic links, if a runtime takes it for one of its stores. `why` says for
 * people how it was found; it is copied. False: no runtime does. */
bool lt_discover_add(const struct lt_discovery *discovery, struct lt_str path, struct lt_str why);

/* The same for a `path` from a setting or a default. It may lead through symbolic links, and stores inside it are tried
 * too. What cannot be read is reported. */
bool lt_discover_try(struct lt_discovery *discovery, struct lt_str path, struct lt_str why);

/* Is there such a directory? False as well if it cannot be read, which is reported. */
bool lt_is_dir_or_skip(struct lt_ctx *ctx, struct lt_str path);

#endif
