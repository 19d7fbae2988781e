// SPDX-License-Identifier: Apache-2.0
/* Snapshots (containerd core/snapshots/storage/bolt.go, plugins/snapshots/overlay/overlay.go, 1.6 to 2.3). metadata.db
 * of a snapshotter is a bbolt database:
 *
 *   v1/snapshots/<name>/{id,kind,parent,createdat,updatedat,inodes,size,labels/}
 *
 * `name` is the one in meta.db, "<namespace>/<number>/<key>"; `id` a uvarint, the number of the directory; `kind` one
 * byte; `parent` a name; `size` a zigzag varint. A commit sets the times anew. Numbers only grow. Leftovers: new-* of a
 * preparation that was cut short, rm-* of a removal. */
#include "store/containerd/containerd.h"

#include "parse/snapshot.h"
#include "parse/stamp.h"
#include "read/values.h"

#include <stdlib.h>

enum { NAME_AT = 2, DEPTH = 3 }; /* v1, snapshots, the name */

/* A record of metadata.db. */
struct record {
    struct lt_str name, parent;
    uint64_t number;
    unsigned kind;
    struct lt_time created, updated;
    uint64_t created_at;
    int64_t size;
    bool has_size;
    bool older; /* it stands in for a damaged one: see parse/bbolt.h */
    struct lt_layer *layer;
};

/* One snapshotter while it is read. */
struct job {
    struct lt_ctx *ctx;
    const struct lt_snapshotter *snapshotter;
    struct lt_str word; /* its name, also if it is not known */
    struct lt_str path, database;
    struct lt_list records; /* of struct record * */
    struct lt_map by_name;  /* of struct record * */
    struct lt_map unknown;  /* what was reported as not known */
    uint64_t last;          /* the last number that was given out */
};

/* --- the database --- */

static struct record *record_at(struct job *job, struct lt_str name, bool older)
{
    struct record *record = lt_map_get(&job->by_name, name);
    if (record)
        return record;
    record = lt_new(job->ctx->run, struct record);
    record->name = name;
    record->older = older;
    lt_list_add(&job->records, job->ctx->run, record);
    lt_map_put(&job->by_name, job->ctx->run, name, record);
    return record;
}

static bool take_value(struct record *record, const struct lt_bolt_item *item)
{
    struct lt_str key = item->key, value = item->value;
    if (lt_str_eq(key, LT_STR("id")))
        return lt_uvarint(value, &record->number) && record->number;
    if (lt_str_eq(key, LT_STR("kind")))
        record->kind = value.len == 1 ? (unsigned char)value.ptr[0] : 0;
    else if (lt_str_eq(key, LT_STR("parent")))
        record->parent = value;
    else if (lt_str_eq(key, LT_STR("createdat")))
        record->created_at = item->offset;
    else if (lt_str_eq(key, LT_STR("size")))
        return record->has_size = lt_zigzag(value, &record->size) && record->size >= 0;
    if (lt_str_eq(key, LT_STR("kind")))
        return record->kind >= LT_SNAPSHOT_VIEW && record->kind <= LT_SNAPSHOT_COMMITTED;
    if (lt_str_eq(key, LT_STR("createdat")))
        return lt_stamp_go_binary(value, &record->created) != LT_SKIP;
    if (lt_str_eq(key, LT_STR("updatedat")))
        return lt_stamp_go_binary(value, &record->updated) != LT_SKIP;
    return true;
}

/* Report what no version is known to have: it may be a damaged name, or from a version to come. v1/parents is an index
 * of the snapshots. */
