// SPDX-License-Identifier: Apache-2.0
/* BuildKit inside the daemon: bbolt files in <root>/buildkit (moby/buildkit cache/metadata.go,
 * cache/metadata/metadata.go, solver/bboltcachestorage/storage.go, solver/llbsolver/history.go; moby
 * builder/builder-next/adapters/snapshot; Docker 18.09 to 28.x). All times are by the daemon's clock.
 *
 *   metadata_v2.db, metadata.db   _main/<record>/cache.createdAt, cache.lastUsedAt: {"value": Unix ns}; and
 *                                 cache.description (what the step did), cache.recordType, cache.parent...
 *   snapshots.db                  <record>/chainid: the image layer made from a record
 *   cache.db                      _result/<step>/<result>: {"CreatedAt": RFC 3339, "ID": "<worker>::<record>"}
 *   history.db, history_c8d.db    _records/<build>: see parse/buildrecord.h
 *
 * With containerd's store (29), metadata_v2.db is in containerd-<snapshotter>/, and cache.snapshot is the key of a
 * snapshot.
 *
 * Pruned records are recovered from the older tree and from freed pages, as parse/bbolt.h describes. */
#include "read/facts.h"
#include "read/values.h"
#include "runtime/docker/driver/driver.h"

#include "parse/buildrecord.h"
#include "parse/json.h"
#include "parse/stamp.h"

struct record {
    struct lt_str id, description, type, parent, chain, snapshot;
    struct lt_time created, used;
    uint64_t created_at, used_at; /* offsets in the database */
    int64_t usage;
    bool has_usage, live;
    const struct lt_layer *layer; /* its snapshot in containerd's store; NULL: none */
};

struct job {
    struct lt_ctx *ctx;
    struct lt_str database;
    struct lt_list records; /* of struct record * */
    struct lt_map by_id;
    struct lt_str snapshotter; /* of the current file; "" if it is of graph drivers */
    struct lt_map all;         /* the records of all files, by ID */
    struct lt_map unknown;     /* what was reported as not known */
};

/* Is the item in a bucket of this name at the top? On a page that no tree uses nobody knows. Reports buckets that are
 * not among `names`, which ends with NULL. */
static bool is_below(struct job *job, const struct lt_bolt_item *item, const char *bucket, const char *const names[])
{
    if (item->origin == LT_BOLT_FREED)
        return true;
    struct lt_str top = item->depth ? item->path[0] : item->key;
    for (size_t i = 0; names[i]; i++)
        if (item->depth && lt_str_eq(top, lt_str_c(names[i])))
            return lt_str_eq(top, lt_str_c(bucket));
    lt_skip_unknown(job->ctx, job->database, item, &job->unknown,
                    lt_str_format(job->ctx->scratch, "%.*s %.*s", LT_ARG(job->database), LT_ARG(top)));
    return false;
}

static struct record *get(struct job *job, struct lt_str id)
{
    struct record *record = lt_map_get(&job->by_id, id);
    if (record)
        return record;
    record = lt_new(job->ctx->scratch, struct record);
    record->id = lt_str_dup(job->ctx->scratch, id);
    lt_list_add(&job->records, job->ctx->scratch, record);
    lt_map_put(&job->by_id, job->ctx->scratch, record->id, record);
    return record;
}

static void set_text(struct job *job, struct lt_str *out, struct lt_str text)
{
    if (!out->len)
        *out = lt_str_dup(job->ctx->scratch, text);
}

static void set_time(struct job *job, struct lt_time *out, uint64_t *offset, const struct json_t *json,
                     const struct lt_bolt_item *item)
{
    int64_t nanoseconds;
    if (!lt_json_int(json, "value", &nanoseconds))
        lt_skip_value(job->ctx, job->database, item, LT_CODE_BAD_TIME, "a time that is none");
    if (out->set || !nanoseconds)
        return;
    *out = lt_time_add(lt_time_at(0, 0), nanoseconds);
    *offset = item->offset;
}

