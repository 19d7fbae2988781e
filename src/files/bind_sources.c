// SPDX-License-Identifier: Apache-2.0
#include "files/bind_sources.h"

#include "model/spans.h"

#include <stdlib.h>

enum { MAX_LINKS = 1 << 20 }; /* from sources to the users of what they lie in: hostile binds could fill the memory */

/* --- mounts --- */

/* The volume that is mounted, if its files are those of a device. */
static const struct lt_volume *device_of(const struct lt_container *container, const struct lt_mount *mount)
{
    const struct lt_volume *volume =
        lt_str_eq(mount->type, LT_STR("volume")) ? lt_map_get(&container->root->volume_by_name, mount->name) : NULL;
    return volume && volume->device.len ? volume : NULL;
}

static bool is_bind(const struct lt_container *container, const struct lt_mount *mount)
{
    const struct lt_volume *volume = device_of(container, mount);
    return lt_str_eq(mount->type, LT_STR("bind")) || (volume && volume->device_is_path);
}

struct lt_str lt_bind_source(const struct lt_container *container, const struct lt_mount *mount, struct lt_arena *arena)
{
    const struct lt_volume *volume = device_of(container, mount);
    if (!is_bind(container, mount))
        return LT_STR("");
    if (!volume)
        return mount->source;
    return mount->subpath.len ? lt_path_join(arena, volume->device, mount->subpath) : volume->device;
}

bool lt_bind_is_writable(const struct lt_container *container, const struct lt_mount *mount)
{
    const struct lt_volume *volume = device_of(container, mount);
    return mount->writable && !(volume && volume->device_read_only);
}

const struct lt_volume *lt_volume_elsewhere(const struct lt_container *container, const struct lt_mount *mount)
{
    const struct lt_volume *volume = device_of(container, mount);
    return volume && !volume->device_is_path && !volume->device_in_memory ? volume : NULL;
}

void lt_volume_report_elsewhere(struct lt_ctx *ctx, const struct lt_volume *volume)
{
    bool disk = lt_str_starts(volume->device, LT_STR("/dev/"));
    lt_skip(ctx, volume->path, disk ? LT_CODE_UNSUPPORTED : LT_CODE_MISSING, "its files are those of %.*s, which is %s",
            LT_ARG(volume->shown_device), disk ? "not read" : "not here");
}

struct lt_fs *lt_bind_fs(const struct lt_root *root)
{
    return root->host->etc || !root->path.len ? root->host->etc : root->fs;
}

/* --- sources --- */

static bool is_below(struct lt_str path, const char *const *places)
{
    struct lt_str rest;
    for (; *places; places++)
        if (lt_path_behind(path, lt_str_c(*places), &rest))
            return true;
    return false;
}

bool lt_bind_is_in_memory(struct lt_str path)
{
    static const char *const places[] = {"/dev", "/proc", "/run", "/sys", "/var/run", NULL};
    return is_below(path, places);
}

/* Are there never files of a disk at the path? */
static bool is_no_disk(struct lt_str path)
{
    static const char *const places[] = {"/dev", "/proc", "/sys", NULL};
    return is_below(path, places);
}

/* Report each source once. If it was kept in memory, nothing is lost. */
static void take_missing(struct lt_bind_places *places, const struct lt_container *container, struct lt_str source)
{
    struct lt_ctx *ctx = places->ctx;
    struct lt_buf label = {0};
    if (lt_map_get(&places->told, source))
        return;
    source = lt_str_dup(ctx->run, source);
    lt_map_put(&places->told, ctx->run, source, places);
    lt_owner_label(&label, &container->owner);
    if (!lt_bind_is_in_memory(source))
        lt_list_add_str(&places->missing, ctx->run, source);
    if (places->report && !lt_bind_is_in_memory(source))
        lt_skip(ctx, source, LT_CODE_MISSING, "what %.*s binds is not there", LT_ARG(lt_buf_view(&label)));
    else if (places->report && !ctx->report->quiet)
        lt_say("%.*s: what %.*s binds is kept in memory by a running host", LT_ARG(source),
               LT_ARG(lt_buf_view(&label)));
    lt_buf_free(&label);
}

/* A source that is empty or not absolute would be taken for the root. Docker does not make such sources. */
static bool is_path(struct lt_bind_places *places, const struct lt_container *container, const struct lt_mount *mount,
                    struct lt_str source)
{
    struct lt_buf label = {0};
    if (lt_str_starts(source, LT_STR("/")))
        return true;
    lt_owner_label(&label, &container->owner);
    lt_skip(places->ctx, source.len ? source : container->path, LT_CODE_DAMAGED,
            "what %.*s binds at %.*s is no path of the host", LT_ARG(lt_buf_view(&label)), LT_ARG(mount->destination));
    lt_buf_free(&label);
    return false;
}

