// SPDX-License-Identifier: Apache-2.0
#include "runtime/docker/driver/links.h"

#include "parse/ident.h"
#include "read/context.h"

enum { MAX_LINK_FILE = 4096, MAX_LOWER_FILE = 64 * 1024 };

static void note_link(struct lt_ctx *ctx, struct lt_root *root, struct lt_str link, struct lt_layer *layer)
{
    if (lt_map_get(&lt_docker_root(root)->layer_by_link, link))
        return;
    link = lt_str_dup(ctx->run, link);
    lt_map_put(&lt_docker_root(root)->layer_by_link, ctx->run, link, layer);
    if (!lt_docker_layer(layer)->link.len)
        lt_docker_layer(layer)->link = link;
}

/* The ID in a link's target. Only the form "../<id>/diff" is accepted, and the link itself is never followed. */
static struct lt_str link_target_id(struct lt_str target)
{
    if (!lt_str_starts(target, LT_STR("../")) || !lt_str_ends(target, LT_STR("/diff")))
        return LT_STR("");
    struct lt_str id = lt_str_skip(target, 3);
    id.len -= id.len >= 5 ? 5 : 0;
    return id;
}

/* Read <driver>/l/, for layers whose own `link` file is lost. */
static void read_link_directory(struct lt_ctx *ctx, struct lt_root *root, const struct lt_docker_driver *driver)
{
    struct lt_str path = lt_path_join(ctx->scratch, lt_root_path(ctx, driver->layers), LT_STR("l"));
    struct lt_listing listing;
    if (lt_list_or_skip(ctx, path, &listing) != LT_OK)
        return;
    for (size_t i = 0; i < listing.count; i++) {
        const struct lt_node *node = &listing.nodes[i];
        struct lt_layer *layer = lt_map_get(&root->layer_by_id, link_target_id(node->target));
        if (lt_is_link_id(node->name) && layer)
            note_link(ctx, root, node->name, layer);
    }
}

static void describe_layer(struct lt_ctx *ctx, struct lt_root *root, struct lt_layer *layer)
{
    struct lt_str text;
    if (lt_read_text_or_skip(ctx, lt_path_join(ctx->scratch, layer->path, LT_STR("link")), MAX_LINK_FILE, LT_REQUIRED,
                             &text) == LT_OK) {
        if (lt_is_link_id(text))
            note_link(ctx, root, text, layer);
        else
            lt_skip(ctx, lt_path_join(ctx->scratch, layer->path, LT_STR("link")), LT_CODE_BAD_ID,
                    "no short name of a layer: '%.*s'", (int)(text.len < 64 ? text.len : 64), text.ptr);
    }
    /* A base layer has no lower file. */
    if (lt_read_text_or_skip(ctx, lt_path_join(ctx->scratch, layer->path, LT_STR("lower")), MAX_LOWER_FILE, LT_OPTIONAL,
                             &text) == LT_OK)
        lt_docker_layer(layer)->lower = lt_str_dup(ctx->run, text);
}

/* Use the first layer of the list, the next lower one, as parent where layerdb has none. */
static void link_parent(struct lt_ctx *ctx, struct lt_root *root, struct lt_layer *layer)
{
    struct lt_str rest = lt_docker_layer(layer)->lower;
    struct lt_str first = lt_str_cut(&rest, ':');
    if (!first.len)
        return;
    struct lt_str link = lt_str_skip(first, 2);
    struct lt_layer *below = NULL;
    if (lt_str_starts(first, LT_STR("l/")) && lt_is_link_id(link))
        below = lt_map_get(&lt_docker_root(root)->layer_by_link, link);
    if (!layer->parent && below != layer)
        layer->parent = below;
    if (!below)
        lt_skip(ctx, lt_path_join(ctx->scratch, layer->path, LT_STR("lower")), LT_CODE_MISSING,
                "names a layer that is not there: '%.*s'", (int)(first.len < 64 ? first.len : 64), first.ptr);
}

void lt_links_describe(struct lt_ctx *ctx, struct lt_root *root, const struct lt_docker_driver *driver)
{
    lt_each (struct lt_layer, layer, &root->layers)
        if (lt_docker_is_of(layer, driver))
            describe_layer(ctx, root, layer);
    read_link_directory(ctx, root, driver);
    lt_each (struct lt_layer, layer, &root->layers)
        if (lt_docker_is_of(layer, driver))
            link_parent(ctx, root, layer);
}
