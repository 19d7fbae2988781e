// SPDX-License-Identifier: Apache-2.0
/* Where containers see files of the host that they mount: those of a volume, or of a bind. A file has one row, whoever
 * mounts it, as one of a shared image layer has; the row tells each of them, and the path there. */
#ifndef LT_PLACES_H
#define LT_PLACES_H

#include "model/inventory.h"

/* Where one of them sees a file. */
struct lt_place {
    struct lt_str inside;        /* path in the container, "/" at least */
    const struct lt_mount *over; /* what it has mounted over that path, and so hides the file; or NULL */
};

/* Where `user` sees `path` of the evidence; false if it is not in what it mounts. `inside` lives in `arena`. */
bool lt_place_of(const struct lt_mount_user *user, struct lt_str path, struct lt_arena *arena, struct lt_place *out);

/* What `container` has mounted over `path`, or above it, the innermost first; NULL if nothing. */
const struct lt_mount *lt_mount_over(const struct lt_container *container, struct lt_str path);

/* The path at which all see it that reach it, be it hidden there; "" if there is none or if they do not agree. */
struct lt_str lt_place_common(const struct lt_list *users, struct lt_str path, struct lt_arena *arena);

/* Append to `facts` (of struct lt_str *, in `arena`) what is to be told of the entry at `path` beside its owner and
 * lt_place_common(): all its users if they are several; who only reads it; who has mounted something over it; who
 * mounts another part. Of many the first 64 are told, and how many more they are. */
void lt_places_tell(const struct lt_list *users, struct lt_str path, struct lt_arena *arena, struct lt_list *facts);

/* "volume data at /data": a mount for people. Appended to `out`. */
void lt_mount_label(struct lt_buf *out, const struct lt_mount *mount);

#endif
