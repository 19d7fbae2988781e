// SPDX-License-Identifier: Apache-2.0
#include "evidence/mounted.h"

#include <string.h>

struct mount {
    struct lt_str at;
    struct lt_fs *fs;
    struct lt_str path; /* what of `fs` is shown */
    enum lt_mounting how;
    uint16_t part; /* its number among self->parts */
};

struct mounted {
    struct lt_fs_ops ops; /* without list_ahead() if a part has none */
    struct lt_arena *arena;
    struct lt_list mounts; /* of struct mount *: the root, then what was mounted later and hides what is below */
    struct lt_list parts;  /* of struct lt_fs *: each of them once */
    bool copied;           /* by a collector */
};

/* An entry, or a directory itself, on the file system that holds it. */
struct place {
    struct lt_fs *fs;
    uint16_t part;
    const struct lt_dir *dir;
    struct lt_str name;  /* of the entry, "" for the directory itself */
    struct lt_buf path;  /* of the directory, as the host sees it */
    struct lt_buf inner; /* the same on `fs` */
    struct lt_dir own;   /* what `dir` is, if its path differs there */
};

static const struct mounted *state(const struct lt_fs *fs)
{
    return fs->self;
}

static bool is_plain(const struct mounted *self)
{
    const struct mount *root = self->mounts.items[0];
    return self->mounts.count == 1 && !root->path.len;
}

/* What is mounted nearest above `path`, and the rest of the path. */
static const struct mount *find(const struct mounted *self, struct lt_str path, struct lt_str *rest)
{
    for (size_t i = self->mounts.count; i-- > 1;) {
        const struct mount *mount = self->mounts.items[i];
        if (lt_path_behind(path, mount->at, rest))
            return mount;
    }
    *rest = path;
    return self->mounts.items[0];
}

/* The path, on the file system that is mounted, of what is at `rest` below the mount point. */
static struct lt_str inner_path(const struct mount *mount, struct lt_str rest, struct lt_arena *arena)
{
    return mount->path.len ? lt_str_format(arena, "%.*s%.*s", LT_ARG(mount->path), LT_ARG(rest)) : rest;
}

/* Is it mounted on an entry of the directory at `path`, and not hidden? */
static bool is_in(const struct mounted *self, const struct mount *mount, struct lt_str path)
{
    struct lt_str rest;
    return mount->at.len && lt_str_eq(lt_str_dirname(mount->at), path) && find(self, mount->at, &rest) == mount;
}

void lt_mounted_copied(struct lt_fs *mounted)
{
    struct mounted *self = mounted->self;
    self->copied = true;
}

bool lt_is_mounted_at(const struct lt_fs *mounted, struct lt_str path)
{
    struct lt_str rest;
    const struct mount *mount = find(state(mounted), path, &rest);
    return mount->at.len && !rest.len && mount->how == LT_MOUNTED_FS;
}

/* A file system that has parts itself tells which of them holds the inode. Of a copy's times only the mtime is that of
 * the file. */
static void complete(const struct mounted *self, uint16_t part, struct lt_node *node)
{
    node->part = (uint32_t)part << 16 | (uint16_t)node->part;
    if (self->copied)
        node->time[LT_A] = node->time[LT_C] = node->time[LT_B] = (struct lt_time){0};
}

static enum lt_status stat_part(const struct mounted *self, const struct mount *mount, struct lt_str path,
                                struct lt_arena *arena, struct lt_node *out, struct lt_err *err)
{
    enum lt_status status = mount->fs->ops->stat(mount->fs, path, arena, out, err);
    complete(self, mount->part, out);
    return status;
}

/* Describe what is mounted, as an entry of the directory above. */
static enum lt_status stat_root(const struct mounted *self, const struct mount *mount, struct lt_arena *arena,
                                struct lt_node *out, struct lt_err *err)
{
    enum lt_status status = stat_part(self, mount, mount->path, arena, out, err);
    out->name = lt_str_basename(mount->at);
    out->mount_root = mount->how == LT_MOUNTED_FS;
    return status;
}

static enum lt_status mounted_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                                   struct lt_err *err)
{
    struct lt_str rest;
    const struct mount *mount = find(state(fs), path, &rest);
    if (!rest.len && (mount->path.len || mount->at.len))
        return stat_root(state(fs), mount, arena, out, err);
    return stat_part(state(fs), mount, inner_path(mount, rest, arena), arena, out, err);
}

