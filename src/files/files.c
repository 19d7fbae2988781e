// SPDX-License-Identifier: Apache-2.0
/* Files: every entry of every layer (layer_walk.c), and every other one of every store, with its four times. */
#include "read/source.h"

#include "clock/filetimes.h"
#include "evidence/lister.h"
#include "evidence/mounted.h"
#include "evidence/walk.h"
#include "files/binds.h"
#include "files/former.h"
#include "files/walked.h"
#include "inside/inner_logs.h"
#include "overlay/mount_views.h"
#include "overlay/tamper.h"

/* The walk of a tree, or over the orphans; see lt_walk_ctx(). */
struct tree_walk {
    struct lt_ctx *ctx;
    struct lt_clock_steps *steps;
    const struct lt_tree *tree;
    bool births; /* births in volumes are those of their files */
    struct lt_shown shown;
    struct lt_map elsewhere; /* paths in the tree that are walked by themselves */
    struct lt_map merged;    /* paths in the tree where a running container has its layers mounted */
};

static struct lt_str path_of(struct tree_walk *walk, const struct lt_dir *dir, struct lt_str name)
{
    return lt_shown_path(&walk->shown, dir, name);
}

/* Is the entry, whose path is given, walked by itself? A deleted one of the same name is not. */
static bool is_elsewhere(const struct tree_walk *walk, const struct lt_node *node, struct lt_str path)
{
    return node->name.len && !node->unallocated && lt_map_get(&walk->elsewhere, path);
}

/* Whose an entry is: of whom the directory is that it is in, or that it is itself. */
static const struct lt_owner *owner_of(const struct tree_walk *walk, const struct lt_dir *dir, struct lt_str name,
                                       struct lt_str path)
{
    const struct lt_root *root = walk->ctx->root;
    if (!root || (dir->owner != &root->owner && !root->owners_nest) || !name.len)
        return dir->owner;
    const struct lt_owner *owner = lt_map_get(&root->owner_at, path);
    return owner ? owner : dir->owner;
}

/* Is this the directory of a volume's files, or in it? */
static bool is_volume_data(const struct lt_owner *owner, struct lt_str path)
{
    struct lt_str rest;
    return owner->volume && lt_path_behind(path, owner->volume->data, &rest);
}

static enum lt_status entry(void *arg, const struct lt_dir *dir, const struct lt_node *node, struct lt_err *err)
{
    struct tree_walk *walk = arg;
    struct lt_ctx *ctx = walk->ctx;
    struct lt_str path = path_of(walk, dir, node->name);
    if (is_elsewhere(walk, node, path)) {
        lt_report_counts(ctx->report, ctx->reader)->deduplicated++;
        return LT_OK;
    }
    struct lt_event event = lt_file_event(owner_of(walk, dir, node->name, path), dir, node);
    struct lt_arena *arena = &walk->shown.arena;
    if (is_volume_data(event.owner, path)) {
        lt_shown_tell(&walk->shown, &event, ctx->reading->names_only);
        lt_inner_log_note(ctx, &event);
    }
    if (node->unallocated)
        return lt_emit_unallocated(ctx, &event, err);
    if (!ctx->reading->names_only && event.owner->role == LT_ROLE_VOLUME)
        lt_filetimes_check(&event, &(struct lt_filetimes){.came = LT_CAME_ANEW, .births = walk->births}, arena);
    lt_clock_steps_check(walk->steps, &event, arena);
    return lt_emit(ctx, &event, err);
}

/* A directory passes its owner on, a volume's data their place in the containers too. */
static void enter(void *arg, const struct lt_dir *parent, struct lt_dir *child)
{
    struct tree_walk *walk = arg;
    struct lt_str path = path_of(walk, parent, child->name);
    child->owner = owner_of(walk, parent, child->name, path);
    if (is_volume_data(child->owner, path))
        lt_shown_enter(&walk->shown, parent, child, walk->ctx->run);
}

/* What a running container has mounted is in its layers. */
static bool wanted(void *arg, const struct lt_dir *dir, const struct lt_node *node)
{
    struct tree_walk *walk = arg;
    struct lt_str path = path_of(walk, dir, node->name);
    return !is_elsewhere(walk, node, path) && !(node->mount_root && lt_map_get(&walk->merged, path));
}

