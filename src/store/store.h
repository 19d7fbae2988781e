// SPDX-License-Identifier: Apache-2.0
/* Storage drivers (graphdrivers). A driver answers questions about its layout; it never walks a layer and never emits.
 * One file here plus one line in stores.def. */
#ifndef LT_STORE_STORE_H
#define LT_STORE_STORE_H

#include "model/inventory.h"

struct lt_ctx;

/* What an entry of a layer stands for. */
enum lt_meaning {
    LT_PLAIN,    /* itself */
    LT_WHITEOUT, /* the deletion of the name in lower layers */
    LT_OPAQUE,   /* its directory hides the lower ones in its place */
    LT_INTERNAL, /* the driver's own bookkeeping, which no container sees */
};

struct lt_store {
    const char *name; /* as in image/<name>/ and in a container's Driver */
    const char *summary;
    const char *layers;        /* directory of the layers, below the data root: "overlay2" */
    const char *content;       /* the tree of files, below a layer's directory; NULL: that directory itself */
    const char *work, *merged; /* the work directory of an rw layer, in which the kernel makes `work` at each mount, and
                                * where it is mounted while its container runs, below the layer's directory; NULL:
                                * none */
    const char *mounts;        /* NULL, or a directory below the data root with a mount point for each layer */
    /* NULL, or where the files of a layer are that has no directory, or an empty one: "in a thin pool". Such layers
     * have no content, which is reported once. */
    const char *elsewhere;
    bool copies;      /* the tree of an image layer holds all that is below it, too */
    bool whole_rw;    /* so do those of rw and init layers: nothing marks a deletion */
    bool init_copied; /* an rw layer begins as a copy of its init layer, which is not below it */
    bool named_marks; /* deletions are files .wh.NAME, opaque directories hold a file .wh..wh..opq */
    bool xattrs;      /* the extended attributes of overlay tell of copies and opaque directories (parse/overlay.h) */
    /* Fill in what the driver itself knows of all layers of `root`, which are in the inventory by name: link names,
     * lower lists. Missing or damaged files are reported and cost their layer's links only. May be NULL. */
    void (*describe)(struct lt_ctx *ctx, struct lt_root *root);
    /* What does this entry of one of its layers stand for? For a whiteout `*subject` becomes the name that it hides, a
     * part of the node's name. */
    enum lt_meaning (*meaning)(const struct lt_node *node, struct lt_str *subject);
};

/* The name of the file that marks a directory as opaque, in drivers with named_marks (moby go-archive/whiteouts.go).
 */
#define LT_OPAQUE_NAME LT_STR(".wh..wh..opq")

/* NULL-terminated table made from stores.def. */
extern const struct lt_store *const lt_stores[];

#endif