/* Call the directory at `path` of place->fs what the reader there needs: its own path and inode. */
static void translate(struct place *place, struct lt_str path, uint64_t ino)
{
    struct lt_arena scratch = {0};
    struct lt_node node = {.ino = ino};
    if (!ino)
        place->fs->ops->stat(place->fs, path, &scratch, &node, NULL);
    place->own = (struct lt_dir){.name = path, .path_len = path.len, .ino = node.ino, .brief = true};
    place->dir = &place->own;
    lt_arena_free(&scratch);
}

/* What is mounted on the entry `name` of the directory at `path`; NULL: nothing. */
static const struct mount *mounted_on(const struct mounted *self, struct lt_str path, struct lt_str name)
{
    lt_each (const struct mount, mount, &self->mounts)
        if (is_in(self, mount, path) && lt_str_eq(lt_str_basename(mount->at), name))
            return mount;
    return NULL;
}

/* Find the entry `name` of `dir`, or with "" the directory itself. End it with leave(). */
static void enter(const struct lt_fs *fs, const struct lt_dir *dir, struct lt_str name, struct place *out)
{
    const struct mounted *self = state(fs);
    const struct mount *root = self->mounts.items[0];
    *out = (struct place){.fs = root->fs, .dir = dir, .name = name};
    if (is_plain(self))
        return;
    lt_dir_path(&out->path, dir);
    struct lt_str rest = LT_STR(""), path = lt_buf_view(&out->path);
    const struct mount *on = name.len ? mounted_on(self, path, name) : NULL;
    const struct mount *mount = on ? on : find(self, path, &rest);
    out->fs = mount->fs;
    out->part = mount->part;
    if (mount->fs->by_inode)
        return;
    lt_buf_add(&out->inner, mount->path);
    lt_buf_add(&out->inner, rest);
    struct lt_str inner = lt_buf_view(&out->inner);
    if (on) {
        out->name = lt_str_basename(inner);
        translate(out, lt_str_dirname(inner), 0);
    } else if (!lt_str_eq(inner, path)) {
        translate(out, inner, dir->ino);
    }
}

static void leave(struct place *place)
{
    lt_buf_free(&place->path);
    lt_buf_free(&place->inner);
}

static void overlay_mount(const struct mounted *self, const struct mount *mount, struct lt_arena *arena,
                          struct lt_listing *out, bool *added)
{
    struct lt_str name = lt_str_basename(mount->at);
    struct lt_node *node = NULL;
    struct lt_err problem = {0};
    for (size_t i = 0; i < out->count && !node; i++)
        if (lt_str_eq(out->nodes[i].name, name) && !out->nodes[i].unallocated)
            node = &out->nodes[i];
    *added |= !node;
    if (!node)
        node = lt_listing_add(out, arena, name, 0);
    if (stat_root(self, mount, arena, node, &problem) == LT_OK)
        return;
    struct lt_err *error = lt_new(arena, struct lt_err);
    *error = problem;
    if (!problem.set)
        lt_fail(error, LT_SKIP, LT_CODE_MISSING, 0, "what is mounted here is gone");
    node->error = error;
}

static void finish_list(const struct mounted *self, const struct place *place, struct lt_arena *arena,
                        struct lt_listing *out)
{
    bool added = false;
    for (size_t i = 0; (place->part || self->copied) && i < out->count; i++)
        complete(self, place->part, &out->nodes[i]);
    lt_each (const struct mount, mount, &self->mounts)
        if (is_in(self, mount, lt_buf_view(&place->path)))
            overlay_mount(self, mount, arena, out, &added);
    if (added)
        lt_listing_sort(out);
}

static enum lt_status mounted_list(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                   struct lt_listing *out, struct lt_err *err)
{
    struct place place;
    enter(fs, dir, LT_STR(""), &place);
    enum lt_status status = place.fs->ops->list(place.fs, place.dir, arena, out, err);
    finish_list(state(fs), &place, arena, out);
    leave(&place);
    return status;
}

static enum lt_status mounted_list_ahead(struct lt_fs *fs, const struct lt_dir *dir, size_t most,
                                         struct lt_arena *arena, struct lt_listing *out, struct lt_err *err)
{
    struct place place;
    enter(fs, dir, LT_STR(""), &place);
    enum lt_status status = place.fs->ops->list_ahead(place.fs, place.dir, most, arena, out, err);
    if (status != LT_END)
        finish_list(state(fs), &place, arena, out);
    leave(&place);
    return status;
}

