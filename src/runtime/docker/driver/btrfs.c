// SPDX-License-Identifier: Apache-2.0
/* The btrfs driver (moby v28 daemon/graphdriver/btrfs/btrfs.go): btrfs/subvolumes/<id> is a subvolume, a snapshot of
 * the one below plus its own changes. So each shows all files, nothing marks a deletion, and layerdb alone links them.
 * Files that a layer did not touch are one inode number in many subvolumes, with the times of the layer that wrote
 * them. */
#include "runtime/docker/driver/driver.h"

const struct lt_docker_driver lt_docker_btrfs = {
    .driver = {"btrfs", "a snapshot each layer, on a mounted btrfs"},
    .mechanics = &lt_mechanics_copies,
    .layers = "btrfs/subvolumes",
};
