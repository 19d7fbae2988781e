// SPDX-License-Identifier: Apache-2.0
/* Every entry of a layer, beside what the layers below have in its place: what the container changed, and what it
 * deleted. */
#include "clock/filetimes.h"
#include "evidence/walk.h"
#include "files/removals.h"
#include "files/walked.h"
#include "overlay/below.h"
#include "overlay/change.h"
#include "overlay/mount_shadowing.h"
#include "overlay/tamper.h"
#include "read/facts.h"
#include "store/mechanics.h"

#include <stdlib.h>

/* The walk of one layer. */
struct layer_walk {
    struct lt_ctx *ctx; /* first: see lt_walk_ctx() */
    const struct lt_walking *walking;
    const struct lt_layer *layer;
    struct lt_below_reader below; /* keeps the names below the directory at hand */
    struct lt_below_reader aside; /* looks elsewhere meanwhile */
    struct lt_removals removals;
    struct lt_mount_shadowing shadowing;
    bool whole;                  /* all layers below are known: what is not there is new */
    const struct lt_below *init; /* what the rw layer began as a copy of, if it did */
    bool marked;                 /* the layer names the origins of its copies */
    bool births;                 /* births are those of its files */
    /* Directories among the entries at hand: struct lt_dir *, with what lies below them. */
    const struct lt_dir *parent;
    struct lt_map children;
    struct lt_arena arena;
    struct lt_arena facts; /* of the entry at hand */
};

static bool is_rw(const struct layer_walk *walk)
{
    return walk->layer->role == LT_ROLE_RW;
}

/* The marks of an entry, looked for where they can matter: that costs calls. */
static struct lt_overlay_marks marks_of(struct layer_walk *walk, const struct lt_dir *dir, const struct lt_node *node)
{
    bool may_hide = S_ISDIR(node->mode) && dir->below;
    struct lt_overlay_marks marks = {0};
    if (is_rw(walk) || may_hide)
        marks = lt_marks_of(walk->ctx, walk->layer, dir, node, &walk->arena);
    if (may_hide && walk->layer->mechanics->named_marks)
        marks.opaque |= lt_named_opaque(walk->ctx, walk->layer, lt_dir_child(walk->ctx->run, dir, node));
    walk->marked |= marks.has_origin;
    return marks;
}

/* Remember what the walk of the directory `node` needs to know. */
static struct lt_dir *note_child(struct layer_walk *walk, const struct lt_dir *dir, const struct lt_node *node)
{
    struct lt_dir *child = lt_new(&walk->arena, struct lt_dir);
    lt_map_put(&walk->children, &walk->arena, lt_str_dup(&walk->arena, node->name), child);
    child->opaque = dir->opaque;
    child->opaque_since = dir->opaque_since;
    return child;
}

static void begin_directory(struct layer_walk *walk, const struct lt_dir *dir)
{
    if (walk->parent == dir)
        return;
    lt_arena_reset(&walk->arena);
    walk->parent = dir;
    walk->children = (struct lt_map){0};
}

/* A directory inherits what its entry was found to be. */
static void enter(void *arg, const struct lt_dir *parent, struct lt_dir *child)
{
    struct layer_walk *walk = arg;
    const struct lt_dir *noted = walk->parent == parent ? lt_map_get(&walk->children, child->name) : NULL;
    child->hidden_by = lt_hidden_by(walk->layer, parent, child->name, walk->ctx->run);
    if (!noted || child->unallocated)
        return;
    child->below = noted->below;
    child->opaque = noted->opaque;
    child->opaque_since = noted->opaque_since;
}

static void add_removal(struct layer_walk *walk, const struct lt_removal *removal, struct lt_str below,
                        struct lt_str name, const struct lt_lower *lower)
{
    struct lt_removal facts = *removal;
    struct lt_buf inside = {0};
    struct lt_hidden hidden;
    lt_dir_inside(&inside, removal->dir);
    if (below.len) {
        lt_buf_char(&inside, '/');
        lt_buf_add(&inside, below);
    }
    lt_buf_char(&inside, '/');
    lt_buf_add(&inside, name);
    facts.inside = lt_buf_view(&inside);
    if (lower) {
        hidden = lt_hidden_of(lower);
        facts.hidden = &hidden;
    }
    lt_removals_add(&walk->removals, &facts);
    lt_buf_free(&inside);
}

