// SPDX-License-Identifier: Apache-2.0
/* meta.db, a bbolt database (containerd core/metadata/{buckets,images,containers,content,leases,snapshot,sandbox}.go,
 * 1.6 to 2.3). All is below v1/<namespace>:
 *
 *   images/<name>/{createdat,updatedat,labels/,target/{digest,mediatype,size,annotations/}}
 *   containers/<ID>/{createdat,updatedat,spec,image,snapshotter,snapshotKey,sandboxid,runtime/name,extensions/,labels/}
 *   snapshots/<snapshotter>/<key>/{name,parent,createdat,updatedat,children/,labels/}
 *   content/blob/<digest>/{createdat,updatedat,size,labels/}
 *   content/ingests/<reference>/{ref,expireat,expected}
 *   leases/<ID>/{createdat,labels/,snapshots/<snapshotter>/<key>,content/<digest>,ingests/<reference>}
 *   sandboxes/<ID>/{createdat,updatedat,spec,sandboxer,runtime/name,extensions/,labels/}
 *
 * Times are Go's binary form, by the host's clock. Sizes are zigzag varints. */
#include "store/containerd/containerd.h"

#include "parse/json.h"
#include "parse/protobuf.h"
#include "parse/snapshot.h"
#include "parse/stamp.h"
#include "read/values.h"

enum { KIND_AT = 2 }; /* buckets before it: v1, the namespace */

struct job {
    struct lt_ctx *ctx;
    struct lt_containerd *store;
    struct lt_containerd_record *record; /* of the item before */
    const char *bucket;                  /* the bytes of that record's name: keys of a record are adjacent */
    struct lt_map unknown;               /* what was reported as not known */
};

/* Where the records of a kind are: buckets below the namespace. */
static const struct place {
    const char *bucket, *part; /* part NULL: any, a snapshotter; "": none */
    enum lt_containerd_kind kind;
} places[] = {
    {"images", "", LT_CONTAINERD_IMAGE},          {"containers", "", LT_CONTAINERD_CONTAINER},
    {"snapshots", NULL, LT_CONTAINERD_SNAPSHOT},  {"content", "blob", LT_CONTAINERD_BLOB},
    {"content", "ingests", LT_CONTAINERD_INGEST}, {"content", "ingest", LT_CONTAINERD_INGEST},
    {"leases", "", LT_CONTAINERD_LEASE},          {"sandboxes", "", LT_CONTAINERD_SANDBOX},
};

/* Texts of a record, by the bucket in it ("" for the record itself) and the key. */
#define TEXT(kind, bucket, key, member)                                                                                \
    {                                                                                                                  \
        LT_CONTAINERD_##kind, bucket, key, offsetof(struct lt_containerd_record, member)                               \
    }
static const struct text {
    enum lt_containerd_kind kind;
    const char *bucket, *key;
    size_t member;
} texts[] = {
    TEXT(IMAGE, "target", "digest", digest),
    TEXT(IMAGE, "target", "mediatype", media_type),
    TEXT(CONTAINER, "", "spec", spec),
    TEXT(CONTAINER, "", "image", image),
    TEXT(CONTAINER, "", "snapshotter", snapshotter),
    TEXT(CONTAINER, "", "snapshotKey", snapshot_key),
    TEXT(CONTAINER, "", "sandboxid", sandbox),
    TEXT(CONTAINER, "runtime", "name", runtime),
    TEXT(SANDBOX, "", "spec", spec),
    TEXT(SANDBOX, "", "sandboxer", sandbox),
    TEXT(SANDBOX, "runtime", "name", runtime),
};

/* What else records have: any key, if it is "*". */
static const struct other {
    const char *bucket, *key;
} others[] = {
    {"target", "size"}, {"annotations", "*"}, {"runtime", "options"}, {"labels", "*"},  {"extensions", "*"},
    {"children", "*"},  {"snapshots", "*"},   {"content", "*"},       {"ingests", "*"}, {"", "name"},
    {"", "parent"},     {"", "createdat"},    {"", "updatedat"},      {"", "expireat"}, {"", "size"},
    {"", "ref"},        {"", "expected"},
};

