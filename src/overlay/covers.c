// SPDX-License-Identifier: Apache-2.0
#include "overlay/covers.h"

static bool is_own(const struct lt_mount *mount)
{
    return mount->own;
}

static void add_container(struct lt_covers *covers, const struct lt_container *container)
{
    bool any = false;
    lt_each (const struct lt_mount, mount, &container->mounts)
        any |= !is_own(mount);
    if (any)
        lt_list_add(&covers->containers, &covers->arena, container);
}

void lt_covers_begin(struct lt_covers *covers, const struct lt_layer *layer)
{
    if (layer->container)
        add_container(covers, layer->container);
    lt_each (const struct lt_container, container, &layer->containers)
        add_container(covers, container);
}

void lt_covers_end(struct lt_covers *covers)
{
    lt_buf_free(&covers->path);
    lt_arena_free(&covers->arena);
}

/* Is the mount over the directory `path`, or right in it? */
static bool touches(const struct lt_mount *mount, struct lt_str path)
{
    struct lt_str rest;
    return mount->destination.len && !is_own(mount) &&
           (lt_path_behind(path, mount->destination, &rest) || lt_str_eq(lt_str_dirname(mount->destination), path));
}

/* Most directories have nothing to do with any mount: that is found out once for all their entries. */
static void begin_directory(struct lt_covers *covers, const struct lt_dir *dir)
{
    if (covers->dir == dir)
        return;
    covers->dir = dir;
    covers->any = false;
    covers->path.len = 0;
    lt_dir_inside(&covers->path, dir);
    lt_each (const struct lt_container, container, &covers->containers)
        lt_each (const struct lt_mount, mount, &container->mounts)
            covers->any |= touches(mount, lt_buf_view(&covers->path));
}

/* The mount that hides `path` from the container, for people; "" if there is none. */
static struct lt_str cover_of(const struct lt_container *container, struct lt_str path, struct lt_arena *arena)
{
    const struct lt_mount *over = lt_mount_over(container, path);
    struct lt_buf label = {0};
    if (over && !is_own(over))
        lt_mount_label(&label, over);
    struct lt_str text = label.len ? lt_str_dup(arena, lt_buf_view(&label)) : LT_STR("");
    lt_buf_free(&label);
    return text;
}

/* One fact for those that have the cover of the container `first`, unless one before it has. */
static void tell_cover(const struct lt_covers *covers, const struct lt_str *labels, size_t first,
                       struct lt_event *event, struct lt_arena *arena)
{
    struct lt_buf text = {0};
    for (size_t i = 0; i < first; i++)
        if (lt_str_eq(labels[i], labels[first]))
            return;
    lt_buf_lit(&text, "hidden from ");
    for (size_t i = first; i < covers->containers.count; i++) {
        const struct lt_container *container = covers->containers.items[i];
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

void lt_covers_tell(struct lt_covers *covers, struct lt_event *event, struct lt_arena *arena)
{
    size_t count = covers->containers.count, at = 0;
    if (!count)
        return;
    begin_directory(covers, event->dir);
    if (!covers->any)
        return;
    struct lt_buf path = {0};
    struct lt_str *labels = lt_new_array(arena, struct lt_str, count);
    lt_event_inside(&path, event);
    lt_each (const struct lt_container, container, &covers->containers)
        labels[at++] = cover_of(container, lt_buf_view(&path), arena);
    for (size_t i = 0; i < count; i++)
        if (labels[i].len)
            tell_cover(covers, labels, i, event, arena);
    lt_buf_free(&path);
}
