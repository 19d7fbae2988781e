// SPDX-License-Identifier: Apache-2.0
#include "files/removals.h"

#include "base/map.h"
#include "clock/filetimes.h"
#include "files/walked.h"
#include "overlay/change.h"
#include "read/facts.h"
#include "store/mechanics.h"

struct moved;

struct removal {
    struct lt_removal facts;
    struct lt_str inside;           /* path of what was removed, in the container */
    const struct lt_hidden *hidden; /* what was removed; NULL: not known */
    const struct moved *to;         /* its new name, if it was a rename */
};

struct moved {
    struct lt_moved facts;
    const struct removal *from;
};

void lt_removals_begin(struct lt_removals *removals, struct lt_ctx *ctx, const struct lt_layer *layer)
{
    *removals = (struct lt_removals){.ctx = ctx, .layer = layer, .reader = {.ctx = ctx}, .times = {.layer = layer}};
    struct lt_node node;
    if (layer->role != LT_ROLE_RW || !layer->work.len)
        return;
    struct lt_str work = lt_path_join(&removals->arena, layer->work, LT_STR("work"));
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_stat(ctx->fs, work, &removals->arena, &node, &problem);
    if (status == LT_OK)
        removals->times.mounted = node.time[LT_B];
    else if (status == LT_SKIP)
        lt_skip_error(ctx, work, &problem);
}

void lt_removals_end(struct lt_removals *removals)
{
    lt_lower_end(&removals->reader);
    lt_removal_times_end(&removals->times);
    lt_arena_free(&removals->arena);
}

static const struct lt_node *copy_node(struct lt_arena *arena, const struct lt_node *node)
{
    struct lt_node *copy = lt_new(arena, struct lt_node);
    *copy = *node;
    copy->name = lt_str_dup(arena, node->name);
    copy->target = lt_str_dup(arena, node->target);
    copy->error = NULL; /* already reported */
    return copy;
}

static const struct lt_hidden *copy_hidden(struct lt_arena *arena, const struct lt_hidden *hidden)
{
    if (!hidden)
        return NULL;
    struct lt_hidden *copy = lt_new(arena, struct lt_hidden);
    *copy = *hidden;
    return copy;
}

static const struct lt_attr *copy_facts(struct lt_arena *arena, const struct lt_attr *facts)
{
    if (!facts)
        return NULL;
    struct lt_attr *copy = lt_new(arena, struct lt_attr);
    copy->key = LT_ATTR_FACTS;
    lt_each (const struct lt_str, fact, &facts->items)
        lt_fact_add(&copy->items, arena, "", *fact);
    return copy;
}

static struct lt_str path_of(struct lt_arena *arena, const struct lt_removal *facts, struct lt_str name)
{
    struct lt_buf path = {0};
    lt_dir_inside(&path, facts->dir);
    if (facts->by != LT_REMOVAL_WHITEOUT && facts->witness->name.len) {
        lt_buf_char(&path, '/');
        lt_buf_add(&path, facts->witness->name);
    }
    lt_buf_char(&path, '/');
    lt_buf_add(&path, name);
    struct lt_str copy = lt_str_dup(arena, lt_buf_view(&path));
    lt_buf_free(&path);
    return copy;
}

void lt_removals_add(struct lt_removals *removals, const struct lt_removal *facts, struct lt_str name,
                     const struct lt_lower *lower)
{
    struct lt_arena *arena = &removals->arena;
    struct removal *removal = lt_new(arena, struct removal);
    removal->facts = *facts;
    removal->facts.witness = copy_node(arena, facts->witness);
    removal->facts.facts = copy_facts(arena, facts->facts);
    removal->inside = path_of(arena, facts, name);
    if (lower) {
        struct lt_hidden hidden = lt_hidden_of(lower);
        removal->hidden = copy_hidden(arena, &hidden);
    }
    lt_list_add(&removals->removed, arena, removal);
}

/* Does the directory with the names `own` hold `name`, or a mark that deletes it? */
static bool has_name(const struct lt_removals *removals, const struct lt_map *own, struct lt_str name,
                     struct lt_arena *arena)
{
    if (lt_map_get(own, name))
        return true;
    if (!removals->layer->mechanics->named_marks)
        return false;
    return lt_map_get(own, lt_str_format(arena, ".wh.%.*s", LT_ARG(name)));
}

void lt_removals_add_missing(struct lt_removals *removals, const struct lt_removal *facts,
                             const struct lt_lower_stack *below)
{
    struct lt_arena arena = {0};
    struct lt_list names = {0};
    struct lt_ctx *ctx = removals->ctx;
    const struct lt_node *node = facts->witness;
    const struct lt_dir *self = node->name.len ? lt_dir_child(ctx->run, facts->dir, node) : facts->dir;
    struct lt_map own = lt_names_in(ctx, self, &arena, NULL);
    lt_lower_names(&removals->reader, below, &arena, &names);
    lt_each (struct lt_str, name, &names) {
        struct lt_lower lower = {0};
        if (!has_name(removals, &own, *name, &arena) && lt_lower_find(&removals->reader, below, *name, &lower))
            lt_removals_add(removals, facts, *name, &lower);
    }
    lt_arena_free(&arena);
}