static enum lt_status emit_whiteout(struct layer_walk *walk, struct lt_event *event, struct lt_str subject,
                                    struct lt_err *err)
{
    const struct lt_dir *dir = event->dir;
    struct lt_lower lower = {0};
    bool found = dir->below && lt_below_find(&walk->below, dir->below, subject, &lower);
    event->tags |= LT_TAG_BIT(whiteout);
    /* One that hides nothing is no deletion, if nothing else can be there. */
    if (found || !walk->whole) {
        struct lt_removal removal = {
            .by = LT_REMOVAL_WHITEOUT,
            .dir = dir,
            .witness = event->node,
            .facts = lt_event_attr(event, LT_ATTR_FACTS),
        };
        add_removal(walk, &removal, LT_STR(""), subject, found ? &lower : NULL);
    }
    if (found)
        lt_hide(&walk->below, dir->below, &lower, walk->layer);
    return lt_emit(walk->ctx, event, err);
}

/* Is the name told by the directory's own entries? */
static bool is_told(struct layer_walk *walk, const struct lt_map *names, struct lt_str name)
{
    if (lt_map_get(names, name))
        return true;
    if (!walk->layer->mechanics->named_marks)
        return false;
    return lt_map_get(names, lt_str_format(&walk->arena, ".wh.%.*s", LT_ARG(name)));
}

/* The names that lie below the directory `node` but not in it are gone: it is opaque, or a copy of the whole. */
static void add_missing(struct layer_walk *walk, const struct lt_removal *removal, const struct lt_below *below)
{
    struct lt_arena arena = {0};
    struct lt_list names = {0};
    const struct lt_node *node = removal->witness;
    const struct lt_dir *self = node->name.len ? lt_dir_child(walk->ctx->run, removal->dir, node) : removal->dir;
    struct lt_map own = lt_names_in(walk->ctx, self, &arena, NULL);
    lt_below_names(&walk->aside, below, &arena, &names);
    lt_each (struct lt_str, name, &names) {
        struct lt_lower lower = {0};
        if (!is_told(walk, &own, *name) && lt_below_find(&walk->aside, below, *name, &lower))
            add_removal(walk, removal, node->name, *name, &lower);
    }
    lt_arena_free(&arena);
}

/* A place in the layers below. */
struct place {
    const struct lt_below *below;
    struct lt_lower lower;
    bool found;
};

static void hide(struct layer_walk *walk, const struct place *place)
{
    if (place->found && !walk->layer->mechanics->whole_rw)
        lt_hide(&walk->below, place->below, &place->lower, walk->layer);
}

/* A directory over a directory: merged with it, or made anew in its place. What is in `place` is used up. */
static void note_directory(struct layer_walk *walk, const struct lt_event *event, const struct lt_overlay_marks *marks,
                           const struct place *place)
{
    const struct lt_node *node = event->node;
    struct lt_dir *child = note_child(walk, event->dir, node);
    child->below = lt_below_enter(&walk->below, place->below, &place->lower);
    if (marks->opaque && !child->opaque) {
        child->opaque = true;
        child->opaque_since = node->time[LT_B].set ? node->time[LT_B] : node->time[LT_C];
        hide(walk, place);
    }
    struct lt_removal removal = {.by = child->opaque ? LT_REMOVAL_OPAQUE : LT_REMOVAL_MISSING,
                                 .dir = event->dir,
                                 .witness = node,
                                 .since = child->opaque_since};
    if (child->below && (child->opaque || (is_rw(walk) && walk->layer->mechanics->whole_rw)))
        add_missing(walk, &removal, child->below);
}

/* A directory that was renamed, or a file whose data were left below, says where it came from. */
static bool follow_redirect(struct layer_walk *walk, const struct lt_dir *dir, struct lt_str redirect,
                            struct place *place)
{
    const struct lt_dir *from = dir;
    if (lt_str_starts(redirect, LT_STR("/")))
        while (from->parent)
            from = from->parent;
    place->found = from->below && lt_below_path(&walk->below, from->below, redirect, &place->below, &place->lower);
    return place->found;
}

/* fuse-overlayfs names the origin of a copy by its path. */
static void find_origin(struct layer_walk *walk, const struct lt_dir *dir, struct lt_overlay_marks *marks)
{
    struct place place = {0};
    if (!marks->origin_path.len)
        return;
    while (dir->parent)
        dir = dir->parent;
    if (dir->below && lt_below_path(&walk->below, dir->below, marks->origin_path, &place.below, &place.lower))
        marks->origin = place.lower.node.ino;
}

