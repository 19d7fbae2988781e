// SPDX-License-Identifier: Apache-2.0
/* The zfs driver (moby v28 daemon/graphdriver/zfs/zfs.go): a dataset each layer, cloned from a snapshot of the one
 * below, which is mounted at zfs/graph/<id> while it is in use. The directory is left over when it is not. Each dataset
 * shows all files, nothing marks a deletion, and layerdb alone links them. */
#include "store/store.h"

static enum lt_meaning zfs_meaning(const struct lt_node *node, struct lt_str *subject)
{
    (void)node, (void)subject;
    return LT_PLAIN;
}

const struct lt_store lt_store_zfs = {
    .name = "zfs",
    .summary = "a dataset each layer, where it is mounted",
    .layers = "zfs/graph",
    .copies = true,
    .elsewhere = "in zfs datasets that are not mounted",
    .meaning = zfs_meaning,
    .whole_rw = true,
};
