// SPDX-License-Identifier: Apache-2.0
#include "runtime/docker/driver/driver.h"

#define DRIVER(name) extern const struct lt_docker_driver lt_docker_##name;
#include "runtime/docker/driver/drivers.def"
#undef DRIVER

const struct lt_docker_driver *const lt_docker_drivers[] = {
#define DRIVER(name) &lt_docker_##name,
#include "runtime/docker/driver/drivers.def"
#undef DRIVER
    NULL,
};
