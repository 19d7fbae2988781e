// SPDX-License-Identifier: Apache-2.0
#include "overlay/lower_stack.h"

#include "store/mechanics.h"

#include <stdlib.h>

enum { MAX_LAYERS = 1024 };

void lt_lower_end(struct lt_lower_reader *reader)
{
    lt_arena_free(&reader->arena);
    lt_arena_free(&reader->scratch);
    lt_arena_free(&reader->views);
}

/* The arena for directories and stacks. Walks keep theirs for the whole run, since entries point to them. */
static struct lt_arena *home(struct lt_lower_reader *reader)
{
    return reader->flaw ? &reader->views : reader->ctx->run;
}

static void note_flaw(struct lt_lower_reader *reader, const struct lt_err *problem)
{
    if (!reader->flaw->set)
        *reader->flaw = *problem;
}

/* The layers under `layer`, nearest first. */
static struct lt_list layers_under(struct lt_arena *arena, const struct lt_layer *layer)
{
    const struct lt_container *container = layer->container;
    struct lt_list out = {0};
    if (container) {
        if (layer->role == LT_ROLE_RW && container->init && !layer->mechanics->init_copied)
            lt_list_add(&out, arena, container->init);
        lt_each (struct lt_layer, image_layer, &container->layers)
            lt_list_add(&out, arena, image_layer);
    } else {
        for (struct lt_layer *next = layer->parent; next && out.count < MAX_LAYERS; next = next->parent) {
            if (next == layer || lt_list_has(&out, next))
                break;
            lt_list_add(&out, arena, next);
        }
    }
    bool nearest = layer->role == LT_ROLE_IMAGE ? layer->mechanics->copies
                                                : layer->mechanics->whole_rw || layer->mechanics->copies;
    out.count = nearest && out.count ? 1 : out.count;
    return out;
}

/* Are all layers known that the image of the layer's container consists of? */
static bool all_known(const struct lt_layer *layer, const struct lt_list *under)
{
    const struct lt_container *container = layer->container;
    const struct lt_layer *last = under->count ? under->items[under->count - 1] : NULL;
    if (container && container->image && container->image->diff_ids.count)
        return container->layers.count == container->image->diff_ids.count;
    return last && last->is_base;
}

static struct lt_lower_stack *new_stack(struct lt_arena *arena, size_t most)
{
    return lt_arena_alloc(arena, sizeof(struct lt_lower_stack) + most * sizeof(struct lt_lower_part));
}

/* Add the tree of `layer` at the bottom of `stack`. False: it is missing, or elsewhere. */
static bool add_tree(struct lt_lower_reader *reader, struct lt_lower_stack *stack, struct lt_layer *layer)
{
    struct lt_node node;
    struct lt_err problem = {0};
    if (!layer->content.len)
        return false; /* the tree is elsewhere */
    enum lt_status status = lt_fs_stat(layer->root->fs, layer->content, &reader->scratch, &node, &problem);
    if (status == LT_SKIP && reader->flaw)
        note_flaw(reader, &problem);
    else if (status == LT_SKIP)
        lt_skip_error(reader->ctx, layer->content, &problem);
    if (status == LT_END || !S_ISDIR(node.mode))
        return false;
    struct lt_dir *dir = lt_new(home(reader), struct lt_dir);
    *dir = (struct lt_dir){.name = layer->content, .path_len = layer->content.len, .ino = node.ino};
    dir->brief = reader->flaw;
    lt_dir_keep(dir, home(reader));
    stack->dirs[stack->count++] = (struct lt_lower_part){layer, dir};
    return true;
}

const struct lt_lower_stack *lt_lower_of_layer(struct lt_lower_reader *reader, const struct lt_layer *layer,
                                               bool *whole)
{
    struct lt_list under = layers_under(reader->ctx->run, layer);
    struct lt_lower_stack *stack = new_stack(reader->ctx->run, under.count);
    *whole = all_known(layer, &under);
    lt_each (struct lt_layer, next, &under)
        *whole &= add_tree(reader, stack, next);
    return stack->count ? stack : NULL;
}

