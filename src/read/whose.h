// SPDX-License-Identifier: Apache-2.0
/* Whose a deleted file was: its owner is that of the directories that it lay in, whether these still exist or not. */
#ifndef LT_READ_WHOSE_H
#define LT_READ_WHOSE_H

#include "model/inventory.h"

/* A file system, and where its host mounts it. */
struct lt_on_host {
    struct lt_fs *fs;   /* itself, and not what is put together of several */
    struct lt_str at;   /* where, "" for the root of the host */
    struct lt_str base; /* the directory of it that is mounted there, "" for all of it; in `arena` */
};
struct lt_on_host lt_on_host(const struct lt_mount_point *mount, struct lt_arena *arena);

/* A path of the file system as it is on the host, borrowed or in `arena`. One that is not whole ("name",
 * "directory/name"), or that the host does not see, stays as it is. */
struct lt_str lt_path_on_host(const struct lt_on_host *where, struct lt_str path, struct lt_arena *arena);

/* Whose a file was, and its path as the owner's containers saw it: whole with a slash in front, or the last steps. */
struct lt_whose {
    const struct lt_owner *owner;
    struct lt_str inside;
    struct lt_str gone; /* name of the directory of a layer that the store has no more, of the path; "": none */
};

/* Whose the file at `path` of the host was. Directories of what exists tell whose their deleted files are; of what is
 * gone, recovered records do: see lt_recovered_find(), which must have been called. What lies in none of them is the
 * store's, or the host's. */
struct lt_whose lt_whose_is(struct lt_inventory *inventory, const struct lt_host *host, struct lt_str path);

#endif
