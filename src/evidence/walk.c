// SPDX-License-Identifier: Apache-2.0
#include "evidence/walk.h"

#include "base/map.h"
#include "evidence/lister.h"

struct state {
    const struct lt_walk *walk;
    struct lt_lister *lister;
    struct lt_map visited;   /* inodes of directories, unless fs->is_tree */
    struct lt_arena scratch; /* visited, the top's entry */
};

static void report(struct state *state, const struct lt_dir *dir, struct lt_str name, const struct lt_err *problem,
                   size_t count)
{
    struct lt_buf path = {0};
    lt_dir_path(&path, dir);
    if (name.len)
        lt_buf_char(&path, '/');
    lt_buf_add(&path, name);
    state->walk->failed(state->walk->arg, lt_buf_view(&path), problem, count);
    lt_buf_free(&path);
}

/* May the walk go into this directory? If not, `problem` is set. */
static bool enterable(struct state *state, const struct lt_dir *dir, const struct lt_node *node, struct lt_err *problem)
{
    const struct lt_walk *walk = state->walk;
    if (node->mount_root && !(walk->crosses && walk->crosses(walk->arg, dir, node)))
        lt_fail(problem, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "another file system is mounted here: not entered");
    if (dir->depth >= LT_MAX_DEPTH || dir->path_len + node->name.len >= LT_MAX_PATH)
        lt_fail(problem, LT_SKIP, LT_CODE_TOO_LARGE, 0,
                "deeper than %d directories, or a path of more than %d bytes: not entered", LT_MAX_DEPTH, LT_MAX_PATH);
    if (walk->fs->is_tree)
        return !problem->set;
    const uint64_t inode[] = {node->ino, node->part};
    struct lt_str key = lt_str_dup(&state->scratch, (struct lt_str){(const char *)inode, sizeof inode});
    if (lt_map_get(&state->visited, key) && node->unallocated)
        return false; /* an older name of a deleted directory */
    if (lt_map_get(&state->visited, key))
        lt_fail(problem, LT_SKIP, LT_CODE_CYCLE, 0, "directory inode %ju is reached a second time: not entered",
                (uintmax_t)node->ino);
    else
        lt_map_put(&state->visited, &state->scratch, key, state);
    return !problem->set;
}

static void push(struct state *state, const struct lt_dir *dir, const struct lt_node *node)
{
    struct lt_err problem = {0};
    if (state->walk->wanted && !state->walk->wanted(state->walk->arg, dir, node))
        return;
    if (!enterable(state, dir, node, &problem)) {
        if (problem.set)
            report(state, dir, node->name, &problem, 0);
        return;
    }
    const struct lt_time unknown = {0};
    struct lt_dir *child = lt_new(state->walk->run, struct lt_dir);
    *child = (struct lt_dir){
        .parent = dir,
        .name = node->name, /* borrowed until it is kept */
        .has_inside = dir->has_inside,
        .unallocated = node->unallocated,
        .inferred = node->inferred,
        .path_len = dir->path_len + 1 + node->name.len,
        .ino = node->ino,
        .changed = node->stale ? unknown : node->time[LT_C],
        .modified = node->stale ? unknown : node->time[LT_M],
        .born = node->time[LT_B],
        .depth = dir->depth + 1,
        .owner = dir->owner,
    };
    if (state->walk->enter)
        state->walk->enter(state->walk->arg, dir, child);
    lt_dir_keep(child, state->walk->run);
    lt_lister_push(state->lister, child);
}

static enum lt_status visit(struct state *state, const struct lt_dir *dir, const struct lt_node *node,
                            struct lt_err *err)
{
    bool named = lt_fs_is_name(node->name), lost = !named || (node->error && !node->mode);
    if (!named) {
        struct lt_err problem = {0};
        lt_fail(&problem, LT_SKIP, LT_CODE_BAD_ID, 0, "impossible name in a directory");
        report(state, dir, node->name, &problem, lost);
    } else if (node->error) {
        report(state, dir, node->name, node->error, lost);
    }
    return lost ? LT_OK : state->walk->entry(state->walk->arg, dir, node, err);
}

/* LT_END when no directory is left. */
static enum lt_status walk_dir(struct state *state, struct lt_err *err)
{
    const struct lt_walk *walk = state->walk;
    struct lt_listing listing;
    struct lt_err problem;
    const struct lt_dir *dir = lt_lister_next(state->lister, &listing, &problem);
    if (!dir)
        return LT_END;
    walk->seen(walk->arg, listing.count);
    if (problem.set)
        report(state, dir, LT_STR(""), &problem, 0);
    for (size_t i = 0; i < listing.count; i++) {
        enum lt_status status = visit(state, dir, &listing.nodes[i], err);
        if (status != LT_OK)
            return status;
    }
    /* Backwards, because the last one pushed is taken first. */
    for (size_t i = listing.count; i-- > 0;)
        if (S_ISDIR(listing.nodes[i].mode) && !listing.nodes[i].placeholder && lt_fs_is_name(listing.nodes[i].name))
            push(state, dir, &listing.nodes[i]);
    return LT_OK;
}

static enum lt_status walk_top(struct state *state, struct lt_dir *top, struct lt_err *err)
{
    const struct lt_walk *walk = state->walk;
    struct lt_node node;
    struct lt_err problem = {0};
    enum lt_status status = lt_fs_stat(walk->fs, top->name, &state->scratch, &node, &problem);
    if (status == LT_END)
        return LT_END;
    if (problem.set)
        walk->failed(walk->arg, top->name, &problem, 0);
    if (!node.mode)
        return LT_OK;
    node.name = LT_STR("");
    node.mount_root = false;
    top->ino = node.ino;
    if (!node.stale) {
        top->changed = node.time[LT_C];
        top->modified = node.time[LT_M];
    }
    top->born = node.time[LT_B];
    top->depth = 0;
    top->path_len = top->name.len;
    lt_dir_keep(top, walk->run);
    walk->seen(walk->arg, 1);
    status = walk->entry(walk->arg, top, &node, err);
    lt_err_clear(&problem);
    if (!S_ISDIR(node.mode) && !walk->any_top) {
        lt_fail(&problem, LT_SKIP, LT_CODE_TYPE, 0, "not a directory");
        report(state, top, LT_STR(""), &problem, 0);
    }
    bool wanted = !walk->wanted || walk->wanted(walk->arg, top, &node);
    if (S_ISDIR(node.mode) && wanted && enterable(state, top, &node, &problem))
        lt_lister_push(state->lister, top);
    return status;
}

enum lt_status lt_walk(const struct lt_walk *walk, struct lt_dir *top, struct lt_err *err)
{
    struct state state = {.walk = walk, .lister = walk->lister ? walk->lister : lt_lister_new(1)};
    lt_lister_begin(state.lister, walk->fs);
    enum lt_status status = walk_top(&state, top, err);
    bool there = status != LT_END;
    while (status == LT_OK)
        status = walk_dir(&state, err);
    lt_lister_end(state.lister);
    if (!walk->lister)
        lt_lister_free(state.lister);
    lt_arena_free(&state.scratch);
    return status == LT_END && there ? LT_OK : status;
}