const struct lt_lower_stack *lt_lower_of_tree(struct lt_lower_reader *reader, struct lt_layer *layer)
{
    struct lt_lower_stack *stack = new_stack(reader->ctx->run, 1);
    return add_tree(reader, stack, layer) ? stack : NULL;
}

/* The trees of `top`, which may be NULL, and of the layers under it. */
static const struct lt_lower_stack *stack_of(struct lt_lower_reader *reader, struct lt_layer *top,
                                             const struct lt_list *under)
{
    struct lt_lower_stack *stack = new_stack(home(reader), under->count + 1);
    if (top)
        add_tree(reader, stack, top);
    lt_each (struct lt_layer, layer, under)
        add_tree(reader, stack, layer);
    return stack->count ? stack : NULL;
}

const struct lt_lower_stack *lt_lower_from_layer(struct lt_lower_reader *reader, struct lt_layer *layer)
{
    bool whole = layer->role == LT_ROLE_IMAGE ? layer->mechanics->copies : layer->mechanics->whole_rw;
    struct lt_list none = {0}, under = whole ? none : layers_under(home(reader), layer);
    return stack_of(reader, layer, &under);
}

const struct lt_lower_stack *lt_lower_of_container(struct lt_lower_reader *reader, const struct lt_container *container)
{
    struct lt_layer *top = container->rw ? container->rw : container->init;
    return top ? lt_lower_from_layer(reader, top) : stack_of(reader, NULL, &container->layers);
}

struct names_job {
    struct lt_arena *arena;
    struct lt_map *map;
    struct lt_list *list;
};

static void take_name(void *arg, struct lt_str name, uint64_t ino, unsigned type)
{
    (void)type;
    struct names_job *job = arg;
    struct lt_str *copy = lt_new(job->arena, struct lt_str);
    uint64_t *number = lt_new(job->arena, uint64_t);
    *copy = lt_str_dup(job->arena, name);
    *number = ino;
    lt_map_put(job->map, job->arena, *copy, number);
    if (job->list)
        lt_list_add(job->list, job->arena, copy);
}

struct lt_map lt_names_in(struct lt_ctx *ctx, const struct lt_dir *dir, struct lt_arena *arena, struct lt_list *list)
{
    struct lt_map map = {0};
    struct names_job job = {arena, &map, list};
    struct lt_err problem = {0};
    struct lt_fs *fs = ctx->fs;
    if (fs->ops->names(fs, dir, take_name, &job, &problem) != LT_OK) {
        struct lt_buf path = {0};
        lt_dir_path(&path, dir);
        lt_skip_error(ctx, lt_buf_view(&path), &problem);
        lt_buf_free(&path);
    }
    return map;
}

static void load(struct lt_lower_reader *reader, const struct lt_lower_stack *stack)
{
    if (reader->at == stack)
        return;
    lt_arena_reset(&reader->arena);
    reader->at = stack;
    reader->names = lt_new_array(&reader->arena, struct lt_map, stack->count);
    for (size_t i = 0; i < stack->count; i++)
        reader->names[i] = lt_names_in(reader->ctx, stack->dirs[i].dir, &reader->arena, NULL);
}

/* Describe the entry `name` of a part by its path, for a lookup. That is cheaper than reading all names of the part.
 * LT_SKIP: unknown what is there. */
static enum lt_status look_up(struct lt_lower_reader *reader, const struct lt_lower_part *part, struct lt_str name,
                              struct lt_node *out)
{
    struct lt_err problem = {0};
    struct lt_buf path = {0};
    lt_dir_path(&path, part->dir);
    lt_buf_char(&path, '/');
    lt_buf_add(&path, name);
    struct lt_str copy = lt_str_dup(&reader->scratch, lt_buf_view(&path));
    lt_buf_free(&path);
    enum lt_status status = lt_fs_stat(part->layer->root->fs, copy, &reader->scratch, out, &problem);
    if (status == LT_SKIP)
        note_flaw(reader, &problem);
    return status == LT_SKIP && out->mode ? LT_OK : status;
}

