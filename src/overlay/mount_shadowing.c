// SPDX-License-Identifier: Apache-2.0
#include "overlay/mount_shadowing.h"

static bool is_own(const struct lt_mount *mount)
{
    return mount->automatic;
}

static void add_container(struct lt_mount_shadowing *shadowing, const struct lt_container *container)
{
    bool any = false;
    lt_each (const struct lt_mount, mount, &container->mounts)
        any |= !is_own(mount);
    if (any)
        lt_list_add(&shadowing->containers, &shadowing->arena, container);
}

bool lt_mount_shadowing_begin(struct lt_mount_shadowing *shadowing, const struct lt_layer *layer)
{
    if (layer->container)
        add_container(shadowing, layer->container);
    lt_each (const struct lt_container, container, &layer->containers)
        add_container(shadowing, container);
    return shadowing->containers.count;
}

void lt_mount_shadowing_end(struct lt_mount_shadowing *shadowing)
{
    lt_buf_free(&shadowing->path);
    lt_arena_free(&shadowing->arena);
}

/* Does the mount shadow the directory `path`, or an entry of it? */
static bool touches(const struct lt_mount *mount, struct lt_str path)
{
    struct lt_str rest;
    return mount->destination.len && !is_own(mount) &&
           (lt_path_behind(path, mount->destination, &rest) || lt_str_eq(lt_str_dirname(mount->destination), path));
}

/* Most directories have no mount in them. Find that out once for all entries of a directory. */
static void begin_directory(struct lt_mount_shadowing *shadowing, const struct lt_dir *dir)
{
    if (shadowing->dir == dir)
        return;
    shadowing->dir = dir;
    shadowing->any = false;
    shadowing->path.len = 0;
    lt_dir_inside(&shadowing->path, dir);
    lt_each (const struct lt_container, container, &shadowing->containers)
        lt_each (const struct lt_mount, mount, &container->mounts)
            shadowing->any |= touches(mount, lt_buf_view(&shadowing->path));
}

/* The mount that shadows `path` in the container, in words. "": there is none. */
static struct lt_str shadowed_by(const struct lt_container *container, struct lt_str path, struct lt_arena *arena)
{
    const struct lt_mount *over = lt_mount_over(container, path);
    struct lt_buf label = {0};
    if (over && !is_own(over))
        lt_mount_label(&label, over);
    struct lt_str text = label.len ? lt_str_dup(arena, lt_buf_view(&label)) : LT_STR("");
    lt_buf_free(&label);
    return text;
}

/* Add one fact for all containers that have the label of `first`, unless an earlier container has that label. */
static void add_fact(const struct lt_mount_shadowing *shadowing, const struct lt_str *labels, size_t first,
                     struct lt_event *event, struct lt_arena *arena)
{
    struct lt_buf text = {0};
    for (size_t i = 0; i < first; i++)
        if (lt_str_eq(labels[i], labels[first]))
            return;
    lt_buf_lit(&text, "hidden from ");
    for (size_t i = first; i < shadowing->containers.count; i++) {
        const struct lt_container *container = shadowing->containers.items[i];
        if (!lt_str_eq(labels[i], labels[first]))
            continue;
        if (i > first)
            lt_buf_lit(&text, ", ");
        lt_owner_label(&text, &container->owner);
    }
    lt_buf_printf(&text, " by %.*s", LT_ARG(labels[first]));
    lt_event_add_fact(event, arena, lt_str_dup(arena, lt_buf_view(&text)));
    lt_buf_free(&text);
}

void lt_mount_shadowing_add(struct lt_mount_shadowing *shadowing, struct lt_event *event, struct lt_arena *arena)
{
    size_t count = shadowing->containers.count, at = 0;
    begin_directory(shadowing, event->dir);
    if (!shadowing->any)
        return;
    struct lt_buf path = {0};
    struct lt_str *labels = lt_new_array(arena, struct lt_str, count);
    lt_event_inside(&path, event);
    lt_each (const struct lt_container, container, &shadowing->containers)
        labels[at++] = shadowed_by(container, lt_buf_view(&path), arena);
    for (size_t i = 0; i < count; i++)
        if (labels[i].len)
            add_fact(shadowing, labels, i, event, arena);
    lt_buf_free(&path);
}
