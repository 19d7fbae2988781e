// SPDX-License-Identifier: Apache-2.0
#include "files/container_mounts.h"

#include "files/binds.h"

#include <stdlib.h>

/* The files of a volume that lie in the store. False: it is no such mount. */
static bool find_volume(const struct lt_container *container, struct lt_mounted *mounted)
{
    const struct lt_volume *volume = lt_map_get(&container->root->volume_by_name, mounted->mount->name);
    if (!lt_str_eq(mounted->mount->type, LT_STR("volume")) || !volume || volume->device.len)
        return false;
    lt_each (const struct lt_mount_user, user, &volume->users)
        if (user->container == container && user->mount == mounted->mount && !user->nowhere) {
            mounted->fs = volume->root->fs;
            mounted->path = user->source;
            return true;
        }
    return false;
}

/* A file that the daemon keeps in the directory of the container, wherever that is now. */
static bool find_own(const struct lt_container *container, struct lt_arena *arena, struct lt_mounted *mounted)
{
    struct lt_str source = mounted->mount->source;
    if (!mounted->mount->automatic || !container->path.len ||
        !lt_str_eq(lt_str_basename(lt_str_dirname(source)), container->id))
        return false;
    struct lt_str path = lt_path_join(arena, container->path, lt_str_basename(source));
    bool found = lt_fs_resolve(container->root->fs, path, arena, &mounted->path, NULL) == LT_OK;
    mounted->fs = found ? container->root->fs : NULL;
    return found;
}

static void find_bind(const struct lt_container *container, struct lt_arena *arena, struct lt_mounted *mounted)
{
    const struct lt_mount *mount = mounted->mount;
    struct lt_fs *fs = lt_bind_fs(container->root);
    struct lt_str source = mount->automatic ? mount->source : lt_bind_source(container, mount, arena);
    if (fs && lt_str_starts(source, LT_STR("/")) && lt_fs_resolve(fs, source, arena, &mounted->path, NULL) == LT_OK)
        mounted->fs = fs;
}

/* Parents first: their destinations are shorter. */
static int by_length(const void *a, const void *b)
{
    const struct lt_mount *const *left = a, *const *right = b;
    size_t one = (*left)->destination.len, other = (*right)->destination.len;
    return (one > other) - (one < other);
}

struct lt_map lt_container_mounts(struct lt_lower_reader *reader, const struct lt_container *container,
                                  struct lt_arena *arena)
{
    struct lt_map places = {0};
    struct lt_list order = {0};
    struct lt_view_root root = lt_view_of_container(reader, container);
    root.mounts = &places;
    lt_each (struct lt_mount, mount, &container->mounts)
        if (mount->destination.len)
            lt_list_add(&order, arena, mount);
    if (order.count)
        qsort(order.items, order.count, sizeof *order.items, by_length);
    lt_each (const struct lt_mount, mount, &order) {
        struct lt_view place;
        struct lt_mounted *mounted = lt_new(arena, struct lt_mounted);
        *mounted = (struct lt_mounted){.mount = mount};
        if (!find_volume(container, mounted) && !find_own(container, arena, mounted))
            find_bind(container, arena, mounted);
        lt_view_lookup(reader, &root, mount->destination, &place, NULL);
        struct lt_str at = place.rest.len ? lt_path_join(arena, place.inside, place.rest) : place.inside;
        lt_map_put(&places, arena, at.len ? lt_str_dup(arena, at) : mount->destination, mounted);
    }
    return places;
}
