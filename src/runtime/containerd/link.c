// SPDX-License-Identifier: Apache-2.0
/* Links the containers of a containerd root to its snapshots and images, and says whose everything in it is. What other
 * stores of the host keep here, Docker's layers above all, they have linked by now. */
#include "runtime/containerd/nerdctl.h"

#include "parse/ident.h"
#include "runtime/runtimes.h"
#include "store/containerd/tasks.h"

/* The image of a container: by the name in its record. */
static struct lt_image *image_of(struct lt_ctx *ctx, const struct lt_container *container,
                                 const struct lt_containerd_record *record)
{
    const struct lt_containerd_record *name =
        lt_containerd_find(lt_containerd(ctx->root), LT_CONTAINERD_IMAGE, container->namespace, record->image);
    return name ? lt_map_get(&ctx->root->image_by_id, lt_namespaced(ctx->scratch, name->namespace, name->digest))
                : NULL;
}

static void take_layers(struct lt_ctx *ctx, struct lt_container *container, struct lt_layer *rw)
{
    container->rw = rw;
    rw->container = container;
    rw->role = LT_ROLE_RW;
    for (struct lt_layer *layer = rw->parent; layer; layer = layer->parent)
        lt_list_add(&container->layers, ctx->run, layer);
}

static void link_container(struct lt_ctx *ctx, struct lt_container *container)
{
    const struct lt_containerd_container *own = lt_containerd_container(container);
    if (!own || !own->record)
        return;
    struct lt_layer *rw =
        lt_host_snapshot(ctx->host, ctx->scratch, container->namespace, container->driver, container->rw_id);
    container->image = image_of(ctx, container, own->record);
    container->driver_read = lt_snapshotter_named(container->driver)->driver.name;
    container->image_by_name = container->image;
    if (container->image)
        container->image_id = container->image->id;
    if (rw && !rw->container)
        take_layers(ctx, container, rw);
    lt_identifier_add(ctx->inventory, &container->identifiers, "snapshot_key", container->rw_id);
}

/* An active snapshot whose key is an ID of a container, of which neither meta.db nor a data root of Docker tells more:
 * the lease of that ID shows that Docker made it. Without any record of snapshots, meta.db is lost. */
static void adopt(struct lt_ctx *ctx, struct lt_layer *layer)
{
    const struct lt_containerd_snapshot *own = lt_containerd_snapshot(layer);
    const struct lt_containerd *store = lt_containerd(ctx->root);
    if (layer->container || own->kind != LT_SNAPSHOT_ACTIVE || !lt_is_id(own->key) ||
        (store->records[LT_CONTAINERD_SNAPSHOT].count &&
         !lt_containerd_find(store, LT_CONTAINERD_LEASE, layer->namespace, own->key)))
        return;
    struct lt_container *container = lt_inventory_container(ctx->inventory, ctx->root, layer->namespace, own->key);
    const struct lt_runtime *runtime = lt_runtime_of_namespace(layer->namespace);
    container->own = lt_new(ctx->run, struct lt_containerd_container);
    container->runtime = runtime ? runtime : &lt_runtime_containerd;
    container->driver = lt_str_c(own->snapshotter->driver.name);
    container->driver_read = true;
    container->rw_id = own->key;
    take_layers(ctx, container, layer);
}

/* Is the image, or one with the same digest, managed by the CRI plug-in? It labels the names (containerd
 * internal/cri/labels/labels.go). */
static bool is_managed(const struct lt_ctx *ctx, const struct lt_image *image)
{
    lt_each (const struct lt_str, name, &image->names) {
        const struct lt_containerd_record *record =
            lt_containerd_find(lt_containerd(ctx->root), LT_CONTAINERD_IMAGE, image->namespace, *name);
        if (record && lt_containerd_pair(&record->labels, "io.cri-containerd.image").len)
            return true;
    }
    return false;
}

static const struct lt_runtime *runtime_of_image(const struct lt_ctx *ctx, const struct lt_image *image)
{
    const struct lt_runtime *runtime =
        is_managed(ctx, image) ? lt_runtime_named("kubernetes") : lt_runtime_of_namespace(image->namespace);
    return runtime ? runtime : &lt_runtime_containerd;
}

