// SPDX-License-Identifier: Apache-2.0
/* The overlay2 driver (moby daemon/graphdriver/overlay2/overlay.go, 20.10 to 28.x); layout: links.h.
 *
 * A whiteout is a character device 0:0 (linux Documentation/filesystems/overlayfs.rst). Device 1:3, dangling links and
 * names that begin with ".wh." are ordinary files in an overlay2 layer. */
#include "runtime/docker/driver/links.h"

extern const struct lt_docker_driver lt_docker_overlay2;

static void overlay2_describe(struct lt_ctx *ctx, struct lt_root *root)
{
    lt_links_describe(ctx, root, &lt_docker_overlay2);
}

const struct lt_docker_driver lt_docker_overlay2 = {
    .driver = {"overlay2", "kernel overlay; whiteouts are character devices 0:0"},
    .mechanics = &lt_mechanics_overlay,
    .layers = "overlay2",
    .content = "diff",
    .work = "work",
    .merged = "merged",
    .committed = true,
    .describe = overlay2_describe,
};
