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

const struct lt_docker_driver *lt_docker_driver_named(struct lt_str name)
{
    for (size_t i = 0; lt_docker_drivers[i]; i++)
        if (lt_str_eq(name, lt_str_c(lt_docker_drivers[i]->driver.name)))
            return lt_docker_drivers[i];
    return NULL;
}