/* Describe the entry `name` of part `at`: in a walk by the loaded names, in a lookup by its path. LT_END: there is
 * none. */
static enum lt_status look(struct lt_lower_reader *reader, const struct lt_lower_stack *stack, size_t at,
                           struct lt_str name, struct lt_node *out)
{
    struct lt_fs *fs = reader->ctx->fs;
    const struct lt_dir *dir = stack->dirs[at].dir;
    struct lt_err problem = {0};
    if (reader->flaw)
        return look_up(reader, &stack->dirs[at], name, out);
    const uint64_t *ino = lt_map_get(&reader->names[at], name);
    if (!ino)
        return LT_END;
    *out = (struct lt_node){.name = lt_str_dup(&reader->scratch, name), .ino = *ino};
    enum lt_status status = fs->ops->describe(fs, dir, &reader->scratch, out, &problem);
    if (status == LT_SKIP && !out->mode) /* other errors are reported when its layer is walked */
        lt_skip_entry(reader->ctx, dir, out, &problem);
    return out->mode ? LT_OK : LT_END;
}

/* Does a mark in part `at` delete the name? True as well if that cannot be read. */
static bool deletes(struct lt_lower_reader *reader, const struct lt_lower_stack *stack, size_t at, struct lt_str name)
{
    struct lt_node node;
    struct lt_str subject;
    const struct lt_mechanics *mechanics = stack->dirs[at].layer->mechanics;
    if (!mechanics->named_marks)
        return false;
    struct lt_str mark = lt_str_format(&reader->scratch, ".wh.%.*s", LT_ARG(name));
    enum lt_status status = look(reader, stack, at, mark, &node);
    return status == LT_SKIP || (status == LT_OK && mechanics->meaning(&node, &subject) == LT_WHITEOUT);
}

bool lt_lower_find(struct lt_lower_reader *reader, const struct lt_lower_stack *stack, struct lt_str name,
                   struct lt_lower *out)
{
    lt_arena_reset(&reader->scratch);
    if (!reader->flaw)
        load(reader, stack);
    for (size_t at = 0; at < stack->count; at++) {
        const struct lt_lower_part *part = &stack->dirs[at];
        struct lt_str subject;
        enum lt_status status = look(reader, stack, at, name, &out->node);
        if (status == LT_OK) {
            out->at = at;
            out->layer = part->layer;
            out->dir = part->dir;
            return part->layer->mechanics->meaning(&out->node, &subject) == LT_PLAIN;
        }
        if (status == LT_SKIP || deletes(reader, stack, at, name))
            return false;
    }
    return false;
}

bool lt_named_opaque(struct lt_ctx *ctx, const struct lt_layer *layer, const struct lt_dir *dir)
{
    struct lt_arena arena = {0};
    if (!layer->mechanics->named_marks)
        return false;
    struct lt_map names = lt_names_in(ctx, dir, &arena, NULL);
    bool opaque = lt_map_get(&names, LT_OPAQUE_NAME);
    lt_arena_free(&arena);
    return opaque;
}

/* Is the directory `self`, which is the entry `node` of `part`, opaque? */
static bool is_opaque(struct lt_lower_reader *reader, const struct lt_lower_part *part,
                      const struct lt_lower_part *self, const struct lt_node *node)
{
    return lt_marks_of(reader->ctx, part->layer, part->dir, node, &reader->scratch).opaque ||
           lt_named_opaque(reader->ctx, part->layer, self->dir);
}

/* The directory `lower`, merged, in a walk. The redirects of a walked layer are followed by those who walk it. */
static const struct lt_lower_stack *enter_walked(struct lt_lower_reader *reader, const struct lt_lower_stack *stack,
                                                 const struct lt_lower *lower)
{
    struct lt_node node = lower->node;
    load(reader, stack);
    struct lt_lower_stack *child = new_stack(home(reader), stack->count - lower->at);
    for (size_t at = lower->at; at < stack->count; at++) {
        enum lt_status status = at == lower->at ? LT_OK : look(reader, stack, at, lower->node.name, &node);
        if (status == LT_END && !deletes(reader, stack, at, lower->node.name))
            continue;
        if (status != LT_OK || !S_ISDIR(node.mode))
            break;
        const struct lt_lower_part *part = &stack->dirs[at];
        struct lt_lower_part *self = &child->dirs[child->count++];
        *self = (struct lt_lower_part){part->layer, lt_dir_child(home(reader), part->dir, &node)};
        if (is_opaque(reader, part, self, &node))
            break;
    }
    return child;
}

