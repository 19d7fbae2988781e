// SPDX-License-Identifier: Apache-2.0
#include "files/deletions.h"

#include "base/map.h"
#include "store/mechanics.h"
#include "read/facts.h"
#include "clock/filetimes.h"
#include "files/walked.h"

/* A whiteout whose change and birth lie this close together was made by one deletion; measured on Linux 6.18. */
static const int64_t EXACT_WITHIN = 50000000;

struct moved;

struct gone {
    struct lt_gone facts;
    const struct moved *to; /* its new name, if it was a rename */
    size_t *siblings;       /* whiteouts of the same inode in its directory, itself included */
};

struct moved {
    struct lt_moved facts;
    const struct gone *from;
};

void lt_deletions_begin(struct lt_deletions *deletions, struct lt_ctx *ctx, const struct lt_layer *layer)
{
    *deletions = (struct lt_deletions){.layer = layer};
    struct lt_node node;
    if (layer->role != LT_ROLE_RW || !layer->work.len)
        return;
    struct lt_str work = lt_path_join(&deletions->arena, layer->work, LT_STR("work"));
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_stat(ctx->fs, work, &deletions->arena, &node, &problem);
    if (status == LT_OK)
        deletions->mounted = node.time[LT_B];
    else if (status == LT_SKIP)
        lt_skip_error(ctx, work, &problem);
}

void lt_deletions_end(struct lt_deletions *deletions)
{
    lt_arena_free(&deletions->arena);
}

