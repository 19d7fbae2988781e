// SPDX-License-Identifier: Apache-2.0
/* Volumes, below <root>/volumes (moby daemon/volume/local/local.go, daemon/volume/service/db.go, 20.10 to 28.x):
 *
 *   <name>/            a volume of the local driver; created when the directory was born. What docker shows as
 *                      CreatedAt is the ctime of this directory or of _data, which changes later
 *   <name>/opts.json   {MountType, MountOpts, MountDevice}, if it has options
 *   <name>/config.json {ID, Path, IsBindMount, Writable}: Docker before 1.7 kept the files in <root>/vfs/dir/<ID>, or
 *                      noted what it bound (v1.6.2 volumes/{repository,volume}.go; before 1.3 only the directory was
 *                      there). Later versions make <name>/_data a link to them (v1.9.1 daemon/volumes_unix.go)
 *   metadata.db        bbolt: bucket "volumes", name -> {Name, Driver, Labels, Options}, for all drivers. No times
 *
 * The last transaction of the database was at the file's mtime. What it removed is in the older tree; what was removed
 * earlier may be on freed pages. */
#include "read/volume_users.h"

#include "parse/ident.h"
#include "parse/json.h"
#include "parse/redact.h"
#include "read/discover.h"
#include "read/values.h"
#include "runtime/docker/driver/driver.h"
#include "runtime/docker/graph.h"

/* A record of metadata.db. */
struct record {
    struct lt_str name, driver;
    struct lt_list labels, options; /* of struct lt_str *: "key=value" */
    uint64_t offset;
    enum lt_bolt_origin origin;
    bool stands_in; /* for what is damaged: see parse/bbolt.h */
};

struct job {
    struct lt_ctx *ctx;
    struct lt_str database;
    struct lt_time born, written;
    struct lt_list records; /* of struct record * */
    struct lt_map by_name;  /* the first record of each name */
    struct lt_map damaged;  /* names of the last state whose records cannot be read: they were not removed */
    struct lt_map unknown;  /* what was reported as not known */
};

static struct lt_str redacted(struct lt_arena *arena, struct lt_str text)
{
    struct lt_buf shown = {0};
    lt_redact(&shown, text);
    struct lt_str copy = lt_str_dup(arena, lt_buf_view(&shown));
    lt_buf_free(&shown);
    return copy;
}

static void set_device(struct lt_ctx *ctx, struct lt_volume *volume, struct lt_str type, struct lt_str device)
{
    bool bind = !type.len || lt_str_eq(type, LT_STR("none"));
    struct lt_str shown = redacted(ctx->run, device);
    volume->device = lt_str_dup(ctx->run, device);
    volume->device_in_memory = lt_str_eq(type, LT_STR("tmpfs"));
    volume->shown_device = bind ? shown : lt_str_format(ctx->run, "%.*s %.*s", LT_ARG(type), LT_ARG(shown));
}

/* Read a volume's options: what is mounted over its data, from the start of the first container that uses it to the end
 * of the last. */
static void read_options(struct lt_ctx *ctx, struct lt_volume *volume)
{
    static const struct {
        const char *field, *before;
    } shown[] = {{"MountType", "mount type "}, {"MountDevice", "mount device "}, {"MountOpts", "mount options "}};
    struct json_t *json;
    struct lt_str path = lt_path_join(ctx->scratch, volume->path, LT_STR("opts.json"));
    if (lt_read_json_or_skip(ctx, path, LT_OPTIONAL, &json) != LT_OK)
        return;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        struct lt_str text = lt_json_str(json, shown[i].field);
        if (text.len)
            lt_fact_add(&volume->options, ctx->run, shown[i].before, redacted(ctx->scratch, text));
    }
    struct lt_str options = lt_json_str(json, "MountOpts");
    set_device(ctx, volume, lt_json_str(json, "MountType"), lt_json_str(json, "MountDevice"));
    while (options.len && lt_str_starts(volume->device, LT_STR("/"))) {
        struct lt_str option = lt_str_cut(&options, ',');
        volume->device_is_path |= lt_str_eq(option, LT_STR("bind")) || lt_str_eq(option, LT_STR("rbind"));
        volume->device_read_only |= lt_str_eq(option, LT_STR("ro"));
    }
    if (volume->device.len)
        lt_fact_add(&volume->options, ctx->run, "",
                    LT_STR("its files are those of the device, which is mounted over _data while a container runs"));
    lt_json_free(json);
}

