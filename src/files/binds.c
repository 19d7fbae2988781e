// SPDX-License-Identifier: Apache-2.0
#include "files/binds.h"

#include "clock/filetimes.h"
#include "evidence/walk.h"
#include "files/walked.h"
#include "model/runtime.h"

#include <stdlib.h>

enum { MAX_LINKS = 1 << 20 }; /* from binds to the users of what they lie in: hostile binds could fill the memory */

struct binds {
    struct lt_ctx *ctx; /* first: see lt_walk_ctx(). Sources are looked up in ctx->fs */
    const struct lt_walking *walking;
    struct lt_shown shown;
    struct lt_list users; /* of struct lt_mount_user *: the user of each bind whose source exists */
    struct lt_list binds; /* of struct lt_bind *: one for each source, sorted by source */
    struct lt_map by_source, missing;
    size_t links, cut; /* links from users to binds inside theirs; users that lack some */
};

/* Does the path exist only while the host runs? */
static bool is_in_memory(struct lt_str path)
{
    static const char *const places[] = {"/dev", "/proc", "/run", "/sys", "/var/run"};
    struct lt_str rest;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (lt_path_behind(path, lt_str_c(places[i]), &rest))
            return true;
    return false;
}

/* Report each source once. If it was kept in memory, nothing is lost. */
static void report_missing(struct binds *self, const struct lt_container *container, struct lt_str source)
{
    struct lt_buf label = {0};
    if (lt_map_get(&self->missing, source))
        return;
    lt_map_put(&self->missing, self->ctx->scratch, source, self);
    lt_owner_label(&label, &container->owner);
    if (!is_in_memory(source))
        lt_skip(self->ctx, source, LT_CODE_MISSING, "what %.*s binds is not there", LT_ARG(lt_buf_view(&label)));
    else if (!self->ctx->report->quiet)
        lt_say("%.*s: what %.*s binds is kept in memory by a running host", LT_ARG(source),
               LT_ARG(lt_buf_view(&label)));
    lt_buf_free(&label);
}

/* A source that is empty or not absolute would be taken for the root. Docker does not make such sources. */
static bool is_path(struct binds *self, const struct lt_container *container, const struct lt_mount *mount,
                    struct lt_str source)
{
    struct lt_buf label = {0};
    if (lt_str_starts(source, LT_STR("/")))
        return true;
    lt_owner_label(&label, &container->owner);
    lt_skip(self->ctx, source.len ? source : container->path, LT_CODE_DAMAGED,
            "what %.*s binds at %.*s is no path of the host", LT_ARG(lt_buf_view(&label)), LT_ARG(mount->destination));
    lt_buf_free(&label);
    return false;
}

static void add_source(struct binds *self, const struct lt_container *container, const struct lt_mount *mount,
                       struct lt_str source)
{
    struct lt_ctx *ctx = self->ctx;
    struct lt_str path;
    if (!is_path(self, container, mount, source))
        return;
    enum lt_status status = lt_resolve_or_skip(ctx, source, &path);
    if (status == LT_END)
        report_missing(self, container, source);
    if (status != LT_OK)
        return;
    struct lt_mount_user *user = lt_new(ctx->run, struct lt_mount_user);
    *user = (struct lt_mount_user){.container = container, .mount = mount, .source = lt_str_dup(ctx->run, path)};
    lt_list_add(&self->users, ctx->run, user);
    if (lt_map_get(&self->by_source, user->source))
        return;
    struct lt_bind *bind = lt_new(ctx->run, struct lt_bind);
    bind->source = user->source;
    lt_map_put(&self->by_source, ctx->run, bind->source, bind);
    lt_list_add(&self->binds, ctx->run, bind);
}

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

/* Report each volume once. */
static void report_elsewhere(struct binds *self, const struct lt_volume *volume)
{
    if (!volume || lt_map_get(&self->missing, volume->path))
        return;
    lt_map_put(&self->missing, self->ctx->scratch, volume->path, self);
    lt_volume_report_elsewhere(self->ctx, volume);
}

