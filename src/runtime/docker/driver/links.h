// SPDX-License-Identifier: Apache-2.0
/* The layout shared by overlay2 and fuse-overlayfs (moby daemon/graphdriver/overlay2/overlay.go and
 * fuse-overlayfs/fuseoverlayfs.go, 20.10 to 28.x):
 *
 *   <driver>/<id>/diff      the tree of files of a layer
 *   <driver>/<id>/link      its short name, 26 characters
 *   <driver>/<id>/lower     "l/<short>:l/<short>:...", the layers below, top first; a base layer has none
 *   <driver>/l/<short>      symbolic link to ../<id>/diff
 *   <driver>/<id>-init      the init layer between a container's rw layer <id> and its image */
#ifndef LT_RUNTIME_DOCKER_DRIVER_LINKS_H
#define LT_RUNTIME_DOCKER_DRIVER_LINKS_H

#include "runtime/docker/driver/driver.h"

/* Read link, lower and l/ of all layers of `driver`; see lt_docker_driver.describe. */
void lt_links_describe(struct lt_ctx *ctx, struct lt_root *root, const struct lt_docker_driver *driver);

#endif
