// SPDX-License-Identifier: Apache-2.0
/* The zfs driver (moby v28 daemon/graphdriver/zfs/zfs.go): a dataset per layer, cloned from a snapshot of the one below
 * and mounted at zfs/graph/<id> while in use. Otherwise the directory stays, empty. Each dataset shows all files,
 * nothing marks a deletion, and only layerdb links them. */
#include "runtime/docker/driver/driver.h"

const struct lt_docker_driver lt_docker_zfs = {
    .driver = {"zfs", "a dataset each layer, where it is mounted"},
    .mechanics = &lt_mechanics_copies,
    .layers = "zfs/graph",
    .elsewhere = "in zfs datasets that are not mounted",
};
