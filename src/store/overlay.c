// SPDX-License-Identifier: Apache-2.0
/* The kernel's overlay (linux Documentation/filesystems/overlayfs.rst): a deleted name is a character device 0:0.
 * Device 1:3, dangling links and names that begin with ".wh." are ordinary files. */
#include "store/mechanics.h"

static enum lt_meaning overlay_meaning(const struct lt_node *node, struct lt_str *subject)
{
    *subject = node->name;
    return S_ISCHR(node->mode) && node->major == 0 && node->minor == 0 ? LT_WHITEOUT : LT_PLAIN;
}

const struct lt_mechanics lt_mechanics_overlay = {
    .xattrs = true,
    .meaning = overlay_meaning,
};

const struct lt_mechanics lt_mechanics_overlay_tree = {
    .xattrs = true,
    .copies = true,
    .init_copied = true,
    .meaning = overlay_meaning,
};
