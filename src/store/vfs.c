// SPDX-License-Identifier: Apache-2.0
/* The vfs driver: vfs/dir/<id>/ holds a complete copy of all that is below plus its own changes, so there is nothing
 * that marks a deletion (moby daemon/graphdriver/vfs/driver.go, 28.x). Layers are linked by layerdb alone. */
#include "store/store.h"

static enum lt_meaning vfs_meaning(const struct lt_node *node, struct lt_str *subject)
{
    (void)node, (void)subject;
    return LT_PLAIN;
}

const struct lt_store lt_store_vfs = {
    .name = "vfs",
    .summary = "a full copy each layer",
    .layers = "vfs/dir",
    .copies = true,
    .meaning = vfs_meaning,
    .whole_rw = true,
};