/* Labels and extensions that are read elsewhere. */
static const char *const known_pairs[] = {"io.cri-containerd.kind",
                                          "io.kubernetes.container.name",
                                          "io.kubernetes.pod.uid",
                                          "io.kubernetes.pod.name",
                                          "io.kubernetes.pod.namespace",
                                          "io.cri-containerd.container.metadata",
                                          "io.cri-containerd.sandbox.metadata",
                                          NULL};

/* Lists of a record, by the bucket in it. */
#define PAIRS(bucket, member)                                                                                          \
    {                                                                                                                  \
        bucket, offsetof(struct lt_containerd_record, member)                                                          \
    }
static const struct pairs {
    const char *bucket;
    size_t member;
} lists[] = {PAIRS("labels", labels), PAIRS("extensions", extensions)};

static struct lt_str record_name(struct lt_arena *arena, enum lt_containerd_kind kind, struct lt_str namespace,
                                 struct lt_str id)
{
    return lt_str_format(arena, "%u %.*s %.*s", kind, LT_ARG(namespace), LT_ARG(id));
}

struct lt_containerd_record *lt_containerd_find(const struct lt_containerd *store, enum lt_containerd_kind kind,
                                                struct lt_str namespace, struct lt_str id)
{
    struct lt_arena arena = {0};
    struct lt_containerd_record *record = lt_map_get(&store->record_by_name, record_name(&arena, kind, namespace, id));
    lt_arena_free(&arena);
    return record;
}

struct lt_str lt_containerd_pair(const struct lt_list *pairs, const char *key)
{
    lt_each (const struct lt_containerd_pair, pair, pairs)
        if (lt_str_eq(pair->key, lt_str_c(key)))
            return pair->value;
    return LT_STR("");
}

struct lt_str lt_containerd_any(struct lt_str any, bool *whole)
{
    struct lt_proto_field field;
    struct lt_str value = LT_STR("");
    bool types = false, more = false;
    while (lt_proto_next(&any, &field))
        if (field.tag == LT_PROTO(2, BYTES))
            value = field.bytes;
        else if (field.tag == LT_PROTO(1, BYTES))
            types = true;
        else
            more = true;
    if (whole)
        *whole = types && value.len && !more && !any.len;
    return value;
}

/* Report what is wrong with a value of a record, as lt_skip_value() does. */
static void skip_value(struct lt_ctx *ctx, const struct lt_containerd_record *record, const char *key,
                       struct lt_str value, const char *what)
{
    const struct lt_containerd *store = lt_containerd(ctx->root);
    const char *bucket = "";
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i].kind == record->kind)
            bucket = places[i].bucket;
    lt_skip(ctx, store->database, LT_CODE_DAMAGED, "offset %td, 'v1/%.*s/%s/%.*s/%s': %s", value.ptr - store->bytes.ptr,
            LT_ARG(record->namespace), bucket, LT_ARG(record->id), key, what);
}

struct json_t *lt_containerd_json_or_skip(struct lt_ctx *ctx, const struct lt_containerd_record *record,
                                          const char *key, struct lt_str any)
{
    struct json_t *json = NULL;
    struct lt_err problem = {0};
    const char *flaw = NULL;
    bool whole;
    struct lt_str text = lt_containerd_any(any, &whole);
    if (any.len && !whole)
        skip_value(ctx, record, key, any, "a message that is damaged");
    if (text.len > LT_MAX_JSON)
        skip_value(ctx, record, key, any, "a value that is too large");
    else if (text.len && lt_json_parse(text, &json, &flaw, &problem) != LT_OK)
        skip_value(ctx, record, key, any, problem.text);
    else if (flaw)
        skip_value(ctx, record, key, any, flaw);
    return json;
}

