// SPDX-License-Identifier: Apache-2.0
/* The fuse-overlayfs driver, of rootless hosts mostly (moby v28 daemon/graphdriver/fuse-overlayfs/fuseoverlayfs.go);
 * layout: links.h. Marks (containers/fuse-overlayfs 1.10 main.c, 2.x src/whiteout.rs; seen on a host of 20.10):
 *
 *   character device 0:0   the name is deleted, where mknod() is allowed
 *   .wh.NAME               an empty file: the same where it is not, and in image layers, unpacked as for aufs
 *   .wh..wh..opq           an empty file: what lower layers have in this directory is deleted
 *   .wh..opq               a device 0:0 that comes with it: no deletion
 *
 * Its work/work is made once, so that it does not tell of the last mount. No process in a container can make a name
 * that begins with ".wh.": fuse-overlayfs refuses it. */
#include "store/links.h"

#include "read/context.h"

extern const struct lt_store lt_store_fuse_overlayfs;

static void fuse_overlayfs_describe(struct lt_ctx *ctx, struct lt_root *root)
{
    lt_links_describe(ctx, root, &lt_store_fuse_overlayfs);
}

static enum lt_meaning fuse_overlayfs_meaning(const struct lt_node *node, struct lt_str *subject)
{
    struct lt_str prefix = LT_STR(".wh.");
    bool named = lt_str_starts(node->name, prefix);
    bool device = S_ISCHR(node->mode) && !node->major && !node->minor;
    bool file = S_ISREG(node->mode) && !node->size;
    *subject = named ? lt_str_skip(node->name, prefix.len) : node->name;
    if (lt_str_eq(node->name, LT_OPAQUE_NAME))
        return LT_OPAQUE;
    if (lt_str_eq(node->name, LT_STR(".wh..opq")))
        return LT_INTERNAL;
    if (named ? file && subject->len && !lt_str_starts(*subject, LT_STR(".wh.")) : device)
        return LT_WHITEOUT;
    return LT_PLAIN;
}

const struct lt_store lt_store_fuse_overlayfs = {
    .name = "fuse-overlayfs",
    .summary = "as overlay2 in user space; whiteouts are also files named .wh.NAME",
    .layers = "fuse-overlayfs",
    .named_marks = true,
    .content = "diff",
    .merged = "merged",
    .describe = fuse_overlayfs_describe,
    .meaning = fuse_overlayfs_meaning,
    .xattrs = true,
};
