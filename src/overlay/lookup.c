// SPDX-License-Identifier: Apache-2.0
/* What a container sees at a path: see lt_lower_lookup(). */
#include "overlay/lower_stack.h"

/* A step of the path. */
struct stop {
    const struct lt_lower_stack *stack; /* the directory, merged; NULL: not a directory */
    struct lt_lower seen;               /* for the container's root only the node and the layer are set */
};

/* A path that is being resolved. */
struct trail {
    struct lt_lower_reader *reader;
    struct lt_list stops; /* of struct stop *: from the container's root to the current place */
    struct lt_str rest;   /* the rest of the path */
    struct lt_str target; /* see struct lt_view */
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
}

static void begin(struct trail *trail)
{
    struct lt_lower_reader *reader = trail->reader;
    const struct lt_lower_part *top = &reader->root->dirs[0];
    struct stop *root = add_stop(trail);
    root->stack = reader->root;
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

/* Take one step. False: the container sees nothing there. */
static bool step(struct trail *trail, struct lt_str name)
{
    struct lt_lower_reader *reader = trail->reader;
    const struct stop *at = trail->stops.items[trail->stops.count - 1];
    struct lt_lower seen = {0};
    if (!at->stack)
        return false; /* not a directory */
    if (lt_str_eq(name, LT_STR(".")))
        return true;
    if (lt_str_eq(name, LT_STR(".."))) {
        trail->stops.count -= trail->stops.count > 1;
        return true;
    }
    if (!lt_lower_find(reader, at->stack, name, &seen))
        return false;
    if (S_ISLNK(seen.node.mode))
        return turn(trail, seen.node.target);
    struct stop *next = add_stop(trail);
    seen.node.name = lt_str_dup(&reader->views, seen.node.name);
    *next = (struct stop){lt_lower_enter(reader, at->stack, &seen), seen};
    return true;
}

static void fill_view(struct trail *trail, struct lt_view *out)
{
    struct lt_arena *arena = &trail->reader->views;
    const struct stop *last = trail->stops.items[trail->stops.count - 1];
    const struct lt_layer *layer = last->seen.layer;
    struct lt_buf path = {0};
    *out = (struct lt_view){.layer = layer, .node = last->seen.node, .path = layer->content};
    lt_event_path(&path, &(struct lt_event){.dir = last->seen.dir, .node = &out->node});
    if (last->seen.dir)
        out->path = lt_str_dup(arena, lt_buf_view(&path));
    lt_buf_free(&path);
    for (size_t at = 1; at < trail->stops.count; at++) {
        const struct stop *stop = trail->stops.items[at];
        out->inside = lt_path_join(arena, out->inside, stop->seen.node.name);
    }
}

enum lt_status lt_lower_lookup(struct lt_lower_reader *reader, const struct lt_container *container, struct lt_str path,
                               struct lt_view *out, struct lt_err *err)
{
    struct trail trail = {.reader = reader, .rest = path};
    *out = (struct lt_view){0};
    choose(reader, container);
    struct lt_err flaw = reader->root_flaw;
    reader->flaw = &flaw;
    bool there = reader->root;
    if (there)
        begin(&trail);
    while (there && trail.rest.len) {
        struct lt_str name = lt_str_cut(&trail.rest, '/');
        there = !name.len || step(&trail, name);
    }
    if (there)
        fill_view(&trail, out);
    out->target = trail.target;
    reader->flaw = NULL;
    if (flaw.set && err && !err->set)
        *err = flaw;
    return flaw.set ? LT_SKIP : there ? LT_OK : LT_END;
}
