// SPDX-License-Identifier: Apache-2.0
/* What the containerd below the daemon recorded of containers, in /var/lib/containerd or, if the daemon ran its own, in
 * <root>/containerd/daemon (containerd core/metadata/{buckets,containers,leases}.go, core/runtime/v2/bundle.go, 1.4 to
 * 2.x; moby daemon/start.go, libcontainerd/remote/client.go). All times are by the host's clock.
 *
 *   io.containerd.metadata.v1.bolt/meta.db
 *       v1/moby/containers/<ID>/{createdat,spec,runtime/name}   created at each start, deleted after each end: a live
 *                                                               record means it ran, a recovered one that it did before
 *       v1/moby/leases/<ID>/createdat                           what was to be kept: layers of a container (by its ID),
 *                                                               of a build, of an image being pulled
 *   io.containerd.runtime.v2.task/moby/<ID>                     created at the start, removed after the end; ".<ID>" if
 *   io.containerd.runtime.v1.linux/moby/<ID>                    the removal was interrupted
 *
 * Under userns-remap newer daemons name the namespace moby-<uid>.<gid> (moby daemon/daemon.go, 28). */
#include "read/facts.h"
#include "read/source.h"
#include "runtime/docker/tasks.h"

#include "parse/bbolt.h"
#include "parse/ident.h"
#include "parse/json.h"
#include "parse/protobuf.h"
#include "parse/stamp.h"

enum { NAMESPACE_DEPTH = 4 }; /* v1, moby, kind, ID */

struct job {
    struct lt_ctx *ctx;
    const struct lt_owner *owner; /* of records that belong to no container */
    struct lt_str database;
    struct lt_map emitted; /* starts emitted so far, by container ID and time */
    struct lt_str id;      /* of the current record, whose keys are adjacent; "" on a freed page */
    struct lt_time created;
    struct lt_str spec, runtime;
    uint64_t offset;
    bool begun;
};

/* "moby", or "moby-100000.100000". */
static bool is_docker(struct lt_str name)
{
    struct lt_str rest = lt_str_skip(name, 4);
    if (!lt_str_starts(name, LT_STR("moby")) || (rest.len && rest.ptr[0] != '-'))
        return false;
    for (size_t i = 1; i < rest.len; i++)
        if ((rest.ptr[i] < '0' || rest.ptr[i] > '9') && rest.ptr[i] != '.')
            return false;
    return rest.len != 1;
}

/* Is the item below v1/<namespace of Docker>/<kind>/<ID>? */
static bool is_in(const struct lt_bolt_item *item, struct lt_str kind)
{
    return item->depth >= NAMESPACE_DEPTH && lt_str_eq(item->path[0], LT_STR("v1")) && is_docker(item->path[1]) &&
           lt_str_eq(item->path[2], kind);
}

/* The container with that ID, which may have been removed; NULL if `id` is not a container ID, or too many are
 * unknown. */
static const struct lt_container *container_of(const struct job *job, struct lt_str id)
{
    lt_each (struct lt_root, root, &job->ctx->inventory->roots) {
        struct lt_container *container = lt_map_get(&root->container_by_id, id);
        if (container && lt_hosts_may_be_one(root->host, job->ctx->host))
            return container;
    }
    return lt_is_id(id) ? lt_inventory_removed(job->ctx->inventory, job->ctx->host->roots.items[0], id) : NULL;
}

/* Emit an event for the container `id`, or for something else with that ID. */
static enum lt_status emit(const struct job *job, struct lt_facts *facts, struct lt_event *event, struct lt_str id,
                           struct lt_err *err)
{
    const struct lt_container *container = container_of(job, id);
    event->owner = container ? &container->owner : job->owner;
    if (container)
        event->tags |= container->tags & LT_TAG_BIT(configuration_missing);
    else
        lt_fact(facts, "id", id);
    return lt_facts_emit(facts, job->ctx, event, err);
}

/* The OCI runtime specification in a google.protobuf.Any: field 1 is the type, field 2 the value. */
static struct json_t *parse_spec(struct lt_str any)
{
    struct lt_proto_field field;
    struct json_t *json = NULL;
    const char *flaw;
    while (lt_proto_next(&any, &field))
        if (field.tag == LT_PROTO(2, BYTES) && field.bytes.len <= LT_MAX_JSON && !json)
            lt_json_parse(field.bytes, &json, &flaw, NULL);
    return json;
}

/* The ID in a cgroup path: "/docker/<ID>", or with systemd "system.slice:docker:<ID>". */
static struct lt_str id_of_group(struct lt_str path)
{
    enum { ID = 64 };
    struct lt_str id = path.len > ID ? lt_str_skip(path, path.len - ID) : LT_STR("");
    bool cut = id.len && (id.ptr[-1] == '/' || id.ptr[-1] == ':');
    return cut && lt_is_id(id) ? id : LT_STR("");
}

