// SPDX-License-Identifier: Apache-2.0
/* Volumes of the local driver: <root>/volumes/<name>/_data (moby daemon/volume/local/local.go, 20.10 to 28.x). */
#include "source.h"

static void docker_volume_inventory(struct lt_ctx *ctx)
{
    struct lt_listing listing;
    struct lt_str path = lt_root_path(ctx, "volumes");
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        if (!S_ISDIR(listing.nodes[i].mode))
            continue;
        struct lt_volume *volume = lt_inventory_volume(ctx->inventory, ctx->root, listing.nodes[i].name);
        volume->path = lt_path_join(ctx->run, path, volume->name);
    }
}

const struct lt_source lt_source_docker_volume = {
    .name = "docker_volume",
    .summary = "volumes of the local driver",
    .inventory = docker_volume_inventory,
};