/* The way down from an entry of a lookup to the same entry in the layers below it. */
struct descent {
    const struct lt_lower_stack *stack;
    size_t at;          /* the next part */
    struct lt_str name; /* the path from there: a name, or "a/b" after a redirect */
    bool last;          /* nothing below the next find counts */
    /* What was found: */
    const struct lt_lower_part *part;
    const struct lt_dir *dir;
    struct lt_node node;
};

static struct descent descend_from(const struct lt_lower_stack *stack, const struct lt_lower *lower)
{
    return (struct descent){
        .stack = stack,
        .at = lower->at + 1,
        .name = lower->node.name,
        .part = &stack->dirs[lower->at],
        .dir = lower->dir,
        .node = lower->node,
    };
}

/* The marks of an entry, in a lookup. */
static struct lt_overlay_marks see_marks(struct lt_lower_reader *reader, const struct lt_layer *layer,
                                         const struct lt_dir *dir, const struct lt_node *node)
{
    struct lt_list xattrs = {0};
    struct lt_err problem = {0};
    struct lt_fs *fs = layer->root->fs;
    if (layer->mechanics->xattrs && fs->ops->xattrs &&
        fs->ops->xattrs(fs, dir, node, &reader->scratch, &xattrs, &problem) != LT_OK)
        note_flaw(reader, &problem);
    struct lt_overlay_marks marks = lt_marks_in(layer, &xattrs);
    marks.metacopy &= !layer->root->rootless; /* mounts with user.overlay.* know neither of these */
    marks.redirect = layer->root->rootless ? LT_STR("") : marks.redirect;
    return marks;
}

/* Go on where the redirect of what was found leads: from the root of the view, or to another name in the same
 * directory. */
static void redirect(struct lt_lower_reader *reader, struct descent *descent, struct lt_str to)
{
    bool absolute = lt_str_starts(to, LT_STR("/"));
    if (!to.len)
        return;
    descent->name = absolute ? lt_str_skip(to, 1) : lt_path_join(&reader->scratch, lt_str_dirname(descent->name), to);
    descent->name = lt_str_starts(descent->name, LT_STR("/")) ? lt_str_skip(descent->name, 1) : descent->name;
    if (!absolute)
        return;
    descent->at = 0;
    descent->stack = reader->top;
    while (descent->at < reader->top->count && reader->top->dirs[descent->at++].layer != descent->part->layer)
        continue;
}

/* Find the path of the descent in one part. LT_END: it is not there. LT_SKIP: the search ends there. */
static enum lt_status look_below(struct lt_lower_reader *reader, struct descent *descent)
{
    struct lt_lower_part at = *descent->part;
    struct lt_str rest = descent->name;
    while (rest.len) {
        struct lt_str name = lt_str_cut(&rest, '/'), subject;
        if (!name.len || lt_str_eq(name, LT_STR(".")) || lt_str_eq(name, LT_STR("..")))
            return LT_SKIP;
        descent->dir = at.dir;
        enum lt_status status = look_up(reader, &at, name, &descent->node);
        if (status == LT_OK && at.layer->mechanics->meaning(&descent->node, &subject) != LT_PLAIN)
            return LT_SKIP;
        if (status != LT_OK || !rest.len)
            return status;
        if (!S_ISDIR(descent->node.mode))
            return LT_SKIP;
        descent->last |= see_marks(reader, at.layer, at.dir, &descent->node).opaque;
        at.dir = lt_dir_child(home(reader), at.dir, &descent->node);
    }
    return LT_SKIP;
}

