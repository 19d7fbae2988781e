// SPDX-License-Identifier: Apache-2.0
#include "read/volume_users.h"

/* Docker follows symbolic links in a subpath, but not out of the volume (moby internal/safepath, 26.0 and later). */
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

void lt_volume_users_find(struct lt_ctx *ctx)
{
    lt_each (const struct lt_container, container, &ctx->root->containers)
        link_volumes(ctx->run, container);
}

struct lt_event lt_volume_created(const struct lt_volume *volume, struct lt_facts *facts)
{
    lt_facts_text(facts, LT_ATTR_ACTION, LT_STR("create volume"));
    lt_each (const struct lt_mount_user, user, &volume->users)
        lt_facts_item(facts, LT_ATTR_MOUNTS, "%.*s -> %.*s %s", LT_ARG(user->container->name),
                      LT_ARG(user->mount->destination), user->mount->writable ? "rw" : "ro");
    return (struct lt_event){
        .kind = LT_KIND_VOLUME_CREATED,
        .time = {volume->created},
        .owner = &volume->owner,
        .where = {.file = volume->path, .field = "birth"},
    };
}
