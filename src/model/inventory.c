// SPDX-License-Identifier: Apache-2.0
#include "model/inventory.h"

#include "model/runtime.h"
#include "parse/ident.h"

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

void lt_host_add_placed(struct lt_inventory *inventory, struct lt_host *host, struct lt_placed placed)
{
    struct lt_placed *copy = lt_new(inventory->arena, struct lt_placed);
    *copy = placed;
    lt_list_add(&host->placed, inventory->arena, copy);
}

bool lt_hosts_may_be_one(const struct lt_host *a, const struct lt_host *b)
{
    return a == b || (a->evidence == b->evidence && !(a->etc && b->etc));
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

/* No namespace of containerd has a slash, nor any other byte but letters, digits, dots, dashes and underscores. */
struct lt_str lt_namespaced(struct lt_arena *arena, struct lt_str namespace, struct lt_str id)
{
    return namespace.len ? lt_path_join(arena, namespace, id) : id;
}

struct lt_container *lt_inventory_container(struct lt_inventory *inventory, struct lt_root *root,
                                            struct lt_str namespace, struct lt_str id)
{
    struct lt_str key = lt_namespaced(inventory->arena, namespace, id);
    struct lt_container *container = lt_map_get(&root->container_by_id, key);
    if (container)
        return container;
    container = lt_new(inventory->arena, struct lt_container);
    container->root = root;
    container->runtime = root->runtime;
    container->id = lt_str_dup(inventory->arena, id);
    container->namespace = lt_str_dup(inventory->arena, namespace);
    lt_list_add(&root->containers, inventory->arena, container);
    lt_map_put(&root->container_by_id, inventory->arena, namespace.len ? key : container->id, container);
    return container;
}

enum { MOST = 16384 }; /* of what was removed of one store */

struct lt_image *lt_inventory_removed_image(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id)
{
    struct lt_image *image = lt_map_get(&root->removed_image_by_id, id);
    const struct lt_image *there = lt_map_get(&root->image_by_id, id);
    if (image || (there && !there->referenced_only) || root->removed_images.count >= MOST)
        return image;
    image = lt_new(inventory->arena, struct lt_image);
    *image = (struct lt_image){
        .root = root, .runtime = root->runtime, .id = lt_str_dup(inventory->arena, id), .removed = true};
    image->owner = (struct lt_owner){.host = root->host, .root = root, .image = image, .role = LT_ROLE_IMAGE};
    lt_list_add(&root->removed_images, inventory->arena, image);
    lt_map_put(&root->removed_image_by_id, inventory->arena, image->id, image);
    return image;
}

struct lt_volume *lt_inventory_removed_volume(struct lt_inventory *inventory, struct lt_root *root, struct lt_str name)
{
    struct lt_volume *volume = lt_map_get(&root->removed_volume_by_name, name);
    if (volume || lt_map_get(&root->volume_by_name, name) || root->removed_volumes.count >= MOST)
        return volume;
    volume = lt_new(inventory->arena, struct lt_volume);
    *volume = (struct lt_volume){.root = root, .name = lt_str_dup(inventory->arena, name), .removed = true};
    volume->owner = (struct lt_owner){.host = root->host, .root = root, .volume = volume, .role = LT_ROLE_VOLUME};
    lt_list_add(&root->removed_volumes, inventory->arena, volume);
    lt_map_put(&root->removed_volume_by_name, inventory->arena, volume->name, volume);
    return volume;
}

struct lt_container *lt_inventory_removed(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id)
{
    lt_each (const struct lt_root, other, &root->host->roots) {
        struct lt_container *known = lt_map_get(&other->removed_by_id, id);
        if (known)
            return known;
    }
    if (root->removed_by_id.count >= MOST)
        return NULL;
    struct lt_container *container = lt_new(inventory->arena, struct lt_container);
    container->root = root;
    container->runtime = root->runtime;
    container->id = lt_str_dup(inventory->arena, id);
    container->tags = LT_TAG_BIT(configuration_missing);
    container->removed = true;
    container->owner =
        (struct lt_owner){.host = root->host, .root = root, .container = container, .role = LT_ROLE_CONFIG};
    container->log_owner =
        (struct lt_owner){.host = root->host, .root = root, .container = container, .role = LT_ROLE_LOG};
    lt_list_add(&root->removed, inventory->arena, container);
    lt_map_put(&root->removed_by_id, inventory->arena, container->id, container);
    return container;
}

void lt_container_found_dead(struct lt_inventory *inventory, struct lt_container *container, struct lt_str file,
                             const char *field)
{
    container->found_dead = true;
    container->found_dead_by = (struct lt_where){.file = file, .field = field};
    container->last_sign = lt_new(inventory->arena, struct lt_life_sign);
}

struct lt_image *lt_inventory_image(struct lt_inventory *inventory, struct lt_root *root, struct lt_str namespace,
                                    struct lt_str id)
{
    struct lt_str key = lt_namespaced(inventory->arena, namespace, id);
    struct lt_image *image = lt_map_get(&root->image_by_id, key);
    if (image)
        return image;
    image = lt_new(inventory->arena, struct lt_image);
    image->root = root;
    image->runtime = root->runtime;
    image->id = lt_str_dup(inventory->arena, id);
    image->namespace = lt_str_dup(inventory->arena, namespace);
    lt_list_add(&root->images, inventory->arena, image);
    lt_map_put(&root->image_by_id, inventory->arena, namespace.len ? key : image->id, image);
    return image;
}

struct lt_layer *lt_inventory_layer(struct lt_inventory *inventory, struct lt_root *root, struct lt_str id)
{
    struct lt_layer *layer = lt_map_get(&root->layer_by_id, id);
    if (layer)
        return layer;
    layer = lt_new(inventory->arena, struct lt_layer);
    layer->root = root;
    layer->runtime = root->runtime;
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

static struct lt_str snapshot_name(struct lt_arena *arena, struct lt_str namespace, struct lt_str snapshotter,
                                   struct lt_str key)
{
    return lt_str_format(arena, "%.*s/%.*s/%.*s", LT_ARG(namespace), LT_ARG(snapshotter), LT_ARG(key));
}

struct lt_layer *lt_host_snapshot(const struct lt_host *host, struct lt_arena *scratch, struct lt_str namespace,
                                  struct lt_str snapshotter, struct lt_str key)
{
    struct lt_str name = snapshot_name(scratch, namespace, snapshotter, key);
    lt_each (const struct lt_root, root, &host->roots) {
        struct lt_layer *layer = lt_map_get(&root->snapshots, name);
        if (layer)
            return layer;
    }
    return NULL;
}

void lt_root_add_snapshot(struct lt_inventory *inventory, struct lt_layer *layer, struct lt_str snapshotter,
                          struct lt_str key)
{
    struct lt_str name = snapshot_name(inventory->arena, layer->namespace, snapshotter, key);
    lt_map_put(&layer->root->snapshots, inventory->arena, name, layer);
}

void lt_inventory_link_users(struct lt_inventory *inventory, struct lt_root *root)
{
    struct lt_arena *arena = inventory->arena;
    lt_each (struct lt_image, image, &root->images)
        for (int copy = 0; copy <= 1; copy++)
            lt_each (struct lt_layer, layer, copy ? &image->copies : &image->layers)
                lt_list_add(&layer->images, arena, image);
    lt_each (struct lt_container, container, &root->containers) {
        if (container->image)
            lt_list_add(&container->image->users, arena, container);
        lt_each (struct lt_layer, layer, &container->layers)
            lt_list_add(&layer->containers, arena, container);
    }
}

/* Would a person rather name a layer by image `a` than by `b`? Tagged before untagged, then the one with fewer layers,
 * since the other was built on it. Of images with the same layers, one that containers use. */
static bool is_better_home(const struct lt_image *a, const struct lt_image *b)
{
    bool named = a->names.count, other_named = b->names.count;
    if (named != other_named)
        return named;
    if (a->layers.count != b->layers.count)
        return a->layers.count < b->layers.count;
    return a->users.count && !b->users.count;
}

/* The image that a layer is named by. Ties go to the first by ID. */
static struct lt_image *home_image(const struct lt_layer *layer)
{
    struct lt_image *best = NULL;
    lt_each (struct lt_image, image, &layer->images)
        if (!best || is_better_home(image, best))
            best = image;
    return best;
}

static void own_layer(struct lt_layer *layer)
{
    struct lt_image *image = layer->container ? layer->container->image : home_image(layer);
    layer->owner = (struct lt_owner){.host = layer->root->host,
                                     .root = layer->root,
                                     .container = layer->container,
                                     .image = image,
                                     .layer = layer,
                                     .role = layer->role};
    layer->beside = layer->owner;
    layer->beside.layer = NULL;
    layer->beside.role = layer->container ? LT_ROLE_CONFIG : image ? LT_ROLE_IMAGE : LT_ROLE_HOST;
    for (size_t i = 0; !layer->container && image && i < image->layers.count; i++)
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

/* Tag everything that is odd. */
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
        /* The layers of other drivers are not read: a missing rw layer proves nothing. */
        if (!container->rw && container->driver_read)
            container->tags |= LT_TAG_BIT(rw_layer_missing);
        if (container->image)
            container->tags |= container->image->tags & LT_TAG_BIT(image_missing);
    }
}

void lt_inventory_own(struct lt_root *root)
{
    own_all(root);
    tag_odd(root);
}

void lt_root_find_outer(struct lt_root *root)
{
    struct lt_str rest;
    lt_each (const struct lt_root, other, &root->host->roots) {
        if (other == root || other->fs != root->fs || !lt_path_behind(root->path, other->path, &rest))
            continue;
        lt_each (const struct lt_volume, volume, &other->volumes)
            if (volume->data.len && lt_path_behind(root->path, volume->data, &rest))
                root->outer = lt_only_user(&volume->users);
        lt_each (const struct lt_layer, layer, &other->layers)
            if (layer->content.len && layer->container && lt_path_behind(root->path, layer->content, &rest))
                root->outer = layer->container;
    }
}

void lt_root_add_tree(struct lt_inventory *inventory, struct lt_root *root, struct lt_str path, bool cross_mounts)
{
    struct lt_tree *tree = lt_new(inventory->arena, struct lt_tree);
    *tree = (struct lt_tree){path, &root->owner, cross_mounts};
    lt_list_add(&root->trees, inventory->arena, tree);
}

void lt_root_give(struct lt_inventory *inventory, struct lt_root *root, struct lt_str path, struct lt_owner *owner)
{
    lt_map_put(&root->owner_at, inventory->arena, path, owner);
}

void lt_identifier_add(struct lt_inventory *inventory, struct lt_list *identifiers, const char *name,
                       struct lt_str value)
{
    if (!value.len)
        return;
    struct lt_identifier *identifier = lt_new(inventory->arena, struct lt_identifier);
    *identifier = (struct lt_identifier){name, value};
    lt_list_add(identifiers, inventory->arena, identifier);
}

struct lt_str lt_identifier_of(const struct lt_list *identifiers, const char *name)
{
    lt_each (const struct lt_identifier, identifier, identifiers)
        if (strcmp(identifier->name, name) == 0)
            return identifier->value;
    return LT_STR("");
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

static const struct lt_idmap *root_idmap(const struct lt_root *root, bool group)
{
    return !root ? NULL : group ? root->gids : root->uids;
}

static const struct lt_idmap *container_idmap(const struct lt_container *container, bool group)
{
    const struct lt_idmap *own = group ? container->gids : container->uids;
    return own || container->host_userns ? own : root_idmap(container->root, group);
}

/* The map by which all users see the files; NULL if they differ. */
static const struct lt_idmap *common_idmap(const struct lt_list *users, bool group)
{
    const struct lt_idmap *common = NULL;
    lt_each (const struct lt_mount_user, user, users) {
        const struct lt_idmap *map = user->mount->idmapped ? NULL : container_idmap(user->container, group);
        if (!map || (common && !lt_idmap_equal(common, map)))
            return NULL;
        common = map;
    }
    return common;
}

const struct lt_idmap *lt_owner_idmap(const struct lt_owner *owner, bool group)
{
    const struct lt_list *users = lt_owner_users(owner);
    if (users && users->count)
        return common_idmap(users, group);
    if (!owner->layer && !users)
        return NULL;
    return owner->container ? container_idmap(owner->container, group) : root_idmap(owner->root, group);
}

struct lt_str lt_owner_namespace(const struct lt_owner *owner)
{
    if (owner->layer && owner->layer->namespace.len)
        return owner->layer->namespace;
    if (owner->container && owner->container->namespace.len)
        return owner->container->namespace;
    return owner->image ? owner->image->namespace : owner->namespace;
}

const struct lt_runtime *lt_owner_runtime(const struct lt_owner *owner)
{
    if (owner->container)
        return owner->container->runtime;
    if (owner->image)
        return owner->image->runtime;
    if (owner->layer)
        return owner->layer->runtime;
    if (owner->runtime)
        return owner->runtime;
    const struct lt_root *root = owner->root ? owner->root : owner->host->roots.items[0];
    return root->runtime;
}
