// SPDX-License-Identifier: Apache-2.0
/* The mechanics of storage: what the entries of a layer mean, and how the layers of a container make up what it sees.
 * Where layers are kept is up to each runtime; several runtimes may share the same mechanics.
 *
 *   overlay.c         the kernel's overlay file system
 *   fuse_overlay.c    fuse-overlayfs
 *   aufs.c            aufs
 *   copies.c          every layer a whole copy
 *
 * And what several runtimes keep in the same form:
 *
 *   image_config.c    the configuration of an image
 *   image_steps.c     its build steps, and the bounds of those without a time
 *   containerd/       the store of containerd
 */
#ifndef LT_STORE_MECHANICS_H
#define LT_STORE_MECHANICS_H

#include "model/event.h"

/* What an entry of a layer stands for. */
enum lt_meaning {
    LT_PLAIN,    /* itself */
    LT_WHITEOUT, /* the deletion of the name in lower layers */
    LT_OPAQUE,   /* its directory hides the lower ones in its place */
    LT_INTERNAL, /* bookkeeping that no container sees */
};

struct lt_mechanics {
    bool copies;      /* the tree of an image layer also holds everything below it */
    bool whole_rw;    /* so do the trees of rw and init layers: nothing marks a deletion */
    bool init_copied; /* an rw layer begins as a copy of its init layer, which is not below it */
    bool named_marks; /* deletions are files .wh.NAME; opaque directories hold a file .wh..wh..opq */
    bool xattrs;      /* overlay's extended attributes mark copies and opaque directories (parse/overlay.h) */
    /* What does this entry of a layer stand for? For a whiteout `*subject` is set to the name that it hides, borrowed
     * from the node. */
    enum lt_meaning (*meaning)(const struct lt_node *node, struct lt_str *subject);
};

/* Name of the file that marks a directory as opaque, with named_marks (moby go-archive/whiteouts.go). */
#define LT_OPAQUE_NAME LT_STR(".wh..wh..opq")

/* The kernel's overlay file system: layers hold only what they add (store/overlay.c). */
extern const struct lt_mechanics lt_mechanics_overlay;
/* The same, with one whole tree for all image layers. */
extern const struct lt_mechanics lt_mechanics_overlay_tree;
/* fuse-overlayfs (store/fuse_overlay.c). */
extern const struct lt_mechanics lt_mechanics_fuse_overlay;
/* aufs (store/aufs.c). */
extern const struct lt_mechanics lt_mechanics_aufs;
/* Every layer is a whole copy: a snapshot, a clone or a real copy (store/copies.c). */
extern const struct lt_mechanics lt_mechanics_copies;

#endif
