// SPDX-License-Identifier: Apache-2.0
/* The overlay driver, removed in Docker 24 (moby v23.0.6 daemon/graphdriver/overlay/overlay.go):
 *
 *   overlay/<id>/root        image layer: the whole tree, with hard links to the files of the layers below
 *   overlay/<id>/upper       rw and init layer: the changes; also an image layer that could not be made a tree
 *   overlay/<id>/lower-id    ID of the image layer whose root is below `upper`
 *   overlay/<id>/{work,merged}
 *
 * The rw layer begins as a copy of the init layer's upper, which is not below it. Deletions are marked as in overlay2,
 * but only in `upper`: a tree has none. */
#include "runtime/docker/driver/driver.h"

#include "parse/ident.h"
#include "read/context.h"

enum { MAX_LOWER_FILE = 4096 };

extern const struct lt_docker_driver lt_docker_overlay;

static void link_parent(struct lt_ctx *ctx, struct lt_layer *layer)
{
    struct lt_str id, path = lt_path_join(ctx->scratch, layer->path, LT_STR("lower-id"));
    if (lt_read_text_or_skip(ctx, path, MAX_LOWER_FILE, LT_REQUIRED, &id) != LT_OK)
        return;
    struct lt_layer *below = lt_is_store_id(id) ? lt_docker_layer_find(layer->root, &lt_docker_overlay, id) : NULL;
    lt_docker_layer(layer)->lower = lt_str_dup(ctx->run, id);
    if (!layer->parent && below != layer)
        layer->parent = below;
    if (!below)
        lt_skip(ctx, path, LT_CODE_MISSING, "names a layer that is not there: '%.*s'",
                (int)(id.len < 100 ? id.len : 100), id.ptr);
}

/* Find the content of a layer. Its directory may also hold what an interrupted unpacking left. */
static void describe_layer(struct lt_ctx *ctx, struct lt_layer *layer)
{
    struct lt_listing listing;
    bool root = false, upper = false;
    lt_list_or_skip(ctx, layer->path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str name = listing.nodes[i].name;
        root |= lt_str_eq(name, LT_STR("root"));
        upper |= lt_str_eq(name, LT_STR("upper"));
        if (lt_str_starts(name, LT_STR("tmproot")))
            lt_skip(ctx, lt_path_join(ctx->scratch, layer->path, name), LT_CODE_UNSUPPORTED,
                    "left by an unpacking that was cut short: its files are told as records beside the layer");
    }
    if (root && upper)
        lt_skip(ctx, lt_path_join(ctx->scratch, layer->path, LT_STR("upper")), LT_CODE_UNSUPPORTED,
                "beside a whole tree: its files are told as records beside the layer");
    if (root || !upper)
        return;
    layer->content = lt_path_join(ctx->run, layer->path, LT_STR("upper"));
    link_parent(ctx, layer);
}

static void overlay_describe(struct lt_ctx *ctx, struct lt_root *root)
{
    lt_each (struct lt_layer, layer, &root->layers)
        if (lt_docker_is_of(layer, &lt_docker_overlay))
            describe_layer(ctx, layer);
}

const struct lt_docker_driver lt_docker_overlay = {
    .driver = {"overlay", "kernel overlay over one tree of hard links"},
    .mechanics = &lt_mechanics_overlay_tree,
    .layers = "overlay",
    .content = "root",
    .work = "work",
    .merged = "merged",
    .describe = overlay_describe,
};
