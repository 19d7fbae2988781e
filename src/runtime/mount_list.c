// SPDX-License-Identifier: Apache-2.0
#include "runtime/mount_list.h"

enum { MAX_MOUNTS = 1024 }; /* of one container; each costs time for every file below it */

struct lt_str lt_mount_place(struct lt_str path)
{
    while (path.len && path.ptr[path.len - 1] == '/')
        path.len--;
    return path.len && path.ptr[0] == '/' ? path : LT_STR("");
}

bool lt_mount_list_has(const struct lt_mount_list *list, struct lt_str place)
{
    return lt_map_get(&list->container->mount_at, place);
}

bool lt_mount_list_is_full(struct lt_mount_list *list)
{
    bool full = list->container->mounts.count >= MAX_MOUNTS;
    list->more += full;
    return full;
}

/* A tmpfs leaves nothing on disk. */
static void describe(struct lt_mount_list *list, const struct lt_mount *mount, struct lt_str propagation)
{
    struct lt_str source = mount->name.len ? mount->name : mount->source;
    struct lt_buf text = {0};
    bool private = !propagation.len || lt_str_eq(propagation, LT_STR("rprivate"));
    lt_buf_add(&text, mount->type);
    if (source.len)
        lt_buf_printf(&text, " %.*s", LT_ARG(source));
    if (mount->subpath.len)
        lt_buf_printf(&text, "/%.*s", LT_ARG(mount->subpath));
    lt_buf_printf(&text, " -> %.*s %s", LT_ARG(mount->destination), mount->writable ? "rw" : "ro");
    if (!private)
        lt_buf_printf(&text, " %.*s", LT_ARG(propagation));
    if (lt_str_eq(mount->type, LT_STR("tmpfs")))
        lt_buf_lit(&text, " in memory only");
    if (mount->driver.len && !lt_str_eq(mount->driver, LT_STR("local")))
        lt_buf_printf(&text, " kept by driver %.*s", LT_ARG(mount->driver));
    lt_fact_add(&list->items, list->ctx->run, "", lt_buf_view(&text));
    lt_buf_free(&text);
}

void lt_mount_list_add(struct lt_mount_list *list, struct lt_mount mount, struct lt_str propagation)
{
    struct lt_mount *kept = lt_new(list->ctx->run, struct lt_mount);
    *kept = mount;
    lt_list_add(&list->container->mounts, list->ctx->run, kept);
    lt_map_put(&list->container->mount_at, list->ctx->run, kept->destination, kept);
    if (!kept->automatic)
        describe(list, kept, propagation);
}

void lt_mount_list_end(struct lt_mount_list *list, struct lt_str path)
{
    if (list->more)
        lt_skip(list->ctx, path, LT_CODE_TOO_LARGE, "%zu mounts beyond the first %d of a container", list->more,
                MAX_MOUNTS);
}