struct names_job {
    const struct mounted *self;
    struct lt_str path;
    lt_each_name *each;
    void *arg;
};

static void take_name(void *arg, struct lt_str name, uint64_t ino, unsigned type)
{
    const struct names_job *job = arg;
    lt_each (const struct mount, mount, &job->self->mounts)
        if (is_in(job->self, mount, job->path) && lt_str_eq(lt_str_basename(mount->at), name))
            return;
    job->each(job->arg, name, ino, type);
}

static enum lt_status mounted_names(struct lt_fs *fs, const struct lt_dir *dir, lt_each_name *each, void *arg,
                                    struct lt_err *err)
{
    const struct mounted *self = state(fs);
    struct place place;
    struct lt_arena scratch = {0};
    enter(fs, dir, LT_STR(""), &place);
    struct names_job job = {self, lt_buf_view(&place.path), each, arg};
    bool plain = self->mounts.count == 1;
    enum lt_status status =
        place.fs->ops->names(place.fs, place.dir, plain ? each : take_name, plain ? arg : &job, err);
    lt_each (const struct mount, mount, &self->mounts) {
        struct lt_node node = {0};
        if (is_in(self, mount, job.path) && stat_root(self, mount, &scratch, &node, err) == LT_OK)
            each(arg, node.name, node.ino, node.mode & S_IFMT);
    }
    lt_arena_free(&scratch);
    leave(&place);
    return status;
}

static enum lt_status mounted_describe(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                       struct lt_node *node, struct lt_err *err)
{
    struct place place;
    struct lt_str name = node->name;
    enter(fs, dir, name, &place);
    node->name = place.name;
    enum lt_status status = place.fs->ops->describe(place.fs, place.dir, arena, node, err);
    node->name = name;
    complete(state(fs), place.part, node);
    leave(&place);
    return status;
}

static enum lt_status mounted_xattrs(struct lt_fs *fs, const struct lt_dir *dir, const struct lt_node *node,
                                     struct lt_arena *arena, struct lt_list *out, struct lt_err *err)
{
    struct place place;
    struct lt_node there = *node;
    enter(fs, dir, node->name, &place);
    there.name = place.name;
    *out = (struct lt_list){0};
    enum lt_status status =
        place.fs->ops->xattrs ? place.fs->ops->xattrs(place.fs, place.dir, &there, arena, out, err) : LT_OK;
    leave(&place);
    return status;
}

static bool mounted_stored(struct lt_fs *fs, struct lt_str path)
{
    struct lt_arena scratch = {0};
    struct lt_str inner;
    struct lt_fs *part = lt_mounted_part(fs, path, &scratch, &inner);
    bool stored = !part->ops->stored || part->ops->stored(part, inner);
    lt_arena_free(&scratch);
    return stored;
}

static struct lt_time mounted_made(struct lt_fs *fs, struct lt_str path, struct lt_arena *scratch)
{
    struct lt_str inner;
    struct lt_fs *part = lt_mounted_part(fs, path, scratch, &inner);
    return part->ops->made && !state(fs)->copied ? part->ops->made(part, inner, scratch) : (struct lt_time){0};
}

static enum lt_status mounted_open(struct lt_fs *fs, struct lt_str path, struct lt_file *out, struct lt_err *err)
{
    struct lt_arena scratch = {0};
    struct lt_str inner;
    out->fs = lt_mounted_part(fs, path, &scratch, &inner);
    enum lt_status status = out->fs->ops->open(out->fs, inner, out, err);
    lt_arena_free(&scratch);
    return status;
}

static enum lt_status mounted_open_entry(struct lt_fs *fs, const struct lt_dir *dir, const struct lt_node *node,
                                         struct lt_file *out, struct lt_err *err)
{
    struct place place;
    struct lt_node there = *node;
    enter(fs, dir, node->name, &place);
    there.name = place.name;
    enum lt_status status = lt_file_open_entry(place.fs, place.dir, &there, out, err);
    leave(&place);
    return status;
}

/* Files that are open belong to the file system that holds them, so there is neither read nor close here. */
static const struct lt_fs_ops mounted_ops = {
    .stat = mounted_stat,
    .list = mounted_list,
    .list_ahead = mounted_list_ahead,
    .names = mounted_names,
    .describe = mounted_describe,
    .xattrs = mounted_xattrs,
    .stored = mounted_stored,
    .made = mounted_made,
    .open = mounted_open,
    .open_entry = mounted_open_entry,
};

