// SPDX-License-Identifier: Apache-2.0
#include "files/checks/checks.h"

#include "evidence/walk.h"
#include "overlay/tamper.h"

#include <stdlib.h>

/* --- the table of checks --- */

/* The columns of checks.def. */
enum { ALWAYS, FULL };
enum { RW = 1 << LT_ROLE_RW, IMAGE = 1 << LT_ROLE_IMAGE, INIT = 1 << LT_ROLE_INIT };
enum {
    UNALLOCATED = 1 << LT_ENTRY_UNALLOCATED,
    ROOT = 1 << LT_ENTRY_ROOT,
    WHITEOUT = 1 << LT_ENTRY_WHITEOUT,
    MARK = 1 << LT_ENTRY_MARK,
    PLAIN = 1 << LT_ENTRY_PLAIN,
    ALLOCATED = ROOT | WHITEOUT | MARK | PLAIN,
    EVERY = ALLOCATED | UNALLOCATED,
};

static const struct line {
    const struct lt_layer_check *check;
    unsigned walks, layers, entries;
} checks[] = {
#define LAYER_CHECK(name, walks, layers, entries) {&lt_layer_check_##name, walks, layers, entries},
#include "files/checks/checks.def"
#undef LAYER_CHECK
};
enum { CHECKS = sizeof checks / sizeof *checks };
_Static_assert((size_t)CHECKS <= LT_MOST_LAYER_CHECKS, "a walk has room for all checks");

/* Let the check look at the kinds of entries that its line names. */
static void add_steps(struct lt_layer_walk *walk, const struct line *line, void *state)
{
    for (unsigned kind = 0; line->check->entry && kind < LT_ENTRY_KINDS; kind++) {
        struct lt_layer_step *step = walk->steps[kind];
        if (!(line->entries & 1U << kind))
            continue;
        while (step->entry)
            step++;
        *step = (struct lt_layer_step){line->check->entry, state};
    }
}

static void begin_checks(struct lt_layer_walk *walk)
{
    bool names_only = walk->ctx->reading->names_only;
    for (size_t i = 0; i < CHECKS; i++) {
        const struct line *line = &checks[i];
        if ((names_only && line->walks != ALWAYS) || !(line->layers & 1U << walk->layer->role))
            continue;
        walk->states[i] = line->check->begin ? line->check->begin(walk) : NULL;
        walk->begun[i] = walk->states[i] || !line->check->begin;
        if (walk->begun[i])
            add_steps(walk, line, walk->states[i]);
    }
}

static enum lt_status end_checks(struct lt_layer_walk *walk, enum lt_status status, struct lt_err *err)
{
    for (size_t i = CHECKS; i-- > 0;)
        if (walk->begun[i] && checks[i].check->end)
            status = checks[i].check->end(walk, walk->states[i], status, err);
    return status;
}

/* --- the entries --- */

/* An empty file can be a whiteout, too, if its directory says so. No kernel makes such files. */
static bool is_marked_whiteout(struct lt_layer_walk *walk, const struct lt_dir *dir, const struct lt_node *node)
{
    if (!S_ISREG(node->mode) || node->size || !walk->layer->mechanics->xattrs || !dir->lower || !dir->parent)
        return false;
    struct lt_node self = {.name = dir->name, .ino = dir->ino};
    return lt_marks_of(walk->ctx, walk->layer, dir, node, &walk->of_entry).whiteout &&
           lt_marks_of(walk->ctx, walk->layer, dir->parent, &self, &walk->of_entry).has_whiteouts;
}

static enum lt_entry_kind kind_of(struct lt_layer_walk *walk, struct lt_layer_entry *entry)
{
    const struct lt_node *node = entry->event.node;
    entry->subject = node->name;
    if (node->unallocated)
        return LT_ENTRY_UNALLOCATED;
    if (!node->name.len)
        return LT_ENTRY_ROOT;
    entry->meaning = walk->layer->mechanics->meaning(node, &entry->subject);
    if (entry->meaning == LT_WHITEOUT || is_marked_whiteout(walk, entry->event.dir, node))
        return LT_ENTRY_WHITEOUT;
    entry->subject = node->name;
    return entry->meaning == LT_PLAIN ? LT_ENTRY_PLAIN : LT_ENTRY_MARK;
}

/* The entries of a directory come one after the other. */
static void begin_directory(struct lt_layer_walk *walk, const struct lt_dir *dir)
{
    if (walk->dir == dir)
        return;
    lt_arena_reset(&walk->of_dir);
    walk->dir = dir;
    walk->children = (struct lt_map){0};
}

static void begin_entry(struct lt_layer_walk *walk, const struct lt_dir *dir, const struct lt_node *node)
{
    struct lt_layer_entry *entry = &walk->entry;
    lt_arena_reset(&walk->of_entry);
    entry->event = lt_file_event(dir->owner, dir, node);
    entry->place.found = entry->moved = entry->copied_up = false;
    entry->kind = kind_of(walk, entry);
}

