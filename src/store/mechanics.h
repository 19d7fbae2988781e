// SPDX-License-Identifier: Apache-2.0
/* The mechanics of storage: what the entries of a layer mean, and how the layers of a container make up what it sees.
 * Where a runtime keeps its layers is the business of that runtime; several use the same mechanics.
 *
 *   overlay.c         the kernel's overlay file system
 *   fuse_overlay.c    fuse-overlayfs
 *   aufs.c            aufs
 *   copies.c          every layer a whole copy
 */
#ifndef LT_STORE_MECHANICS_H
#define LT_STORE_MECHANICS_H

#include "model/event.h"

/* What an entry of a layer stands for. */
enum lt_meaning {
    LT_PLAIN,    /* itself */
    LT_WHITEOUT, /* the deletion of the name in lower layers */
    LT_OPAQUE,   /* its directory hides the lower ones in its place */
    LT_INTERNAL, /* bookkeeping, which no container sees */
};

struct lt_mechanics {
    bool copies;      /* the tree of an image layer holds all that is below it, too */
    bool whole_rw;    /* so do those of rw and init layers: nothing marks a deletion */
    bool init_copied; /* an rw layer begins as a copy of its init layer, which is not below it */
    bool named_marks; /* deletions are files .wh.NAME, opaque directories hold a file .wh..wh..opq */
    bool xattrs;      /* the extended attributes of overlay tell of copies and opaque directories (parse/overlay.h) */
    /* What does this entry of a layer stand for? For a whiteout `*subject` becomes the name that it hides, a part of
     * the node's name. */
    enum lt_meaning (*meaning)(const struct lt_node *node, struct lt_str *subject);
};

/* The name of the file that marks a directory as opaque, with named_marks (moby go-archive/whiteouts.go). */
#define LT_OPAQUE_NAME LT_STR(".wh..wh..opq")

/* The kernel's overlay file system: layers hold what they add (store/overlay.c). */
extern const struct lt_mechanics lt_mechanics_overlay;
/* The same over one whole tree for all image layers. */
extern const struct lt_mechanics lt_mechanics_overlay_tree;
/* fuse-overlayfs (store/fuse_overlay.c). */
extern const struct lt_mechanics lt_mechanics_fuse_overlay;
/* aufs (store/aufs.c). */
extern const struct lt_mechanics lt_mechanics_aufs;
/* Every layer is a whole copy, be it a snapshot, a clone or a real one (store/copies.c). */
extern const struct lt_mechanics lt_mechanics_copies;

#endif
