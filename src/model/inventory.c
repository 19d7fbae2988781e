// SPDX-License-Identifier: Apache-2.0
#include "model/inventory.h"

#include "parse/ident.h"
#include "store/store.h"

#include <stdio.h>

enum { MAX_LAYERS = 1024 }; /* overlay2 itself stops at 128 lower layers */

/* A container's configuration is made first and its rw layer right after it, so a layer whose metadata is lost is
 * looked for among those born from a second before to ten seconds after the container's Created. */
static const int64_t INFER_BEFORE = -1000000000, INFER_AFTER = 10000000000;

const char *const lt_role_names[LT_ROLES] = {"rw", "image", "init", "volume", "config", "log", "host"};

struct lt_host *lt_inventory_host(struct lt_inventory *inventory)
{
    struct lt_host *host = lt_new(inventory->arena, struct lt_host);
    host->owner = (struct lt_owner){.host = host, .role = LT_ROLE_HOST};
    lt_list_add(&inventory->hosts, inventory->arena, host);
    return host;
}

void lt_host_add_fs(struct lt_inventory *inventory, struct lt_host *host, struct lt_fs *fs, struct lt_str at)
{
    struct lt_mount_point *mount = lt_new(inventory->arena, struct lt_mount_point);
    *mount = (struct lt_mount_point){fs, at};
    lt_list_add(&host->mounts, inventory->arena, mount);
    if (lt_str_eq(at, LT_STR("/")))
        host->etc = fs;
}

struct lt_root *lt_inventory_root(struct lt_inventory *inventory, struct lt_host *host, struct lt_fs *fs,
                                  struct lt_str path)
{
    lt_each (struct lt_root, known, &inventory->roots)
        if (known->fs == fs && lt_str_eq(known->path, path))
            return known;
    struct lt_root *root = lt_new(inventory->arena, struct lt_root);
    *root = (struct lt_root){.host = host, .fs = fs, .path = lt_str_dup(inventory->arena, path)};
    root->owner = (struct lt_owner){.host = host, .root = root, .role = LT_ROLE_HOST};
    lt_list_add(&inventory->roots, inventory->arena, root);
    lt_list_add(&host->roots, inventory->arena, root);
    return root;
}

struct lt_container *lt_inventory_container(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id)
{
    struct lt_container *container = lt_map_get(&root->container_by_id, id);
    if (container)
        return container;
    container = lt_new(inventory->arena, struct lt_container);
    container->root = root;
    container->id = lt_str_dup(inventory->arena, id);
    lt_list_add(&root->containers, inventory->arena, container);
    lt_map_put(&root->container_by_id, inventory->arena, container->id, container);
    return container;
}

struct lt_container *lt_inventory_gone(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id)
{
    enum { MOST = 16384 };
    struct lt_container *container = lt_map_get(&root->gone_by_id, id);
    if (container || root->gone_by_id.count >= MOST)
        return container;
    container = lt_new(inventory->arena, struct lt_container);
    container->root = root;
    container->id = lt_str_dup(inventory->arena, id);
    container->tags = LT_TAG_BIT(configuration_missing);
    container->owner = (struct lt_owner){.host = root->host, .root = root, .container = container, .role = LT_ROLE_CONFIG};
    container->log_owner = (struct lt_owner){.host = root->host, .root = root, .container = container, .role = LT_ROLE_LOG};
    lt_map_put(&root->gone_by_id, inventory->arena, container->id, container);
    return container;
}

struct lt_image *lt_inventory_image(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id)
{
    struct lt_image *image = lt_map_get(&root->image_by_id, id);
    if (image)
        return image;
    image = lt_new(inventory->arena, struct lt_image);
    image->root = root;
    image->id = lt_str_dup(inventory->arena, id);
    lt_list_add(&root->images, inventory->arena, image);
    lt_map_put(&root->image_by_id, inventory->arena, image->id, image);
    return image;
}

struct lt_layer *lt_inventory_layer(struct lt_inventory *inventory, struct lt_root *root, const struct lt_store *store,
                                    struct lt_str id)
{
    struct lt_layer *layer = lt_map_get(&root->layer_by_id, id);
    if (layer)
        return layer;
    layer = lt_new(inventory->arena, struct lt_layer);
    layer->root = root;
    layer->store = store;
    layer->id = lt_str_dup(inventory->arena, id);
    layer->role = LT_ROLE_IMAGE;
    lt_list_add(&root->layers, inventory->arena, layer);
    lt_map_put(&root->layer_by_id, inventory->arena, layer->id, layer);
    return layer;
}

