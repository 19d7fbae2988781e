// SPDX-License-Identifier: Apache-2.0
#include "host/host_settings.h"

/* Several links may lead to one home. */
static void find_homes(struct lt_ctx *ctx, struct lt_list *homes)
{
    struct lt_map known = {0};
    struct lt_listing listing;
    lt_list_or_skip(ctx, LT_STR("/home"), &listing);
    for (size_t i = 0; i <= listing.count; i++) {
        struct lt_str path = LT_STR("/root"), home;
        if (i < listing.count)
            path = lt_path_join(ctx->scratch, LT_STR("/home"), listing.nodes[i].name);
        if (lt_resolve_or_skip(ctx, path, &home) != LT_OK || lt_map_get(&known, home))
            continue;
        lt_map_put(&known, ctx->scratch, home, homes);
        lt_list_add_str(homes, ctx->scratch, home);
    }
}

const struct lt_host_settings *lt_host_settings_of(struct lt_ctx *ctx)
{
    lt_each (const struct lt_host_settings, known, &ctx->inventory->settings)
        if (known->fs == ctx->fs)
            return known;
    struct lt_host_settings *settings = lt_new(ctx->run, struct lt_host_settings);
    struct lt_ctx there = *ctx;
    there.scratch = ctx->run; /* all that is read stays */
    there.reader = "host_config";
    *settings = (struct lt_host_settings){.fs = ctx->fs};
    lt_list_add(&ctx->inventory->settings, ctx->run, settings);
    find_homes(&there, &settings->homes);
    lt_settings_of_docker(&there, settings);
    lt_settings_of_containerd(&there, settings);
    lt_settings_of_mounts(&there, settings);
    lt_each (struct lt_daemon, daemon, &settings->daemons)
        daemon->ctx = NULL; /* `there` ends here */
    return settings;
}
