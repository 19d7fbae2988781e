// SPDX-License-Identifier: Apache-2.0
/* The vfs driver (moby daemon/graphdriver/vfs/driver.go, 28.x): vfs/dir/<id>/ is a complete copy of the layers below
 * plus the layer's own changes, so nothing marks a deletion. Only layerdb links the layers. */
#include "runtime/docker/driver/driver.h"

const struct lt_docker_driver lt_docker_vfs = {
    .driver = {"vfs", "a full copy each layer"},
    .mechanics = &lt_mechanics_copies,
    .layers = "vfs/dir",
};
