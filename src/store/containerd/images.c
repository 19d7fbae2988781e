// SPDX-License-Identifier: Apache-2.0
/* Images: a record in meta.db is a name; names with the same digest in a namespace are one image. The configuration
 * tells diff IDs; containerd labels it with the chain ID of the top layer for each snapshotter that it was unpacked by
 * (containerd core/unpack/unpacker.go, 1.6 to 2.3). The chain of snapshots from there gives the others. */
#include "store/containerd/containerd.h"

#include "base/sha256.h"
#include "parse/ident.h"
#include "read/facts.h"
#include "store/image_config.h"

/* The same image for another platform, of which the configuration is here. */
static void add_variant(struct lt_ctx *ctx, struct lt_image *image, const struct lt_containerd_pair *other)
{
    struct lt_node node;
    struct lt_image *variant = lt_new(ctx->run, struct lt_image);
    struct lt_str config = lt_containerd_blob_path(ctx, other->value);
    if (!config.len || lt_stat_or_skip(ctx, config, &node) != LT_OK)
        return;
    *variant = (struct lt_image){.root = image->root, .namespace = image->namespace, .id = other->key};
    variant->config = config;
    variant->packed = true;
    lt_image_config_read(ctx, variant);
    lt_list_add(&image->variants, ctx->run, variant);
}

/* Read what the image's digest leads to, once. */
static void complete(struct lt_ctx *ctx, struct lt_image *image)
{
    struct lt_containerd_target target;
    struct lt_node node;
    if (image->own)
        return;
    lt_containerd_resolve(ctx, image->namespace, image->id, &target);
    image->own = lt_new(ctx->run, struct lt_containerd_target);
    *(struct lt_containerd_target *)image->own = target;
    lt_identifier_add(ctx->inventory, &image->identifiers, "manifest_identifier", target.manifest);
    lt_identifier_add(ctx->inventory, &image->identifiers, "config_identifier", target.config);
    struct lt_str config = lt_containerd_blob_path(ctx, target.config);
    image->referenced_only = !target.found;
    lt_each (const struct lt_containerd_pair, other, &target.others)
        add_variant(ctx, image, other);
    if (!config.len || lt_stat_or_skip(ctx, config, &node) != LT_OK)
        return;
    image->config = config;
    lt_image_config_read(ctx, image);
    if (target.layers.count == image->diff_ids.count)
        image->blobs = target.layers;
}

static void read_record(struct lt_ctx *ctx, const struct lt_containerd_record *record)
{
    if (!lt_digest_hex(record->digest).len) {
        lt_skip(ctx, lt_containerd(ctx->root)->database, LT_CODE_BAD_ID, "offset %ju: image '%.*s' has no digest",
                (uintmax_t)record->at, (int)(record->id.len < 100 ? record->id.len : 100), record->id.ptr);
        return;
    }
    struct lt_image *image = lt_inventory_image(ctx->inventory, ctx->root, record->namespace, record->digest);
    lt_fact_add(&image->names, ctx->run, "", record->id);
    if (record->updated.set && (!image->tagged.set || lt_time_cmp(image->tagged, record->updated) < 0))
        image->tagged = record->updated;
}

void lt_containerd_read_images(struct lt_ctx *ctx)
{
    lt_each (const struct lt_containerd_record, record, &lt_containerd(ctx->root)->records[LT_CONTAINERD_IMAGE])
        read_record(ctx, record);
    lt_containerd_complete_images(ctx);
}

void lt_containerd_complete_images(struct lt_ctx *ctx)
{
    lt_each (struct lt_image, image, &ctx->root->images)
        complete(ctx, image);
}

/* The snapshots from `top` down that are image layers, top first. An image that was committed from a container has the
 * container's init layer among them. */
static struct lt_list chain_of(struct lt_ctx *ctx, struct lt_layer *top)
{
    struct lt_list chain = {0};
    for (struct lt_layer *layer = top; layer; layer = layer->parent)
        if (lt_digest_hex(layer->id).len)
            lt_list_add(&chain, ctx->scratch, layer);
    return chain;
}

/* Give the layers from `top` down their diff IDs and blobs, and the image its layers. False: their number is not that
 * of the image. */
