// SPDX-License-Identifier: Apache-2.0
/* Links Docker's layers, images and containers. An image names diff IDs. layerdb names each layer's diff ID and the
 * chain below it. A container names its rw layer and the chain of its image. Where layerdb is damaged, the driver's own
 * links are used. Afterwards, layers have parents, and containers and images have layers; no other file needs to know
 * how. */
#include "runtime/docker/driver/driver.h"

#include "parse/ident.h"
#include "parse/idmap.h"
#include "parse/snapshot.h"

#include <stdio.h>

enum { MAX_LAYERS = 1024 }; /* overlay2 itself allows 128 lower layers */

/* A container's configuration is created first, and its rw layer right after it. If the metadata that names a layer is
 * lost, candidates are layers born from one second before to ten seconds after the container's Created. */
static const int64_t INFER_BEFORE = -1000000000, INFER_AFTER = 10000000000;

/* The key of a layer by what an image knows of it: the chain below and its own diff ID. */
static struct lt_str diff_key(struct lt_arena *arena, const struct lt_docker_driver *driver, struct lt_str chain,
                              struct lt_str diff_id)
{
    return lt_str_format(arena, "%s %.*s %.*s", driver->driver.name, LT_ARG(chain), LT_ARG(diff_id));
}

static void reverse(struct lt_list *list)
{
    for (size_t i = 0, j = list->count; i + 1 < j; i++) {
        void *item = list->items[i];
        list->items[i] = list->items[--j];
        list->items[j] = item;
    }
}

/* Collect the layers from `top` down. A cycle ends the list. */
static void collect_chain(struct lt_arena *arena, struct lt_layer *top, struct lt_list *out)
{
    for (struct lt_layer *layer = top; layer && out->count < MAX_LAYERS; layer = layer->parent) {
        if (lt_list_has(out, layer))
            break;
        lt_list_add(out, arena, layer);
    }
}

/* Find the layers of an image by its diff IDs, from the base up, in one driver's layerdb. */
static void link_image(struct lt_arena *arena, const struct lt_map *by_diff, const struct lt_docker_driver *driver,
                       struct lt_image *image)
{
    struct lt_str chain = LT_STR("");
    struct lt_list layers = {0};
    for (size_t i = 0; i < image->diff_ids.count; i++) {
        const struct lt_str *diff_id = image->diff_ids.items[i];
        struct lt_layer *layer = lt_map_get(by_diff, diff_key(arena, driver, chain, *diff_id));
        if (!layer)
            break;
        lt_list_add(&layers, arena, layer);
        chain = lt_docker_layer(layer)->chain_id;
    }
    if (layers.count > image->layers.count)
        image->layers = layers;
}

/* Before Docker 1.10 an image was one layer with the same ID, on top of that of its parent. If the storage driver was
 * changed, another one may have the same layers. */
static void link_old_image(struct lt_arena *arena, struct lt_image *image, const struct lt_docker_driver *driver)
{
    struct lt_layer *top = lt_is_id(image->id) ? lt_docker_layer_find(image->root, driver, image->id) : NULL;
    struct lt_list chain = {0};
    collect_chain(arena, top, &chain);
    reverse(&chain);
    if (!image->layers.count)
        image->layers = chain;
    else if (chain.count == image->diff_ids.count)
        lt_each (struct lt_layer, layer, &chain)
            lt_list_add(&image->copies, arena, layer);
}

static void link_images(struct lt_arena *arena, struct lt_root *root)
{
    struct lt_map by_diff = {0};
    lt_each (struct lt_layer, layer, &root->layers) {
        if (!layer->diff_id.len || layer->tags & (LT_TAG_BIT(removing) | LT_TAG_BIT(unfinished)))
            continue;
        lt_map_put(
            &by_diff, arena,
            diff_key(arena, lt_docker_layer(layer)->driver, lt_docker_layer(layer)->parent_chain, layer->diff_id),
            layer);
    }
    lt_each (struct lt_image, image, &root->images)
        for (size_t i = 0; lt_docker_drivers[i]; i++) {
            link_image(arena, &by_diff, lt_docker_drivers[i], image);
            link_old_image(arena, image, lt_docker_drivers[i]);
        }
}

/* A name of a layer has at most 128 bytes, so the key fits: see lt_is_store_id(). */
static struct lt_layer *init_of(struct lt_root *root, struct lt_str id)
{
    char key[256];
    int length = snprintf(key, sizeof key, "%.*s-init", LT_ARG(id));
    return length < (int)sizeof key ? lt_map_get(&root->layer_by_id, (struct lt_str){key, (size_t)length}) : NULL;
}

