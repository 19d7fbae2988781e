// SPDX-License-Identifier: Apache-2.0
/* Docker's storage drivers (graphdrivers): where each keeps its layers. A driver describes its layout; it never walks a
 * layer and never emits. What the entries of a layer mean is defined by the mechanics in src/store. A driver is one
 * file here plus one line in drivers.def.
 *
 *   driver.c            the table
 *   overlay2.c          the kernel's overlay
 *   fuse_overlayfs.c    the same in user space; links.c: the layout of both
 *   overlay.c           the older driver for the kernel's overlay
 *   aufs.c              a union of directories
 *   vfs.c               a full copy per layer
 *   btrfs.c             a snapshot per layer
 *   zfs.c               a dataset per layer
 *   devicemapper.c      a thin device per layer
 */
#ifndef LT_RUNTIME_DOCKER_DRIVER_DRIVER_H
#define LT_RUNTIME_DOCKER_DRIVER_DRIVER_H

#include "runtime/docker/docker.h"
#include "store/mechanics.h"

struct lt_docker_driver {
    struct lt_driver driver; /* name as in image/<name>/ and in a container's Driver */
    const struct lt_mechanics *mechanics;
    const char *layers;  /* directory of the layers below the data root: "overlay2" */
    const char *content; /* tree of files below a layer's directory; NULL: that directory itself */
    /* Below the layer's directory; NULL if none. `work` is the work directory of an rw layer, in which the kernel
     * recreates `work` at each mount; the layer is mounted at `merged` while its container runs. */
    const char *work, *merged;
    const char *mounts; /* directory below the data root with a mount point for each layer; NULL if none */
    bool committed;     /* image layers have a file of this name, written when a layer is made on top */
    /* Where the files of a layer are if its directory is missing or empty: "in a thin pool". Such layers have no
     * content, which is reported once. NULL: this does not occur. */
    const char *elsewhere;
    /* Fill in what the driver itself knows of all layers of `root` already in the inventory: link names, lower lists,
     * parents where layerdb has none. Missing or damaged files are reported and cost only their layer's links. May be
     * NULL. */
    void (*describe)(struct lt_ctx *ctx, struct lt_root *root);
};

/* From drivers.def; NULL-terminated. */
extern const struct lt_docker_driver *const lt_docker_drivers[];

/* The driver with this name; NULL: its layers are not read. */
const struct lt_docker_driver *lt_docker_driver_named(struct lt_str name);

/* The layer that the store's records name. It is created if the driver may keep its files elsewhere; else NULL if it is
 * missing. */
struct lt_layer *lt_docker_layer_named(struct lt_ctx *ctx, const struct lt_docker_driver *driver, struct lt_str id);

/* Is this the device node that the daemon makes beside layers and volumes to set quotas, on XFS (moby
 * quota/projectquota.go, makeBackingFsDev())? */
bool lt_docker_is_quota_device(struct lt_str name);

/* Report how many layers of the driver are elsewhere. */
void lt_docker_report_elsewhere(struct lt_ctx *ctx, const struct lt_docker_driver *driver);

/* Mark the layer that `record`, a path, names as recorded, or report that it is missing. Does nothing if `id` is
 * "". */
void lt_docker_mark_recorded(struct lt_ctx *ctx, const struct lt_docker_driver *driver, struct lt_str record,
                             struct lt_str id);

/* Does the layer belong to this driver? */
static inline bool lt_docker_is_of(const struct lt_layer *layer, const struct lt_docker_driver *driver)
{
    return lt_docker_layer(layer)->driver == driver;
}

#endif
