// SPDX-License-Identifier: Apache-2.0
/* Docker's data root (moby daemon/config/config_linux.go, daemon/daemon_unix.go setupDaemonRoot, 28.x):
 * /var/lib/docker, unless daemon.json sets "data-root" ("graph" before 17.05); $XDG_DATA_HOME/docker for a rootless
 * daemon. With userns-remap it is <root>/<uid>.<gid>, beside or instead of the plain one. */
#include "runtime/docker/driver/driver.h"

#include "host/data_roots.h"
#include "parse/idmap.h"

const struct lt_place lt_docker_places[] = {
    {"/var/lib/docker", "the default"},
    {"/lib/docker", "the default, where /var is a file system of its own"},
    {"/docker", "the default, where /var/lib is a file system of its own"},
    {"/var/snap/docker/common/var-lib-docker", "snap"},
    {"", "the evidence itself"},
    {0},
};

/* Two of the directories that Docker creates at its first start are enough, as some may be lost. */
int lt_docker_bid(struct lt_ctx *ctx, struct lt_str path)
{
    static const char *const made[] = {"containers", "image", "volumes"};
    enum { NEEDED = 2, SURE = 50, EACH = 5 };
    int found = 0;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        found += lt_is_dir_or_skip(ctx, lt_path_join(ctx->scratch, path, lt_str_c(made[i])));
    for (size_t i = 0; lt_docker_drivers[i]; i++)
        found += lt_is_dir_or_skip(ctx, lt_path_join(ctx->scratch, path, lt_str_c(lt_docker_drivers[i]->layers)));
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

void lt_docker_settings(struct lt_discovery *discovery)
{
    lt_data_roots_try(discovery, "docker");
}