static void check_known(struct job *job, const struct lt_bolt_item *item)
{
    static const char *const keys[] = {"id", "kind", "parent", "createdat", "updatedat", "inodes", "size"};
    bool ours = item->depth >= NAME_AT && lt_str_eq(item->path[0], LT_STR("v1"));
    bool snapshot = ours && item->depth >= DEPTH && lt_str_eq(item->path[1], LT_STR("snapshots"));
    bool known = (ours && lt_str_eq(item->path[1], LT_STR("parents"))) ||
                 (snapshot && item->depth > DEPTH && lt_str_eq(item->path[DEPTH], LT_STR("labels")));
    for (size_t i = 0; snapshot && item->depth == DEPTH && i < sizeof keys / sizeof *keys; i++)
        known |= lt_str_eq(item->key, lt_str_c(keys[i]));
    if (known || item->origin == LT_BOLT_FREED)
        return;
    struct lt_str kind = snapshot && item->depth == DEPTH ? item->key : LT_STR("a bucket");
    lt_skip_unknown(job->ctx, job->database, item, &job->unknown, kind);
}

static enum lt_status take_item(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    struct job *job = arg;
    check_known(job, item);
    bool live = item->origin == LT_BOLT_LIVE;
    bool wanted = live || (item->origin == LT_BOLT_OLDER && item->stands_in && !item->known);
    (void)err;
    if (!wanted || item->depth != DEPTH || !lt_str_eq(item->path[0], LT_STR("v1")) ||
        !lt_str_eq(item->path[1], LT_STR("snapshots")))
        return LT_OK;
    if (live)
        job->last = item->sequences[NAME_AT - 1];
    struct record *record = record_at(job, item->path[NAME_AT], !live);
    if (!live && !record->older)
        return LT_OK; /* values of both would make a record that never was */
    if (!take_value(record, item))
        lt_skip_value(job->ctx, job->database, item, LT_CODE_DAMAGED, "no %.*s of a snapshot", LT_ARG(item->key));
    return LT_OK;
}

/* --- the directories --- */

static struct lt_layer *new_layer(struct job *job, struct lt_str id)
{
    struct lt_ctx *ctx = job->ctx;
    struct lt_layer *layer = lt_inventory_layer(
        ctx->inventory, ctx->root, lt_str_format(ctx->scratch, "%.*s/%.*s", LT_ARG(job->word), LT_ARG(id)));
    if (layer->own)
        return layer;
    struct lt_containerd_snapshot *own = lt_new(ctx->run, struct lt_containerd_snapshot);
    own->snapshotter = job->snapshotter;
    layer->own = own;
    layer->mechanics = job->snapshotter->mechanics;
    lt_list_add(&lt_containerd(ctx->root)->numbered, ctx->run, layer);
    return layer;
}

static struct lt_layer *numbered_layer(struct job *job, uint64_t number)
{
    struct lt_layer *layer = new_layer(job, lt_str_format(job->ctx->scratch, "%ju", (uintmax_t)number));
    lt_containerd_snapshot(layer)->number = number;
    return layer;
}

static bool is_there(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_node node;
    return lt_stat_or_skip(ctx, path, &node) == LT_OK && S_ISDIR(node.mode);
}

/* Set the paths of a layer from its directory. */
static void place_layer(struct job *job, struct lt_layer *layer, struct lt_str path, const struct lt_node *node)
{
    struct lt_ctx *ctx = job->ctx;
    const struct lt_snapshotter *snapshotter = job->snapshotter;
    layer->path = path;
    layer->created = node->time[LT_B];
    layer->content = snapshotter->content ? lt_path_join(ctx->run, path, lt_str_c(snapshotter->content)) : path;
    if (snapshotter->elsewhere && !is_there(ctx, layer->content))
        layer->content = LT_STR("");
    struct lt_str work = snapshotter->work ? lt_path_join(ctx->run, path, lt_str_c(snapshotter->work)) : LT_STR("");
    if (work.len && is_there(ctx, work))
        layer->work = work;
}