/* For a live record only its own values count; for a removed one, the newest of each. */
static enum lt_status take_metadata(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    static const char *const buckets[] = {"_main", "_index", "_external", NULL}, *const members[] = {"value", NULL};
    static const char *const keys[] = {"cache.createdAt", "cache.lastUsedAt", "cache.description", "cache.recordType",
                                       "cache.parent",    "cache.snapshot",   "cache.usageCount",  NULL};
    struct job *job = arg;
    (void)err;
    if (!is_below(job, item, "_main", buckets) || !item->depth)
        return LT_OK;
    lt_skip_altered(job->ctx, job->database, item, keys);
    bool external = item->depth == 2 && !lt_str_eq(item->path[0], LT_STR("_main"));
    if (external || !lt_str_starts(item->key, LT_STR("cache.")) || !item->value.len)
        return LT_OK;
    struct lt_str id = item->path[item->depth - 1], key = lt_str_skip(item->key, 6);
    const struct record *known = lt_map_get(&job->by_id, id);
    if (known && known->live && item->origin != LT_BOLT_LIVE)
        return LT_OK;
    struct json_t *json = lt_value_json_or_skip(job->ctx, job->database, item, item->value, members);
    if (!json && item->origin != LT_BOLT_LIVE)
        return LT_OK;
    struct record *record = get(job, id);
    record->live |= item->origin == LT_BOLT_LIVE;
    if (lt_str_eq(key, LT_STR("createdAt")))
        set_time(job, &record->created, &record->created_at, json, item);
    else if (lt_str_eq(key, LT_STR("lastUsedAt")))
        set_time(job, &record->used, &record->used_at, json, item);
    else if (lt_str_eq(key, LT_STR("description")))
        set_text(job, &record->description, lt_json_str(json, "value"));
    else if (lt_str_eq(key, LT_STR("recordType")))
        set_text(job, &record->type, lt_json_str(json, "value"));
    else if (lt_str_eq(key, LT_STR("parent")))
        set_text(job, &record->parent, lt_json_str(json, "value"));
    else if (lt_str_eq(key, LT_STR("snapshot")))
        set_text(job, &record->snapshot, lt_json_str(json, "value"));
    else if (lt_str_eq(key, LT_STR("usageCount")) && !record->has_usage)
        record->has_usage = lt_json_int(json, "value", &record->usage);
    lt_json_free(json);
    return LT_OK;
}

static enum lt_status take_snapshot(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    struct job *job = arg;
    (void)err;
    struct record *record = item->depth == 1 ? lt_map_get(&job->by_id, item->path[0]) : NULL;
    if (record && lt_str_eq(item->key, LT_STR("chainid")))
        set_text(job, &record->chain, item->value);
    return LT_OK;
}

/* The owner of the layer made from a record, if that layer still exists, else the store. */
static const struct lt_owner *owner_of(const struct job *job, const struct record *record)
{
    if (record->layer)
        return &record->layer->owner;
    for (size_t i = 0; record->chain.len && lt_docker_drivers[i]; i++) {
        const struct lt_layer *layer =
            lt_map_get(&lt_docker_root(job->ctx->root)->layer_by_chain,
                       lt_docker_chain_key(job->ctx->scratch, lt_docker_drivers[i], record->chain));
        if (layer)
            return &layer->owner;
    }
    return &job->ctx->root->owner;
}

static enum lt_status emit(const struct job *job, const struct record *record, bool used, struct lt_err *err)
{
    struct lt_facts facts = {.arena = job->ctx->scratch};
    struct lt_time time = used ? record->used : record->created;
    if (!time.set && (used || !record->live))
        return LT_OK; /* it was not used, or only a part of it is left */
    lt_facts_text(&facts, LT_ATTR_ACTION, used ? LT_STR("use build cache") : LT_STR("make build cache"));
    lt_facts_text(&facts, LT_ATTR_COMMAND, record->description);
    lt_fact(&facts, "record", record->id);
    lt_fact(&facts, "type", record->type);
    lt_fact(&facts, "parent", record->parent);
    lt_fact(&facts, "chain", record->chain);
    lt_fact(&facts, "snapshot", record->snapshot);
    if (record->has_usage)
        lt_facts_item(&facts, LT_ATTR_FACTS, "used %jd times", (intmax_t)record->usage);
    struct lt_event event = {
        .kind = used ? LT_KIND_BUILD_CACHE_USED : LT_KIND_BUILD_CACHE,
        .time = {time},
        .owner = owner_of(job, record),
        .where = {.file = job->database, .offset = used ? record->used_at : record->created_at, .has_offset = true},
        .tags = record->live ? 0 : LT_TAG_BIT(recovered),
    };
    return lt_facts_emit(&facts, job->ctx, &event, err);
}