void lt_removals_add_moved(struct lt_removals *removals, const struct lt_moved *facts)
{
    struct lt_arena *arena = &removals->arena;
    struct moved *moved = lt_new(arena, struct moved);
    moved->facts = *facts;
    moved->facts.event.node = copy_node(arena, facts->event.node);
    moved->facts.event.attrs = copy_facts(arena, lt_event_attr(&facts->event, LT_ATTR_FACTS));
    moved->facts.event.attr_count = moved->facts.event.attrs ? 1 : 0;
    moved->facts.event.hides = copy_hidden(arena, facts->event.hides);
    lt_list_add(&removals->moved, arena, moved);
}

static struct lt_str inode_key(struct lt_arena *arena, uint64_t ino)
{
    return lt_str_dup(arena, (struct lt_str){(const char *)&ino, sizeof ino});
}

/* A rename leaves two things: a whiteout at the old name, and at the new name a file that was copied up. The inode it
 * was copied from is the one that the whiteout hides. */
static void pair_renames(struct lt_removals *removals)
{
    struct lt_arena *arena = &removals->arena;
    struct lt_map by_inode = {0};
    if (!removals->moved.count)
        return;
    lt_each (struct removal, removal, &removals->removed)
        if (removal->facts.by == LT_REMOVAL_WHITEOUT && removal->hidden && removal->hidden->ino)
            lt_map_put(&by_inode, arena, inode_key(arena, removal->hidden->ino), removal);
    lt_each (struct moved, moved, &removals->moved) {
        struct removal *removal = lt_map_get(&by_inode, inode_key(arena, moved->facts.origin));
        if (!removal || removal->to || (removal->hidden->mode ^ moved->facts.event.node->mode) & S_IFMT)
            continue;
        removal->to = moved;
        moved->from = removal;
    }
}

static enum lt_status emit_removal(struct lt_removals *removals, const struct removal *removal, struct lt_err *err)
{
    const struct lt_removal *facts = &removal->facts;
    struct lt_attr attr = facts->facts ? *facts->facts : (struct lt_attr){.key = LT_ATTR_FACTS};
    struct lt_node witness = *facts->witness;
    if (facts->by != LT_REMOVAL_WHITEOUT)
        witness.mode = 0; /* that of the directory, not of what was removed */
    struct lt_event event = {
        .kind = LT_KIND_DELETED,
        .change = removal->to ? LT_CHANGE_RENAMED : LT_CHANGE_DELETED,
        .owner = facts->dir->owner,
        .dir = facts->dir,
        .node = &witness,
        .inside = removal->inside,
        .hides = removal->hidden,
        .tags = facts->by == LT_REMOVAL_WHITEOUT ? LT_TAG_BIT(whiteout) : 0,
        .attrs = &attr,
    };
    struct lt_str why = lt_removal_times_set(&removals->times, facts, removal->hidden, &event);
    if (why.len)
        lt_fact_add(&attr.items, &removals->arena, "most likely ", why);
    if (removal->to) {
        struct lt_buf path = {0};
        lt_event_inside(&path, &removal->to->facts.event);
        lt_fact_add(&attr.items, &removals->arena, "renamed to ", lt_buf_view(&path));
        lt_buf_free(&path);
    }
    event.attr_count = attr.items.count ? 1 : 0;
    return lt_emit_one(removals->ctx, &event, err);
}

static enum lt_status emit_moved(struct lt_removals *removals, const struct moved *moved, struct lt_err *err)
{
    struct lt_event event = moved->facts.event;
    struct lt_node lower = {0};
    struct lt_filetimes times = {.lower = &lower,
                                 .births = lt_births_kept(removals->ctx->root, removals->layer->container)};
    if (moved->from) {
        event.change = LT_CHANGE_RENAMED;
        lt_event_add_fact(&event, &removals->arena,
                          lt_str_format(&removals->arena, "renamed from %.*s", LT_ARG(moved->from->inside)));
        times.came = LT_CAME_BY_COPY;
        lower.time[LT_M] = moved->from->hidden->modified;
    }
    lt_filetimes_check(&event, &times, &removals->arena);
    /* A copy-up is emitted once, for the name that was copied, and not for other links to the file. */
    bool here = moved->from || (event.change != LT_CHANGE_ADDED && event.node->nlink == 1);
    enum lt_status status = lt_emit(removals->ctx, &event, err);
    return status == LT_OK && here ? lt_emit_copy_up(removals->ctx, &event, err) : status;
}

enum lt_status lt_removals_emit(struct lt_removals *removals, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    pair_renames(removals);
    lt_each (struct moved, moved, &removals->moved)
        if (status == LT_OK)
            status = emit_moved(removals, moved, err);
    lt_each (struct removal, removal, &removals->removed)
        if (status == LT_OK)
            status = emit_removal(removals, removal, err);
    return status;
}
