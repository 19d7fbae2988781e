// SPDX-License-Identifier: Apache-2.0
/* The btrfs driver (moby v28 daemon/graphdriver/btrfs/btrfs.go): btrfs/subvolumes/<id> is a subvolume, a snapshot of
 * the one below plus its own changes. So each shows all files, nothing marks a deletion, and layerdb alone links them.
 * Files that a layer did not touch are one inode number in many subvolumes, with the times of the layer that wrote
 * them. */
#include "store/store.h"

static enum lt_meaning btrfs_meaning(const struct lt_node *node, struct lt_str *subject)
{
    (void)node, (void)subject;
    return LT_PLAIN;
}

const struct lt_store lt_store_btrfs = {
    .name = "btrfs",
    .summary = "a snapshot each layer, on a mounted btrfs",
    .layers = "btrfs/subvolumes",
    .copies = true,
    .meaning = btrfs_meaning,
    .whole_rw = true,
};
