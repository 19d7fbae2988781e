// SPDX-License-Identifier: Apache-2.0
/* The btrfs driver (moby v28 daemon/graphdriver/btrfs/btrfs.go): btrfs/subvolumes/<id> is a subvolume, a snapshot of
 * the layer below plus the layer's own changes. Each subvolume shows all files, nothing marks a deletion, and only
 * layerdb links them. A file that a layer did not change has the same inode number in many subvolumes, and the times of
 * the layer that wrote it. */
#include "runtime/docker/driver/driver.h"

const struct lt_docker_driver lt_docker_btrfs = {
    .driver = {"btrfs", "a snapshot each layer, on a mounted btrfs"},
    .mechanics = &lt_mechanics_copies,
    .layers = "btrfs/subvolumes",
};
