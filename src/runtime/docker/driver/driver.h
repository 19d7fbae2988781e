// SPDX-License-Identifier: Apache-2.0
/* Docker's storage drivers (graphdrivers): where each keeps its layers. A driver answers questions about its layout; it
 * never walks a layer and never emits. What the entries of a layer mean is not its business, but that of the mechanics
 * in src/store. One file here plus one line in drivers.def.
 *
 *   driver.c            the table
 *   overlay2.c          the kernel's overlay
 *   fuse_overlayfs.c    the same in user space; links.c: the layout of both
 *   overlay.c           the older driver for the kernel's overlay
 *   aufs.c              a union of directories
 *   vfs.c               a full copy each layer
 *   btrfs.c             a snapshot each layer
 *   zfs.c               a dataset each layer
 *   devicemapper.c      a thin device each layer
 */
#ifndef LT_RUNTIME_DOCKER_DRIVER_DRIVER_H
#define LT_RUNTIME_DOCKER_DRIVER_DRIVER_H

#include "runtime/docker/docker.h"
#include "store/mechanics.h"

struct lt_docker_driver {
    struct lt_driver driver; /* its name, as in image/<name>/ and in a container's Driver */
    const struct lt_mechanics *mechanics;
    const char *layers;        /* directory of the layers, below the data root: "overlay2" */
    const char *content;       /* the tree of files, below a layer's directory; NULL: that directory itself */
    const char *work, *merged; /* the work directory of an rw layer, in which the kernel makes `work` at each mount, and
                                * where it is mounted while its container runs, below the layer's directory; NULL:
                                * none */
    const char *mounts;        /* NULL, or a directory below the data root with a mount point for each layer */
    bool committed;            /* an image layer holds a file of this name, written when one is made on top of it */
    /* NULL, or where the files of a layer are that has no directory, or an empty one: "in a thin pool". Such layers
     * have no content, which is reported once. */
    const char *elsewhere;
    /* Fill in what the driver itself knows of all layers of `root`, which are in the inventory by name: link names,
     * lower lists. Missing or damaged files are reported and cost their layer's links only. May be NULL. */
    void (*describe)(struct lt_ctx *ctx, struct lt_root *root);
};

/* Made from drivers.def; ended by NULL. */
extern const struct lt_docker_driver *const lt_docker_drivers[];

/* Is the layer one of this driver? */
static inline bool lt_docker_is_of(const struct lt_layer *layer, const struct lt_docker_driver *driver)
{
    return lt_docker_layer(layer)->driver == driver;
}

#endif
