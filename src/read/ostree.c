// SPDX-License-Identifier: Apache-2.0
#include "read/ostree.h"

/* The newest deployment of an operating system. "": there is none. */
static struct lt_str newest_deployment(struct lt_ctx *ctx, struct lt_str os)
{
    struct lt_listing listing;
    struct lt_str best = LT_STR(""), deploy = lt_path_join(ctx->scratch, os, LT_STR("deploy"));
    struct lt_time newest = {0};
    lt_fs_list(ctx->fs, deploy, ctx->scratch, &listing, NULL);
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_node etc;
        struct lt_str path = lt_path_join(ctx->scratch, deploy, listing.nodes[i].name);
        if (lt_fs_stat(ctx->fs, lt_path_join(ctx->scratch, path, LT_STR("etc")), ctx->scratch, &etc, NULL) != LT_OK ||
            !S_ISDIR(etc.mode) || (best.len && lt_time_cmp(etc.time[LT_C], newest) <= 0))
            continue;
        best = path;
        newest = etc.time[LT_C];
    }
    return best;
}

bool lt_ostree_find(struct lt_ctx *ctx, struct lt_str *root, struct lt_str *var)
{
    const struct lt_str systems = LT_STR("/ostree/deploy");
    struct lt_listing listing;
    lt_fs_list(ctx->fs, systems, ctx->scratch, &listing, NULL);
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str os = lt_path_join(ctx->scratch, systems, listing.nodes[i].name);
        *root = newest_deployment(ctx, os);
        *var = lt_path_join(ctx->scratch, os, LT_STR("var"));
        if (root->len)
            return true;
    }
    return false;
}
