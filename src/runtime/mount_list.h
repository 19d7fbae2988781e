// SPDX-License-Identifier: Apache-2.0
/* The list of a container's mounts, as any runtime's reader makes it. */
#ifndef LT_RUNTIME_MOUNT_LIST_H
#define LT_RUNTIME_MOUNT_LIST_H

#include "read/facts.h"

/* Initialise with {.ctx = ..., .container = ...}. */
struct lt_mount_list {
    struct lt_ctx *ctx;
    struct lt_container *container;
    struct lt_list items; /* descriptions for people, of struct lt_str * in the run arena */
    size_t more;          /* number beyond the limit */
};

/* `path` without slashes at its end; "" if it is not absolute. */
struct lt_str lt_mount_place(struct lt_str path);

/* Is something mounted there already? */
bool lt_mount_list_has(const struct lt_mount_list *list, struct lt_str place);

/* Does the container have as many mounts as are read? Then one more is counted. */
bool lt_mount_list_is_full(struct lt_mount_list *list);

/* Add a mount, whose members live in the run arena. Unless the runtime adds it to every container, it is described:
 * "volume data -> /data rw", with its propagation if that is neither "" nor "rprivate". */
void lt_mount_list_add(struct lt_mount_list *list, struct lt_mount mount, struct lt_str propagation);

/* Report the mounts beyond the limit as lost from `path`. */
void lt_mount_list_end(struct lt_mount_list *list, struct lt_str path);

#endif
