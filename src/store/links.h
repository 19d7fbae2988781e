// SPDX-License-Identifier: Apache-2.0
/* The layout that overlay2 and fuse-overlayfs have in common (moby daemon/graphdriver/overlay2/overlay.go and
 * fuse-overlayfs/fuseoverlayfs.go, 20.10 to 28.x):
 *
 *   <store>/<id>/diff      the tree of files of a layer
 *   <store>/<id>/link      its short name, 26 characters
 *   <store>/<id>/lower     "l/<short>:l/<short>:..." the layers below, top first; none in a base layer
 *   <store>/l/<short>      symbolic link to ../<id>/diff
 *   <store>/<id>-init      the init layer between a container's rw layer <id> and its image */
#ifndef LT_STORE_LINKS_H
#define LT_STORE_LINKS_H

#include "store/store.h"

/* Read link, lower and l/ of all layers of `store`; see lt_store.describe. */
void lt_links_describe(struct lt_ctx *ctx, struct lt_root *root, const struct lt_store *store);

#endif
