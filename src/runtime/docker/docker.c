// SPDX-License-Identifier: Apache-2.0
#include "runtime/docker/driver/driver.h"

#include "parse/ident.h"
#include "read/source.h"
#include "runtime/docker/gone.h"
#include "runtime/docker/log.h"
#include "runtime/docker/removed.h"

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

/* Docker leaves its own registry out, and gives an image without a name one of its own (distribution/reference
 * normalize.go FamiliarName, moby daemon/containerd/image_list.go, 29). */
static struct lt_str image_name(struct lt_str name)
{
    static const char *const left_out[] = {"docker.io/", "library/"};
    if (lt_str_starts(name, LT_STR("moby-dangling@")))
        return LT_STR("");
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++) {
        if (!lt_str_starts(name, lt_str_c(left_out[i])))
            break;
        name = lt_str_skip(name, strlen(left_out[i]));
    }
    return name;
}

const struct lt_runtime lt_runtime_docker = {
    .name = "docker",
    .title = "Docker",
    .store = "data root",
    .source_short = "DOCKER",
    .log_line = LT_KIND_DOCKER_LOG_LINE,
    .places = lt_docker_places,
    .bid = lt_docker_bid,
    .marks = lt_docker_marks,
    .shape = "containers/ID/config.v2.json, image/DRIVER/layerdb or overlay2/ID/link",
    .home = lt_docker_home,
    .inside = lt_docker_inside,
    .parts = lt_docker_parts,
    .within = lt_docker_within,
    .settings = lt_docker_settings,
    .serves = serves,
    .image_name = image_name,
    .root_size = sizeof(struct lt_docker_root),
    .is_id = lt_is_id,
    .sources = sources,
    .link = lt_docker_link,
    .life = lt_docker_life,
    .log_of = lt_docker_log_of,
    .gone = lt_docker_gone,
    .recovered = lt_docker_recovered,
    .driver = driver,
};