static enum lt_status read_metadata(struct job *job, const char *name, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    struct lt_list none = {0};
    job->records = none;
    job->by_id = (struct lt_map){0};
    job->database = lt_root_path(job->ctx, name);
    if (lt_read_bolt_or_skip(job->ctx, job->database, take_metadata, job, err) == LT_END)
        return LT_OK;
    if (!job->snapshotter.len)
        lt_read_bolt_or_skip(job->ctx, lt_root_path(job->ctx, "buildkit/snapshots.db"), take_snapshot, job, err);
    lt_each (struct record, record, &job->records) {
        lt_map_put(&job->all, job->ctx->scratch, record->id, record);
        if (job->snapshotter.len && record->snapshot.len)
            record->layer = lt_docker_snapshot(job->ctx, job->snapshotter, record->snapshot);
        status = status == LT_OK ? emit(job, record, false, err) : status;
        status = status == LT_OK ? emit(job, record, true, err) : status;
    }
    return status;
}

static enum lt_status take_result(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    static const char *const buckets[] = {"_result", "_links", "_byresult", "_backlinks", NULL};
    static const char *const members[] = {"CreatedAt", "ID", NULL};
    struct job *job = arg;
    struct lt_facts facts = {.arena = job->ctx->scratch};
    struct lt_err problem = {0};
    bool live = item->origin == LT_BOLT_LIVE;
    if (!is_below(job, item, "_result", buckets) || item->known || !item->depth ||
        (item->origin == LT_BOLT_FREED && !lt_str_starts(item->value, LT_STR("{\"CreatedAt\""))))
        return LT_OK;
    struct json_t *json = lt_value_json_or_skip(job->ctx, job->database, item, item->value, members);
    if (!json)
        return LT_OK;
    struct lt_str id = lt_json_str(json, "ID");
    if (!lt_str_eq(id, item->key))
        lt_skip_value(job->ctx, job->database, item, LT_CODE_DAMAGED, "a result with another ID: '%.*s'", LT_ARG(id));
    for (size_t i = 0; i + 1 < id.len; i++)
        if (id.ptr[i] == ':' && id.ptr[i + 1] == ':')
            id = lt_str_skip(id, i + 2);
    const struct record *record = lt_map_get(&job->all, id);
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("keep result of build step"));
    if (record)
        lt_facts_text(&facts, LT_ATTR_COMMAND, record->description);
    lt_fact(&facts, "record", id);
    struct lt_event event = {
        .kind = LT_KIND_BUILD_RESULT,
        .owner = record ? owner_of(job, record) : &job->ctx->root->owner,
        .where = {.file = job->database, .offset = item->offset, .has_offset = true},
        .tags = live ? 0 : LT_TAG_BIT(recovered),
    };
    enum lt_status status = lt_stamp_rfc3339(lt_json_str(json, "CreatedAt"), &event.time[0], &problem);
    lt_json_free(json);
    if (status == LT_SKIP)
        lt_skip_value(job->ctx, job->database, item, problem.code, "%s", problem.text);
    if (status == LT_SKIP || (status == LT_END && !live))
        return LT_OK;
    return lt_facts_emit(&facts, job->ctx, &event, err);
}