struct lt_fs *lt_mounted_part(struct lt_fs *mounted, struct lt_str path, struct lt_arena *arena, struct lt_str *inner)
{
    struct lt_str rest;
    *inner = path;
    if (mounted->ops->stat != mounted_stat)
        return mounted;
    const struct mount *mount = find(state(mounted), path, &rest);
    *inner = inner_path(mount, rest, arena);
    return mount->fs;
}

const struct lt_medium *lt_mounted_medium(struct lt_fs *mounted, const struct lt_event *event)
{
    if (mounted->ops->stat != mounted_stat)
        return &mounted->medium;
    const struct mounted *self = state(mounted);
    const struct mount *mount = self->mounts.items[0];
    struct lt_buf path = {0};
    struct lt_str rest;
    if (self->mounts.count > 1) {
        lt_event_path(&path, event);
        mount = find(self, lt_buf_view(&path), &rest);
        lt_buf_free(&path);
    }
    return &mount->fs->medium;
}

static uint16_t part_at(struct lt_fs *fs, struct lt_str path)
{
    return fs->ops->part_at ? fs->ops->part_at(fs, path) : 0;
}

bool lt_mounted_identity(struct lt_fs *mounted, struct lt_str path, uint64_t ino, uint64_t out[2])
{
    struct lt_arena scratch = {0};
    struct lt_str rest;
    out[0] = part_at(mounted, path);
    out[1] = ino;
    if (mounted->ops->stat != mounted_stat)
        return true;
    const struct mount *mount = find(state(mounted), path, &rest);
    out[0] = (uint64_t)mount->part << 16 | part_at(mount->fs, inner_path(mount, rest, &scratch));
    lt_arena_free(&scratch);
    return rest.len || !mount->at.len;
}

bool lt_mounted_flawed(struct lt_fs *mounted, struct lt_str path)
{
    struct lt_arena scratch = {0};
    struct lt_str rest;
    if (mounted->ops->stat != mounted_stat)
        return mounted->flawed.count && lt_map_get(&mounted->flawed, path);
    const struct mount *mount = find(state(mounted), path, &rest);
    if (!mount->fs->flawed.count)
        return false;
    bool flawed = lt_map_get(&mount->fs->flawed, inner_path(mount, rest, &scratch));
    lt_arena_free(&scratch);
    return flawed;
}

/* Offer nothing that a part cannot do. */
static void drop_missing(struct mounted *self, const struct lt_fs *part)
{
    if (!part->ops->list_ahead)
        self->ops.list_ahead = NULL;
}

struct lt_fs *lt_mounted_new(struct lt_arena *arena, struct lt_fs *base, struct lt_str path)
{
    struct lt_fs *fs = lt_new(arena, struct lt_fs);
    struct mounted *self = lt_new(arena, struct mounted);
    struct mount *root = lt_new(arena, struct mount);
    *root = (struct mount){.fs = base, .path = lt_str_dup(arena, path)};
    self->ops = mounted_ops;
    self->arena = arena;
    drop_missing(self, base);
    lt_list_add(&self->mounts, arena, root);
    lt_list_add(&self->parts, arena, base);
    *fs = (struct lt_fs){
        .ops = &self->ops,
        .evidence = base->evidence,
        .label = base->label,
        .no_trusted = base->no_trusted,
        .is_tree = base->is_tree,
        .self = self,
    };
    return fs;
}

static uint16_t part_number(struct mounted *self, struct lt_fs *part)
{
    uint16_t number = 0;
    while (number < self->parts.count && self->parts.items[number] != part)
        number++;
    if (number == self->parts.count)
        lt_list_add(&self->parts, self->arena, part);
    return number;
}

void lt_mounted_add(struct lt_fs *mounted, struct lt_str at, struct lt_fs *part, struct lt_str path,
                    enum lt_mounting how)
{
    struct mounted *self = mounted->self;
    struct mount *mount = lt_new(self->arena, struct mount);
    *mount = (struct mount){
        .at = lt_str_dup(self->arena, at),
        .fs = part,
        .path = lt_str_dup(self->arena, path),
        .how = how,
        .part = part_number(self, part),
    };
    lt_list_add(&self->mounts, self->arena, mount);
    drop_missing(self, part);
    mounted->no_trusted |= part->no_trusted;
    mounted->is_tree = false; /* the same directory may be mounted twice, or in itself */
}