static enum lt_status emit_entry(struct lt_layer_walk *walk, struct lt_err *err)
{
    struct lt_event *event = &walk->entry.event;
    if (walk->entry.kind == LT_ENTRY_UNALLOCATED)
        return lt_emit_unallocated(walk->ctx, event, err);
    enum lt_status status = lt_emit(walk->ctx, event, err);
    return status == LT_OK && walk->entry.copied_up ? lt_emit_copy_up(walk->ctx, event, err) : status;
}

/* Is it the directory of a store, which is walked by itself? */
static bool is_store(const struct lt_layer_walk *walk, const struct lt_dir *dir, const struct lt_node *node)
{
    struct lt_buf path = {0};
    if (!walk->stores.count || !S_ISDIR(node->mode) || node->unallocated)
        return false;
    lt_event_path(&path, &(struct lt_event){.dir = dir, .node = node});
    bool found = lt_map_get(&walk->stores, lt_buf_view(&path));
    lt_buf_free(&path);
    return found;
}

static enum lt_status entry(void *arg, const struct lt_dir *dir, const struct lt_node *node, struct lt_err *err)
{
    struct lt_layer_walk *walk = arg;
    if (is_store(walk, dir, node)) {
        lt_report_counts(walk->ctx->report, walk->ctx->reader)->deduplicated++;
        return LT_OK;
    }
    begin_directory(walk, dir);
    begin_entry(walk, dir, node);
    for (const struct lt_layer_step *step = walk->steps[walk->entry.kind]; step->entry; step++)
        if (step->entry(walk, &walk->entry, step->state) == LT_VERDICT_KEPT)
            return LT_OK;
    return emit_entry(walk, err);
}

static bool wanted(void *arg, const struct lt_dir *dir, const struct lt_node *node)
{
    return !is_store(arg, dir, node);
}

/* A container may keep a store of its own in its rw layer. */
static void find_stores(struct lt_layer_walk *walk)
{
    struct lt_str rest;
    lt_each (const struct lt_root, root, &walk->ctx->host->roots)
        if (root != walk->ctx->root && root->fs == walk->ctx->fs &&
            lt_path_behind(root->path, walk->layer->content, &rest))
            lt_map_put(&walk->stores, &walk->of_layer, root->path, walk);
}

/* A directory inherits what its entry was found to be. */
static void enter(void *arg, const struct lt_dir *parent, struct lt_dir *child)
{
    struct lt_layer_walk *walk = arg;
    const struct lt_dir *noted = walk->dir == parent ? lt_map_get(&walk->children, child->name) : NULL;
    child->hidden_by = lt_hidden_by(walk->layer, parent, child->name, walk->ctx->run);
    if (!noted || child->unallocated)
        return;
    child->lower = noted->lower;
    child->opaque = noted->opaque;
    child->opaque_since = noted->opaque_since;
}

/* --- the layers --- */

static struct lt_dir *new_top(struct lt_ctx *ctx, const struct lt_layer *layer)
{
    struct lt_dir *top = lt_new(ctx->run, struct lt_dir);
    *top = (struct lt_dir){.name = layer->content, .owner = &layer->owner, .placed = true, .has_inside = true};
    return top;
}

/* The tree of the layer. */
static enum lt_status walk_tree(struct lt_layer_walk *self, struct lt_err *err)
{
    struct lt_walk walk = lt_counted_walk(self->ctx, self->walking->lister);
    walk.arg = self;
    walk.entry = entry;
    walk.enter = enter;
    walk.wanted = wanted;
    find_stores(self);
    enum lt_status status = lt_walk(&walk, self->top, err);
    if (status != LT_END)
        return status;
    lt_skip(self->ctx, self->layer->content, LT_CODE_MISSING, "the layer's tree of files is missing");
    return LT_OK;
}

enum lt_status lt_walk_layer(struct lt_ctx *ctx, const struct lt_walking *walking, const struct lt_layer *layer,
                             struct lt_err *err)
{
    struct lt_layer_walk walk = {
        .ctx = ctx, .walking = walking, .layer = layer, .top = new_top(ctx, layer), .reader = {.ctx = ctx}};
    begin_checks(&walk);
    enum lt_status status = end_checks(&walk, walk_tree(&walk, err), err);
    lt_lower_end(&walk.reader);
    lt_arena_free(&walk.of_layer);
    lt_arena_free(&walk.of_dir);
    lt_arena_free(&walk.of_entry);
    return status;
}

/* How many layers are below this one. */
static unsigned height(const struct lt_layer *layer)
{
    enum { MOST = 1024 };
    unsigned count = 0;
    for (const struct lt_layer *next = layer->parent; next && count < MOST; next = next->parent)
        count++;
    return count;
}

/* Layers come before those that they may hide something of: those of containers first, then image layers from the
 * highest to the lowest. */
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
