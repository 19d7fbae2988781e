// SPDX-License-Identifier: Apache-2.0
/* What a container sees at a path: see lt_view_lookup(). */
#include "overlay/lookup.h"

/* A step of the path. */
struct stop {
    const struct lt_lower_stack *stack; /* the directory, merged; NULL: not a directory of the layers */
    const struct lt_lower_stack *in;    /* the directory that holds it; NULL for the root */
    const struct lt_mounted *mounted;   /* it lies in this; NULL: in the layers */
    struct lt_lower seen;               /* for the container's root and in mounts only the node and the layer are set */
    struct lt_str path;                 /* in mounts: in the evidence */
    struct lt_str inside;               /* in the container */
};

/* A path that is being resolved. */
struct trail {
    struct lt_lower_reader *reader;
    const struct lt_view_root *root;
    struct lt_list stops;             /* of struct stop *: from the container's root to the current place */
    struct lt_str rest;               /* the rest of the path */
    struct lt_str target;             /* see struct lt_view */
    const struct lt_mounted *missing; /* a mount on the way that is not in the evidence */
    unsigned links;
};

static struct stop *add_stop(struct trail *trail)
{
    struct lt_arena *arena = &trail->reader->views;
    struct stop *stop = lt_new(arena, struct stop);
    lt_list_add(&trail->stops, arena, stop);
    return stop;
}

/* Start lookups at the root of the container. Errors in reading the root apply to each of them. */
static void choose(struct lt_lower_reader *reader, const struct lt_container *container)
{
    if (reader->container == container)
        return;
    lt_arena_reset(&reader->views);
    lt_arena_reset(&reader->scratch);
    lt_err_clear(&reader->root_flaw);
    reader->container = container;
    reader->flaw = &reader->root_flaw;
    reader->root = lt_lower_of_container(reader, container);
    reader->flaw = NULL;
}

struct lt_view_root lt_view_of_container(struct lt_lower_reader *reader, const struct lt_container *container)
{
    choose(reader, container);
    return (struct lt_view_root){.layers = reader->root, .flaw = reader->root_flaw};
}

struct lt_view_root lt_view_from_layer(struct lt_lower_reader *reader, struct lt_layer *layer)
{
    struct lt_view_root root = {0};
    reader->flaw = &root.flaw;
    root.layers = lt_lower_from_layer(reader, layer);
    reader->flaw = NULL;
    return root;
}

static void begin(struct trail *trail)
{
    struct lt_lower_reader *reader = trail->reader;
    const struct lt_lower_part *top = &trail->root->layers->dirs[0];
    struct stop *root = add_stop(trail);
    root->stack = trail->root->layers;
    root->seen.layer = top->layer;
    lt_fs_stat(top->layer->root->fs, top->layer->content, &reader->views, &root->seen.node, reader->flaw);
    root->seen.node.name = LT_STR("");
}

/* Follow a symbolic link from the directory that contains it. */
static bool turn(struct trail *trail, struct lt_str target)
{
    struct lt_arena *arena = &trail->reader->views;
    if (!target.len)
        return false;
    if (++trail->links > LT_MAX_LINKS) {
        lt_fail(trail->reader->flaw, LT_SKIP, LT_CODE_CYCLE, 0, "more than %d symbolic links", LT_MAX_LINKS);
        return false;
    }
    if (!trail->rest.len && !trail->target.len)
        trail->target = lt_str_dup(arena, target);
    if (lt_str_starts(target, LT_STR("/")))
        trail->stops.count = 1;
    trail->rest = lt_path_join(arena, target, trail->rest);
    return true;
}

/* Go to `path` of what is mounted, which the container sees at `inside`. False: nothing is there. */
static bool step_mounted(struct trail *trail, const struct lt_mounted *mounted, struct lt_str path,
                         struct lt_str inside)
{
    struct lt_arena *arena = &trail->reader->views;
    struct lt_node node = {0};
    if (!mounted->fs) {
        trail->missing = mounted;
        lt_fail(trail->reader->flaw, LT_SKIP, LT_CODE_MISSING, 0, "what is mounted there is not in the evidence");
        return false;
    }
    enum lt_status status = lt_fs_stat(mounted->fs, path, arena, &node, trail->reader->flaw);
    if (status == LT_END || !node.mode)
        return false;
    if (S_ISLNK(node.mode))
        return turn(trail, node.target);
    *add_stop(trail) = (struct stop){.mounted = mounted, .seen.node = node, .path = path, .inside = inside};
    return true;
}

