// SPDX-License-Identifier: Apache-2.0
/* The aufs driver, removed in Docker 24 (moby v23.0.6 daemon/graphdriver/aufs/aufs.go):
 *
 *   aufs/diff/<id>      the tree of files of a layer
 *   aufs/layers/<id>    IDs of the layers below, nearest first, one per line */
#include "parse/ident.h"
#include "read/context.h"
#include "runtime/docker/driver/driver.h"

enum { MAX_LAYERS_FILE = 64 * 1024 };

extern const struct lt_docker_driver lt_docker_aufs;

/* Use the first line, the next lower layer, as parent where layerdb has none. */
static void aufs_describe(struct lt_ctx *ctx, struct lt_root *root)
{
    struct lt_str directory = lt_path_join(ctx->scratch, root->path, LT_STR("aufs/layers"));
    lt_each (struct lt_layer, layer, &root->layers) {
        struct lt_str text, path = lt_path_join(ctx->scratch, directory, layer->id);
        if (!lt_docker_is_of(layer, &lt_docker_aufs) || layer->parent)
            continue;
        if (lt_read_or_skip(ctx, path, MAX_LAYERS_FILE, LT_REQUIRED, &text) != LT_OK)
            continue;
        struct lt_str first = lt_str_trim(lt_str_cut(&text, '\n'));
        struct lt_layer *below = lt_is_store_id(first) ? lt_docker_layer_find(root, &lt_docker_aufs, first) : NULL;
        if (below && below != layer)
            layer->parent = below;
        else if (first.len) /* a base layer has an empty file */
            lt_skip(ctx, path, LT_CODE_MISSING, "names a layer that is not there: '%.*s'",
                    (int)(first.len < 64 ? first.len : 64), first.ptr);
    }
}

const struct lt_docker_driver lt_docker_aufs = {
    .driver = {"aufs", "union of directories; whiteouts are files named .wh.NAME"},
    .mechanics = &lt_mechanics_aufs,
    .layers = "aufs/diff",
    .mounts = "aufs/mnt",
    .describe = aufs_describe,
};