/* Read what Docker before 1.7 recorded of a volume, whose name was an ID. */
static void read_old(struct lt_ctx *ctx, struct lt_volume *volume)
{
    struct json_t *json;
    struct lt_node node;
    struct lt_str path = lt_path_join(ctx->scratch, volume->path, LT_STR("config.json"));
    struct lt_str data = lt_path_join(ctx->run, lt_root_path(ctx, LT_DOCKER_OLD_VOLUMES), volume->name);
    if (!lt_is_id(volume->name))
        return;
    enum lt_status status =
        lt_fs_stat(ctx->fs, volume->data, ctx->scratch, &node, NULL); /* the walk reports a failure */
    if (status == LT_SKIP || (status == LT_OK && S_ISDIR(node.mode)))
        return;
    if (lt_is_dir_or_skip(ctx, data))
        volume->data = data;
    if (lt_read_json_of_or_skip(ctx, path, LT_OPTIONAL, LT_BEFORE_1_10, &json) != LT_OK)
        return;
    if (lt_json_bool(json, "IsBindMount")) {
        set_device(ctx, volume, LT_STR("none"), lt_json_str(json, "Path"));
        volume->device_is_path = volume->by_path = lt_str_starts(volume->device, LT_STR("/"));
        volume->device_read_only = !lt_json_bool(json, "Writable");
        lt_fact_add(&volume->options, ctx->run, "a bind of ", volume->device);
    }
    lt_json_free(json);
}

/* What the daemon keeps beside the volumes (moby daemon/volume/local/local.go, service/store.go). */
static bool is_other(struct lt_str name)
{
    return lt_str_starts(name, LT_STR("metadata.db")) || lt_docker_is_quota_device(name);
}

/* What lies where the files of the volume must be; that nothing does is no failure: other drivers keep them elsewhere.
 */
static void check_data(struct lt_ctx *ctx, const struct lt_volume *volume)
{
    struct lt_node node;
    if (lt_fs_stat(ctx->fs, volume->data, ctx->scratch, &node, NULL) == LT_OK) /* the walk reports a failure */
        lt_is_folder_or_skip(ctx, lt_str_dirname(volume->data), &node);
}

static void docker_volume_inventory(struct lt_ctx *ctx)
{
    struct lt_listing listing;
    struct lt_str path = lt_root_path(ctx, "volumes");
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        if (is_other(listing.nodes[i].name) || !lt_is_folder_or_skip(ctx, path, &listing.nodes[i]))
            continue;
        struct lt_volume *volume = lt_inventory_volume(ctx->inventory, ctx->root, listing.nodes[i].name);
        volume->path = lt_path_join(ctx->run, path, volume->name);
        volume->data = lt_path_join(ctx->run, volume->path, LT_STR("_data"));
        read_options(ctx, volume);
        read_old(ctx, volume);
        check_data(ctx, volume);
        volume->created = listing.nodes[i].time[LT_B];
    }
}

static struct lt_list pairs(struct lt_arena *arena, const struct json_t *object)
{
    struct lt_list list = {0};
    struct lt_str key;
    const struct json_t *value;
    for (void *iter = NULL; lt_json_next(object, &iter, &key, &value);) {
        struct lt_str text = lt_json_str(value, "");
        text = text.len && lt_is_secret_name(key) ? LT_STR("***") : text;
        text = redacted(arena, text);
        lt_list_add_str(&list, arena, lt_str_format(arena, "%.*s=%.*s", LT_ARG(key), LT_ARG(text)));
    }
    return list;
}

/* Names of the last state that is damaged; a copy of the record from before may stand in. */
static void note_damaged(struct job *job, const struct lt_bolt_item *item, struct lt_str name)
{
    if (item->origin == LT_BOLT_LIVE && name.len)
        lt_map_put(&job->damaged, job->ctx->scratch, lt_str_dup(job->ctx->scratch, name), job);
}