/* Find the entry in the next layer that has it. False: there is none, or a deletion ends the search. */
static bool descend(struct lt_lower_reader *reader, struct descent *descent)
{
    while (!descent->last && descent->at < descent->stack->count) {
        size_t at = descent->at++;
        descent->part = &descent->stack->dirs[at];
        enum lt_status status = look_below(reader, descent);
        if (status == LT_OK)
            return true;
        if (status == LT_SKIP || deletes(reader, descent->stack, at, descent->name))
            return false;
    }
    return false;
}

/* The directory `lower`, merged as the kernel does, in a lookup. */
static const struct lt_lower_stack *enter_seen(struct lt_lower_reader *reader, const struct lt_lower_stack *stack,
                                               const struct lt_lower *lower)
{
    const struct lt_layer *bottom = reader->top->dirs[reader->top->count - 1].layer;
    struct lt_lower_stack *child = new_stack(home(reader), stack->count + reader->top->count);
    struct descent descent = descend_from(stack, lower);
    struct lt_node mark;
    do {
        struct lt_lower_part *self = &child->dirs[child->count++];
        *self = (struct lt_lower_part){descent.part->layer, lt_dir_child(home(reader), descent.dir, &descent.node)};
        if (self->layer == bottom)
            break; /* there is nothing that it could hide; the walk reports errors */
        struct lt_overlay_marks marks = see_marks(reader, self->layer, descent.dir, &descent.node);
        if (marks.opaque ||
            (self->layer->mechanics->named_marks && look_up(reader, self, LT_OPAQUE_NAME, &mark) != LT_END))
            break;
        redirect(reader, &descent, marks.redirect);
    } while (descend(reader, &descent) && S_ISDIR(descent.node.mode));
    return child;
}

const struct lt_lower_stack *lt_lower_enter(struct lt_lower_reader *reader, const struct lt_lower_stack *stack,
                                            const struct lt_lower *lower)
{
    if (!S_ISDIR(lower->node.mode))
        return NULL;
    return reader->flaw ? enter_seen(reader, stack, lower) : enter_walked(reader, stack, lower);
}

bool lt_lower_data(struct lt_lower_reader *reader, const struct lt_lower_stack *stack, const struct lt_lower *lower,
                   struct lt_lower *out)
{
    struct descent descent = descend_from(stack, lower);
    *out = *lower;
    for (;;) {
        struct lt_overlay_marks marks = see_marks(reader, out->layer, out->dir, &out->node);
        if (!marks.metacopy)
            return true;
        redirect(reader, &descent, marks.redirect);
        if (!descend(reader, &descent) || !S_ISREG(descent.node.mode))
            return false;
        *out = (struct lt_lower){.layer = descent.part->layer, .dir = descent.dir, .node = descent.node};
    }
}

bool lt_lower_path(struct lt_lower_reader *reader, const struct lt_lower_stack *top, struct lt_str path,
                   const struct lt_lower_stack **stack, struct lt_lower *out)
{
    bool found = false;
    *stack = top;
    while (path.len) {
        struct lt_str name = lt_str_cut(&path, '/');
        if (!name.len)
            continue;
        if (found)
            *stack = lt_lower_enter(reader, *stack, out);
        found = *stack && lt_lower_find(reader, *stack, name, out);
        if (!found)
            return false;
    }
    return found;
}

static int by_bytes(const void *a, const void *b)
{
    const struct lt_str *const *left = a, *const *right = b;
    return lt_str_cmp(**left, **right);
}

void lt_lower_names(struct lt_lower_reader *reader, const struct lt_lower_stack *stack, struct lt_arena *arena,
                    struct lt_list *out)
{
    size_t count = 0;
    for (size_t at = 0; at < stack->count; at++)
        lt_names_in(reader->ctx, stack->dirs[at].dir, arena, out);
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, by_bytes);
    for (size_t i = 0; i < out->count; i++) {
        const struct lt_str *name = out->items[i], *last = count ? out->items[count - 1] : NULL;
        if (!last || !lt_str_eq(*last, *name))
            out->items[count++] = out->items[i];
    }
    out->count = count;
}
