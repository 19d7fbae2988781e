// SPDX-License-Identifier: Apache-2.0
/* The zfs driver (moby v28 daemon/graphdriver/zfs/zfs.go): a dataset each layer, cloned from a snapshot of the one
 * below, which is mounted at zfs/graph/<id> while it is in use. The directory is left over when it is not. Each dataset
 * shows all files, nothing marks a deletion, and layerdb alone links them. */
#include "runtime/docker/driver/driver.h"

const struct lt_docker_driver lt_docker_zfs = {
    .driver = {"zfs", "a dataset each layer, where it is mounted"},
    .mechanics = &lt_mechanics_copies,
    .layers = "zfs/graph",
    .elsewhere = "in zfs datasets that are not mounted",
};
