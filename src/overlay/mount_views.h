// SPDX-License-Identifier: Apache-2.0
/* Where containers see the files of the host that they mount: those of a volume or of a bind. A file has one row, no
 * matter how many containers mount it. The row names each of them, and the path of the file in it. */
#ifndef LT_OVERLAY_MOUNT_VIEWS_H
#define LT_OVERLAY_MOUNT_VIEWS_H

#include "model/inventory.h"

/* Where one container sees a file. */
struct lt_mount_view {
    struct lt_str inside;        /* path in the container, "/" at least */
    const struct lt_mount *over; /* a mount over that path, which hides the file from it; NULL: none */
};

/* Where `user` sees `path` of the evidence. False: `path` is not in what `user` mounts. `inside` lives in `arena`. */
bool lt_mount_view_of(const struct lt_mount_user *user, struct lt_str path, struct lt_arena *arena,
                      struct lt_mount_view *out);

/* The innermost mount of `container` at `path` or above it. NULL: there is none. */
const struct lt_mount *lt_mount_over(const struct lt_container *container, struct lt_str path);

/* The path at which every user that reaches `path` sees it, even if a mount hides it there. "": no user reaches it, or
 * they see it at different paths. */
struct lt_str lt_mount_view_common(const struct lt_list *users, struct lt_str path, struct lt_arena *arena);

/* Append to `facts` (of struct lt_str *, in `arena`) what the row of `path` says beside its owner and
 * lt_mount_view_common(): all users if there are several, who may only read, who has mounted something over it, and who
 * mounts another part. The first 64 users are listed, then how many more there are. */
void lt_mount_views_add(const struct lt_list *users, struct lt_str path, struct lt_arena *arena, struct lt_list *facts);

/* Append a mount in words to `out`: "volume data at /data". */
void lt_mount_label(struct lt_buf *out, const struct lt_mount *mount);

#endif