struct lt_volume *lt_inventory_volume(struct lt_inventory *inventory, struct lt_root *root, struct lt_str name)
{
    struct lt_volume *volume = lt_map_get(&root->volume_by_name, name);
    if (volume)
        return volume;
    volume = lt_new(inventory->arena, struct lt_volume);
    volume->root = root;
    volume->name = lt_str_dup(inventory->arena, name);
    lt_list_add(&root->volumes, inventory->arena, volume);
    lt_map_put(&root->volume_by_name, inventory->arena, volume->name, volume);
    return volume;
}

struct lt_str lt_chain_key(struct lt_arena *arena, const struct lt_store *store, struct lt_str chain_id)
{
    return lt_str_format(arena, "%s %.*s", store->name, LT_ARG(chain_id));
}

/* Key of a layer by what an image tells of it: the chain below and its own diff ID. */
static struct lt_str diff_key(struct lt_arena *arena, const struct lt_store *store, struct lt_str chain,
                              struct lt_str diff_id)
{
    return lt_str_format(arena, "%s %.*s %.*s", store->name, LT_ARG(chain), LT_ARG(diff_id));
}

static void reverse(struct lt_list *list)
{
    for (size_t i = 0, j = list->count; i + 1 < j; i++) {
        void *item = list->items[i];
        list->items[i] = list->items[--j];
        list->items[j] = item;
    }
}

/* The layers from `top` down; a chain that comes back to itself ends there. */
static void collect_chain(struct lt_arena *arena, struct lt_layer *top, struct lt_list *out)
{
    for (struct lt_layer *layer = top; layer && out->count < MAX_LAYERS; layer = layer->parent) {
        if (lt_list_has(out, layer))
            break;
        lt_list_add(out, arena, layer);
    }
}

/* An image names diff IDs; layerdb names each layer's diff ID and the chain below it. */
static void link_image(struct lt_arena *arena, const struct lt_map *by_diff, const struct lt_store *store,
                       struct lt_image *image)
{
    struct lt_str chain = LT_STR("");
    struct lt_list layers = {0};
    for (size_t i = 0; i < image->diff_ids.count; i++) {
        const struct lt_str *diff_id = image->diff_ids.items[i];
        struct lt_layer *layer = lt_map_get(by_diff, diff_key(arena, store, chain, *diff_id));
        if (!layer)
            break;
        lt_list_add(&layers, arena, layer);
        chain = layer->chain_id;
    }
    if (layers.count > image->layers.count)
        image->layers = layers;
}

static void link_images(struct lt_arena *arena, struct lt_root *root)
{
    struct lt_map by_diff = {0};
    lt_each (struct lt_layer, layer, &root->layers) {
        if (!layer->diff_id.len || layer->tags & (LT_TAG_BIT(removing) | LT_TAG_BIT(unfinished)))
            continue;
        lt_map_put(&by_diff, arena, diff_key(arena, layer->store, layer->parent_chain, layer->diff_id), layer);
    }
    lt_each (struct lt_image, image, &root->images)
        for (size_t i = 0; lt_stores[i]; i++)
            link_image(arena, &by_diff, lt_stores[i], image);
}

/* The key is no longer than a name of a layer may be: see lt_is_store_id(). */
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

/* The rw layer of a container whose mount-id is lost: the only one that fits. */
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

static void take_layer(struct lt_container *container, struct lt_layer *layer, enum lt_role role)
{
    if (!layer)
        return;
    layer->role = role;
    layer->container = container;
}

static void link_rw(struct lt_container *container, bool infer)
{
    struct lt_root *root = container->root;
    if (infer ? container->rw != NULL : !container->mount_id.len)
        return;
    container->rw = infer ? infer_rw(container) : lt_map_get(&root->layer_by_id, container->mount_id);
    if (!container->rw)
        return;
    container->init = lt_map_get(&root->layer_by_id, container->init_id);
    if (!container->init)
        container->init = init_of(root, container->rw->id);
    take_layer(container, container->rw, LT_ROLE_RW);
    take_layer(container, container->init, LT_ROLE_INIT);
}

/* The image layers of a container: by layerdb, else by the driver's links, else those of its image. */
static void link_container_layers(struct lt_arena *arena, struct lt_container *container)
{
    struct lt_layer *top = NULL;
    if (container->store)
        top = lt_map_get(&container->root->layer_by_chain,
                         lt_chain_key(arena, container->store, container->parent_chain));
    const struct lt_layer *above = container->init ? container->init : container->rw;
    if (!top && above)
        top = above->parent;
    collect_chain(arena, top, &container->layers);
    if (container->layers.count || !container->image)
        return;
    lt_each (struct lt_layer, layer, &container->image->layers)
        lt_list_add(&container->layers, arena, layer);
    reverse(&container->layers);
}