static void keep_record(struct job *job, const struct lt_bolt_item *item, const struct json_t *json)
{
    struct lt_arena *arena = job->ctx->scratch;
    struct record *record = lt_new(arena, struct record);
    *record = (struct record){
        .name = lt_str_dup(arena, item->key),
        .driver = lt_str_dup(arena, lt_json_str(json, "Driver")),
        .labels = pairs(arena, lt_json_at(json, "Labels")),
        .options = pairs(arena, lt_json_at(json, "Options")),
        .offset = item->offset,
        .origin = item->origin,
        .stands_in = item->stands_in || (item->origin != LT_BOLT_LIVE && lt_map_get(&job->damaged, item->key)),
    };
    if (!lt_map_get(&job->by_name, record->name))
        lt_map_put(&job->by_name, arena, record->name, record);
    lt_list_add(&job->records, arena, record);
}

static enum lt_status take_record(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    static const char *const members[] = {"Name", "Driver", "Labels", "Options", NULL};
    struct job *job = arg;
    struct lt_ctx *ctx = job->ctx;
    (void)err;
    if (item->depth && !lt_str_eq(item->path[0], LT_STR("volumes")))
        lt_skip_unknown(ctx, job->database, item, &job->unknown, item->path[0]);
    if (item->known)
        return LT_OK;
    struct json_t *json = lt_value_json_or_skip(ctx, job->database, item, item->value, members);
    struct lt_str name = lt_json_str(json, "Name");
    bool nameless = json && !name.len && item->origin != LT_BOLT_FREED; /* that name is damaged */
    if (nameless || (json && lt_str_eq(name, item->key))) {
        keep_record(job, item, json);
    } else {
        note_damaged(job, item, item->key);
        note_damaged(job, item, name);
        if (json)
            lt_skip_value(ctx, job->database, item, LT_CODE_DAMAGED, "a volume with another name: '%.*s'",
                          LT_ARG(name));
    }
    lt_json_free(json);
    return LT_OK;
}

static const struct record *find(const struct job *job, struct lt_str name)
{
    return lt_map_get(&job->by_name, name);
}

static void add_record(struct lt_facts *facts, const struct record *record)
{
    if (!record)
        return;
    lt_fact(facts, "driver", record->driver);
    if (record->driver.len && !lt_str_eq(record->driver, LT_STR("local")))
        lt_facts_item(facts, LT_ATTR_FACTS, "its files are where that driver keeps them, not below this data root");
    lt_each (const struct lt_str, option, &record->options)
        lt_fact(facts, "option", *option);
    lt_each (const struct lt_str, label, &record->labels)
        lt_facts_item(facts, LT_ATTR_LABELS, "%.*s", LT_ARG(*label));
}

/* Emit the creation of an existing volume, by the birth of its directory. */
static enum lt_status emit_created(struct job *job, const struct lt_volume *volume, struct lt_err *err)
{
    struct lt_ctx *ctx = job->ctx;
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_event event = lt_volume_created(volume, &facts);
    if (!volume->created.set)
        return LT_OK; /* not all file systems record births */
    add_record(&facts, find(job, volume->name));
    lt_each (const struct lt_str, option, &volume->options)
        lt_facts_item(&facts, LT_ATTR_FACTS, "%.*s", LT_ARG(*option));
    return lt_facts_emit(&facts, ctx, &event, err);
}

/* The volume of a record without a directory: one that was removed, or that another driver keeps elsewhere. */
static struct lt_volume *volume_of(struct lt_ctx *ctx, const struct record *record, bool live)
{
    struct lt_volume *volume = live ? NULL : lt_inventory_removed_volume(ctx->inventory, ctx->root, record->name);
    if (volume)
        return volume;
    volume = lt_new(ctx->run, struct lt_volume);
    *volume = (struct lt_volume){.root = ctx->root, .name = lt_str_dup(ctx->run, record->name), .removed = true};
    volume->owner = (struct lt_owner){.host = ctx->host, .root = ctx->root, .volume = volume, .role = LT_ROLE_VOLUME};
    return volume;
}