static void take_directory(struct job *job, struct lt_str folder, const struct lt_node *node)
{
    struct lt_ctx *ctx = job->ctx;
    struct lt_str path = lt_path_join(ctx->run, folder, node->name);
    struct lt_layer *layer = NULL;
    uint64_t number;
    if (!S_ISDIR(node->mode)) {
        if (!node->error && !job->snapshotter->elsewhere)
            lt_skip(ctx, path, LT_CODE_TYPE, "no directory of a snapshot: told as a file of the store");
        return;
    }
    if (lt_snapshot_number(node->name, &number))
        layer = numbered_layer(job, number);
    else if (lt_str_starts(node->name, LT_STR("new-")) || lt_str_starts(node->name, LT_STR("rm-"))) {
        layer = new_layer(job, node->name);
        layer->tags |= lt_str_starts(node->name, LT_STR("new-")) ? LT_TAG_BIT(unfinished) : LT_TAG_BIT(removing);
    }
    if (layer && layer->path.len)
        layer = NULL; /* btrfs: the number is taken by another folder */
    if (layer)
        place_layer(job, layer, path, node);
    else
        lt_skip(ctx, path, LT_CODE_BAD_ID, "no directory of a snapshot: its files are told as the store's");
}

static void list_directories(struct job *job)
{
    struct lt_ctx *ctx = job->ctx;
    for (const char *const *name = job->snapshotter->folders; *name; name++) {
        struct lt_listing listing;
        struct lt_str folder = lt_path_join(ctx->run, job->path, lt_str_c(*name));
        lt_list_or_skip(ctx, folder, &listing);
        for (size_t i = 0; i < listing.count; i++)
            take_directory(job, folder, &listing.nodes[i]);
    }
}

/* --- both together --- */

/* Give a layer the names of its record. */
static void name_layer(struct job *job, struct record *record)
{
    struct lt_ctx *ctx = job->ctx;
    struct lt_layer *layer = record->layer;
    struct lt_containerd_snapshot *own = lt_containerd_snapshot(layer);
    struct lt_snapshot_name name;
    *own = (struct lt_containerd_snapshot){.snapshotter = job->snapshotter,
                                           .number = record->number,
                                           .kind = record->kind,
                                           .name = record->name,
                                           .parent = record->parent,
                                           .created = record->created,
                                           .created_at = record->created_at,
                                           .database = job->database};
    layer->recorded = true;
    layer->size = record->has_size ? (uint64_t)record->size : 0;
    layer->has_size = record->has_size;
    if (!lt_snapshot_name_split(record->name, &name)) {
        lt_skip(ctx, job->database, LT_CODE_BAD_ID, "snapshot %ju: no name of a snapshot: '%.*s'",
                (uintmax_t)record->number, (int)(record->name.len < 100 ? record->name.len : 100), record->name.ptr);
        return;
    }
    own->key = layer->id = name.key;
    layer->namespace = name.namespace;
    struct lt_str id = lt_path_join(ctx->scratch, job->word, name.key);
    own->record = lt_containerd_find(lt_containerd(ctx->root), LT_CONTAINERD_SNAPSHOT, name.namespace, id);
    lt_root_add_snapshot(ctx->inventory, layer, job->word, name.key);
}

static void match_record(struct job *job, struct record *record)
{
    if (!record->number) {
        lt_skip(job->ctx, job->database, LT_CODE_DAMAGED, "snapshot '%.*s' has no number: its directory is not known",
                (int)(record->name.len < 100 ? record->name.len : 100), record->name.ptr);
        return;
    }
    record->layer = numbered_layer(job, record->number);
    if (lt_containerd_snapshot(record->layer)->database.len) {
        lt_skip(job->ctx, job->database, LT_CODE_DAMAGED, "two snapshots have the number %ju",
                (uintmax_t)record->number);
        record->layer = NULL;
        return;
    }
    name_layer(job, record);
    if (record->kind == LT_SNAPSHOT_COMMITTED && job->snapshotter->elsewhere &&
        lt_is_empty_or_skip(job->ctx, record->layer->content))
        record->layer->content = LT_STR(""); /* a mount point, or the place of an image that was not mounted */
    if (!record->layer->path.len && !job->snapshotter->elsewhere)
        lt_skip(job->ctx, job->database, LT_CODE_MISSING, "the directory of snapshot %ju ('%.*s') is missing",
                (uintmax_t)record->number, (int)(record->name.len < 100 ? record->name.len : 100), record->name.ptr);
}

/* Would this parent make the chain come back to `layer`, or too long for any overlay? */
static bool is_cycle(const struct lt_layer *layer, const struct lt_layer *parent)
{
    enum { MOST = 1024 };
    unsigned height = 0;
    for (; parent && parent != layer && height < MOST; height++)
        parent = parent->parent;
    return parent;
}

