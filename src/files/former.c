// SPDX-License-Identifier: Apache-2.0
#include "files/former.h"

#include "base/bisect.h"
#include "evidence/deleted.h"
#include "files/walked.h"
#include "read/whose.h"

#include <stdlib.h>

/* A pass over the deleted inodes of one file system. */
struct pass {
    struct lt_ctx *ctx;
    struct lt_former_places *places;
    struct lt_on_host where;
    struct lt_map dirs;   /* path -> struct lt_dir * */
    struct lt_node newer; /* the state of the same file that came before; no mode: there is none */
    uint32_t generation;  /* of that */
    bool freed;           /* the time at which it was freed is told */
};

static void find_mount(struct pass *pass)
{
    struct lt_ctx *ctx = pass->ctx;
    lt_each (const struct lt_mount_point, mount, &ctx->host->mounts) {
        pass->where = lt_on_host(mount, ctx->run);
        if (pass->where.fs == ctx->fs)
            return;
    }
}

/* The path on the host; in the folder that The Sleuth Kit has for such files, if steps near the root are lost. */
static struct lt_str host_path(const struct pass *pass, struct lt_str path)
{
    struct lt_arena *arena = pass->ctx->scratch;
    if (path.ptr[0] != '/')
        return lt_str_format(arena, "/$OrphanFiles/%.*s", LT_ARG(path));
    return lt_path_on_host(&pass->where, path, arena);
}

/* The directory of the file at `path`; perhaps it is gone. All that lay in it was of one owner. */
static const struct lt_dir *dir_of(struct pass *pass, struct lt_str path, bool inferred)
{
    struct lt_arena *run = pass->ctx->run;
    struct lt_str at = lt_str_dirname(path);
    struct lt_dir *dir = lt_map_get(&pass->dirs, at);
    if (dir && dir->inferred == inferred)
        return dir;
    struct lt_whose whose = lt_whose_is(pass->ctx->inventory, pass->ctx->host, path);
    if (!whose.inside.len) { /* the root of a layer: what lies beside it is not the layer's */
        path = lt_str_format(pass->ctx->scratch, "%.*s/-", LT_ARG(at));
        whose = lt_whose_is(pass->ctx->inventory, pass->ctx->host, path);
    }
    dir = lt_new(run, struct lt_dir);
    *dir = (struct lt_dir){.name = lt_str_dup(run, at), .owner = whose.owner, .inferred = inferred};
    dir->path_len = dir->name.len;
    if (whose.owner->role != LT_ROLE_VOLUME && whose.inside.len < path.len) {
        dir->place = lt_str_dup(run, lt_str_dirname(whose.inside));
        dir->placed = dir->has_inside = true;
    }
    lt_dir_keep(dir, run);
    lt_map_put(&pass->dirs, run, dir->name, dir);
    return dir;
}

static void add_place(struct pass *pass, const struct lt_former_place *place)
{
    struct lt_former_places *places = pass->places;
    if (places->count == places->cap) {
        places->cap = places->cap ? places->cap * 2 : 256;
        places->items = lt_realloc(places->items, lt_array_size(places->cap, sizeof *places->items));
    }
    places->items[places->count] = *place;
    places->items[places->count++].name = lt_str_dup(pass->ctx->run, place->name);
}

/* Leave out the times that a newer state of the file has as well. False: it has all of them. */
static bool is_news(struct pass *pass, const struct lt_former *former, struct lt_node *node)
{
    const struct lt_node *newer = &pass->newer;
    bool same = newer->mode && newer->ino == node->ino && pass->generation == former->generation, news = false;
    for (unsigned slot = 0; slot < LT_SLOTS; slot++) {
        if (same && lt_time_same(newer->time[slot], node->time[slot]))
            node->time[slot] = (struct lt_time){0};
        news |= node->time[slot].set;
    }
    if (same && pass->freed)
        node->deleted = (struct lt_time){0};
    pass->freed = (same && pass->freed) || former->node->deleted.set;
    pass->newer = *former->node;
    pass->generation = former->generation;
    return news || node->deleted.set;
}

static enum lt_status take(void *arg, const struct lt_former *former, struct lt_err *err)
{
    struct pass *pass = arg;
    struct lt_ctx *ctx = pass->ctx;
    struct lt_node node = *former->node;
    struct lt_str path;
    bool news = is_news(pass, former, &node);
    lt_arena_reset(ctx->scratch);
    if (former->path.len) {
        path = host_path(pass, former->path);
        node.name = lt_str_basename(path);
    } else {
        node.name = lt_str_format(ctx->scratch, "OrphanFile-%ju", (uintmax_t)node.ino);
        path = lt_str_format(ctx->scratch, "/$OrphanFiles/%.*s", LT_ARG(node.name));
    }
    const struct lt_dir *dir = dir_of(pass, path, former->inferred);
    node.inferred = former->inferred;
    if (former->today && former->path.len)
        add_place(pass, &(struct lt_former_place){node.ino, dir, node.name, former->inferred});
    if (former->today || !news)
        return LT_OK;
    struct lt_event event = lt_file_event(dir->owner, dir, &node);
    event.tags |= LT_TAG_BIT(recovered);
    event.where.field = former->journal ? "inode in the journal" : "inode in its table";
    event.where.offset = former->at;
    event.where.has_offset = true;
    lt_seen(ctx, 1);
    return lt_emit_unallocated(ctx, &event, err);
}

enum lt_status lt_former_emit(struct lt_ctx *ctx, struct lt_former_places *places, struct lt_err *err)
{
    struct lt_fs *fs = ctx->fs;
    struct lt_err problem = {0};
    struct pass pass = {.ctx = ctx, .places = places};
    if (!fs->ops->former || ctx->reading->no_deleted)
        return LT_OK;
    find_mount(&pass);
    enum lt_status status = fs->ops->former(fs, take, &pass, &problem);
    if (status == LT_FATAL && err)
        *err = problem;
    else if (problem.set)
        lt_skip_error(ctx, LT_STR("/$OrphanFiles"), &problem);
    return status == LT_FATAL ? LT_FATAL : LT_OK;
}

const struct lt_former_place *lt_former_place(const struct lt_former_places *places, uint64_t ino)
{
    size_t at = places->count ? lt_bisect(places->items, places->count, sizeof *places->items, ino) : 0;
    return at < places->count && places->items[at].ino == ino ? &places->items[at] : NULL;
}

void lt_former_places_free(struct lt_former_places *places)
{
    free(places->items);
    *places = (struct lt_former_places){0};
}