/* An image whose layers layerdb no longer tells has those of a container made from it, if the number is right. */
static void borrow_layers(struct lt_arena *arena, const struct lt_container *container)
{
    struct lt_image *image = container->image;
    if (!image || image->layers.count == image->diff_ids.count || container->layers.count != image->diff_ids.count)
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

/* Docker follows the links of a subpath, but not out of the volume (moby internal/safepath, 26.0 and later). */
static void find_part(struct lt_arena *arena, const struct lt_volume *volume, struct lt_mount_user *user)
{
    struct lt_str part = lt_path_join(arena, volume->data, user->mount->subpath), rest;
    user->source = volume->data;
    if (!user->mount->subpath.len)
        return;
    user->nowhere = lt_fs_resolve(volume->root->fs, part, arena, &user->source, NULL) != LT_OK ||
                    !lt_path_behind(user->source, volume->data, &rest);
}

static void link_volumes(struct lt_arena *arena, const struct lt_container *container)
{
    lt_each (struct lt_mount, mount, &container->mounts) {
        struct lt_volume *volume = lt_map_get(&container->root->volume_by_name, mount->name);
        bool local = !mount->driver.len || lt_str_eq(mount->driver, LT_STR("local"));
        if (!volume || !local || !lt_str_eq(mount->type, LT_STR("volume")))
            continue;
        struct lt_mount_user *user = lt_new(arena, struct lt_mount_user);
        *user = (struct lt_mount_user){.container = container, .mount = mount};
        find_part(arena, volume, user);
        lt_list_add(&volume->users, arena, user);
    }
}

static void link_users(struct lt_arena *arena, struct lt_root *root)
{
    lt_each (struct lt_image, image, &root->images)
        lt_each (struct lt_layer, layer, &image->layers)
            lt_list_add(&layer->images, arena, image);
    lt_each (struct lt_container, container, &root->containers) {
        if (container->image)
            lt_list_add(&container->image->users, arena, container);
        lt_each (struct lt_layer, layer, &container->layers)
            lt_list_add(&layer->containers, arena, container);
        link_volumes(arena, container);
    }
}

/* Of all images with this layer, the one that a person knows it by: tagged before untagged, then the one with the
 * fewest layers, since the others were built on it. Ties go to the first by ID. */
static struct lt_image *home_image(const struct lt_layer *layer)
{
    struct lt_image *best = NULL;
    lt_each (struct lt_image, image, &layer->images) {
        bool named = image->names.count, best_named = best && best->names.count;
        if (!best || named > best_named || (named == best_named && image->layers.count < best->layers.count))
            best = image;
    }
    return best;
}

static void own_layer(struct lt_layer *layer)
{
    /* Left over by a removal: an rw layer still has its init layer beside it. */
    if (!layer->container && layer->role == LT_ROLE_IMAGE && init_of(layer->root, layer->id))
        layer->role = LT_ROLE_RW;
    layer->owner = (struct lt_owner){.host = layer->root->host, .root = layer->root, .layer = layer, .role = layer->role};
    if (layer->container) {
        layer->owner.container = layer->container;
        layer->owner.image = layer->container->image;
        return;
    }
    struct lt_image *image = home_image(layer);
    layer->owner.image = image;
    for (size_t i = 0; image && i < image->layers.count; i++)
        if (image->layers.items[i] == layer)
            layer->index = (unsigned)i;
}

static void own_all(struct lt_root *root)
{
    lt_each (struct lt_layer, layer, &root->layers)
        own_layer(layer);
    lt_each (struct lt_image, image, &root->images)
        image->owner = (struct lt_owner){.host = root->host, .root = root, .image = image, .role = LT_ROLE_IMAGE};
    lt_each (struct lt_container, container, &root->containers) {
        struct lt_owner owner = {.host = root->host, .root = root, .container = container, .image = container->image};
        container->owner = container->log_owner = owner;
        container->owner.role = LT_ROLE_CONFIG;
        container->log_owner.role = LT_ROLE_LOG;
    }
    lt_each (struct lt_volume, volume, &root->volumes) {
        volume->owner = (struct lt_owner){.host = root->host, .root = root, .volume = volume, .role = LT_ROLE_VOLUME};
        volume->owner.container = lt_only_user(&volume->users);
        volume->owner.image = volume->owner.container ? volume->owner.container->image : NULL;
    }
}

static bool is_known_store(struct lt_str name)
{
    for (size_t i = 0; lt_stores[i]; i++)
        if (lt_str_eq(name, lt_str_c(lt_stores[i]->name)))
            return true;
    return false;
}

/* Say of each thing what is odd about it. */
static void tag_odd(const struct lt_root *root)
{
    lt_each (struct lt_layer, layer, &root->layers)
        if (!layer->recorded)
            layer->tags |= LT_TAG_BIT(no_layer_record);
    lt_each (struct lt_image, image, &root->images) {
        if (image->referenced_only)
            image->tags |= LT_TAG_BIT(image_missing);
        else if (!image->names.count && !image->has_children)
            image->tags |= LT_TAG_BIT(dangling);
    }
    lt_each (struct lt_container, container, &root->containers) {
        if (!container->path.len)
            container->tags |= LT_TAG_BIT(configuration_missing);
        /* The layers of other drivers are not read: nothing can be said of them. */
        if (!container->rw && (container->store || is_known_store(container->driver)))
            container->tags |= LT_TAG_BIT(rw_layer_missing);
        if (container->image)
            container->tags |= container->image->tags & LT_TAG_BIT(image_missing);
    }
}

void lt_inventory_link(struct lt_inventory *inventory, struct lt_root *root)
{
    struct lt_arena *arena = inventory->arena;
    lt_each (struct lt_container, container, &root->containers)
        if (container->image_id.len) {
            container->image = lt_inventory_image(inventory, root, container->image_id);
            container->image->referenced_only = !container->image->config.len;
        }
    lt_each (struct lt_image, image, &root->images) {
        struct lt_image *parent = image->parent.len ? lt_map_get(&root->image_by_id, image->parent) : NULL;
        if (parent)
            parent->has_children = true;
    }
    link_images(arena, root);
    /* Certain links first: what is left over is then inferred among fewer candidates. */
    for (int infer = 0; infer <= 1; infer++)
        lt_each (struct lt_container, container, &root->containers)
            link_rw(container, infer);
    lt_each (struct lt_container, container, &root->containers) {
        link_container_layers(arena, container);
        borrow_layers(arena, container);
    }
    link_users(arena, root);
    own_all(root);
    tag_odd(root);
}

const struct lt_list *lt_owner_users(const struct lt_owner *owner)
{
    return owner->volume ? &owner->volume->users : owner->bind ? &owner->bind->users : NULL;
}

const struct lt_container *lt_only_user(const struct lt_list *users)
{
    const struct lt_container *only = NULL;
    lt_each (const struct lt_mount_user, user, users) {
        if (only && user->container != only)
            return NULL;
        only = user->container;
    }
    return only;
}

bool lt_owner_is_mapped(const struct lt_owner *owner)
{
    const struct lt_list *users = lt_owner_users(owner);
    if (!owner->root || !owner->root->uids || (!owner->layer && !users))
        return false;
    if (users)
        lt_each (const struct lt_mount_user, user, users)
            if (user->container->host_userns)
                return false; /* they may not agree */
    return !owner->container || !owner->container->host_userns;
}

const struct lt_runtime *lt_owner_runtime(const struct lt_owner *owner)
{
    const struct lt_root *root = owner->root ? owner->root : owner->host->roots.items[0];
    return root->runtime;
}

struct lt_str lt_image_name(const struct lt_image *image)
{
    lt_each (struct lt_str, name, &image->names)
        if (!memchr(name->ptr, '@', name->len))
            return *name;
    return image->names.count ? *(const struct lt_str *)image->names.items[0] : LT_STR("");
}

static void add_label(struct lt_buf *out, struct lt_str name, struct lt_str id)
{
    if (name.len) {
        lt_buf_add(out, name);
        lt_buf_char(out, '@');
    }
    lt_buf_add(out, lt_short_id(id));
}

static size_t count_users(const struct lt_list *users)
{
    const struct lt_container *last = NULL;
    size_t count = 0;
    lt_each (const struct lt_mount_user, user, users) {
        count += user->container != last;
        last = user->container;
    }
    return count;
}

static void add_volume(struct lt_buf *out, const struct lt_volume *volume)
{
    const struct lt_container *only = lt_only_user(&volume->users);
    lt_buf_add(out, lt_is_id(volume->name) ? lt_short_id(volume->name) : volume->name);
    if (only) {
        lt_buf_char(out, ':');
        add_label(out, only->name, only->id);
    } else if (volume->users.count) {
        lt_buf_printf(out, ":%zu containers", count_users(&volume->users));
    }
}

void lt_owner_label(struct lt_buf *out, const struct lt_owner *owner)
{
    if (owner->role == LT_ROLE_VOLUME)
        add_volume(out, owner->volume);
    else if (owner->container)
        add_label(out, owner->container->name, owner->container->id);
    else if (owner->image)
        add_label(out, lt_image_name(owner->image), owner->image->id);
    else if (owner->layer)
        lt_buf_add(out, lt_short_id(owner->layer->id));
    else
        lt_buf_lit(out, "host");
}
