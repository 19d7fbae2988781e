// SPDX-License-Identifier: Apache-2.0
/* Where the stores of an evidence are: the runtimes name directories and bid on them. */
#ifndef LT_READ_DISCOVER_H
#define LT_READ_DISCOVER_H

#include "model/runtime.h"
#include "read/context.h"

struct lt_discovery {
    struct lt_ctx *ctx;                       /* ctx->fs is looked at */
    const struct lt_runtime *const *runtimes; /* that may bid; ended by NULL */
    bool rootless;                            /* what is found belongs to a rootless daemon */
    struct lt_buf *looked; /* what was looked for in vain is appended, comma-separated; NULL: nobody wants to know */
};

/* Put the file systems of an evidence together to hosts. If only one has an /etc, all are one host. If several have,
 * each file system is a host by itself: nothing tells yet whose the others are. */
void lt_hosts_find(struct lt_inventory *inventory, const struct lt_evidence *evidence);

/* Once the stores of an evidence are known: file systems of hosts without any are read for its first host that has one,
 * so that nothing on the disk goes unread. */
void lt_hosts_settle(struct lt_inventory *inventory, const struct lt_evidence *evidence);

/* The host that has this file system. */
struct lt_host *lt_host_with(const struct lt_inventory *inventory, const struct lt_fs *fs);

/* Add every store of ctx->fs to the inventory: at the places of all runtimes, and where their settings say. Paths are
 * re-rooted at the file system. */
void lt_discover(struct lt_discovery *discovery);

/* Add the directory at `path`, which has no links, if a runtime takes it for a store of its. `why` is kept for people,
 * copied. False: none does. */
bool lt_discover_add(const struct lt_discovery *discovery, struct lt_str path, struct lt_str why);

/* The same for a `path` that somebody named: it may lead there through links, and what lies within is tried too. What
 * cannot be looked at is reported. */
bool lt_discover_try(struct lt_discovery *discovery, struct lt_str path, struct lt_str why);

/* Is there such a directory? What cannot be looked at may be one, which is reported. */
bool lt_is_dir_or_skip(struct lt_ctx *ctx, struct lt_str path);

#endif