static struct place find_place(struct layer_walk *walk, const struct lt_dir *dir, struct lt_str name)
{
    struct place place = {.below = dir->below};
    place.found = dir->below && lt_below_find(&walk->below, dir->below, name, &place.lower);
    return place;
}

/* An entry of an image or init layer: it may hide others, but nothing is said of a change. */
static enum lt_status emit_image(struct layer_walk *walk, struct lt_event *event, struct lt_err *err)
{
    const struct lt_node *node = event->node;
    struct place place = find_place(walk, event->dir, node->name);
    if (place.found && S_ISDIR(node->mode) && S_ISDIR(place.lower.node.mode)) {
        struct lt_overlay_marks marks = marks_of(walk, event->dir, node);
        event->tags |= marks.opaque ? LT_TAG_BIT(opaque) : 0;
        note_directory(walk, event, &marks, &place);
    } else {
        hide(walk, &place);
    }
    return lt_emit(walk->ctx, event, err);
}

/* What was found out about an entry of an rw layer, for as long as its event needs it. */
struct verdict {
    struct lt_hidden hidden;
    struct lt_upper upper;
    bool copied; /* it was copied up from its own place */
    bool moved;  /* it was copied up from another place */
};

static void judge_redirect(struct layer_walk *walk, struct lt_event *event, struct lt_str redirect, struct place *place,
                           struct verdict *verdict)
{
    if (!redirect.len || !follow_redirect(walk, event->dir, redirect, place))
        return;
    lt_event_add_fact(event, &walk->facts, lt_str_format(&walk->facts, "renamed from %.*s", LT_ARG(redirect)));
    verdict->hidden = lt_hidden_of(&place->lower);
    verdict->moved = false;
    event->hides = &verdict->hidden;
    event->change = LT_CHANGE_RENAMED;
}

/* Fill in what the container did to the entry, beside what lies below it. */
static void judge(struct layer_walk *walk, struct lt_event *event, const struct lt_overlay_marks *marks,
                  struct place *place, struct verdict *verdict)
{
    const struct lt_node *node = event->node;
    verdict->upper = (struct lt_upper){walk->layer, event->dir, node, *marks, walk->marked, event->dir->opaque};
    event->tags |= marks->opaque ? LT_TAG_BIT(opaque) : 0;
    event->change = walk->whole ? LT_CHANGE_ADDED : LT_CHANGE_NONE;
    if (place->found) {
        verdict->hidden = lt_hidden_of(&place->lower);
        event->hides = &verdict->hidden;
        event->change = lt_change_of(walk->ctx, &verdict->upper, &place->lower, &verdict->hidden);
        verdict->copied = lt_was_copied_up(&verdict->upper, event->change);
    }
    verdict->moved = marks->origin && !S_ISDIR(node->mode) && (!place->found || marks->origin != place->lower.node.ino);
    if (marks->shown_stat.len)
        lt_event_add_fact(event, &walk->facts,
                          lt_str_format(&walk->facts, "override_stat %.*s: owner and mode that fuse-overlayfs may show",
                                        (int)(marks->shown_stat.len < 40 ? marks->shown_stat.len : 40),
                                        marks->shown_stat.ptr));
    judge_redirect(walk, event, marks->redirect, place, verdict);
}

static bool same_entry(const struct lt_node *a, const struct lt_node *b)
{
    bool same = a->mode == b->mode && a->uid == b->uid && a->gid == b->gid;
    return same && (S_ISDIR(a->mode) || a->size == b->size) && lt_time_cmp(a->time[LT_M], b->time[LT_M]) == 0;
}

/* An rw layer that began as a copy of its init layer: what is still as it was is no change, and what is missing was
 * deleted, though nothing marks it. */
static void compare_with_init(struct layer_walk *walk, struct lt_event *event, struct verdict *verdict)
{
    struct lt_buf inside = {0};
    struct place place = {0};
    lt_event_inside(&inside, event);
    place.found = lt_below_path(&walk->aside, walk->init, lt_buf_view(&inside), &place.below, &place.lower);
    lt_buf_free(&inside);
    if (!place.found)
        return;
    if (same_entry(event->node, &place.lower.node)) {
        event->change = LT_CHANGE_NONE;
        event->hides = NULL;
        verdict->copied = verdict->moved = false;
    }
    const struct lt_below *below = lt_below_enter(&walk->aside, place.below, &place.lower);
    struct lt_removal removal = {.by = LT_REMOVAL_MISSING, .dir = event->dir, .witness = event->node};
    if (below && S_ISDIR(event->node->mode))
        add_missing(walk, &removal, below);
}