/* The database tells of its removal. What its directory says is more exact. */
static void note_removal(const struct job *job, struct lt_volume *volume, const struct record *record)
{
    struct lt_ctx *ctx = job->ctx;
    if (volume->in_database)
        return; /* the source is called again */
    volume->in_database = true;
    lt_identifier_add(ctx->inventory, &volume->witnesses, "volume_name",
                      lt_str_format(ctx->run, "%.*s, offset %ju", LT_ARG(job->database), (uintmax_t)record->offset));
    if (volume->gone.last.set)
        return;
    volume->gone = (struct lt_span){record->origin == LT_BOLT_OLDER ? job->written : job->born, job->written};
    lt_identifier_add(ctx->inventory, &volume->witnesses, "removed",
                      lt_str_format(ctx->run, "mtime of %.*s", LT_ARG(job->database)));
}

/* Emit a record without a directory. Its creation or removal is bounded by the birth and the mtime of the database; if
 * the last transaction removed it, the mtime is the time. Of one that stands in for damage only its creation is
 * certain. */
static enum lt_status emit_record(struct job *job, const struct record *record, struct lt_err *err)
{
    struct lt_ctx *ctx = job->ctx;
    struct lt_facts facts = {.arena = ctx->scratch};
    bool live = record->origin == LT_BOLT_LIVE, removed = !live && !record->stands_in;
    bool older = removed && record->origin == LT_BOLT_OLDER;
    struct lt_volume *volume = volume_of(ctx, record, live);
    bool dated = removed && volume->gone.first.set && lt_time_same(volume->gone.first, volume->gone.last);
    if (removed)
        note_removal(job, volume, record);
    lt_facts_text(&facts, LT_ATTR_ACTION, removed ? LT_STR("remove volume") : LT_STR("create volume"));
    add_record(&facts, record);
    if (dated)
        lt_fact(&facts, "time is that of", lt_identifier_of(&volume->witnesses, "removed"));
    else if (older)
        lt_facts_item(&facts, LT_ATTR_FACTS, "time is that of the last transaction of the database, which removed it");
    if (record->stands_in)
        lt_facts_item(&facts, LT_ATTR_FACTS, LT_BOLT_STANDS_IN);
    struct lt_event event = {
        .kind = removed ? LT_KIND_VOLUME_REMOVED : LT_KIND_VOLUME_CREATED,
        .time = {job->written},
        .owner = &volume->owner,
        .where = {.file = job->database, .offset = record->offset, .has_offset = true},
        .tags = (live ? 0 : LT_TAG_BIT(recovered)) | (older || dated ? LT_TAG_BIT(time_inferred) : 0),
    };
    if (dated)
        event.time[0] = volume->gone.last;
    else if (!older)
        lt_event_bound(&event, job->born, job->written, (struct lt_time){0});
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status docker_volume_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct job job = {.ctx = ctx, .database = lt_root_path(ctx, "volumes/metadata.db")};
    struct lt_node node;
    if (lt_stat_or_skip(ctx, job.database, &node) == LT_OK) {
        job.born = node.time[LT_B];
        job.written = node.time[LT_M];
    }
    enum lt_status status = lt_read_bolt_or_skip(ctx, job.database, take_record, &job, err);
    if (status == LT_FATAL)
        return status;
    status = LT_OK;
    lt_each (const struct lt_volume, volume, &ctx->root->volumes)
        status = status == LT_OK ? emit_created(&job, volume, err) : status;
    lt_each (const struct record, record, &job.records)
        if (status == LT_OK && find(&job, record->name) == record &&
            !lt_map_get(&ctx->root->volume_by_name, record->name))
            status = emit_record(&job, record, err);
    return status;
}

const struct lt_source lt_source_docker_volume = {
    .name = "docker_volume",
    .summary = "volumes and their metadata.db: created, removed",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .tells_removed = true,
    .inventory = docker_volume_inventory,
    .events = docker_volume_events,
};