static const struct lt_node *copy_node(struct lt_arena *arena, const struct lt_node *node)
{
    struct lt_node *copy = lt_new(arena, struct lt_node);
    *copy = *node;
    copy->name = lt_str_dup(arena, node->name);
    copy->target = lt_str_dup(arena, node->target);
    copy->error = NULL; /* reported by now */
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

void lt_deletions_add(struct lt_deletions *deletions, const struct lt_gone *facts)
{
    struct lt_arena *arena = &deletions->arena;
    struct gone *gone = lt_new(arena, struct gone);
    gone->facts = *facts;
    gone->facts.witness = copy_node(arena, facts->witness);
    gone->facts.inside = lt_str_dup(arena, facts->inside);
    gone->facts.hidden = copy_hidden(arena, facts->hidden);
    gone->facts.facts = copy_facts(arena, facts->facts);
    lt_list_add(&deletions->gone, arena, gone);
}

void lt_deletions_move(struct lt_deletions *deletions, const struct lt_moved *facts)
{
    struct lt_arena *arena = &deletions->arena;
    struct moved *moved = lt_new(arena, struct moved);
    moved->facts = *facts;
    moved->facts.event.node = copy_node(arena, facts->event.node);
    moved->facts.event.attrs = copy_facts(arena, lt_event_attr(&facts->event, LT_ATTR_FACTS));
    moved->facts.event.attr_count = moved->facts.event.attrs ? 1 : 0;
    moved->facts.event.hides = copy_hidden(arena, facts->event.hides);
    lt_list_add(&deletions->moved, arena, moved);
}

static struct lt_str inode_key(struct lt_arena *arena, uint64_t ino)
{
    return lt_str_dup(arena, (struct lt_str){(const char *)&ino, sizeof ino});
}

/* A rename leaves a whiteout at the old name and, at the new one, a file that was copied up from the inode which that
 * whiteout hides. */
static void pair_renames(struct lt_deletions *deletions)
{
    struct lt_arena *arena = &deletions->arena;
    struct lt_map by_inode = {0};
    if (!deletions->moved.count)
        return;
    lt_each (struct gone, gone, &deletions->gone)
        if (gone->facts.by == LT_GONE_WHITEOUT && gone->facts.hidden && gone->facts.hidden->ino)
            lt_map_put(&by_inode, arena, inode_key(arena, gone->facts.hidden->ino), gone);
    lt_each (struct moved, moved, &deletions->moved) {
        struct gone *gone = lt_map_get(&by_inode, inode_key(arena, moved->facts.origin));
        if (!gone || gone->to || (gone->facts.hidden->mode ^ moved->facts.event.node->mode) & S_IFMT)
            continue;
        gone->to = moved;
        moved->from = gone;
    }
}

/* How many whiteouts of the same inode there are in its directory, counted in a map of its own. */
static size_t *siblings_of(struct lt_map *counts, struct lt_arena *arena, const struct lt_gone *facts)
{
    struct lt_str dir = lt_str_format(arena, "%p ", (const void *)facts->dir);
    struct lt_str key = lt_path_join(arena, dir, inode_key(arena, facts->witness->ino));
    size_t *count = lt_map_get(counts, key);
    if (count)
        return count;
    count = lt_new(arena, size_t);
    lt_map_put(counts, arena, key, count);
    return count;
}

static void count_siblings(struct lt_deletions *deletions)
{
    struct lt_map counts = {0};
    lt_each (struct gone, gone, &deletions->gone)
        ++*(gone->siblings = siblings_of(&counts, &deletions->arena, &gone->facts));
}

static void raise_first(struct lt_event *event, struct lt_time time)
{
    if (time.set && (!event->first.set || lt_time_cmp(time, event->first) > 0))
        event->first = time;
}

static void lower_last(struct lt_event *event, struct lt_time time)
{
    if (time.set && (!event->last.set || lt_time_cmp(time, event->last) < 0))
        event->last = time;
}

static bool is_close(struct lt_time a, struct lt_time b)
{
    int64_t apart = lt_time_diff(a, b);
    return apart >= -EXACT_WITHIN && apart <= EXACT_WITHIN;
}

/* When the names of a directory changed for the last time: its mtime, unless that looks set by a process: earlier than
 * what must have happened before, later than its ctime, or in whole seconds. A ctime nobody can set. */
static struct lt_time last_change(const struct lt_dir *dir, struct lt_time not_before)
{
    struct lt_time mtime = dir->modified;
    bool set = !mtime.set || !mtime.nsec || (not_before.set && lt_time_cmp(mtime, not_before) < 0) ||
               (dir->changed.set && lt_time_cmp(mtime, dir->changed) > 0);
    return set ? dir->changed : mtime;
}

static void bound_whiteout(const struct lt_deletions *deletions, const struct gone *gone, struct lt_event *event)
{
    const struct lt_node *node = gone->facts.witness;
    const struct lt_dir *dir = gone->facts.dir;
    struct lt_time first = node->time[LT_M], last = node->time[LT_C];
    if (first.set && last.set && lt_time_cmp(first, last) > 0) {
        first = last;
        last = node->time[LT_M];
    }
    event->time[0] = first;
    /* aufs links its whiteouts to one file that it made when the layer was first mounted. */
    bool shared_name = deletions->layer->mechanics->named_marks && node->nlink > 1;
    if (!shared_name && is_close(node->time[LT_B].set ? node->time[LT_B] : first, last))
        return;
    raise_first(event, first);
    raise_first(event, dir->born); /* its directory was copied up before */
    if (!shared_name)
        lower_last(event, last);
    lower_last(event, last_change(dir, event->first));
    if (deletions->mounted.set && lt_time_cmp(first, deletions->mounted) < 0)
        lower_last(event, deletions->mounted); /* a mount begins with a new whiteout */
}

/* The nearest directory that was there when what it held was deleted. */
static const struct lt_dir *copied_up_dir(const struct lt_dir *dir)
{
    while (dir->opaque && dir->parent)
        dir = dir->parent;
    return dir;
}

/* Fill in the time of the deletion: exact, or between bounds. In an image layer the file system tells when the layer
 * was unpacked here: the deletion was before that. */
static void set_time(const struct lt_deletions *deletions, const struct gone *gone, struct lt_event *event)
{
    const struct lt_gone *facts = &gone->facts;
    const struct lt_node *node = facts->witness;
    struct lt_time birth = node->time[LT_B].set ? node->time[LT_B] : node->time[LT_C];
    if (deletions->layer->role != LT_ROLE_RW) {
        event->last = facts->by == LT_GONE_OPAQUE && facts->since.set ? facts->since : birth;
    } else if (facts->by == LT_GONE_WHITEOUT) {
        bound_whiteout(deletions, gone, event);
    } else if (facts->by == LT_GONE_OPAQUE) {
        raise_first(event, copied_up_dir(facts->dir)->born);
        lower_last(event, facts->since.set ? facts->since : birth);
    } else {
        /* The directory may have been made anew since: only the copy of the whole was before for sure. */
        struct lt_dir whole = {0};
        if (!node->stale)
            whole = (struct lt_dir){.modified = node->time[LT_M], .changed = node->time[LT_C]};
        raise_first(event, deletions->layer->created);
        lower_last(event, last_change(&whole, node->time[LT_B]));
    }
    /* A clock that was set back: only the later bound is left. */
    if (event->first.set && event->last.set && lt_time_cmp(event->first, event->last) > 0)
        event->first = (struct lt_time){0};
    if (event->first.set || event->last.set)
        event->time[0] = event->first.set ? event->first : event->last;
}

/* The mtime of a directory is the time of the deletion itself, if that was the last change to its names: nobody knows,
 * but of a single whiteout it is likely. */
static void add_estimate(const struct gone *gone, const struct lt_event *event, struct lt_list *facts,
                         struct lt_arena *arena)
{
    struct lt_time mtime = gone->facts.dir->modified;
    bool inside = event->first.set && event->last.set && mtime.set && lt_time_cmp(event->first, mtime) <= 0 &&
                  lt_time_cmp(mtime, event->last) <= 0;
    if (gone->facts.by != LT_GONE_WHITEOUT || *gone->siblings != 1 || !inside)
        return;
    struct lt_buf text = {0};
    lt_buf_lit(&text, "most likely ");
    lt_time_iso(&text, mtime, 9);
    lt_buf_lit(&text, "Z, when its directory was changed");
    lt_fact_add(facts, arena, "", lt_buf_view(&text));
    lt_buf_free(&text);
}

static enum lt_status emit_gone(struct lt_deletions *deletions, struct lt_ctx *ctx, const struct gone *gone,
                                struct lt_err *err)
{
    const struct lt_gone *facts = &gone->facts;
    struct lt_attr attr = facts->facts ? *facts->facts : (struct lt_attr){.key = LT_ATTR_FACTS};
    struct lt_node witness = *facts->witness;
    if (facts->by != LT_GONE_WHITEOUT)
        witness.mode = 0; /* it tells nothing of what is gone */
    struct lt_event event = {
        .kind = LT_KIND_DELETED,
        .change = gone->to ? LT_CHANGE_RENAMED : LT_CHANGE_DELETED,
        .owner = facts->dir->owner,
        .dir = facts->dir,
        .node = &witness,
        .inside = facts->inside,
        .hides = facts->hidden,
        .tags = facts->by == LT_GONE_WHITEOUT ? LT_TAG_BIT(whiteout) : 0,
        .attrs = &attr,
    };
    set_time(deletions, gone, &event);
    add_estimate(gone, &event, &attr.items, &deletions->arena);
    if (gone->to) {
        struct lt_buf path = {0};
        lt_event_inside(&path, &gone->to->facts.event);
        lt_fact_add(&attr.items, &deletions->arena, "renamed to ", lt_buf_view(&path));
        lt_buf_free(&path);
    }
    event.attr_count = attr.items.count ? 1 : 0;
    return lt_emit_one(ctx, &event, err);
}

static enum lt_status emit_moved(struct lt_deletions *deletions, struct lt_ctx *ctx, const struct moved *moved,
                                 struct lt_err *err)
{
    struct lt_event event = moved->facts.event;
    struct lt_node lower = {0};
    struct lt_filetimes times = {.lower = &lower, .births = lt_births_kept(ctx->root, deletions->layer->container)};
    if (moved->from) {
        event.change = LT_CHANGE_RENAMED;
        lt_event_add_fact(&event, &deletions->arena,
                          lt_str_format(&deletions->arena, "renamed from %.*s", LT_ARG(moved->from->facts.inside)));
        times.came = LT_CAME_BY_COPY;
        lower.time[LT_M] = moved->from->facts.hidden->modified;
    }
    lt_filetimes_check(&event, &times, &deletions->arena);
    /* A copy is told once, at the name that was copied: not at further links to it. */
    bool here = moved->from || (event.change != LT_CHANGE_ADDED && event.node->nlink == 1);
    enum lt_status status = lt_emit(ctx, &event, err);
    return status == LT_OK && here ? lt_emit_copy_up(ctx, &event, err) : status;
}

enum lt_status lt_deletions_emit(struct lt_deletions *deletions, struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    pair_renames(deletions);
    count_siblings(deletions);
    lt_each (struct moved, moved, &deletions->moved)
        if (status == LT_OK)
            status = emit_moved(deletions, ctx, moved, err);
    lt_each (struct gone, gone, &deletions->gone)
        if (status == LT_OK)
            status = emit_gone(deletions, ctx, gone, err);
    return status;
}
