// SPDX-License-Identifier: Apache-2.0
/* The devicemapper driver, removed in Docker 25 (moby v23.0.6 daemon/graphdriver/devmapper/{driver,deviceset}.go): a
 * thin device per layer, a snapshot of the one below, with its own file system:
 *
 *   devicemapper/metadata/<id>      JSON: which device; see runtime/docker/device.c
 *   devicemapper/mnt/<id>/rootfs    its files, while it is mounted; otherwise mnt/<id> is left
 *   devicemapper/devicemapper/data  the thin pool itself, if it is a file
 *
 * Each device shows all files, and nothing marks a deletion. */
#include "runtime/docker/driver/driver.h"

const struct lt_docker_driver lt_docker_devicemapper = {
    .driver = {"devicemapper", "a thin device each layer, where it is mounted; else metadata only"},
    .mechanics = &lt_mechanics_copies,
    .layers = "devicemapper/mnt",
    .content = "rootfs",
    .elsewhere = "in a thin pool",
};