static void collect_container(struct binds *self, const struct lt_container *container)
{
    lt_each (const struct lt_mount, mount, &container->mounts) {
        if (is_bind(container, mount))
            add_source(self, container, mount, lt_bind_source(container, mount, self->ctx->scratch));
        report_elsewhere(self, lt_volume_elsewhere(container, mount));
    }
}

struct lt_fs *lt_bind_fs(const struct lt_root *root)
{
    return root->host->etc || !root->path.len ? root->host->etc : root->fs;
}

static bool has_binds(const struct lt_root *root)
{
    lt_each (const struct lt_container, container, &root->containers)
        lt_each (const struct lt_mount, mount, &container->mounts)
            if (lt_str_eq(mount->type, LT_STR("bind")))
                return true;
    lt_each (const struct lt_volume, volume, &root->volumes)
        if (volume->device_is_path && volume->users.count)
            return true;
    return false;
}

/* If the evidence is a data root without the rest of its host, binds cannot be looked up. This is no loss. */
static void report_hostless(struct lt_ctx *ctx, const struct lt_root *root)
{
    if (root->fs->evidence->fs.count > 1 && has_binds(root))
        lt_skip(ctx, root->path, LT_CODE_MISSING,
                "what containers bind is not read: no file system of the evidence, or more than one, has an /etc");
    else if (root->fs->evidence->fs.count == 1 && !ctx->report->quiet)
        lt_say("--binds: the evidence is a data root alone, without the rest of its host");
}

static void collect(struct binds *self)
{
    lt_each (const struct lt_root, root, &self->ctx->host->roots)
        if (lt_bind_fs(root) == self->ctx->fs)
            lt_each (const struct lt_container, container, &root->containers)
                collect_container(self, container);
}

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
    const struct lt_bind *const *left = a, *const *right = b;
    return compare_paths((*left)->source, (*right)->source);
}