/* A disk may be mounted at a part of a store, such as the layers of a driver, and at a layer's own directory. What else
 * is mounted may be anything, even the whole host, and is not read twice. */
static bool crosses(void *arg, const struct lt_dir *dir, const struct lt_node *node)
{
    struct tree_walk *walk = arg;
    const struct lt_layer *layer = lt_map_get(&walk->ctx->root->layer_by_id, node->name);
    return walk->tree->cross_mounts || !dir->parent ||
           (layer && lt_str_eq(layer->path, path_of(walk, dir, node->name)));
}

/* Add a path to the map if it lies in the tree. */
static void note(const struct tree_walk *walk, struct lt_map *map, struct lt_str path)
{
    struct lt_str rest;
    if (path.len && lt_path_behind(path, walk->tree->path, &rest) && rest.len)
        lt_map_put(map, walk->ctx->run, path, map);
}

/* Layers, other trees and other stores may lie in the tree. */
static void note_inner(struct tree_walk *walk)
{
    lt_each (const struct lt_root, root, &walk->ctx->host->roots) {
        if (root->fs != walk->ctx->fs)
            continue;
        note(walk, &walk->elsewhere, root->path);
        lt_each (const struct lt_tree, inner, &root->trees)
            note(walk, &walk->elsewhere, inner->path);
        lt_each (const struct lt_layer, layer, &root->layers) {
            note(walk, &walk->elsewhere, layer->content);
            note(walk, &walk->merged, layer->merged);
        }
    }
}

/* The top of a tree, which may be a volume's files. */
static void set_top(const struct lt_ctx *ctx, const struct lt_tree *tree, struct lt_dir *top)
{
    const struct lt_owner *owner = lt_map_get(&ctx->root->owner_at, tree->path);
    *top = (struct lt_dir){.name = tree->path, .owner = tree->owner};
    if (!owner || !owner->volume)
        return;
    top->owner = owner;
    top->place = lt_mount_view_common(&owner->volume->users, tree->path, ctx->run);
    top->placed = top->has_inside = top->place.len;
}

/* Everything in a tree of the store at hand. */
static enum lt_status walk_tree(struct lt_ctx *ctx, const struct lt_walking *walking, const struct lt_tree *tree,
                                struct lt_err *err)
{
    struct lt_dir *top = lt_new(ctx->run, struct lt_dir);
    struct lt_walk walk = lt_counted_walk(ctx, walking->lister);
    struct tree_walk self = {
        .ctx = ctx, .steps = walking->steps, .tree = tree, .births = lt_births_kept(ctx->root, NULL)};
    set_top(ctx, tree, top);
    note_inner(&self);
    walk.wanted = wanted;
    walk.crosses = crosses;
    walk.arg = &self;
    walk.entry = entry;
    walk.enter = enter;
    enum lt_status status = lt_walk(&walk, top, err);
    lt_shown_end(&self.shown);
    return status == LT_END ? LT_OK : status;
}

struct orphan_job {
    struct tree_walk walk;
    const struct lt_dir *dir;
    struct lt_former_places places;
};

static enum lt_status orphan(void *arg, const struct lt_node *node, struct lt_err *err)
{
    struct orphan_job *job = arg;
    const struct lt_former_place *place = lt_former_place(&job->places, node->ino);
    struct lt_node named = *node;
    lt_seen(job->walk.ctx, 1);
    if (!place)
        return entry(&job->walk, job->dir, node, err);
    named.name = place->name;
    named.inferred = place->inferred;
    struct lt_event event = lt_file_event(place->dir->owner, place->dir, &named);
    return lt_emit_unallocated(job->walk.ctx, &event, err);
}

/* Deleted files that no directory walked so far names: once for each file system. Those of which not even the journal
 * tells where they were are shown as in a directory of the name that The Sleuth Kit gave it. */
static enum lt_status orphans(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_fs *fs = ctx->fs;
    struct lt_err problem = {0};
    struct lt_dir *dir = lt_new(ctx->run, struct lt_dir);
    struct orphan_job job = {.walk = {.ctx = ctx}, .dir = dir};
    if (lt_former_emit(ctx, &job.places, err) == LT_FATAL) {
        lt_former_places_free(&job.places);
        return LT_FATAL;
    }
    *dir = (struct lt_dir){.name = LT_STR("/$OrphanFiles"), .owner = &ctx->host->owner, .unallocated = true};
    dir->path_len = dir->name.len;
    lt_dir_keep(dir, ctx->run);
    enum lt_status status = fs->ops->orphans ? fs->ops->orphans(fs, orphan, &job, &problem) : LT_OK;
    lt_shown_end(&job.walk.shown);
    lt_former_places_free(&job.places);
    if (status == LT_FATAL)
        *err = problem;
    else if (problem.set)
        lt_skip_error(ctx, dir->name, &problem);
    return status == LT_FATAL ? LT_FATAL : LT_OK;
}