static void link_parent(struct job *job, const struct record *record)
{
    const struct record *parent = record->parent.len ? lt_map_get(&job->by_name, record->parent) : NULL;
    struct lt_layer *layer = record->layer;
    if (!layer)
        return;
    layer->is_base = !record->parent.len;
    if (layer->is_base)
        return;
    if (!parent || !parent->layer)
        lt_skip(job->ctx, job->database, LT_CODE_MISSING, "the parent of snapshot %ju is not there: '%.*s'",
                (uintmax_t)record->number, (int)(record->parent.len < 100 ? record->parent.len : 100),
                record->parent.ptr);
    else if (is_cycle(layer, parent->layer))
        lt_skip(job->ctx, job->database, LT_CODE_CYCLE, "the parents of snapshot %ju come back to it, or are too many",
                (uintmax_t)record->number);
    else
        layer->parent = parent->layer;
}

/* Layers whose files are elsewhere, in words. */
static void report_elsewhere(struct job *job)
{
    size_t count = 0;
    lt_each (const struct record, record, &job->records)
        count += record->layer && !record->layer->content.len;
    if (count && job->snapshotter->elsewhere)
        lt_skip(job->ctx, job->path, LT_CODE_UNSUPPORTED, "%zu snapshots are %s: their files are not read", count,
                job->snapshotter->elsewhere);
}

/* Plug-ins make their directory when containerd starts, used or not, with empty ones in it. */
static bool is_used(const struct job *job)
{
    struct lt_ctx *ctx = job->ctx;
    struct lt_listing listing, inner;
    lt_list_or_skip(ctx, job->path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str path = lt_path_join(ctx->scratch, job->path, listing.nodes[i].name);
        if (!S_ISDIR(listing.nodes[i].mode) || lt_fs_list(ctx->fs, path, ctx->scratch, &inner, NULL) == LT_SKIP ||
            inner.count)
            return true;
    }
    return false;
}

static void read_snapshotter(struct lt_ctx *ctx, struct lt_str directory, struct lt_str word)
{
    struct job job = {.ctx = ctx, .snapshotter = lt_snapshotter_named(word), .word = word, .path = directory};
    struct lt_str bytes;
    struct lt_err none = {0};
    job.database = lt_path_join(ctx->run, directory, LT_STR("metadata.db"));
    if (!is_used(&job))
        return;
    if (!job.snapshotter->driver.name)
        lt_skip(ctx, directory, LT_CODE_UNSUPPORTED,
                "snapshotter '%.*s' is not known: its directories are read as those of overlayfs", LT_ARG(word));
    list_directories(&job);
    if (lt_keep_bolt_or_skip(ctx, job.database, &bytes, take_item, &job, &none) == LT_END)
        lt_skip(ctx, job.database, LT_CODE_MISSING, "the database is missing: whose the snapshots are is not known");
    lt_each (struct record, record, &job.records)
        match_record(&job, record);
    lt_each (struct record, record, &job.records)
        link_parent(&job, record);
    report_elsewhere(&job);
    struct lt_snapshot_database *database = lt_new(ctx->run, struct lt_snapshot_database);
    *database = (struct lt_snapshot_database){job.snapshotter, job.database, bytes, job.last};
    lt_list_add(&lt_containerd(ctx->root)->snapshot_databases, ctx->run, database);
}

void lt_containerd_read_snapshots(struct lt_ctx *ctx)
{
    struct lt_listing listing;
    lt_list_or_skip(ctx, ctx->root->path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str name = listing.nodes[i].name;
        if (S_ISDIR(listing.nodes[i].mode) && lt_str_starts(name, LT_SNAPSHOTTER_PREFIX) &&
            name.len > LT_SNAPSHOTTER_PREFIX.len)
            read_snapshotter(ctx, lt_path_join(ctx->run, ctx->root->path, name),
                             lt_str_dup(ctx->run, lt_str_skip(name, LT_SNAPSHOTTER_PREFIX.len)));
    }
}
