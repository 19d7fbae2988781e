// SPDX-License-Identifier: Apache-2.0
/* What the snapshotters tell: when a snapshot was prepared or committed, and which ones are gone. Numbers only grow and
 * are not given again, so a number that is missing was a snapshot once. It was prepared between its neighbours. */
#include "runtime/containerd/containerd.h"

#include "read/facts.h"
#include "read/source.h"
#include "read/unread.h"

#include <stdlib.h>

/* Does containerd make a directory of this name at the top of its root? One for each plug-in, one for mounts of its
 * own, and those of the plug-in opt, which Debian and k3s have there. */
static bool is_part(struct lt_str name)
{
    static const char *const parts[] = {"bin", "lib", "opt", "tmpmounts"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (lt_str_eq(name, lt_str_c(parts[i])))
            return true;
    return lt_str_starts(name, LT_STR("io.containerd."));
}

static void containerd_store_inventory(struct lt_ctx *ctx)
{
    lt_unread_parts(ctx, is_part);
    lt_containerd_read_metadata(ctx);
    lt_containerd_read_snapshots(ctx);
    lt_containerd_read_images(ctx);
}

static const char *action_of(const struct lt_layer *layer, unsigned kind)
{
    if (layer->container && layer->role == LT_ROLE_RW)
        return "create rw layer";
    if (layer->container)
        return "create init layer";
    return kind == LT_SNAPSHOT_COMMITTED ? "commit snapshot"
           : kind == LT_SNAPSHOT_VIEW    ? "view snapshot"
                                         : "prepare snapshot";
}

static void add_snapshot(struct lt_facts *facts, const struct lt_layer *layer)
{
    const struct lt_containerd_snapshot *own = lt_containerd_snapshot(layer);
    lt_facts_item(facts, LT_ATTR_FACTS, "snapshot %ju of %.*s", (uintmax_t)own->number,
                  LT_ARG(lt_str_c(own->snapshotter->driver.name)));
    lt_fact(facts, "key", own->key);
    lt_fact(facts, "parent", own->parent);
    if (layer->has_size && own->kind == LT_SNAPSHOT_COMMITTED)
        lt_facts_item(facts, LT_ATTR_FACTS, "%ju bytes", (uintmax_t)layer->size);
    if (!own->record)
        lt_facts_item(facts, LT_ATTR_FACTS, "no namespace lists it any more");
    else
        lt_containerd_add_labels(facts, own->record);
}

/* A commit sets the time of a snapshot anew; when it was prepared is told by the birth of its directory, which is a row
 * of its own. */
static enum lt_status emit_snapshot(struct lt_ctx *ctx, const struct lt_layer *layer, struct lt_err *err)
{
    const struct lt_containerd_snapshot *own = lt_containerd_snapshot(layer);
    struct lt_facts facts = {.arena = ctx->scratch};
    bool committed = own->kind == LT_SNAPSHOT_COMMITTED && !layer->container;
    struct lt_event event = {
        .kind = committed ? LT_KIND_SNAPSHOT_COMMITTED : LT_KIND_SNAPSHOT_PREPARED,
        .time = {own->created},
        .owner = &layer->owner,
        .where = {.file = own->database, .offset = own->created_at, .has_offset = true},
    };
    if (!own->created.set)
        return LT_OK;
    lt_facts_text(&facts, LT_ATTR_ACTION, lt_str_c(action_of(layer, own->kind)));
    add_snapshot(&facts, layer);
    return lt_facts_emit(&facts, ctx, &event, err);
}

/* meta.db has times of its own, moments later. They are rows too: either database may be forged or lost. */
static enum lt_status emit_record(struct lt_ctx *ctx, const struct lt_layer *layer, struct lt_err *err)
{
    const struct lt_containerd_snapshot *own = lt_containerd_snapshot(layer);
    struct lt_facts facts = {.arena = ctx->scratch};
    bool committed = own->kind == LT_SNAPSHOT_COMMITTED && !layer->container;
    if (!own->record || !own->record->created.set)
        return LT_OK;
    struct lt_event event = {
        .kind = committed ? LT_KIND_SNAPSHOT_COMMITTED : LT_KIND_SNAPSHOT_PREPARED,
        .time = {own->record->created},
        .owner = &layer->owner,
        .where = {.file = lt_containerd(ctx->root)->database, .offset = own->record->created_at, .has_offset = true},
    };
    lt_facts_text(&facts, LT_ATTR_ACTION, lt_str_c(committed ? "record committed snapshot" : "record snapshot"));
    add_snapshot(&facts, layer);
    return lt_facts_emit(&facts, ctx, &event, err);
}

/* The kernel makes work/work anew at each mount (linux fs/overlayfs/super.c ovl_workdir_create). Docker 29 also mounts
 * a stopped container for `docker diff`, `docker cp` and the like. */
static enum lt_status emit_mounted(struct lt_ctx *ctx, const struct lt_layer *layer, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_node node;
    struct lt_str path = lt_path_join(ctx->scratch, layer->work, LT_STR("work"));
    if (!layer->work.len || layer->role != LT_ROLE_RW || lt_stat_or_skip(ctx, path, &node) != LT_OK ||
        !node.time[LT_B].set)
        return LT_OK;
    struct lt_event event = {
        .kind = LT_KIND_LAYER_MOUNTED,
        .time = {node.time[LT_B]},
        .owner = &layer->owner,
        .where = {.file = path, .field = "birth"},
        .tags = LT_TAG_BIT(time_inferred),
    };
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("mount rw layer, the last time"));
    return lt_facts_emit(&facts, ctx, &event, err);
}