/* Could `layer` be the lost rw layer of `container`? */
static bool may_belong(const struct lt_container *container, const struct lt_layer *layer)
{
    if (layer->container || !layer->created.set || !container->created.set)
        return false;
    int64_t delay = lt_time_diff(container->created, layer->created);
    if (delay < INFER_BEFORE || delay > INFER_AFTER)
        return false;
    const struct lt_layer *init = init_of(container->root, layer->id);
    if (!init)
        return false;
    const struct lt_list *layers = container->image ? &container->image->layers : NULL;
    return !init->parent || !layers || !layers->count || layers->items[layers->count - 1] == init->parent;
}

/* The rw layer of a container whose mount-id is lost: the only candidate. */
static struct lt_layer *infer_rw(const struct lt_container *container)
{
    struct lt_layer *found = NULL;
    lt_each (struct lt_layer, layer, &container->root->layers) {
        if (!may_belong(container, layer))
            continue;
        if (found)
            return NULL;
        found = layer;
    }
    if (found)
        found->inferred = true;
    return found;
}

/* Docker before 1.10 named the layers of a container after it, and had no other record of them. A translation that was
 * cut short leaves them without one, too. */
static void name_layers(struct lt_ctx *ctx, struct lt_container *container)
{
    struct lt_docker_container *own = lt_docker_container(container);
    const struct lt_map *layers = &ctx->root->layer_by_id;
    const struct lt_layer *layer = lt_map_get(layers, container->id);
    const struct lt_docker_driver *driver =
        layer ? lt_docker_layer(layer)->driver : lt_docker_driver_named(container->driver);
    struct lt_str init = lt_str_format(ctx->run, "%.*s-init", LT_ARG(container->id));
    if (own->mount_record.len || !driver || !(own->old || layer))
        return;
    container->rw_id = container->id;
    lt_docker_mark_recorded(ctx, driver, own->config, container->rw_id);
    if (lt_map_get(layers, init) || driver->elsewhere)
        lt_docker_mark_recorded(ctx, driver, own->config, own->init_id = init);
}

static void assign_layer(struct lt_container *container, struct lt_layer *layer, enum lt_role role)
{
    if (!layer)
        return;
    layer->role = role;
    layer->container = container;
}

static void link_rw(struct lt_container *container, bool infer)
{
    struct lt_root *root = container->root;
    if (container->namespace.len || (infer ? container->rw != NULL : !container->rw_id.len))
        return;
    container->rw = infer ? infer_rw(container) : lt_map_get(&root->layer_by_id, container->rw_id);
    if (!container->rw)
        return;
    container->init = lt_map_get(&root->layer_by_id, lt_docker_container(container)->init_id);
    if (!container->init)
        container->init = init_of(root, container->rw->id);
    assign_layer(container, container->rw, LT_ROLE_RW);
    assign_layer(container, container->init, LT_ROLE_INIT);
}

/* "moby", under userns-remap "moby-<uid>.<gid>" (moby daemon/daemon.go, 28). */
static struct lt_str namespace_of(struct lt_ctx *ctx)
{
    uint32_t uid, gid;
    return lt_remap_parse(lt_str_basename(ctx->root->path), &uid, &gid)
               ? lt_str_format(ctx->run, "moby-%u.%u", uid, gid)
               : LT_STR("moby");
}

struct lt_layer *lt_docker_snapshot(struct lt_ctx *ctx, struct lt_str snapshotter, struct lt_str key)
{
    return lt_host_snapshot(ctx->host, ctx->scratch, namespace_of(ctx), snapshotter, key);
}

