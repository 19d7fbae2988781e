// SPDX-License-Identifier: Apache-2.0
/* Marks of fuse-overlayfs (containers/fuse-overlayfs 1.10 main.c, 2.x src/whiteout.rs; seen on a host of Docker 20.10):
 *
 *   character device 0:0   deletion of the name, where mknod() is allowed
 *   .wh.NAME               an empty file: deletion where mknod() is not allowed, and in image layers, unpacked as for
 * aufs .wh..wh..opq           an empty file: the directory hides the lower ones in its place .wh..opq               a
 * device 0:0 that comes with it: not a deletion
 *
 * No process in a container can create a name that begins with ".wh.": fuse-overlayfs refuses it. */
#include "store/mechanics.h"

static enum lt_meaning fuse_overlay_meaning(const struct lt_node *node, struct lt_str *subject)
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

const struct lt_mechanics lt_mechanics_fuse_overlay = {
    .xattrs = true,
    .named_marks = true,
    .meaning = fuse_overlay_meaning,
};