static void add_spec(struct lt_facts *facts, const struct json_t *spec)
{
    const struct json_t *args = lt_json_at(spec, "process.args");
    struct lt_buf command = {0};
    for (size_t i = 0; i < lt_json_count(args); i++) {
        if (i)
            lt_buf_char(&command, ' ');
        lt_buf_add(&command, lt_json_str(lt_json_item(args, i), ""));
    }
    lt_facts_text(facts, LT_ATTR_COMMAND, lt_buf_view(&command));
    lt_fact(facts, "hostname", lt_json_str(spec, "hostname"));
    lt_fact(facts, "files", lt_json_str(spec, "root.path"));
    lt_buf_free(&command);
}

/* Was this start emitted before? Marks it as emitted. */
static bool was_emitted(struct job *job, struct lt_str id)
{
    struct lt_arena *arena = job->ctx->scratch;
    struct lt_str key = lt_str_format(arena, "%.*s %jd.%u", LT_ARG(id), (intmax_t)job->created.sec, job->created.nsec);
    bool emitted = lt_map_get(&job->emitted, key);
    lt_map_put(&job->emitted, arena, key, job);
    return emitted;
}

static enum lt_status emit_start(struct job *job, bool live, struct lt_err *err)
{
    struct lt_facts facts = {.arena = job->ctx->scratch};
    struct json_t *spec = parse_spec(job->spec);
    struct lt_str id = job->id.len ? job->id : id_of_group(lt_json_str(spec, "linux.cgroupsPath"));
    enum lt_status status = LT_OK;
    if (lt_is_id(id) && !was_emitted(job, id)) {
        struct lt_event event = {
            .kind = LT_KIND_RUNTIME_STARTED,
            .time = {job->created},
            .where = {.file = job->database, .offset = job->offset, .has_offset = true},
            .tags = live ? 0 : LT_TAG_BIT(recovered),
        };
        lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("start container"));
        add_spec(&facts, spec);
        lt_fact(&facts, "runtime", job->runtime);
        status = emit(job, &facts, &event, id, err);
    }
    lt_json_free(spec);
    return status;
}

/* False if the value is not a time, which is reported for a live record. */
static bool take_time(const struct job *job, const struct lt_bolt_item *item, struct lt_time *out)
{
    enum lt_status status = lt_stamp_go_binary(item->value, out);
    if (status == LT_SKIP && item->origin == LT_BOLT_LIVE)
        lt_skip(job->ctx, job->database, LT_CODE_BAD_TIME, "offset %ju: a time that is none", (uintmax_t)item->offset);
    return status == LT_OK;
}

/* Take a key of a record. Keys come in byte order, from "createdat" to "updatedat". */
static enum lt_status take_container(struct job *job, const struct lt_bolt_item *item, struct lt_err *err)
{
    if (lt_str_eq(item->key, LT_STR("createdat"))) {
        job->id = item->path[NAMESPACE_DEPTH - 1];
        job->spec = job->runtime = LT_STR("");
        job->offset = item->offset;
        job->begun = !item->known && take_time(job, item, &job->created);
    } else if (lt_str_eq(item->key, LT_STR("spec"))) {
        job->spec = item->value;
    } else if (lt_str_eq(item->key, LT_STR("name"))) {
        job->runtime = item->value; /* in the bucket "runtime" */
    } else if (lt_str_eq(item->key, LT_STR("updatedat")) && job->begun) {
        job->begun = false;
        return emit_start(job, item->origin == LT_BOLT_LIVE, err);
    }
    return LT_OK;
}

/* Take a key on a freed page. Only the end of a record is found there: the specification takes a page and more,
 * directly followed by the time of the last update, which is that of the creation. */
static enum lt_status take_freed(struct job *job, const struct lt_bolt_item *item, struct lt_err *err)
{
    bool adjacent = job->spec.len && item->key.ptr == job->spec.ptr + job->spec.len;
    job->id = job->runtime = LT_STR("");
    job->offset = item->offset;
    if (adjacent && lt_str_eq(item->key, LT_STR("updatedat")) && take_time(job, item, &job->created))
        return emit_start(job, false, err);
    job->spec = lt_str_eq(item->key, LT_STR("spec")) ? item->value : LT_STR("");
    return LT_OK;
}

static enum lt_status take_lease(const struct job *job, const struct lt_bolt_item *item, struct lt_err *err)
{
    struct lt_facts facts = {.arena = job->ctx->scratch};
    struct lt_str id = item->path[NAMESPACE_DEPTH - 1];
    struct lt_event event = {
        .kind = LT_KIND_LEASE,
        .where = {.file = job->database, .offset = item->offset, .has_offset = true},
        .tags = item->origin == LT_BOLT_LIVE ? 0 : LT_TAG_BIT(recovered),
    };
    bool wanted = !item->known && item->depth == NAMESPACE_DEPTH && lt_str_eq(item->key, LT_STR("createdat"));
    if (!wanted || !take_time(job, item, &event.time[0]))
        return LT_OK;
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("make lease"));
    return emit(job, &facts, &event, id, err);
}