/* The symbolic links to parts of the store, which the walk sees as what they lead to. */
static enum lt_status emit_links(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_link, link, &ctx->root->links) {
        struct lt_dir *dir = lt_new(ctx->run, struct lt_dir);
        *dir = (struct lt_dir){.name = link->directory, .path_len = link->directory.len, .owner = &ctx->root->owner};
        lt_dir_keep(dir, ctx->run);
        struct lt_event event = lt_file_event(dir->owner, dir, &link->node);
        if (status == LT_OK)
            status = lt_emit_one(ctx, &event, err);
    }
    return status;
}

static enum lt_status walk_root(struct lt_ctx *ctx, struct lt_walking walking, struct lt_err *err)
{
    lt_arena_reset(ctx->scratch);
    walking.tamper = ctx->reading->names_only ? NULL : lt_tamper_new(ctx);
    lt_clock_steps_enter(walking.steps, ctx->fs, ctx->root->path);
    enum lt_status status = lt_walk_layers(ctx, &walking, err);
    lt_each (const struct lt_tree, tree, &ctx->root->trees)
        if (status == LT_OK)
            status = walk_tree(ctx, &walking, tree, err);
    if (status == LT_OK)
        status = emit_links(ctx, err);
    const struct lt_tree rest = {.path = ctx->root->path, .owner = &ctx->root->owner};
    if (status == LT_OK)
        status = walk_tree(ctx, &walking, &rest, err);
    lt_tamper_free(walking.tamper);
    return status;
}

static enum lt_status walk_all(struct lt_ctx *ctx, const struct lt_walking *walking, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (struct lt_root, root, &ctx->host->roots) {
        struct lt_ctx there = lt_ctx_at(ctx, root);
        status = status == LT_OK ? walk_root(&there, *walking, err) : status;
    }
    if (status == LT_OK && ctx->reading->binds != LT_BINDS_NONE)
        status = lt_walk_binds(ctx, walking, err);
    return status == LT_OK ? lt_clock_steps_emit(walking->steps, err) : status;
}

static void add_part(struct lt_ctx *ctx, struct lt_list *parts, const struct lt_root *root, struct lt_str path)
{
    struct lt_str inner;
    struct lt_fs *part = lt_mounted_part(root->fs, path, ctx->scratch, &inner);
    if (!lt_list_has(parts, part))
        lt_list_add(parts, ctx->run, part);
}

/* The file systems that hold stores, or parts of one. */
static struct lt_list parts_of(struct lt_ctx *ctx)
{
    struct lt_list parts = {0};
    lt_each (const struct lt_root, root, &ctx->host->roots) {
        add_part(ctx, &parts, root, root->path);
        lt_each (const struct lt_layer, layer, &root->layers)
            add_part(ctx, &parts, root, layer->content);
        lt_each (const struct lt_tree, tree, &root->trees)
            add_part(ctx, &parts, root, tree->path);
    }
    return parts;
}

static enum lt_status files_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_walking walking = {
        .lister = lt_lister_new(ctx->reading->threads),
        .steps = ctx->reading->names_only ? NULL : lt_clock_steps_new(ctx),
    };
    enum lt_status status = walk_all(ctx, &walking, err);
    lt_clock_steps_free(walking.steps);
    lt_lister_free(walking.lister);
    struct lt_list parts = parts_of(ctx);
    lt_each (struct lt_fs, part, &parts) { /* only now are all names known */
        struct lt_ctx there = lt_ctx_on(ctx, part);
        if (status == LT_OK)
            status = orphans(&there, err);
    }
    return status;
}

const struct lt_source lt_source_files = {
    .name = "files",
    .summary = "every entry of stores, and of what containers bind: M, A, C, B; what containers changed, deleted",
    .scope = LT_PER_HOST,
    .stage = LT_STAGE_FILES,
    .events = files_events,
};