/* --- gaps --- */

static int by_number(const void *a, const void *b)
{
    const struct lt_layer *left = *(const struct lt_layer *const *)a, *right = *(const struct lt_layer *const *)b;
    const struct lt_containerd_snapshot *one = lt_containerd_snapshot(left), *other = lt_containerd_snapshot(right);
    return one->number < other->number ? -1 : one->number > other->number;
}

/* When the snapshot was prepared: the birth of its directory, which a commit does not change. */
static struct lt_time prepared(const struct lt_layer *layer)
{
    return layer->created.set ? layer->created : lt_containerd_snapshot(layer)->created;
}

/* Numbers of snapshots that are gone. */
struct gap {
    const struct lt_snapshotter *snapshotter;
    uint64_t first, last;
    struct lt_time begin, end; /* when the neighbours were prepared, or the database was last written */
    struct lt_where where;
};

static enum lt_status emit_gap(struct lt_ctx *ctx, const struct gap *gap, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_event event = {
        .kind = LT_KIND_SNAPSHOT_GAP,
        .time = {gap->end.set ? gap->end : gap->begin},
        .first = gap->begin,
        .last = gap->end,
        .owner = &ctx->root->owner,
        .where = gap->where,
        .tags = LT_TAG_BIT(time_inferred) | LT_TAG_BIT(removing),
    };
    if (gap->first > gap->last || !event.time[0].set)
        return LT_OK;
    if (gap->begin.set && gap->end.set && lt_time_cmp(gap->begin, gap->end) > 0)
        event.first = event.last = (struct lt_time){0}; /* the clock was put back */
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("prepare snapshots that were removed since"));
    if (gap->first == gap->last)
        lt_facts_item(&facts, LT_ATTR_FACTS, "snapshot %ju of %s is gone", (uintmax_t)gap->first,
                      gap->snapshotter->driver.name);
    else
        lt_facts_item(&facts, LT_ATTR_FACTS, "snapshots %ju to %ju of %s are gone", (uintmax_t)gap->first,
                      (uintmax_t)gap->last, gap->snapshotter->driver.name);
    lt_facts_item(&facts, LT_ATTR_FACTS, "layers of a container or image, a view, or an unpacking that was given up");
    return lt_facts_emit(&facts, ctx, &event, err);
}

/* The numbers after those that are left, up to the last one that the database gave out. */
static enum lt_status emit_rest(struct lt_ctx *ctx, const struct lt_snapshot_database *database,
                                const struct gap *after, struct lt_err *err)
{
    struct lt_node node;
    struct gap rest = *after;
    rest.last = database->last;
    rest.where = (struct lt_where){.file = database->path, .field = "sequence of v1/snapshots"};
    if (lt_stat_or_skip(ctx, database->path, &node) == LT_OK)
        rest.end = node.time[LT_M];
    return emit_gap(ctx, &rest, err);
}

/* The snapshots of one snapshotter; `numbered` is in the order of their numbers. */
static enum lt_status emit_gaps_of(struct lt_ctx *ctx, const struct lt_snapshot_database *database,
                                   const struct lt_list *numbered, struct lt_err *err)
{
    struct gap gap = {.snapshotter = database->snapshotter, .first = 1};
    enum lt_status status = LT_OK;
    lt_each (const struct lt_layer, layer, numbered) {
        const struct lt_containerd_snapshot *own = lt_containerd_snapshot(layer);
        if (own->snapshotter != database->snapshotter || status != LT_OK)
            continue;
        gap.last = own->number - 1;
        gap.end = prepared(layer);
        gap.where = (struct lt_where){.file = layer->path.len ? layer->path : own->database, .field = "birth"};
        status = emit_gap(ctx, &gap, err);
        gap.first = own->number + 1;
        gap.begin = gap.end;
    }
    gap.end = (struct lt_time){0};
    return status == LT_OK ? emit_rest(ctx, database, &gap, err) : status;
}

static enum lt_status emit_gaps(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_list numbered = {0};
    enum lt_status status = LT_OK;
    lt_each (const struct lt_layer, layer, &lt_containerd(ctx->root)->numbered)
        if (lt_containerd_snapshot(layer)->number)
            lt_list_add(&numbered, ctx->scratch, layer);
    if (numbered.count)
        qsort(numbered.items, numbered.count, sizeof *numbered.items, by_number);
    lt_each (const struct lt_snapshot_database, database, &lt_containerd(ctx->root)->snapshot_databases)
        if (status == LT_OK && database->snapshotter->driver.name)
            status = emit_gaps_of(ctx, database, &numbered, err);
    return status;
}

static enum lt_status containerd_store_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_layer, layer, &ctx->root->layers) {
        status = status == LT_OK ? emit_snapshot(ctx, layer, err) : status;
        status = status == LT_OK ? emit_record(ctx, layer, err) : status;
        status = status == LT_OK ? emit_mounted(ctx, layer, err) : status;
    }
    return status == LT_OK ? emit_gaps(ctx, err) : status;
}

const struct lt_source lt_source_containerd_store = {
    .name = "containerd_store",
    .summary = "snapshotters' metadata.db: snapshots prepared, committed, mounted; those that are gone",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_STORE,
    .inventory = containerd_store_inventory,
    .events = containerd_store_events,
};