/* An entry of an rw layer. */
static enum lt_status emit_rw(struct layer_walk *walk, const struct lt_event *file, struct lt_err *err)
{
    struct lt_event event = *file;
    const struct lt_node *node = event.node;
    struct lt_overlay_marks marks = marks_of(walk, event.dir, node);
    find_origin(walk, event.dir, &marks);
    struct place place = find_place(walk, event.dir, node->name);
    struct verdict verdict = {0};
    judge(walk, &event, &marks, &place, &verdict);
    if (place.found && S_ISDIR(node->mode) && S_ISDIR(place.lower.node.mode))
        note_directory(walk, &event, &marks, &place);
    else
        hide(walk, &place);
    if (walk->init)
        compare_with_init(walk, &event, &verdict);
    if (verdict.moved) {
        lt_removals_add_moved(&walk->removals, &(struct lt_moved){.event = event, .origin = marks.origin});
        return LT_OK;
    }
    const struct lt_lower *lower = place.found ? &place.lower : NULL;
    lt_filetimes_check_rw(walk->ctx, &event, &verdict.upper, lower, walk->births, &walk->facts);
    enum lt_status status = lt_emit(walk->ctx, &event, err);
    return status == LT_OK && verdict.copied ? lt_emit_copy_up(walk->ctx, &event, err) : status;
}

/* The root of the layer. Of a whole copy, what is missing from it was deleted. */
static enum lt_status emit_root(struct layer_walk *walk, struct lt_event *event, struct lt_err *err)
{
    struct lt_removal removal = {.by = LT_REMOVAL_MISSING, .dir = event->dir, .witness = event->node};
    if (is_rw(walk) && walk->layer->mechanics->whole_rw && event->dir->below)
        add_missing(walk, &removal, event->dir->below);
    if (walk->init)
        add_missing(walk, &removal, walk->init);
    return lt_emit(walk->ctx, event, err);
}

/* An empty file can be a whiteout, too, if its directory says so; no kernel makes them. */
static bool is_marked_whiteout(struct layer_walk *walk, const struct lt_dir *dir, const struct lt_node *node)
{
    if (!S_ISREG(node->mode) || node->size || !walk->layer->mechanics->xattrs || !dir->below || !dir->parent)
        return false;
    struct lt_node self = {.name = dir->name, .ino = dir->ino};
    return lt_marks_of(walk->ctx, walk->layer, dir, node, &walk->arena).whiteout &&
           lt_marks_of(walk->ctx, walk->layer, dir->parent, &self, &walk->arena).has_whiteouts;
}

static enum lt_status entry(void *arg, const struct lt_dir *dir, const struct lt_node *node, struct lt_err *err)
{
    struct layer_walk *walk = arg;
    struct lt_event event = lt_file_event(dir->owner, dir, node);
    struct lt_str subject = node->name;
    begin_directory(walk, dir);
    lt_arena_reset(&walk->facts);
    if (!is_rw(walk))
        event.hidden_by = lt_hidden_by(walk->layer, dir, node->name, walk->ctx->run);
    if (node->unallocated)
        return lt_emit_unallocated(walk->ctx, &event, err);
    lt_clock_steps_check(walk->walking->steps, walk->ctx->fs, &event, &walk->facts);
    if (!walk->ctx->reading->names_only)
        lt_mount_shadowing_add(&walk->shadowing, &event, &walk->arena);
    if (!node->name.len) {
        lt_tamper_check(walk->walking->tamper, &event, LT_STR(""));
        return emit_root(walk, &event, err);
    }
    enum lt_meaning meaning = walk->layer->mechanics->meaning(node, &subject);
    if (walk->ctx->reading->names_only) {
        event.tags |= meaning == LT_WHITEOUT ? LT_TAG_BIT(whiteout) : 0;
        return lt_emit(walk->ctx, &event, err);
    }
    bool whiteout = meaning == LT_WHITEOUT || is_marked_whiteout(walk, dir, node);
    lt_tamper_check(walk->walking->tamper, &event, whiteout ? subject : LT_STR(""));
    if (whiteout)
        return emit_whiteout(walk, &event, subject, err);
    if (meaning != LT_PLAIN) {
        event.tags |= meaning == LT_OPAQUE ? LT_TAG_BIT(opaque) : 0;
        return lt_emit(walk->ctx, &event, err);
    }
    return is_rw(walk) ? emit_rw(walk, &event, err) : emit_image(walk, &event, err);
}