static struct lt_bind_place *place_at(struct lt_bind_places *places, struct lt_str path)
{
    struct lt_arena *run = places->ctx->run;
    struct lt_bind_place *place = lt_map_get(&places->by_path, path);
    if (place)
        return place;
    place = lt_new(run, struct lt_bind_place);
    place->bind.source = path;
    place->told = lt_new(run, struct lt_bound);
    place->told->source = path;
    lt_map_put(&places->by_path, run, path, place);
    lt_list_add(&places->items, run, place);
    return place;
}

/* Note who may write to the very source, and when. */
static void note_writer(struct lt_bind_places *places, struct lt_bind_place *place, const struct lt_mount_user *user)
{
    const struct lt_container *container = user->container;
    struct lt_span *span = lt_new(places->ctx->run, struct lt_span);
    place->bound |= !container->removed;
    if (!lt_bind_is_writable(container, user->mount))
        return;
    *span = lt_container_span(container);
    lt_list_add(&place->spans, places->ctx->run, span);
    if (container->removed)
        return;
    if (!place->written || !span->first.set || (place->since.set && lt_time_cmp(span->first, place->since) < 0))
        place->since = span->first;
    place->written = true;
}

/* The path of the source without links. What is wrong with it is reported, by default only if a container that exists
 * binds it for writing. */
static bool find_source(struct lt_bind_places *places, const struct lt_container *container,
                        const struct lt_mount *mount, struct lt_str *path)
{
    struct lt_ctx *ctx = places->ctx;
    struct lt_str source = lt_bind_source(container, mount, ctx->scratch);
    if (!places->all && (mount->own || is_no_disk(source)))
        return false;
    if (places->silent || container->removed || (!places->all && !lt_bind_is_writable(container, mount)))
        return lt_str_starts(source, LT_STR("/")) && lt_fs_resolve(ctx->fs, source, ctx->scratch, path, NULL) == LT_OK;
    if (!is_path(places, container, mount, source))
        return false;
    enum lt_status status = lt_resolve_or_skip(ctx, source, path);
    if (status == LT_END)
        take_missing(places, container, source);
    return status == LT_OK;
}

static void add_source(struct lt_bind_places *places, const struct lt_container *container,
                       const struct lt_mount *mount)
{
    struct lt_arena *run = places->ctx->run;
    struct lt_str path;
    if (!find_source(places, container, mount, &path))
        return;
    struct lt_mount_user *user = lt_new(run, struct lt_mount_user);
    *user = (struct lt_mount_user){.container = container, .mount = mount, .source = lt_str_dup(run, path)};
    lt_list_add(container->removed ? &places->removed : &places->users, run, user);
    note_writer(places, place_at(places, user->source), user);
}

/* Report each volume once. */
static void report_elsewhere(struct lt_bind_places *places, const struct lt_volume *volume)
{
    if (!volume || !places->report || lt_map_get(&places->told, volume->path))
        return;
    lt_map_put(&places->told, places->ctx->run, volume->path, places);
    lt_volume_report_elsewhere(places->ctx, volume);
}

static void collect_container(struct lt_bind_places *places, const struct lt_container *container)
{
    if (places->only && places->only != container)
        return;
    lt_each (const struct lt_mount, mount, &container->mounts) {
        if (is_bind(container, mount))
            add_source(places, container, mount);
        report_elsewhere(places, lt_volume_elsewhere(container, mount));
    }
}

static void collect(struct lt_bind_places *places)
{
    lt_each (const struct lt_root, root, &places->ctx->host->roots) {
        if (lt_bind_fs(root) != places->ctx->fs)
            continue;
        lt_each (const struct lt_container, container, &root->containers)
            collect_container(places, container);
        lt_each (const struct lt_container, container, &root->removed)
            collect_container(places, container);
    }
}

/* --- sources in sources --- */

/* Order paths so that what is in a directory comes right after it: "/" is less than all other bytes. */
static int compare_paths(struct lt_str a, struct lt_str b)
{
    size_t at = 0;
    while (at < a.len && at < b.len && a.ptr[at] == b.ptr[at])
        at++;
    if (at == a.len || at == b.len)
        return (at < a.len) - (at < b.len);
    if (a.ptr[at] == '/' || b.ptr[at] == '/')
        return a.ptr[at] == '/' ? -1 : 1;
    return (unsigned char)a.ptr[at] < (unsigned char)b.ptr[at] ? -1 : 1;
}

static int by_source(const void *a, const void *b)
{
    const struct lt_bind_place *const *left = a, *const *right = b;
    return compare_paths((*left)->bind.source, (*right)->bind.source);
}

