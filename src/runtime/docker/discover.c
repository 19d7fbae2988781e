// SPDX-License-Identifier: Apache-2.0
/* Docker's data root (moby daemon/config/config_linux.go, daemon/daemon_unix.go setupDaemonRoot, 28.x):
 * /var/lib/docker, unless daemon.json sets "data-root" ("graph" before 17.05); $XDG_DATA_HOME/docker for a rootless
 * daemon. With userns-remap it is <root>/<uid>.<gid>, beside or instead of the plain one. */
#include "runtime/docker/driver/driver.h"

#include "parse/idmap.h"
#include "parse/json.h"
#include "read/discover.h"

const struct lt_place lt_docker_places[] = {
    {"/var/lib/docker", "the default"},
    {"/lib/docker", "the default, where /var is a file system of its own"},
    {"/docker", "the default, where /var/lib is a file system of its own"},
    {"/var/snap/docker/common/var-lib-docker", "snap"},
    {"", "the evidence itself"},
    {0},
};

/* Did Docker before 1.10 keep the names of this driver's images here? See graph.h. */
static bool has_names(struct lt_ctx *ctx, struct lt_str path, const struct lt_docker_driver *driver)
{
    struct lt_node node;
    struct lt_str name = lt_str_format(ctx->scratch, "repositories-%s", driver->driver.name);
    return lt_fs_stat(ctx->fs, lt_path_join(ctx->scratch, path, name), ctx->scratch, &node, NULL) == LT_OK;
}

/* Two of the directories that Docker creates at its first start are enough, as some may be lost. */
int lt_docker_bid(struct lt_ctx *ctx, struct lt_str path)
{
    static const char *const made[] = {"containers", "image", "volumes", "graph"};
    enum { NEEDED = 2, SURE = 50, EACH = 5 };
    int found = 0;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        found += lt_is_dir_or_skip(ctx, lt_path_join(ctx->scratch, path, lt_str_c(made[i])));
    for (size_t i = 0; lt_docker_drivers[i]; i++)
        found += lt_is_dir_or_skip(ctx, lt_path_join(ctx->scratch, path, lt_str_c(lt_docker_drivers[i]->layers))) +
                 has_names(ctx, path, lt_docker_drivers[i]);
    return found >= NEEDED ? SURE + EACH * found : 0;
}

bool lt_docker_within(const struct lt_discovery *discovery, struct lt_str path)
{
    struct lt_ctx *ctx = discovery->ctx;
    struct lt_listing listing;
    uint32_t uid, gid;
    bool found = false;
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++)
        if (lt_remap_parse(listing.nodes[i].name, &uid, &gid))
            found |= lt_discover_add(discovery, lt_path_join(ctx->scratch, path, listing.nodes[i].name),
                                     LT_STR("userns-remap sub-root"));
    return found;
}

static void try_configured(struct lt_discovery *discovery, const char *file)
{
    static const char *const keys[] = {"data-root", "graph"};
    struct lt_ctx *ctx = discovery->ctx;
    struct lt_str path;
    struct json_t *json;
    if (lt_resolve_or_skip(ctx, lt_str_c(file), &path) != LT_OK ||
        lt_read_json_or_skip(ctx, path, LT_OPTIONAL, &json) != LT_OK)
        return;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct lt_str value = lt_json_str(json, keys[i]);
        if (!value.len)
            continue;
        struct lt_str why = lt_str_format(ctx->scratch, "%s in %s", keys[i], file);
        /* With several file systems, another one may be mounted there. */
        if (!lt_discover_try(discovery, lt_str_dup(ctx->scratch, value), why) && ctx->fs->evidence->fs.count == 1)
            lt_skip(ctx, path, LT_CODE_MISSING, "%s: no Docker data root at '%.*s' in this evidence", keys[i],
                    LT_ARG(value));
    }
    lt_json_free(json);
}

/* Try the data root of a rootless daemon (docs.docker.com/engine/security/rootless). */
static void try_home(const struct lt_discovery *discovery, struct lt_str home)
{
    struct lt_ctx *ctx = discovery->ctx;
    struct lt_discovery rootless = {.ctx = ctx, .runtimes = discovery->runtimes, .rootless = true};
    lt_discover_try(&rootless, lt_path_join(ctx->scratch, home, LT_STR(".local/share/docker")), LT_STR("rootless"));
    try_configured(&rootless, lt_path_join(ctx->scratch, home, LT_STR(".config/docker/daemon.json")).ptr);
}

void lt_docker_settings(struct lt_discovery *discovery)
{
    struct lt_ctx *ctx = discovery->ctx;
    struct lt_listing homes;
    try_configured(discovery, "/etc/docker/daemon.json");
    try_configured(discovery, "/var/snap/docker/current/config/daemon.json");
    lt_list_or_skip(ctx, LT_STR("/home"), &homes);
    for (size_t i = 0; i < homes.count; i++)
        try_home(discovery, lt_path_join(ctx->scratch, LT_STR("/home"), homes.nodes[i].name));
    try_home(discovery, LT_STR("/root"));
}
