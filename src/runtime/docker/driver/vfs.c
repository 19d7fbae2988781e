// SPDX-License-Identifier: Apache-2.0
/* The vfs driver: vfs/dir/<id>/ holds a complete copy of all that is below plus its own changes, so there is nothing
 * that marks a deletion (moby daemon/graphdriver/vfs/driver.go, 28.x). Layers are linked by layerdb alone. */
#include "runtime/docker/driver/driver.h"

const struct lt_docker_driver lt_docker_vfs = {
    .driver = {"vfs", "a full copy each layer"},
    .mechanics = &lt_mechanics_copies,
    .layers = "vfs/dir",
};