/* The index of the first source at `path` or in it. */
static size_t find_first(const struct lt_list *items, struct lt_str path)
{
    size_t low = 0, high = items->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct lt_bind_place *place = items->items[middle];
        if (compare_paths(place->bind.source, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whoever binds a directory also sees the sources that lie in it. */
static void link_user(struct lt_bind_places *places, const struct lt_mount_user *user)
{
    struct lt_str rest;
    size_t own = find_first(&places->items, user->source);
    for (size_t i = own; i < places->items.count; i++) {
        struct lt_bind_place *place = places->items.items[i];
        if (!lt_path_behind(place->bind.source, user->source, &rest))
            return;
        if (i > own && places->links == MAX_LINKS) {
            places->cut++;
            return;
        }
        places->links += i > own;
        lt_list_add(user->container->removed ? &place->removed : &place->bind.users, places->ctx->run, user);
    }
}

/* In their order, what a source lies in is the one before it, or one that this lies in. */
static void nest(struct lt_bind_places *places)
{
    struct lt_bind_place *before = NULL;
    struct lt_str rest;
    lt_each (struct lt_bind_place, place, &places->items) {
        while (before && !lt_path_behind(place->bind.source, before->bind.source, &rest))
            before = before->within;
        place->within = before;
        before = place;
        for (struct lt_bind_place *outer = place->within; outer; outer = outer->within)
            outer->has_inner = true;
    }
}

static struct lt_owner owner_of(const struct lt_bind_places *places, const struct lt_bind *bind,
                                const struct lt_list *users)
{
    const struct lt_mount_user *first = users->count ? users->items[0] : NULL;
    const struct lt_container *only = lt_only_user(users);
    return (struct lt_owner){
        .host = places->ctx->host,
        .root = first ? first->container->root : NULL,
        .container = only,
        .image = only ? only->image : NULL,
        .bind = bind,
        .role = LT_ROLE_HOST,
    };
}

/* Does a store lie in the source? */
static bool holds_store(const struct lt_bind_places *places, const struct lt_bind_place *place)
{
    struct lt_str rest;
    lt_each (const struct lt_root, root, &places->ctx->host->roots)
        if (root->fs == places->ctx->fs && lt_path_behind(root->path, place->bind.source, &rest))
            return true;
    return false;
}

void lt_bind_places_find(struct lt_bind_places *places)
{
    collect(places);
    if (places->items.count)
        qsort(places->items.items, places->items.count, sizeof *places->items.items, by_source);
    lt_each (const struct lt_mount_user, user, &places->users)
        link_user(places, user);
    lt_each (const struct lt_mount_user, user, &places->removed)
        link_user(places, user);
    if (places->cut && !places->silent)
        lt_skip(places->ctx, LT_STR(""), LT_CODE_TOO_LARGE,
                "%zu binds show so many others' sources that not all of these are told", places->cut);
    nest(places);
    lt_each (struct lt_bind_place, place, &places->items) {
        const struct lt_list *users = place->bind.users.count ? &place->bind.users : &place->removed;
        place->bind.owner = owner_of(places, &place->bind, users);
        place->narrow = holds_store(places, place);
        place->told->why = place->narrow ? "a store of containers lies in it" : NULL;
        lt_spans_merge(&place->spans);
    }
}

/* --- owners of entries --- */

static bool may_have_run(const struct lt_container *container, const struct lt_time *times, size_t count)
{
    struct lt_span span = lt_container_span(container);
    for (size_t i = 0; i < count; i++)
        if (lt_span_has(&span, times[i]))
            return true;
    return false;
}

/* The same source, with the users that are given. */
static const struct lt_owner *variant(struct lt_bind_places *places, struct lt_bind_place *place,
                                      const struct lt_list *users)
{
    struct lt_arena *run = places->ctx->run;
    struct lt_str key = {(const char *)users->items, users->count * sizeof *users->items};
    struct lt_bind *bind = lt_map_get(&place->variants, key);
    if (bind)
        return &bind->owner;
    bind = lt_new(run, struct lt_bind);
    *bind = (struct lt_bind){.source = place->bind.source, .users = {0}};
    lt_each (const struct lt_mount_user, user, users)
        lt_list_add(&bind->users, run, user);
    bind->owner = owner_of(places, bind, &bind->users);
    lt_map_put(&place->variants, run, lt_str_dup(run, key), bind);
    return &bind->owner;
}

const struct lt_owner *lt_bind_owner_at(struct lt_bind_places *places, struct lt_bind_place *place,
                                        const struct lt_time *times, size_t count, bool *removed)
{
    struct lt_arena arena = {0};
    struct lt_list users = {0};
    *removed = false;
    if (!place->removed.count)
        return &place->bind.owner;
    lt_each (const struct lt_mount_user, user, &place->bind.users)
        lt_list_add(&users, &arena, user);
    lt_each (const struct lt_mount_user, user, &place->removed)
        if (may_have_run(user->container, times, count)) {
            lt_list_add(&users, &arena, user);
            *removed = true;
        }
    const struct lt_owner *owner = *removed ? variant(places, place, &users) : &place->bind.owner;
    lt_arena_free(&arena);
    return owner;
}