static bool link_chain(struct lt_ctx *ctx, struct lt_image *image, struct lt_layer *top)
{
    size_t count = image->diff_ids.count;
    const struct lt_list chain = chain_of(ctx, top);
    bool first = !image->layers.count;
    if (chain.count != count)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct lt_layer *layer = chain.items[count - 1 - i];
        if (!layer->diff_id.len)
            layer->diff_id = *(const struct lt_str *)image->diff_ids.items[i];
        if (image->blobs.count && !layer->blob)
            layer->blob = image->blobs.items[i];
        if (lt_containerd_snapshot(layer)->kind == LT_SNAPSHOT_COMMITTED)
            layer->unpacked_by = lt_containerd_snapshot(layer)->created;
        if (first)
            lt_list_add(&image->layers, ctx->run, layer);
        else if (!lt_list_has(&image->layers, layer))
            lt_list_add(&image->copies, ctx->run, layer);
    }
    return true;
}

/* Follow the labels of the configuration, one for each snapshotter: that of overlayfs first, which nearly all use. */
static void link_by_label(struct lt_ctx *ctx, struct lt_image *image)
{
    const struct lt_containerd *store = lt_containerd(ctx->root);
    const struct lt_containerd_target *target = image->own;
    const struct lt_containerd_record *blob =
        target ? lt_containerd_find(store, LT_CONTAINERD_BLOB, image->namespace, target->config) : NULL;
    if (!blob)
        return;
    for (int usual = 1; usual >= 0; usual--)
        lt_each (const struct lt_containerd_pair, label, &blob->labels) {
            struct lt_str snapshotter = lt_str_skip(label->key, LT_UNPACKED_LABEL.len);
            if (!lt_str_starts(label->key, LT_UNPACKED_LABEL) || lt_str_eq(snapshotter, LT_STR("overlayfs")) != usual)
                continue;
            struct lt_layer *top =
                lt_host_snapshot(ctx->host, ctx->scratch, image->namespace, snapshotter, label->value);
            if (top && !link_chain(ctx, image, top))
                lt_skip(ctx, store->database, LT_CODE_DAMAGED,
                        "offset %ju: the chain of snapshots of image '%.*s' has not as many layers as the image",
                        (uintmax_t)blob->at, LT_ARG(lt_image_name(image)));
        }
}

/* The chain ID of all layers (OCI image-spec config.md, Layer ChainID); "" if it cannot be computed. */
static struct lt_str chain_id_of(struct lt_ctx *ctx, const struct lt_image *image)
{
    struct lt_str chain = LT_STR("");
    lt_each (const struct lt_str, diff_id, &image->diff_ids) {
        struct lt_buf hex = {0};
        struct lt_sha256 *hash = diff_id_at ? lt_sha256_new() : NULL;
        if (!diff_id_at) {
            chain = *diff_id;
            continue;
        }
        lt_sha256_add(hash, lt_str_format(ctx->scratch, "%.*s %.*s", LT_ARG(chain), LT_ARG(*diff_id)));
        lt_sha256_finish(hash, &hex);
        chain = hex.len ? lt_str_format(ctx->scratch, "sha256:%.*s", LT_ARG(lt_buf_view(&hex))) : LT_STR("");
        lt_buf_free(&hex);
        if (!chain.len)
            break;
    }
    return chain;
}

/* The label is gone with the record of the configuration, if the image was removed while a container used it. */
static void link_by_chain(struct lt_ctx *ctx, struct lt_image *image)
{
    struct lt_str chain = chain_id_of(ctx, image);
    for (size_t i = 0; chain.len && lt_snapshotters[i]->driver.name; i++) {
        struct lt_layer *top = lt_host_snapshot(ctx->host, ctx->scratch, image->namespace,
                                                lt_str_c(lt_snapshotters[i]->driver.name), chain);
        if (top)
            link_chain(ctx, image, top);
    }
}

/* Chain IDs are the keys of the snapshots of image layers. */
void lt_containerd_link_images(struct lt_ctx *ctx)
{
    lt_each (struct lt_image, image, &ctx->root->images) {
        link_by_label(ctx, image);
        if (!image->layers.count)
            link_by_chain(ctx, image);
        image->packed = !image->layers.count;
    }
    lt_each (struct lt_layer, layer, &ctx->root->layers)
        if (lt_digest_hex(layer->id).len)
            lt_identifier_add(ctx->inventory, &layer->identifiers, "chain_identifier", layer->id);
}
