// SPDX-License-Identifier: Apache-2.0
/* What containers bind of the host, among them those that were removed and of whose mounts something still tells. */
#include "command/who.h"

#include "files/bind_sources.h"
#include "model/spans.h"
#include "overlay/mount_views.h"

/* A file that is bound. */
struct bound {
    struct lt_str path;
    struct lt_node node;
    struct lt_list containers, words;
    enum lt_change change; /* since a container may have written it */
};

/* Did the file change while the container may have run? */
static bool could_write(struct bound *bound, const struct lt_mount_user *user)
{
    struct lt_span span = lt_container_span(user->container);
    bool born = lt_span_has(&span, bound->node.time[LT_B]), changed = lt_span_has(&span, bound->node.time[LT_C]);
    if ((!born && !changed) || !lt_bind_is_writable(user->container, user->mount))
        return false;
    if (bound->change != LT_CHANGE_ADDED)
        bound->change = born ? LT_CHANGE_ADDED : LT_CHANGE_MODIFIED;
    return true;
}

/* Did the file exist only after the end of the container? */
static bool is_newer(const struct bound *bound, const struct lt_container *container)
{
    struct lt_time born = bound->node.time[LT_B], end = lt_container_span(container).last;
    return container->removed && born.set && end.set && lt_time_cmp(born, end) > 0;
}

static void add_user(struct lt_who *who, struct bound *bound, const struct lt_mount_user *user)
{
    struct lt_mount_view view = {.inside = LT_STR("")};
    struct lt_str rest;
    if (is_newer(bound, user->container) || !lt_path_behind(bound->path, user->source, &rest))
        return;
    lt_mount_view_of(user, bound->path, who->arena, &view);
    const char *status = user->container->removed ? "removed" : view.over ? "hidden" : "visible";
    const struct lt_who_seen seen = {user->container, status, view.inside, could_write(bound, user)};
    lt_who_add_container(who, &seen, &bound->containers, &bound->words);
}

/* Add the file at `path` of the host, which the users bind. */
static void add_bound(struct lt_who *who, const struct lt_bind_places *places, const struct lt_mount_user *first,
                      struct lt_str path)
{
    const struct lt_root *root = first->container->root;
    struct bound bound = {.path = path};
    struct lt_owner owner = {.host = root->host, .root = root, .role = LT_ROLE_HOST};
    if (lt_map_get(&who->added, path) || !lt_who_look(who, path, &bound.node))
        return;
    lt_map_put(&who->added, who->arena, path, who);
    if (lt_str_eq(first->mount->type, LT_STR("volume")))
        owner.volume = lt_map_get(&root->volume_by_name, first->mount->name);
    lt_each (const struct lt_mount_user, user, &places->users)
        add_user(who, &bound, user);
    lt_each (const struct lt_mount_user, user, &places->removed)
        add_user(who, &bound, user);
    struct lt_str inside = lt_mount_view_common(&places->users, path, who->arena);
    struct lt_record *record = lt_who_describe(who, path, &bound.node, &owner, inside.len ? inside : path);
    if (bound.change)
        lt_record_text(record, "change", lt_str_c(lt_change_names[bound.change]));
    lt_record_records(record, "containers", bound.containers);
    lt_record_list(record, "seen_by", bound.words);
    lt_record_root(record, root, lt_owner_runtime(&owner));
    lt_list_add(&who->records, who->arena, record);
}

static void search_user(struct lt_who *who, const struct lt_bind_places *places, const struct lt_mount_user *user)
{
    struct lt_str rest, path;
    if (lt_who_behind(who, user, &path))
        add_bound(who, places, user, path);
    if (lt_path_behind(who->path, user->source, &rest))
        add_bound(who, places, user, who->path);
}

static void search_fs(struct lt_who *who, struct lt_fs *fs)
{
    struct lt_ctx *ctx = who->ctx, there = lt_ctx_on(ctx, fs);
    struct lt_bind_places places = {.ctx = &there, .all = true, .silent = true};
    lt_bind_places_find(&places);
    who->ctx = &there;
    lt_each (const struct lt_mount_user, user, &places.users)
        search_user(who, &places, user);
    lt_each (const struct lt_mount_user, user, &places.removed)
        search_user(who, &places, user);
    who->ctx = ctx;
}

void lt_who_binds(struct lt_who *who, struct lt_host *host)
{
    lt_each (const struct lt_mount_point, mount, &host->mounts)
        search_fs(who, mount->fs);
}