/* Go to an entry of a directory of the layers. False: they do not show it. */
static bool step_layers(struct trail *trail, const struct stop *at, struct lt_str name, struct lt_str inside)
{
    struct lt_lower_reader *reader = trail->reader;
    struct lt_lower seen = {0};
    if (!at->stack || !lt_lower_find(reader, at->stack, name, &seen))
        return false;
    if (S_ISLNK(seen.node.mode))
        return turn(trail, seen.node.target);
    struct stop *next = add_stop(trail);
    seen.node.name = lt_str_dup(&reader->views, seen.node.name);
    *next = (struct stop){
        .stack = lt_lower_enter(reader, at->stack, &seen), .in = at->stack, .seen = seen, .inside = inside};
    return true;
}

/* Take one step. False: the container sees nothing there. */
static bool step(struct trail *trail, struct lt_str name)
{
    struct lt_arena *arena = &trail->reader->views;
    const struct stop *at = trail->stops.items[trail->stops.count - 1];
    if (!at->stack && !(at->mounted && S_ISDIR(at->seen.node.mode)))
        return false;
    if (lt_str_eq(name, LT_STR(".")))
        return true;
    if (lt_str_eq(name, LT_STR(".."))) {
        trail->stops.count -= trail->stops.count > 1;
        return true;
    }
    struct lt_str inside = lt_path_join(arena, at->inside, name);
    const struct lt_mounted *mounted = trail->root->mounts ? lt_map_get(trail->root->mounts, inside) : NULL;
    if (mounted)
        return step_mounted(trail, mounted, mounted->path, inside);
    if (at->mounted)
        return step_mounted(trail, at->mounted, lt_path_join(arena, at->path, name), inside);
    return step_layers(trail, at, name, inside);
}

/* Where an entry of the layers lies in the evidence. */
static struct lt_str path_of(struct lt_arena *arena, const struct lt_lower *seen)
{
    struct lt_buf path = {0};
    lt_event_path(&path, &(struct lt_event){.dir = seen->dir, .node = &seen->node});
    struct lt_str text = lt_str_dup(arena, lt_buf_view(&path));
    lt_buf_free(&path);
    return text;
}

/* Describe what the layers show. */
static void fill_from_layers(struct trail *trail, const struct stop *last, struct lt_view *out)
{
    struct lt_lower data;
    struct lt_arena *arena = &trail->reader->views;
    out->layer = last->seen.layer;
    out->fs = out->layer->root->fs;
    out->path = last->seen.dir ? path_of(arena, &last->seen) : out->layer->content;
    if (!S_ISREG(out->node.mode) || !lt_lower_data(trail->reader, last->in, &last->seen, &data))
        return;
    out->data = data.layer == out->layer && data.dir == last->seen.dir ? out->path : path_of(arena, &data);
    out->data_layer = data.layer;
}

static void fill_view(struct trail *trail, struct lt_view *out)
{
    const struct stop *last = trail->stops.items[trail->stops.count - 1];
    *out = (struct lt_view){.node = last->seen.node, .target = trail->target, .inside = last->inside};
    if (!last->mounted) {
        fill_from_layers(trail, last, out);
        return;
    }
    out->mounted = last->mounted;
    out->fs = last->mounted->fs;
    out->path = last->path;
    if (S_ISREG(out->node.mode))
        out->data = out->path;
}

/* Nothing is there: describe how far the path leads. */
static void fill_absent(struct trail *trail, struct lt_str name, struct lt_view *out)
{
    struct lt_arena *arena = &trail->reader->views;
    const struct stop *last = trail->stops.count ? trail->stops.items[trail->stops.count - 1] : NULL;
    out->inside = last ? last->inside : LT_STR("");
    out->rest = trail->rest.len ? lt_path_join(arena, name, trail->rest) : lt_str_dup(arena, name);
    out->target = trail->target;
    out->mounted = trail->missing;
}

enum lt_status lt_view_lookup(struct lt_lower_reader *reader, const struct lt_view_root *root, struct lt_str path,
                              struct lt_view *out, struct lt_err *err)
{
    struct trail trail = {.reader = reader, .root = root, .rest = path};
    struct lt_err *flaw = &reader->view_flaw;
    *flaw = root->flaw;
    *out = (struct lt_view){0};
    reader->flaw = flaw;
    reader->top = root->layers;
    bool there = root->layers;
    if (there)
        begin(&trail);
    struct lt_str name = LT_STR("");
    while (there && trail.rest.len) {
        name = lt_str_cut(&trail.rest, '/');
        there = !name.len || step(&trail, name);
    }
    if (there)
        fill_view(&trail, out);
    else
        fill_absent(&trail, name, out);
    reader->flaw = NULL;
    if (flaw->set && err && !err->set)
        *err = *flaw;
    return flaw->set ? LT_SKIP : there ? LT_OK : LT_END;
}

enum lt_status lt_lower_lookup(struct lt_lower_reader *reader, const struct lt_container *container, struct lt_str path,
                               struct lt_view *out, struct lt_err *err)
{
    const struct lt_view_root root = lt_view_of_container(reader, container);
    return lt_view_lookup(reader, &root, path, out, err);
}