static enum lt_status take_item(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    struct job *job = arg;
    if (is_in(item, LT_STR("leases")))
        return take_lease(job, item, err);
    if (is_in(item, LT_STR("containers")))
        return take_container(job, item, err);
    return item->origin == LT_BOLT_FREED ? take_freed(job, item, err) : LT_OK;
}

static enum lt_status emit_bundle(const struct job *job, struct lt_str directory, const struct lt_node *node,
                                  struct lt_err *err)
{
    struct lt_facts facts = {.arena = job->ctx->scratch};
    bool removing = lt_str_starts(node->name, LT_STR("."));
    struct lt_str id = lt_str_skip(node->name, removing);
    struct lt_event event = {
        .kind = LT_KIND_RUNTIME_BUNDLE,
        .time = {node->time[LT_B]},
        .where = {.file = lt_path_join(job->ctx->scratch, directory, node->name), .field = "birth"},
        .tags = LT_TAG_BIT(time_inferred) | (removing ? LT_TAG_BIT(removing) : 0),
    };
    if (!S_ISDIR(node->mode) || !lt_is_id(id) || !event.time[0].set)
        return LT_OK;
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("start container"));
    lt_facts_item(&facts, LT_ATTR_FACTS, "%s",
                  removing ? "its directory was being removed"
                           : "its directory is still there: it ran, or nobody could clean up after it");
    return emit(job, &facts, &event, id, err);
}

static enum lt_status read_bundles(const struct job *job, struct lt_str directory, struct lt_err *err)
{
    struct lt_listing listing;
    enum lt_status status = LT_OK;
    lt_list_or_skip(job->ctx, directory, &listing);
    for (size_t i = 0; status == LT_OK && i < listing.count; i++)
        status = emit_bundle(job, directory, &listing.nodes[i], err);
    return status;
}

/* Read the directories of Docker's namespaces. */
static enum lt_status read_tasks(const struct job *job, struct lt_str directory, struct lt_err *err)
{
    struct lt_listing listing;
    enum lt_status status = LT_OK;
    lt_list_or_skip(job->ctx, directory, &listing);
    for (size_t i = 0; status == LT_OK && i < listing.count; i++)
        if (S_ISDIR(listing.nodes[i].mode) && is_docker(listing.nodes[i].name))
            status = read_bundles(job, lt_path_join(job->ctx->scratch, directory, listing.nodes[i].name), err);
    return status;
}

/* Read a containerd's directory; `path` may contain links. LT_END: it does not exist. */
static enum lt_status read_containerd(struct lt_ctx *ctx, const struct lt_owner *owner, struct lt_str path,
                                      struct lt_err *err)
{
    static const char *const tasks[] = {LT_TASKS_V2, LT_TASKS_V1};
    struct job job = {.ctx = ctx, .owner = owner};
    struct lt_str directory;
    enum lt_status status = lt_resolve_or_skip(ctx, path, &directory);
    if (status != LT_OK)
        return status == LT_END ? LT_END : LT_OK;
    job.database = lt_path_join(ctx->run, directory, LT_STR("io.containerd.metadata.v1.bolt/meta.db"));
    status = lt_read_bolt_or_skip(ctx, job.database, take_item, &job, err);
    for (size_t i = 0; status != LT_FATAL && i < sizeof tasks / sizeof *tasks; i++)
        status = read_tasks(&job, lt_path_join(ctx->scratch, directory, lt_str_c(tasks[i])), err);
    return status;
}

/* Read the host's containerd. It may be on another file system than the data roots it serves. */
static enum lt_status host_events(struct lt_ctx *ctx, struct lt_err *err)
{
    static const char *const places[] = {"/var/lib/containerd", "/lib/containerd", "/containerd"};
    enum lt_status found = LT_END;
    for (size_t i = 0; found == LT_END && i < sizeof places / sizeof *places; i++)
        found = read_containerd(ctx, &ctx->host->owner, lt_str_c(places[i]), err);
    return found == LT_FATAL ? LT_FATAL : LT_OK;
}

/* Read the containerd that a daemon ran itself. */
static enum lt_status root_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = read_containerd(ctx, &ctx->root->owner, lt_root_path(ctx, LT_OWN_CONTAINERD), err);
    return status == LT_FATAL ? LT_FATAL : LT_OK;
}

const struct lt_source lt_source_docker_runtime = {
    .name = "docker_runtime",
    .summary = "containerd's meta.db and task directories: starts of containers, those before the last one too; leases",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .events = root_events,
};

const struct lt_source lt_source_docker_runtime_host = {
    .name = "docker_runtime",
    .summary = NULL, /* the same reader, for the containerd that daemons share */
    .scope = LT_PER_FS,
    .stage = LT_STAGE_CONTAINERS,
    .events = host_events,
};