static enum lt_status emit_build(struct job *job, const struct lt_bolt_item *item, const struct lt_build_record *build,
                                 bool ended, struct lt_err *err)
{
    struct lt_facts facts = {.arena = job->ctx->scratch};
    lt_facts_text(&facts, LT_ATTR_ACTION,
                  !ended             ? LT_STR("start build")
                  : build->error.len ? LT_STR("fail build")
                                     : LT_STR("finish build"));
    lt_facts_text(&facts, LT_ATTR_COMMENT, build->error);
    lt_fact(&facts, "build", build->ref.len ? build->ref : item->key);
    lt_fact(&facts, "frontend", build->frontend);
    for (size_t i = 0; i < build->attr_count; i++)
        lt_facts_item(&facts, LT_ATTR_FACTS, "%.*s=%.*s", LT_ARG(build->attrs[i].key), LT_ARG(build->attrs[i].value));
    if (build->total_steps)
        lt_facts_item(&facts, LT_ATTR_FACTS, "%ju of %ju steps completed, %ju cached",
                      (uintmax_t)build->completed_steps, (uintmax_t)build->total_steps, (uintmax_t)build->cached_steps);
    struct lt_event event = {
        .kind = ended ? LT_KIND_BUILD_ENDED : LT_KIND_BUILD_STARTED,
        .time = {ended ? build->completed : build->created},
        .owner = &job->ctx->root->owner,
        .where = {.file = job->database, .offset = item->offset, .has_offset = true},
        .tags = item->origin == LT_BOLT_LIVE ? 0 : LT_TAG_BIT(recovered),
    };
    return event.time[0].set ? lt_facts_emit(&facts, job->ctx, &event, err) : LT_OK;
}

static enum lt_status take_build(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    static const char *const buckets[] = {"_records", "_version", NULL};
    struct job *job = arg;
    struct lt_build_record build;
    if (!is_below(job, item, "_records", buckets) || item->known ||
        (item->depth && !lt_str_eq(item->path[item->depth - 1], LT_STR("_records"))))
        return LT_OK;
    bool whole = lt_build_record_parse(item->value, &build), live = item->origin == LT_BOLT_LIVE;
    if (!whole)
        lt_skip_value(job->ctx, job->database, item, LT_CODE_DAMAGED, "a record of a build breaks off");
    else if (!build.created.set || build.bad_time)
        lt_skip_value(job->ctx, job->database, item, LT_CODE_BAD_TIME, "a build with a time that is none");
    if (!lt_str_eq(build.ref, item->key))
        lt_skip_value(job->ctx, job->database, item, LT_CODE_DAMAGED, "a build with another name: '%.*s'",
                      LT_ARG(build.ref));
    /* The bucket of a freed page is unknown, but a record contains its own key. */
    if (!live && (!whole || !lt_str_eq(build.ref, item->key)))
        return LT_OK;
    enum lt_status status = emit_build(job, item, &build, false, err);
    return status == LT_OK ? emit_build(job, item, &build, true, err) : status;
}

/* Read the databases of the snapshotters that builds used. */
static enum lt_status read_snapshotters(struct job *job, struct lt_err *err)
{
    const struct lt_str prefix = LT_STR("containerd-");
    struct lt_listing listing;
    enum lt_status status = LT_OK;
    lt_list_or_skip(job->ctx, lt_root_path(job->ctx, "buildkit"), &listing);
    for (size_t i = 0; status == LT_OK && i < listing.count; i++) {
        struct lt_str name = listing.nodes[i].name;
        if (!S_ISDIR(listing.nodes[i].mode) || !lt_str_starts(name, prefix))
            continue;
        job->snapshotter = lt_str_skip(name, prefix.len);
        status =
            read_metadata(job, lt_str_format(job->ctx->scratch, "buildkit/%.*s/metadata_v2.db", LT_ARG(name)).ptr, err);
    }
    return status;
}

static enum lt_status docker_buildkit_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct job job = {.ctx = ctx};
    static const struct {
        const char *name;
        enum lt_status (*take)(void *arg, const struct lt_bolt_item *item, struct lt_err *err);
    } files[] = {
        {"buildkit/cache.db", take_result},
        {"buildkit/history.db", take_build},
        {"buildkit/history_c8d.db", take_build},
    };
    enum lt_status status = read_metadata(&job, "buildkit/metadata.db", err);
    if (status == LT_OK)
        status = read_metadata(&job, "buildkit/metadata_v2.db", err);
    if (status == LT_OK)
        status = read_snapshotters(&job, err);
    for (size_t i = 0; status == LT_OK && i < sizeof files / sizeof *files; i++) {
        job.database = lt_root_path(ctx, files[i].name);
        status = lt_read_bolt_or_skip(ctx, job.database, files[i].take, &job, err) == LT_FATAL ? LT_FATAL : LT_OK;
    }
    return status;
}

const struct lt_source lt_source_docker_buildkit = {
    .name = "docker_buildkit",
    .summary = "BuildKit's databases: build steps made and used, builds",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_STORE,
    .events = docker_buildkit_events,
};
