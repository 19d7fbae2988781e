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
    struct lt_buf *looked; /* places that were searched in vain are appended, comma-separated; NULL: not wanted */
};

/* Group the file systems of an evidence into hosts. If at most one has an /etc, all belong to one host. If several have
 * one, each file system is a host of its own: it is not known yet to which host the others belong. */
void lt_hosts_find(struct lt_inventory *inventory, const struct lt_evidence *evidence);

/* Call it once the stores of an evidence are known. File systems of hosts without any are read for a host that has one,
 * so that nothing on the disk goes unread: for the first whose own /etc is not known, since theirs may be it, else for
 * the first. */
void lt_hosts_settle(struct lt_inventory *inventory, const struct lt_evidence *evidence);

/* The host that this file system belongs to; NULL: none. */
struct lt_host *lt_host_with(const struct lt_inventory *inventory, const struct lt_fs *fs);

/* Add every store of ctx->fs to the inventory: at the default places of all runtimes, and where their settings say.
 * Paths are taken from the root of the file system. */
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
