// SPDX-License-Identifier: Apache-2.0
/* Whose deleted files were: of what exists, and of containers that are gone. */
#include "read/whose.h"

#include "evidence/mounted.h"
#include "model/runtime.h"
#include "model/told.h"

struct lt_on_host lt_on_host(const struct lt_mount_point *mount, struct lt_arena *arena)
{
    struct lt_on_host out = {.at = lt_str_eq(mount->at, LT_STR("/")) ? LT_STR("") : mount->at};
    out.fs = lt_mounted_part(mount->fs, LT_STR(""), arena, &out.base);
    return out;
}

struct lt_str lt_path_on_host(const struct lt_on_host *where, struct lt_str path, struct lt_arena *arena)
{
    struct lt_str rest;
    if (!lt_str_starts(path, LT_STR("/")) || !lt_path_behind(path, where->base, &rest))
        return path;
    return where->at.len ? lt_str_format(arena, "%.*s%.*s", LT_ARG(where->at), LT_ARG(rest)) : rest;
}

static bool is_in_layer(const struct lt_layer *layer, struct lt_str path, struct lt_whose *out)
{
    struct lt_str rest;
    if (layer->content.len && lt_path_behind(path, layer->content, &rest))
        *out = (struct lt_whose){&layer->owner, rest, LT_STR("")};
    else if (layer->path.len && lt_path_behind(path, layer->path, &rest))
        *out = (struct lt_whose){&layer->beside, path, LT_STR("")};
    else
        return false;
    return true;
}

/* Does it lie in a directory of something that the store has? */
static bool is_in_root(const struct lt_root *root, struct lt_str path, struct lt_whose *out)
{
    struct lt_str rest;
    lt_each (const struct lt_layer, layer, &root->layers)
        if (is_in_layer(layer, path, out))
            return true;
    lt_each (const struct lt_volume, volume, &root->volumes)
        if (volume->data.len && lt_path_behind(path, volume->data, &rest)) {
            *out = (struct lt_whose){&volume->owner, rest, LT_STR("")};
            return true;
        }
    lt_each (const struct lt_container, container, &root->containers)
        if (container->path.len && lt_path_behind(path, container->path, &rest)) {
            *out = (struct lt_whose){&container->owner, path, LT_STR("")};
            return true;
        }
    return false;
}

/* Does it lie in a directory whose owner the store knows? */
static bool has_owner(const struct lt_root *root, struct lt_str path, struct lt_whose *out)
{
    const struct lt_owner *owner = NULL;
    for (struct lt_str at = lt_str_dirname(path); at.len > root->path.len && !owner; at = lt_str_dirname(at))
        owner = lt_map_get(&root->owner_at, at);
    if (owner)
        *out = (struct lt_whose){owner, path, LT_STR("")};
    return owner;
}

/* The store with the path in it, and what its runtime says of that. NULL: none. */
static struct lt_root *root_of(const struct lt_host *host, struct lt_str path, struct lt_gone *gone)
{
    struct lt_str rest;
    lt_each (struct lt_root, root, &host->roots)
        if (root->runtime->gone && lt_path_behind(path, root->path, &rest) && root->runtime->gone(root, path, gone))
            return root;
    return NULL;
}

/* The same for what the store has no more. */
static bool is_gone(struct lt_inventory *inventory, const struct lt_host *host, struct lt_str path,
                    struct lt_whose *out)
{
    struct lt_gone gone;
    struct lt_root *root = root_of(host, path, &gone);
    if (!root)
        return false;
    if (gone.container.len) {
        const struct lt_container *container = lt_told_container(inventory, root, gone.container);
        if (container)
            *out = (struct lt_whose){&container->owner, path, LT_STR("")};
        return container;
    }
    if (gone.volume.len) {
        struct lt_volume *volume = lt_inventory_removed_volume(inventory, root, gone.volume);
        if (volume && gone.within && !volume->data.len)
            volume->data = lt_str_dup(inventory->arena, (struct lt_str){path.ptr, path.len - gone.inside.len});
        if (volume)
            *out = (struct lt_whose){&volume->owner, gone.within ? gone.inside : path, LT_STR("")};
        return volume;
    }
    if (!gone.layer.len)
        return false;
    const struct lt_owner *owner = lt_told_layer(root, gone.layer);
    if (owner)
        *out = gone.within ? (struct lt_whose){owner, gone.inside, gone.layer}
                           : (struct lt_whose){&owner->container->owner, path, gone.layer};
    else
        out->gone = gone.layer;
    return owner;
}

struct lt_whose lt_whose_is(struct lt_inventory *inventory, const struct lt_host *host, struct lt_str path)
{
    struct lt_whose out = {&host->owner, path, LT_STR("")};
    struct lt_str rest;
    if (!path.len || path.ptr[0] != '/')
        return out;
    lt_each (const struct lt_root, root, &host->roots)
        if (is_in_root(root, path, &out))
            return out;
    lt_each (const struct lt_root, root, &host->roots)
        if (has_owner(root, path, &out))
            return out;
    if (is_gone(inventory, host, path, &out))
        return out;
    lt_each (const struct lt_root, root, &host->roots)
        if (lt_path_behind(path, root->path, &rest))
            out.owner = &root->owner;
    return out;
}