/* A layer serves the runtime of its container, else that of its images, else that of its namespace. */
static void set_runtimes(struct lt_ctx *ctx)
{
    lt_each (struct lt_layer, layer, &ctx->root->layers) {
        const struct lt_runtime *runtime = lt_runtime_of_namespace(layer->namespace);
        layer->runtime = layer->container ? layer->container->runtime : runtime ? runtime : &lt_runtime_containerd;
    }
    lt_each (struct lt_image, image, &ctx->root->images) {
        image->runtime = runtime_of_image(ctx, image);
        for (int copy = 0; copy <= 1; copy++)
            lt_each (struct lt_layer, layer, copy ? &image->copies : &image->layers)
                layer->runtime = image->runtime;
    }
}

static void add_name(struct lt_ctx *ctx, struct lt_list *names, struct lt_str name)
{
    if (!lt_list_has_str(names, name))
        lt_list_add_str(names, ctx->run, name);
}

/* Names as the image's runtime shows them, and the same with the digest, as `docker image inspect` has in
 * RepoDigests. */
static void name_image(struct lt_ctx *ctx, struct lt_image *image)
{
    struct lt_list names = {0}, digests = {0};
    if (!image->runtime->image_name)
        return;
    lt_each (const struct lt_str, name, &image->names) {
        struct lt_str shown = image->runtime->image_name(*name), repository = shown;
        size_t base = shown.len - lt_str_basename(shown).len;
        const char *tag = shown.len ? memchr(shown.ptr + base, ':', shown.len - base) : NULL;
        if (!shown.len)
            continue;
        repository.len = tag ? (size_t)(tag - shown.ptr) : shown.len;
        add_name(ctx, &names, shown);
        if (!memchr(shown.ptr, '@', shown.len))
            add_name(ctx, &digests, lt_str_format(ctx->run, "%.*s@%.*s", LT_ARG(repository), LT_ARG(image->id)));
    }
    lt_each (const struct lt_str, digest, &digests)
        lt_list_add(&names, ctx->run, digest);
    image->names = names;
}

static void give_container(struct lt_ctx *ctx, struct lt_container *container)
{
    static const char *const tasks[] = {LT_TASKS_V2, LT_TASKS_V1};
    const struct lt_containerd_container *own =
        container->root == ctx->root ? lt_containerd_container(container) : NULL;
    for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
        struct lt_str folder = lt_path_join(ctx->run, lt_root_path(ctx, tasks[i]),
                                            container->rw ? container->rw->namespace : container->namespace);
        lt_root_give(ctx->inventory, ctx->root, lt_path_join(ctx->run, folder, container->id), &container->owner);
    }
    if (own && own->cri.len)
        lt_root_give(ctx->inventory, ctx->root, own->cri, &container->owner);
}

static void give_blobs(struct lt_ctx *ctx, struct lt_image *image)
{
    const struct lt_containerd_target *target = image->own;
    if (!target)
        return;
    const struct lt_str digests[] = {target->digest, target->manifest, target->config};
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
        struct lt_str path = lt_containerd_blob_path(ctx, digests[i]);
        if (path.len && !lt_map_get(&ctx->root->owner_at, path))
            lt_root_give(ctx->inventory, ctx->root, path, &image->owner);
    }
    lt_each (const struct lt_blob, blob, &target->layers)
        if (blob->path.len && !lt_map_get(&ctx->root->owner_at, blob->path))
            lt_root_give(ctx->inventory, ctx->root, blob->path, &image->owner);
}

static void give_all(struct lt_ctx *ctx)
{
    lt_each (struct lt_root, root, &ctx->host->roots)
        lt_each (struct lt_container, container, &root->containers)
            if (root == ctx->root || (container->rw && container->rw->root == ctx->root))
                give_container(ctx, container);
    lt_each (struct lt_image, image, &ctx->root->images)
        give_blobs(ctx, image);
    lt_each (struct lt_layer, layer, &ctx->root->layers)
        if (layer->path.len)
            lt_root_give(ctx->inventory, ctx->root, layer->path, &layer->beside);
}

void lt_containerd_link(struct lt_ctx *ctx)
{
    lt_containerd_complete_images(ctx);
    lt_each (struct lt_container, container, &ctx->root->containers)
        link_container(ctx, container);
    lt_each (struct lt_layer, layer, &ctx->root->layers)
        adopt(ctx, layer);
    lt_containerd_link_images(ctx);
    set_runtimes(ctx);
    lt_each (struct lt_image, image, &ctx->root->images)
        name_image(ctx, image);
    give_all(ctx);
    lt_nerdctl_give(ctx);
}