/* The place that an item is in; NULL: none. `*depth` is then the number of buckets down to the record. */
static const struct place *place_of(const struct lt_bolt_item *item, size_t *depth)
{
    if (item->depth <= KIND_AT || !lt_str_eq(item->path[0], LT_STR("v1")))
        return NULL;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        const struct place *place = &places[i];
        bool has_part = !place->part || *place->part;
        *depth = (size_t)KIND_AT + 2 + has_part;
        if (item->depth >= *depth && lt_str_eq(item->path[KIND_AT], lt_str_c(place->bucket)) &&
            (!has_part || !place->part || lt_str_eq(item->path[KIND_AT + 1], lt_str_c(place->part))))
            return place;
    }
    return NULL;
}

/* Report a name with bytes that no name has: containerd makes and takes ASCII alone. Containers are checked where they
 * become paths. */
static void check_name(struct job *job, const struct lt_bolt_item *item, struct lt_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.ptr[i] < 0x20 || (unsigned char)name.ptr[i] >= 0x7F) {
            lt_skip_value(job->ctx, job->store->database, item, LT_CODE_BAD_ID, "bytes that no name has");
            return;
        }
}

static struct lt_containerd_record *record_at(struct job *job, const struct lt_bolt_item *item,
                                              enum lt_containerd_kind kind, size_t depth)
{
    struct lt_arena *run = job->ctx->run;
    struct lt_str id = item->path[depth - 1], snapshotter = item->path[depth - 2], key = id;
    if (job->record && job->bucket == id.ptr)
        return job->record;
    if (kind == LT_CONTAINERD_SNAPSHOT)
        key = lt_path_join(job->ctx->scratch, snapshotter, id);
    struct lt_str name = record_name(run, kind, item->path[1], key);
    struct lt_containerd_record *record = lt_map_get(&job->store->record_by_name, name);
    if (!record) {
        record = lt_new(run, struct lt_containerd_record);
        *record = (struct lt_containerd_record){.kind = kind,
                                                .namespace = item->path[1],
                                                .id = id,
                                                .at = item->offset,
                                                .size = -1,
                                                .older = item->origin != LT_BOLT_LIVE};
        if (kind == LT_CONTAINERD_SNAPSHOT)
            record->snapshotter = snapshotter;
        if (kind != LT_CONTAINERD_CONTAINER)
            check_name(job, item, id);
        lt_list_add(&job->store->records[kind], run, record);
        lt_map_put(&job->store->record_by_name, run, name, record);
    }
    job->record = record;
    job->bucket = id.ptr;
    return record;
}

static void take_time(struct job *job, const struct lt_bolt_item *item, struct lt_time *time, uint64_t *at)
{
    if (lt_stamp_go_binary(item->value, time) == LT_SKIP)
        lt_skip_value(job->ctx, job->store->database, item, LT_CODE_BAD_TIME, "a time that is none");
    *at = item->offset;
}

/* A key of the record itself, or of the bucket `bucket` in it. */
static void take_value(struct job *job, struct lt_containerd_record *record, const struct lt_bolt_item *item,
                       struct lt_str bucket)
{
    uint64_t unused;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].kind == record->kind && lt_str_eq(bucket, lt_str_c(texts[i].bucket)) &&
            lt_str_eq(item->key, lt_str_c(texts[i].key))) {
            *(struct lt_str *)((char *)record + texts[i].member) = item->value;
            if (!lt_str_eq(item->key, LT_STR("spec")))
                check_name(job, item, item->value);
        }
    if (bucket.len)
        return;
    if (lt_str_eq(item->key, LT_STR("createdat")))
        take_time(job, item, &record->created, &record->created_at);
    else if (lt_str_eq(item->key, LT_STR("updatedat")))
        take_time(job, item, &record->updated, &record->updated_at);
    else if (lt_str_eq(item->key, LT_STR("expireat")))
        take_time(job, item, &record->expires, &unused);
    else if (lt_str_eq(item->key, LT_STR("size")) && !lt_zigzag(item->value, &record->size))
        lt_skip_value(job->ctx, job->store->database, item, LT_CODE_DAMAGED, "a size that is none");
}