enum lt_status lt_walk_layer(struct lt_ctx *ctx, const struct lt_walking *walking, const struct lt_layer *layer,
                             struct lt_err *err)
{
    struct layer_walk self = {
        .ctx = ctx, .walking = walking, .layer = layer, .below = {.ctx = ctx}, .aside = {.ctx = ctx}};
    struct lt_dir *top = lt_new(ctx->run, struct lt_dir);
    struct lt_walk walk = lt_counted_walk(ctx, walking->lister);
    *top = (struct lt_dir){.name = layer->content, .owner = &layer->owner, .placed = true, .has_inside = true};
    walk.arg = &self;
    walk.entry = entry;
    walk.enter = enter;
    self.births = layer->role == LT_ROLE_RW && lt_births_kept(ctx->root, layer->container);
    lt_mount_shadowing_begin(&self.shadowing, layer);
    lt_removals_begin(&self.removals, ctx, layer);
    lt_tamper_begin(walking->tamper, layer);
    if (!ctx->reading->names_only && (layer->role != LT_ROLE_IMAGE || !layer->mechanics->copies))
        top->below = lt_below_layer(&self.below, layer, &self.whole);
    if (layer->role == LT_ROLE_RW && layer->mechanics->init_copied && layer->container && layer->container->init)
        self.init = lt_below_tree(&self.below, layer->container->init);
    enum lt_status status = lt_walk(&walk, top, err);
    if (status == LT_END)
        lt_skip(ctx, layer->content, LT_CODE_MISSING, "the layer's tree of files is missing");
    status = status == LT_END ? LT_OK : status;
    if (status == LT_OK)
        status = lt_removals_emit(&self.removals, ctx, err);
    if (status == LT_OK)
        status = lt_tamper_end(walking->tamper, err);
    lt_mount_shadowing_end(&self.shadowing);
    lt_removals_end(&self.removals);
    lt_below_end(&self.below);
    lt_below_end(&self.aside);
    lt_arena_free(&self.arena);
    lt_arena_free(&self.facts);
    return status;
}

/* How many layers lie under it. */
static unsigned height(const struct lt_layer *layer)
{
    enum { MOST = 1024 };
    unsigned count = 0;
    for (const struct lt_layer *next = layer->parent; next && count < MOST; next = next->parent)
        count++;
    return count;
}

/* Those that may hide something first: what has a container, then the higher of two image layers. */
static int by_height(const void *a, const void *b)
{
    const struct lt_layer *const *left = a, *const *right = b;
    bool left_image = (*left)->role == LT_ROLE_IMAGE, right_image = (*right)->role == LT_ROLE_IMAGE;
    if (left_image != right_image)
        return left_image ? 1 : -1;
    if ((*left)->role != (*right)->role)
        return (*left)->role < (*right)->role ? -1 : 1;
    unsigned up = height(*left), down = height(*right);
    return up != down ? (up > down ? -1 : 1) : lt_str_cmp((*left)->id, (*right)->id);
}

enum lt_status lt_walk_layers(struct lt_ctx *ctx, const struct lt_walking *walking, struct lt_err *err)
{
    struct lt_list layers = {0};
    enum lt_status status = LT_OK;
    if (!ctx->reading->names_only)
        lt_report_blind(ctx);
    lt_each (struct lt_layer, layer, &ctx->root->layers)
        if (layer->content.len)
            lt_list_add(&layers, ctx->scratch, layer);
    if (layers.count)
        qsort(layers.items, layers.count, sizeof *layers.items, by_height);
    lt_each (struct lt_layer, layer, &layers) {
        lt_tamper_expect(walking->tamper, layer_at + 1 < layers.count ? layers.items[layer_at + 1] : NULL);
        status = lt_walk_layer(ctx, walking, layer, err);
        if (status != LT_OK)
            break;
    }
    return status;
}