/* Without a configuration, the snapshotter that has a snapshot of the container; "" if none has. */
static struct lt_str find_snapshotter(struct lt_ctx *ctx, const struct lt_container *container)
{
    static const char *const names[] = {"overlayfs", "fuse-overlayfs", "native", "stargz", "btrfs", "zfs", "devmapper"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (container->tags & LT_TAG_BIT(configuration_missing) &&
            lt_docker_snapshot(ctx, lt_str_c(names[i]), container->id))
            return lt_str_c(names[i]);
    return LT_STR("");
}

/* Docker 29 and later keep the layers of new containers in containerd's store, in the namespace that the daemon uses
 * (moby daemon/containerd/image_snapshot.go): the key of the rw snapshot is the container's ID, that of the init
 * snapshot has "-init" after it. False: the container is not one of these. */
static bool link_snapshots(struct lt_ctx *ctx, struct lt_container *container)
{
    struct lt_layer *rw;
    if (!container->driver.len && !lt_docker_container(container)->driver)
        container->driver = find_snapshotter(ctx, container);
    if (lt_docker_driver_named(container->driver) || !container->driver.len)
        return false;
    rw = lt_docker_snapshot(ctx, container->driver, container->id);
    container->namespace = namespace_of(ctx);
    container->rw_id = container->id;
    if (!rw || rw->container)
        return true;
    container->rw = rw;
    container->driver_read = true;
    assign_layer(container, rw, LT_ROLE_RW);
    if (lt_is_identifier(container->driver)) /* it becomes part of a path */
        rw->merged = lt_str_format(ctx->run, "%.*s/rootfs/%.*s/%.*s", LT_ARG(ctx->root->path),
                                   LT_ARG(container->driver), LT_ARG(container->id));
    struct lt_str init = lt_str_format(ctx->scratch, "%.*s-init", LT_ARG(container->id));
    if (rw->parent && lt_str_eq(rw->parent->id, init)) {
        container->init = rw->parent;
        assign_layer(container, container->init, LT_ROLE_INIT);
    }
    return true;
}

/* The image of such a container is in the same store. Its data root has it only if that store is not there. */
static void link_snapshot_image(struct lt_ctx *ctx, struct lt_container *container)
{
    struct lt_root *root = container->rw ? container->rw->root : ctx->root;
    struct lt_str namespace = container->rw ? container->namespace : LT_STR("");
    if (!container->image_id.len)
        return;
    bool known = lt_map_get(&root->image_by_id, lt_namespaced(ctx->scratch, namespace, container->image_id));
    container->image = lt_inventory_image(ctx->inventory, root, namespace, container->image_id);
    container->image->referenced_only |= !known;
}

static void report_snapshots(struct lt_ctx *ctx, const struct lt_container *container)
{
    if (!container->rw)
        lt_skip(
            ctx, lt_docker_container(container)->config, LT_CODE_MISSING,
            "its files are snapshot '%.*s' of %.*s in namespace %.*s of containerd, which no store of this host has",
            LT_ARG(container->id), LT_ARG(container->driver), LT_ARG(container->namespace));
}

/* Set the image layers of a container: by layerdb, else by the driver's links, else those of its image. */
static void link_container_layers(struct lt_arena *arena, struct lt_container *container)
{
    struct lt_layer *top = NULL;
    const struct lt_docker_container *own = lt_docker_container(container);
    if (own->driver)
        top = lt_map_get(&lt_docker_root(container->root)->layer_by_chain,
                         lt_docker_chain_key(arena, own->driver, own->parent_chain));
    const struct lt_layer *above = container->init ? container->init : container->rw;
    if (!top && above)
        top = above->parent;
    if (!top && container->image)
        top = lt_docker_layer_find(container->root, lt_docker_driver_named(container->driver), container->image->id);
    collect_chain(arena, top, &container->layers);
    if (container->layers.count || !container->image)
        return;
    lt_each (struct lt_layer, layer, &container->image->layers)
        lt_list_add(&container->layers, arena, layer);
    reverse(&container->layers);
}

/* An image whose layers are missing from layerdb gets those of a container made from it, if their number matches. */
static void borrow_layers(struct lt_arena *arena, const struct lt_container *container)
{
    struct lt_image *image = container->image;
    if (container->namespace.len || !image || image->layers.count == image->diff_ids.count ||
        container->layers.count != image->diff_ids.count)
        return;
    image->layers = (struct lt_list){0};
    lt_each (struct lt_layer, layer, &container->layers)
        lt_list_add(&image->layers, arena, layer);
    reverse(&image->layers);
    for (size_t i = 0; i < image->layers.count; i++) {
        struct lt_layer *layer = image->layers.items[i];
        layer->inferred |= !layer->diff_id.len;
        if (!layer->diff_id.len)
            layer->diff_id = *(const struct lt_str *)image->diff_ids.items[i];
    }
}

/* Find rw layers left by a removal: their init layer still exists. */
static void find_leftovers(struct lt_root *root)
{
    lt_each (struct lt_layer, layer, &root->layers)
        if (!layer->container && layer->role == LT_ROLE_IMAGE && init_of(root, layer->id))
            layer->role = LT_ROLE_RW;
}

/* Set what the rest of the program reads of layers and containers, now that all links are known. */
static void publish(struct lt_ctx *ctx)
{
    lt_each (struct lt_layer, layer, &ctx->root->layers) {
        const struct lt_docker_layer *own = lt_docker_layer(layer);
        layer->is_base = !layer->parent && !own->parent_chain.len && !own->lower.len;
        lt_identifier_add(ctx->inventory, &layer->identifiers, "chain_identifier", own->chain_id);
        lt_identifier_add(ctx->inventory, &layer->identifiers, "link_name", own->link);
        if (own->chain_id.len)
            lt_docker_find_tar(ctx, layer);
    }
    lt_each (struct lt_container, container, &ctx->root->containers) {
        const struct lt_docker_container *own = lt_docker_container(container);
        container->driver_read |= own->driver || lt_docker_driver_named(container->driver);
        lt_identifier_add(ctx->inventory, &container->identifiers,
                          container->namespace.len ? "snapshot_key" : "mount_identifier", container->rw_id);
        lt_identifier_add(ctx->inventory, &container->identifiers, "init_identifier", own->init_id);
    }
}

static void give(struct lt_ctx *ctx, struct lt_str path, struct lt_owner *owner)
{
    if (path.len)
        lt_root_give(ctx->inventory, ctx->root, path, owner);
}

/* Say whose the records in the store are. */
static void give_all(struct lt_ctx *ctx)
{
    lt_each (struct lt_layer, layer, &ctx->root->layers) {
        give(ctx, layer->path, &layer->beside);
        give(ctx, layer->merged, &layer->beside);
        give(ctx, lt_str_dirname(layer->tar_record), &layer->beside); /* that of the layer in layerdb */
    }
    lt_each (struct lt_image, image, &ctx->root->images) {
        bool old = lt_is_id(image->id); /* before 1.10 an image had a directory */
        give(ctx, old ? lt_str_dirname(image->config) : image->config, &image->owner);
        give(ctx, lt_str_dirname(image->updated), &image->owner);
    }
    lt_each (struct lt_container, container, &ctx->root->containers) {
        give(ctx, container->path, &container->owner);
        give(ctx, lt_docker_container(container)->mount_record, &container->owner);
        if (container->rw)
            give(ctx, container->rw->merged, &container->owner); /* also of a layer in containerd's store */
    }
    lt_each (struct lt_volume, volume, &ctx->root->volumes) {
        give(ctx, volume->path, &volume->owner);
        give(ctx, volume->data, &volume->owner); /* of Docker before 1.7 it is elsewhere */
    }
}

/* The image of a container that was removed: of its data root, or of a store that shares layers with it. */
static struct lt_image *find_image(struct lt_ctx *ctx, const struct lt_container *container)
{
    struct lt_str key = lt_namespaced(ctx->scratch, namespace_of(ctx), container->image_id);
    struct lt_image *image = lt_map_get(&ctx->root->image_by_id, container->image_id);
    lt_each (const struct lt_root, root, &ctx->host->roots)
        if (!image)
            image = lt_map_get(&root->image_by_id, key);
    return image;
}

void lt_docker_link_removed(struct lt_ctx *ctx, struct lt_container *container)
{
    if (container->image_id.len)
        container->image = find_image(ctx, container);
    link_container_layers(ctx->run, container);
}

void lt_docker_link(struct lt_ctx *ctx)
{
    struct lt_root *root = ctx->root;
    struct lt_arena *arena = ctx->run;
    lt_each (struct lt_container, container, &root->containers)
        if (link_snapshots(ctx, container)) {
            link_snapshot_image(ctx, container);
            report_snapshots(ctx, container);
        } else if (container->image_id.len) {
            container->image = lt_inventory_image(ctx->inventory, root, LT_STR(""), container->image_id);
            container->image->referenced_only = !container->image->config.len;
        }
    lt_each (struct lt_image, image, &root->images) {
        struct lt_image *parent = image->parent.len ? lt_map_get(&root->image_by_id, image->parent) : NULL;
        if (parent)
            parent->has_children = true;
    }
    link_images(arena, root);
    lt_each (struct lt_container, container, &root->containers)
        name_layers(ctx, container);
    for (size_t i = 0; lt_docker_drivers[i]; i++)
        lt_docker_report_elsewhere(ctx, lt_docker_drivers[i]);
    /* Certain links first, so that fewer candidates are left for inference. */
    for (int infer = 0; infer <= 1; infer++)
        lt_each (struct lt_container, container, &root->containers)
            link_rw(container, infer);
    lt_each (struct lt_container, container, &root->containers) {
        link_container_layers(arena, container);
        borrow_layers(arena, container);
    }
    find_leftovers(root);
    publish(ctx);
    give_all(ctx);
    /* On a live host, a container's /dev/shm and secrets are mounted below its directory, and are read. */
    lt_root_add_tree(ctx->inventory, root, lt_root_path(ctx, "containers"), true);
    lt_docker_report_missing(ctx);
    lt_docker_note_offsets(ctx); /* last, as offsets in container configurations take precedence */
}