/* A key of a list. */
static bool take_pair(struct job *job, struct lt_containerd_record *record, const struct lt_bolt_item *item,
                      size_t depth)
{
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        if (!lt_str_eq(item->path[depth], lt_str_c(lists[i].bucket)))
            continue;
        struct lt_containerd_pair *pair = lt_new(job->ctx->run, struct lt_containerd_pair);
        *pair = (struct lt_containerd_pair){item->key, item->value};
        lt_skip_altered(job->ctx, job->store->database, item, known_pairs);
        lt_list_add((struct lt_list *)((char *)record + lists[i].member), job->ctx->run, pair);
        return true;
    }
    return false;
}

/* Is the bucket or the key one that a record of this kind has? `bucket` is the first in the record, "" for itself. */
static bool is_key(const struct lt_bolt_item *item, enum lt_containerd_kind kind, size_t depth)
{
    struct lt_str bucket = item->depth > depth ? item->path[depth] : LT_STR("");
    if (item->depth > depth + 1 && !lt_str_eq(bucket, LT_STR("snapshots")))
        bucket = item->path[item->depth - 1];
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].kind == kind && lt_str_eq(bucket, lt_str_c(texts[i].bucket)) &&
            lt_str_eq(item->key, lt_str_c(texts[i].key)))
            return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (lt_str_eq(bucket, lt_str_c(others[i].bucket)) &&
            (*others[i].key == '*' || lt_str_eq(item->key, lt_str_c(others[i].key))))
            return true;
    return false;
}

/* Is it outside of all records, and known all the same: the version, labels of a namespace? */
static bool is_beside(const struct lt_bolt_item *item)
{
    if (!item->depth || !lt_str_eq(item->path[0], LT_STR("v1")))
        return false;
    return item->depth == 1 ? lt_str_eq(item->key, LT_STR("version"))
                            : item->depth == KIND_AT + 1 && lt_str_eq(item->path[KIND_AT], LT_STR("labels"));
}

/* Report what no version is known to have: it may be a damaged name, or from a version to come. */
static void check_known(struct job *job, const struct lt_bolt_item *item, const struct place *place, size_t depth)
{
    struct lt_arena *scratch = job->ctx->scratch;
    size_t named = item->depth > KIND_AT ? KIND_AT : 0;
    if (item->origin == LT_BOLT_FREED || (place ? is_key(item, place->kind, depth) : is_beside(item)))
        return;
    struct lt_str kind =
        place ? lt_str_format(scratch, "%s %.*s %.*s", place->bucket,
                              LT_ARG(item->depth > depth ? item->path[depth] : LT_STR("")), LT_ARG(item->key))
              : lt_str_format(scratch, "%.*s", LT_ARG(item->depth ? item->path[named] : item->key));
    lt_skip_unknown(job->ctx, job->store->database, item, &job->unknown, kind);
}

static enum lt_status take_item(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    struct job *job = arg;
    size_t depth = 0;
    const struct place *place = place_of(item, &depth);
    (void)err;
    check_known(job, item, place, depth);
    if (!place || item->origin == LT_BOLT_FREED || (item->origin == LT_BOLT_OLDER && (!item->stands_in || item->known)))
        return LT_OK;
    struct lt_containerd_record *record = record_at(job, item, place->kind, depth);
    bool inner = item->depth > depth;
    if (item->origin != LT_BOLT_LIVE && !record->older)
        return LT_OK;
    if (!inner || !take_pair(job, record, item, depth))
        take_value(job, record, item, inner ? item->path[depth] : LT_STR(""));
    return LT_OK;
}

void lt_containerd_read_metadata(struct lt_ctx *ctx)
{
    struct job job = {.ctx = ctx, .store = lt_containerd(ctx->root)};
    struct lt_err none = {0};
    job.store->database = lt_root_path(ctx, "io.containerd.metadata.v1.bolt/meta.db");
    if (lt_keep_bolt_or_skip(ctx, job.store->database, &job.store->bytes, take_item, &job, &none) == LT_END)
        lt_skip(ctx, job.store->database, LT_CODE_MISSING,
                "the database is missing: what it says of images, containers and content is lost");
}
