// SPDX-License-Identifier: Apache-2.0
/* The fuse-overlayfs driver, mostly found on rootless hosts (moby v28
 * daemon/graphdriver/fuse-overlayfs/fuseoverlayfs.go); layout: links.h. Its work/work is created only once, so it is no
 * witness of the last mount. */
#include "runtime/docker/driver/links.h"

#include "read/context.h"

extern const struct lt_docker_driver lt_docker_fuse_overlayfs;

static void fuse_overlayfs_describe(struct lt_ctx *ctx, struct lt_root *root)
{
    lt_links_describe(ctx, root, &lt_docker_fuse_overlayfs);
}

const struct lt_docker_driver lt_docker_fuse_overlayfs = {
    .driver = {"fuse-overlayfs", "as overlay2 in user space; whiteouts are also files named .wh.NAME"},
    .mechanics = &lt_mechanics_fuse_overlay,
    .layers = "fuse-overlayfs",
    .content = "diff",
    .merged = "merged",
    .committed = true,
    .describe = fuse_overlayfs_describe,
};