/* The index of the first bind at `path` or in it. */
static size_t find_first(const struct lt_list *binds, struct lt_str path)
{
    size_t low = 0, high = binds->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct lt_bind *bind = binds->items[middle];
        if (compare_paths(bind->source, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Whoever binds a directory also sees the sources that lie in it. */
static void link_user(struct binds *self, struct lt_mount_user *user)
{
    struct lt_str rest;
    size_t own = find_first(&self->binds, user->source);
    for (size_t i = own; i < self->binds.count; i++) {
        struct lt_bind *bind = self->binds.items[i];
        if (!lt_path_behind(bind->source, user->source, &rest))
            return;
        if (i > own && self->links == MAX_LINKS) {
            self->cut++;
            return;
        }
        self->links += i > own;
        lt_list_add(&bind->users, self->ctx->run, user);
    }
}

static void link_users(struct binds *self)
{
    if (self->binds.count)
        qsort(self->binds.items, self->binds.count, sizeof *self->binds.items, by_source);
    lt_each (struct lt_mount_user, user, &self->users)
        link_user(self, user);
    if (self->cut)
        lt_skip(self->ctx, LT_STR(""), LT_CODE_TOO_LARGE,
                "%zu binds show so many others' sources that not all of these are told", self->cut);
    lt_each (struct lt_bind, bind, &self->binds) {
        const struct lt_mount_user *first = bind->users.items[0];
        const struct lt_container *only = lt_only_user(&bind->users);
        bind->owner = (struct lt_owner){
            .host = self->ctx->host,
            .root = first->container->root,
            .container = only,
            .image = only ? only->image : NULL,
            .bind = bind,
            .role = LT_ROLE_HOST,
        };
    }
}

/* The store that the path lies in, NULL: none. */
static const struct lt_root *store_with(const struct binds *self, struct lt_str path)
{
    struct lt_str rest;
    lt_each (const struct lt_root, root, &self->ctx->host->roots)
        if (root->fs == self->ctx->fs && lt_path_behind(path, root->path, &rest))
            return root;
    return NULL;
}

static enum lt_status entry(void *arg, const struct lt_dir *dir, const struct lt_node *node, struct lt_err *err)
{
    struct binds *self = arg;
    struct lt_str path = lt_shown_path(&self->shown, dir, node->name);
    struct lt_bind *bind = node->unallocated ? NULL : lt_map_get(&self->by_source, path);
    struct lt_event event = lt_file_event(bind ? &bind->owner : dir->owner, dir, node);
    if (bind)
        bind->source_seen = true;
    lt_shown_tell(&self->shown, &event, self->ctx->reading->names_only);
    const struct lt_root *store = self->ctx->reading->names_only ? NULL : store_with(self, path);
    if (store)
        lt_event_add_fact(&event, &self->shown.arena,
                          lt_str_format(&self->shown.arena, "in a %s %s, whose files are told once, as its own",
                                        store->runtime->title, store->runtime->store));
    event.tags |= LT_TAG_BIT(bind);
    if (node->unallocated)
        return lt_emit_unallocated(self->ctx, &event, err);
    lt_clock_steps_check(self->walking->steps, &event, &self->shown.arena);
    return lt_emit(self->ctx, &event, err);
}

static bool wanted(void *arg, const struct lt_dir *dir, const struct lt_node *node)
{
    struct binds *self = arg;
    return !store_with(self, lt_shown_path(&self->shown, dir, node->name));
}

static void enter(void *arg, const struct lt_dir *parent, struct lt_dir *child)
{
    struct binds *self = arg;
    const struct lt_bind *bind = lt_map_get(&self->by_source, lt_shown_path(&self->shown, parent, child->name));
    child->owner = bind && !child->unallocated ? &bind->owner : parent->owner;
    lt_shown_enter(&self->shown, parent, child, self->ctx->run);
}

static enum lt_status walk_bind(struct binds *self, const struct lt_bind *bind, struct lt_err *err)
{
    struct lt_ctx *ctx = self->ctx;
    struct lt_dir *top = lt_new(ctx->run, struct lt_dir);
    struct lt_walk walk = lt_counted_walk(ctx, self->walking->lister);
    *top = (struct lt_dir){.name = bind->source, .owner = &bind->owner};
    top->place = lt_mount_view_common(&bind->users, bind->source, ctx->run);
    top->placed = top->has_inside = top->place.len;
    walk.arg = self;
    walk.entry = entry;
    walk.enter = enter;
    walk.wanted = wanted;
    lt_clock_steps_enter(self->walking->steps, ctx->fs, bind->source);
    enum lt_status status = lt_walk(&walk, top, err);
    return status == LT_END ? LT_OK : status;
}

/* Walk everything that is bound of the file system at hand. */
static enum lt_status walk_fs(struct lt_ctx *ctx, const struct lt_walking *walking, struct lt_err *err)
{
    struct binds self = {.ctx = ctx, .walking = walking};
    enum lt_status status = LT_OK;
    collect(&self);
    link_users(&self);
    lt_each (const struct lt_bind, bind, &self.binds)
        if (status == LT_OK && !bind->source_seen) /* otherwise it lies in one that was walked */
            status = walk_bind(&self, bind, err);
    lt_shown_end(&self.shown);
    return status;
}

enum lt_status lt_walk_binds(struct lt_ctx *ctx, const struct lt_walking *walking, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_root, root, &ctx->host->roots)
        if (!root->path.len && !ctx->host->etc)
            report_hostless(ctx, root);
    lt_each (const struct lt_mount_point, mount, &ctx->host->mounts) {
        struct lt_ctx there = lt_ctx_on(ctx, mount->fs);
        if (status == LT_OK)
            status = walk_fs(&there, walking, err);
    }
    return status;
}
