// SPDX-License-Identifier: Apache-2.0
/* What containers have mounted over the entries of their layers: it hides them, and whatever was put there while
 * nothing was mounted, or from below the mount, is seen by nobody inside. What the daemon mounts by itself everywhere
 * (/etc/hosts and its like) is not told. */
#ifndef LT_SOURCE_COVERS_H
#define LT_SOURCE_COVERS_H

#include "read/context.h"
#include "overlay/mount_views.h"

/* For the walk of one layer; initialise with {0}, end with lt_covers_end(). */
struct lt_covers {
    struct lt_list containers; /* of struct lt_container *: those with the layer that mount something */
    const struct lt_dir *dir;  /* the directory at hand: */
    bool any;                  /* something is mounted over it, or right in it */
    struct lt_buf path;
    struct lt_arena arena;
};

/* The layer, and what the containers have that use it; all is borrowed. */
void lt_covers_begin(struct lt_covers *covers, const struct lt_layer *layer);
void lt_covers_end(struct lt_covers *covers);

/* Add a fact to the event of an entry of the layer for each mount that hides it, with those that have it: "hidden from
 * web@0123456789ab by volume data at /data". In `arena`. */
void lt_covers_tell(struct lt_covers *covers, struct lt_event *event, struct lt_arena *arena);

#endif
