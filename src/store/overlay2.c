// SPDX-License-Identifier: Apache-2.0
/* The overlay2 driver (moby daemon/graphdriver/overlay2/overlay.go, 20.10 to 28.x); layout: links.h.
 *
 * A deleted name is a character device 0:0 (linux Documentation/filesystems/overlayfs.rst). Device 1:3, dangling links
 * and names that begin with ".wh." are ordinary files in an overlay2 layer. */
#include "store/links.h"

extern const struct lt_store lt_store_overlay2;

static void overlay2_describe(struct lt_ctx *ctx, struct lt_root *root)
{
    lt_links_describe(ctx, root, &lt_store_overlay2);
}

static enum lt_meaning overlay2_meaning(const struct lt_node *node, struct lt_str *subject)
{
    *subject = node->name;
    return S_ISCHR(node->mode) && node->major == 0 && node->minor == 0 ? LT_WHITEOUT : LT_PLAIN;
}

const struct lt_store lt_store_overlay2 = {
    .name = "overlay2",
    .summary = "kernel overlay; whiteouts are character devices 0:0",
    .layers = "overlay2",
    .content = "diff",
    .work = "work",
    .merged = "merged",
    .describe = overlay2_describe,
    .meaning = overlay2_meaning,
    .xattrs = true,
};
