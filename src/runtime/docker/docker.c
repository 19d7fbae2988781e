// SPDX-License-Identifier: Apache-2.0
#include "runtime/docker/driver/driver.h"

#include "parse/ident.h"
#include "read/source.h"

#define SOURCE(name) extern const struct lt_source lt_source_docker_##name;
#include "runtime/docker/sources.def"
#undef SOURCE

static const struct lt_source *const sources[] = {
#define SOURCE(name) &lt_source_docker_##name,
#include "runtime/docker/sources.def"
#undef SOURCE
    NULL,
};

static const struct lt_driver *driver(size_t index)
{
    return lt_docker_drivers[index] ? &lt_docker_drivers[index]->driver : NULL;
}

/* "moby", under userns-remap "moby-<uid>.<gid>"; "plugins.moby" and, for records of builds, "moby_history" (moby
 * daemon/daemon.go, daemon/internal/builder-next/controller.go, 20.10 to 29). */
static bool serves(struct lt_str namespace)
{
    struct lt_str rest = lt_str_skip(namespace, 4);
    if (lt_str_eq(namespace, LT_STR("plugins.moby")))
        return true;
    return lt_str_starts(namespace, LT_STR("moby")) && (!rest.len || rest.ptr[0] == '-' || rest.ptr[0] == '_');
}

const struct lt_runtime lt_runtime_docker = {
    .name = "docker",
    .title = "Docker",
    .store = "data root",
    .source_short = "DOCKER",
    .log_line = LT_KIND_DOCKER_LOG_LINE,
    .places = lt_docker_places,
    .bid = lt_docker_bid,
    .within = lt_docker_within,
    .settings = lt_docker_settings,
    .serves = serves,
    .root_size = sizeof(struct lt_docker_root),
    .is_id = lt_is_id,
    .sources = sources,
    .link = lt_docker_link,
    .life = lt_docker_life,
    .driver = driver,
};
