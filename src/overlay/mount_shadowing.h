// SPDX-License-Identifier: Apache-2.0
/* Which entries of a layer are shadowed by mounts. A mount hides from its container what the layers have at and below
 * its destination. Nobody in the container sees such an entry, nor what is written there while nothing is mounted, or
 * from outside. The files that the daemon mounts into every container (/etc/hosts and the like) are left out. */
#ifndef LT_OVERLAY_MOUNT_SHADOWING_H
#define LT_OVERLAY_MOUNT_SHADOWING_H

#include "overlay/mount_views.h"
#include "read/context.h"

/* For the walk of one layer. Initialise with {0}; end with lt_mount_shadowing_end(). */
struct lt_mount_shadowing {
    struct lt_list containers; /* of struct lt_container *: those that use the layer and mount something */
    const struct lt_dir *dir;  /* the directory of the last entry: */
    bool any;                  /* a container mounts something over it, or directly in it */
    struct lt_buf path;        /* its path in the containers */
    struct lt_arena arena;
};

/* Begin with a layer and the containers that use it, which are borrowed. False: none of them mounts anything, so that
 * no entry is shadowed. */
bool lt_mount_shadowing_begin(struct lt_mount_shadowing *shadowing, const struct lt_layer *layer);
void lt_mount_shadowing_end(struct lt_mount_shadowing *shadowing);

/* Add a fact to the event of an entry of the layer for each mount that shadows it, with the containers that have this
 * mount: "hidden from web@0123456789ab by volume data at /data". The fact lives in `arena`. */
void lt_mount_shadowing_add(struct lt_mount_shadowing *shadowing, struct lt_event *event, struct lt_arena *arena);

#endif
