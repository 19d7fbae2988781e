// SPDX-License-Identifier: Apache-2.0
/* What a container sees at a path. */
#ifndef LT_OVERLAY_LOOKUP_H
#define LT_OVERLAY_LOOKUP_H

#include "overlay/lower_stack.h"

/* What is mounted over the layers of a container, at one place in it. */
struct lt_mounted {
    const struct lt_mount *mount;
    struct lt_fs *fs;   /* NULL: what is mounted is not in the evidence */
    struct lt_str path; /* of it, in the evidence */
};

/* Where lookups begin. */
struct lt_view_root {
    const struct lt_lower_stack *layers; /* NULL: none of them is there */
    const struct lt_map *mounts;         /* struct lt_mounted * by their paths in the container; NULL: none count */
    struct lt_err flaw;                  /* the first error in reading the roots of the layers, if set */
};

/* What a container sees at a path. */
struct lt_view {
    const struct lt_layer *layer;      /* the topmost layer that has it; NULL: it lies in a mount */
    const struct lt_mounted *mounted;  /* NULL: it lies in the layers */
    struct lt_node node;               /* mode 0: nothing is visible */
    struct lt_fs *fs;                  /* which has: */
    struct lt_str path;                /* in the evidence */
    struct lt_str inside;              /* in the container, without symbolic links; "" for its root */
    struct lt_str rest;                /* what of the path is not there, below `inside`; "" if it is */
    struct lt_str target;              /* target of the link if the path itself is one; otherwise "" */
    struct lt_str data;                /* path of the file that has its contents; "": it is no file, or not there */
    const struct lt_layer *data_layer; /* that has this file */
};

/* What the layers of `container` show it at `path`. Symbolic links are followed within its root: absolute ones begin
 * there, and ".." does not lead out of it. Mounts over the layers are ignored: pass `inside` to lt_mount_over() for
 * those.
 *
 * LT_OK: `out` is what it sees. LT_END: it sees nothing, `inside` is as far as the path leads, and `rest` what is not
 * there; a missing layer counts as empty. LT_SKIP: `err` is the first error on the way. It is not reported: the walk of
 * the layer does that. `out` is then what could be read in spite of it. If it has mode 0, it is unknown what the
 * container sees. LT_CODE_CYCLE is an exception: there are more than LT_MAX_LINKS links, and the container cannot open
 * the path either.
 *
 * Single entries are described, not whole directories. `out` lives in the reader until that looks into another
 * container or ends. */
enum lt_status lt_lower_lookup(struct lt_lower_reader *reader, const struct lt_container *container, struct lt_str path,
                               struct lt_view *out, struct lt_err *err);

/* The root of what a container sees (its own root, without mounts), or of what a layer and those under it show. It
 * lives in the reader as above. */
struct lt_view_root lt_view_of_container(struct lt_lower_reader *reader, const struct lt_container *container);
struct lt_view_root lt_view_from_layer(struct lt_lower_reader *reader, struct lt_layer *layer);

/* lt_lower_lookup() from any root, with what is mounted there. LT_SKIP with LT_CODE_MISSING also if the way leads into
 * a mount that is not in the evidence; `out->mounted` is that one. */
enum lt_status lt_view_lookup(struct lt_lower_reader *reader, const struct lt_view_root *root, struct lt_str path,
                              struct lt_view *out, struct lt_err *err);

#endif
