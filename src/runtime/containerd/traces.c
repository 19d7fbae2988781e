// SPDX-License-Identifier: Apache-2.0
/* Starts of containers, leases, and what was removed (containerd core/metadata/{buckets,containers,leases}.go,
 * core/snapshots/storage/bolt.go, core/runtime/v2/bundle.go, 1.4 to 2.3; moby daemon/start.go,
 * libcontainerd/remote/client.go). All times are by the host's clock.
 *
 *   meta.db v1/<namespace>/containers/<ID>/{createdat,spec,runtime/name}
 *                                       Docker's are made at each start and deleted after each end: a live record means
 *                                       that it ran, a recovered one that it did before. Others live as long as the
 *                                       container: a recovered one was removed
 *   meta.db v1/<namespace>/leases/<ID>/createdat
 *                                       what was to be kept: layers of a container of Docker (by its ID), of a build,
 *                                       of an image being pulled
 *   metadata.db v1/snapshots/<name>     of a snapshotter: on freed pages, snapshots that are gone
 *   io.containerd.runtime.v2.task/<namespace>/<ID>
 *   io.containerd.runtime.v1.linux/<namespace>/<ID>
 *                                       created at the start, removed after the end; ".<ID>" if the removal was
 *                                       interrupted. It outlives a loss of power, and the next boot */
#include "model/told.h"
#include "read/facts.h"
#include "read/source.h"
#include "read/values.h"
#include "runtime/containerd/containerd.h"
#include "runtime/runtimes.h"

#include "model/spans.h"
#include "parse/ident.h"
#include "parse/json.h"
#include "parse/protobuf.h"
#include "parse/snapshot.h"
#include "parse/stamp.h"
#include "runtime/oci_parts.h"
#include "store/containerd/tasks.h"

enum { NAMESPACE_DEPTH = 4 }; /* v1, moby, kind, ID */

/* Annotations of a specification that tell what a container was. */
enum { POD_UID, POD_NAME, POD_NAMESPACE, TYPE, NAME, IMAGE, NERDCTL_NAME, ANNOTATIONS };
static const char *const annotations[ANNOTATIONS] = {
    [POD_UID] = "io.kubernetes.cri.sandbox-uid",
    [POD_NAME] = "io.kubernetes.cri.sandbox-name",
    [POD_NAMESPACE] = "io.kubernetes.cri.sandbox-namespace",
    [TYPE] = "io.kubernetes.cri.container-type",
    [NAME] = "io.kubernetes.cri.container-name",
    [IMAGE] = "io.kubernetes.cri.image-name",
    [NERDCTL_NAME] = "nerdctl/name",
};

struct job {
    struct lt_ctx *ctx;
    struct lt_str database;
    struct lt_time written;      /* the last change of meta.db: what is not in it was removed by then */
    struct lt_map live;          /* names of the snapshots that are listed */
    struct lt_map emitted;       /* what was emitted so far, by namespace, ID and time */
    struct lt_str namespace, id; /* of the current record, whose keys are adjacent; "" on a freed page */
    struct lt_time created;
    struct lt_str spec, runtime;
    uint64_t offset;
    bool begun;
    enum lt_bolt_origin origin; /* of the current record */
    bool stands_in;             /* it stands in for what is damaged: it need not have been removed */
};

/* Is the item below v1/<namespace>/<kind>/<ID>? */
static bool is_in(const struct lt_bolt_item *item, struct lt_str kind)
{
    return item->depth >= NAMESPACE_DEPTH && lt_str_eq(item->path[0], LT_STR("v1")) && lt_str_eq(item->path[2], kind);
}

/* The store in which a removed container would be: that of the runtime that the namespace serves, else this one. */
static struct lt_root *root_of(const struct job *job, struct lt_str namespace)
{
    const struct lt_runtime *runtime = lt_runtime_of_namespace(namespace);
    lt_each (struct lt_root, root, &job->ctx->host->roots)
        if (runtime && root->runtime == runtime)
            return root;
    return job->ctx->root;
}

/* The container with that ID, which may have been removed; NULL if too many are unknown, or if it is a plug-in of
 * Docker, which runs in a namespace of its own (moby plugin/executor/containerd, 20.10 to 29). */
static struct lt_container *container_of(const struct job *job, struct lt_str namespace, struct lt_str id)
{
    const struct lt_runtime *runtime = lt_runtime_of_namespace(namespace);
    struct lt_container *container = lt_containerd_container_of(job->ctx, namespace, id);
    struct lt_root *root = root_of(job, namespace);
    if (container || lt_str_starts(namespace, LT_STR("plugins.")))
        return container;
    container = lt_inventory_removed(job->ctx->inventory, root, id);
    if (container && !container->namespace.len && root == job->ctx->root) {
        container->namespace = lt_str_dup(job->ctx->run, namespace);
        container->runtime = runtime ? runtime : container->runtime;
    }
    return container;
}

/* Emit an event for a container, or for something else with that ID. */
static enum lt_status emit(const struct job *job, struct lt_facts *facts, struct lt_event *event,
                           const struct lt_container *container, struct lt_str namespace, struct lt_str id,
                           struct lt_err *err)
{
    event->owner = container ? &container->owner : lt_containerd_owner(job->ctx, namespace);
    if (container)
        event->tags |= container->tags & LT_TAG_BIT(configuration_missing);
    else
        lt_fact(facts, "id", id);
    return lt_facts_emit(facts, job->ctx, event, err);
}

/* What is wrong with the specification of a live record of Docker is reported here; of another one, container.c does.
 */
static struct json_t *parse_spec(const struct job *job)
{
    struct lt_str text = lt_containerd_any(job->spec, NULL);
    struct json_t *json = NULL;
    const char *flaw;
    const struct lt_containerd_record *record =
        job->origin == LT_BOLT_LIVE
            ? lt_containerd_find(lt_containerd(job->ctx->root), LT_CONTAINERD_CONTAINER, job->namespace, job->id)
            : NULL;
    const struct lt_container *container =
        record ? lt_containerd_container_of(job->ctx, job->namespace, job->id) : NULL;
    if (container && !lt_str_eq(container->path, job->database))
        return lt_containerd_json_or_skip(job->ctx, record, "spec", job->spec);
    if (text.len && text.len <= LT_MAX_JSON)
        lt_json_parse(text, &json, &flaw, NULL);
    return json;
}

/* The namespace and ID in a cgroup path: "/docker/<ID>", with systemd "system.slice:docker:<ID>";
 * "/kubepods/<class>/pod<UID>/<ID>", with systemd "<pod>.slice:cri-containerd:<ID>"; ctr's "/<namespace>/<ID>". */
static bool split_group(struct lt_str path, struct lt_str *namespace, struct lt_str *id)
{
    size_t at = path.len;
    while (at && path.ptr[at - 1] != '/' && path.ptr[at - 1] != ':')
        at--;
    *id = lt_str_skip(path, at);
    *namespace = at ? (struct lt_str){path.ptr, at - 1} : LT_STR("");
    if (lt_str_ends(*namespace, LT_STR("docker")))
        *namespace = LT_STR("moby");
    else if (lt_str_ends(*namespace, LT_STR("cri-containerd")) || lt_str_starts(path, LT_STR("/kubepods/")))
        *namespace = LT_STR("k8s.io");
    else if (lt_str_starts(path, LT_STR("/")))
        *namespace = lt_str_skip(*namespace, 1);
    return lt_is_identifier(*namespace) && lt_is_identifier(*id);
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

/* Was this emitted before? Marks it as emitted. */
static bool was_emitted(struct job *job, struct lt_str namespace, struct lt_str id, struct lt_time time)
{
    struct lt_arena *arena = job->ctx->scratch;
    struct lt_str key =
        lt_str_format(arena, "%.*s %.*s %jd.%u", LT_ARG(namespace), LT_ARG(id), (intmax_t)time.sec, time.nsec);
    bool emitted = lt_map_get(&job->emitted, key);
    lt_map_put(&job->emitted, arena, key, job);
    return emitted;
}

/* Docker keeps a container mounted while it runs, and removes its record after the end: both together mean that it ran
 * when the evidence was taken. */
static void add_seizure(const struct job *job, struct lt_facts *facts, const struct lt_container *container)
{
    struct lt_node node;
    const struct lt_layer *rw = container ? container->rw : NULL;
    if (rw && rw->merged.len && lt_fs_stat(container->root->fs, rw->merged, job->ctx->scratch, &node, NULL) == LT_OK)
        lt_facts_item(facts, LT_ATTR_FACTS, "record and mount point are there: it ran when the evidence was taken");
}

/* Take what the CRI plug-in annotated of a removed container and its pod (containerd
 * internal/cri/annotations/annotations.go, 1.6 to 2.3), or nerdctl (pkg/labels/labels.go, which
 * pkg/cmd/container/create.go passes on, 1.7 and 2.1). */
static void add_annotations(const struct job *job, struct lt_container *container, const struct json_t *spec)
{
    struct lt_inventory *inventory = job->ctx->inventory;
    struct lt_str by = lt_str_format(job->ctx->scratch, "its record in %.*s", LT_ARG(job->database));
    struct lt_str of[ANNOTATIONS] = {0}, key;
    const struct json_t *value;
    for (void *iter = NULL; lt_json_next(lt_json_at(spec, "annotations"), &iter, &key, &value);)
        for (size_t i = 0; i < ANNOTATIONS; i++)
            if (lt_str_eq(key, lt_str_c(annotations[i])))
                of[i] = lt_json_str(value, "");
    lt_told_pod(inventory, container, of[POD_UID], of[POD_NAME], of[POD_NAMESPACE]);
    if (of[TYPE].len) {
        container->infra = lt_str_eq(of[TYPE], LT_STR("sandbox"));
        container->runtime = lt_runtime_named("kubernetes");
    }
    lt_told_name(inventory, container, of[NAME].len ? of[NAME] : of[NERDCTL_NAME], false, by);
    if (container->infra)
        lt_told_name(inventory, container, of[POD_NAME], false, by);
    lt_told_image(inventory, container, of[IMAGE], by);
}

/* Note what the record of a removed container tells: when it lived, and what it mounted. */
static void note_removed(const struct job *job, struct lt_container *container, const struct json_t *spec, bool start,
                         struct lt_facts *facts)
{
    struct lt_oci oci = {.ctx = job->ctx, .container = container, .spec = spec, .path = job->database, .facts = facts};
    lt_container_met(container, job->created, start ? LT_TRACE_START : LT_TRACE_LIFE);
    if (!job->stands_in && !job->ctx->root->part->lagging)
        container->traces.gone = job->written;
    if (container->mounts.count || !lt_json_count(lt_json_at(spec, "mounts")))
        return;
    container->traces.mounts_by = job->database;
    lt_oci_read_mounts(&oci);
}

/* A record of Docker is a start; any other a container. Those that store/containerd/metadata.c took, container.c emits.
 */
static enum lt_status emit_record(struct job *job, struct lt_err *err)
{
    bool live = job->origin == LT_BOLT_LIVE || (job->origin == LT_BOLT_OLDER && job->stands_in);
    struct lt_facts facts = {.arena = job->ctx->scratch};
    struct json_t *spec = parse_spec(job);
    struct lt_str namespace = job->namespace, id = job->id;
    bool known = id.len ? lt_is_identifier(namespace) && lt_is_identifier(id)
                        : split_group(lt_json_str(spec, "linux.cgroupsPath"), &namespace, &id);
    bool start = known && lt_runtime_of_namespace(namespace);
    enum lt_status status = LT_OK;
    if (known && (start || !live) && !was_emitted(job, namespace, id, job->created)) {
        struct lt_event event = {
            .kind = start ? LT_KIND_RUNTIME_STARTED : LT_KIND_CONTAINERD_CREATED,
            .time = {job->created},
            .where = {.file = job->database, .offset = job->offset, .has_offset = true},
            .tags = job->origin == LT_BOLT_LIVE ? 0 : LT_TAG_BIT(recovered),
        };
        lt_facts_text(&facts, LT_ATTR_ACTION, start ? LT_STR("start container") : LT_STR("create"));
        add_spec(&facts, spec);
        lt_fact(&facts, "runtime", job->runtime);
        if (job->stands_in)
            lt_facts_item(&facts, LT_ATTR_FACTS, LT_BOLT_STANDS_IN);
        struct lt_container *container = container_of(job, namespace, id);
        if (!live && !start && container)
            add_annotations(job, container, spec);
        if (!live && container && container->removed)
            note_removed(job, container, spec, start, &facts);
        if (start && live)
            add_seizure(job, &facts, container);
        status = emit(job, &facts, &event, container, namespace, id, err);
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
        job->namespace = item->path[1];
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
        return emit_record(job, err);
    }
    return LT_OK;
}

/* Take a key on a freed page. Only the end of a record is found there: the specification takes a page and more,
 * directly followed by the time of the last update, which is that of the creation. */
static enum lt_status take_freed(struct job *job, const struct lt_bolt_item *item, struct lt_err *err)
{
    bool adjacent = job->spec.len && item->key.ptr == job->spec.ptr + job->spec.len;
    job->namespace = job->id = job->runtime = LT_STR("");
    job->offset = item->offset;
    if (adjacent && lt_str_eq(item->key, LT_STR("updatedat")) && take_time(job, item, &job->created))
        return emit_record(job, err);
    job->spec = lt_str_eq(item->key, LT_STR("spec")) ? item->value : LT_STR("");
    return LT_OK;
}

/* A lease of the runtime that its namespace serves may have the ID of a container. */
static enum lt_status take_lease(const struct job *job, const struct lt_bolt_item *item, struct lt_err *err)
{
    struct lt_facts facts = {.arena = job->ctx->scratch};
    struct lt_str namespace = item->path[1], id = item->path[NAMESPACE_DEPTH - 1];
    struct lt_event event = {
        .kind = LT_KIND_LEASE,
        .where = {.file = job->database, .offset = item->offset, .has_offset = true},
        .tags = item->origin == LT_BOLT_LIVE ? 0 : LT_TAG_BIT(recovered),
    };
    bool wanted = !item->known && item->depth == NAMESPACE_DEPTH && lt_str_eq(item->key, LT_STR("createdat"));
    if (!wanted || !take_time(job, item, &event.time[0]))
        return LT_OK;
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("make lease"));
    const struct lt_containerd_record *lease =
        lt_containerd_find(lt_containerd(job->ctx->root), LT_CONTAINERD_LEASE, namespace, id);
    if (lease)
        lt_containerd_add_labels(&facts, lease);
    return emit(job, &facts, &event, lt_is_id(id) ? container_of(job, namespace, id) : NULL, namespace, id, err);
}

static enum lt_status take_item(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    struct job *job = arg;
    job->origin = item->origin;
    job->stands_in = item->stands_in;
    if (is_in(item, LT_STR("leases")))
        return take_lease(job, item, err);
    if (is_in(item, LT_STR("containers")))
        return take_container(job, item, err);
    return item->origin == LT_BOLT_FREED ? take_freed(job, item, err) : LT_OK;
}

/* --- snapshots that are gone --- */

static bool is_live_snapshot(const struct job *job, struct lt_str name)
{
    return lt_map_get(&job->live, name);
}

/* A snapshot that the database no longer lists. Its record is small enough to lie on one page with its name. */
static enum lt_status take_snapshot(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    struct job *job = arg;
    struct lt_snapshot_name name;
    struct lt_facts facts = {.arena = job->ctx->scratch};
    struct lt_time time;
    struct lt_str path = item->depth ? item->path[item->depth - 1] : LT_STR("");
    if (item->origin == LT_BOLT_LIVE || item->known || !lt_str_eq(item->key, LT_STR("createdat")) ||
        !lt_snapshot_name_split(path, &name) || is_live_snapshot(job, path) || !take_time(job, item, &time) ||
        was_emitted(job, LT_STR("snapshot"), path, time))
        return LT_OK;
    const struct lt_runtime *runtime = lt_runtime_of_namespace(name.namespace);
    bool rw = lt_is_id(name.key) && (runtime || lt_str_eq(name.namespace, LT_STR("k8s.io")));
    const struct lt_container *container = rw ? container_of(job, name.namespace, name.key) : NULL;
    struct lt_event event = {
        .kind = LT_KIND_SNAPSHOT_PREPARED,
        .time = {time},
        .where = {.file = job->database, .offset = item->offset, .has_offset = true},
        .tags = LT_TAG_BIT(recovered),
    };
    lt_facts_text(&facts, LT_ATTR_ACTION,
                  item->stands_in ? LT_STR("prepare or commit a snapshot")
                                  : LT_STR("prepare or commit a snapshot that was removed since"));
    if (item->stands_in)
        lt_facts_item(&facts, LT_ATTR_FACTS, LT_BOLT_STANDS_IN);
    lt_fact(&facts, "key", name.key);
    return emit(job, &facts, &event, container, name.namespace, name.key, err);
}

static enum lt_status read_snapshots(struct lt_ctx *ctx, struct lt_err *err)
{
    struct job job = {.ctx = ctx};
    struct lt_bolt bolt;
    enum lt_status status = LT_OK;
    lt_each (const struct lt_layer, layer, &ctx->root->layers)
        if (lt_containerd_snapshot(layer)->name.len)
            lt_map_put(&job.live, ctx->scratch, lt_containerd_snapshot(layer)->name, &job);
    lt_each (const struct lt_snapshot_database, database, &lt_containerd(ctx->root)->snapshot_databases) {
        job.database = database->path;
        if (status != LT_FATAL && database->bytes.len)
            status = lt_bolt_read(database->bytes, &bolt, take_snapshot, &job, err);
    }
    return status;
}

/* --- tasks --- */

static enum lt_status emit_bundle(const struct job *job, struct lt_str directory, const struct lt_node *node,
                                  struct lt_err *err)
{
    struct lt_facts facts = {.arena = job->ctx->scratch};
    bool removing = lt_str_starts(node->name, LT_STR("."));
    struct lt_str namespace = lt_str_basename(directory), id = lt_str_skip(node->name, removing);
    struct lt_event event = {
        .kind = LT_KIND_RUNTIME_BUNDLE,
        .time = {node->time[LT_B]},
        .where = {.file = lt_path_join(job->ctx->scratch, directory, node->name), .field = "birth"},
        .tags = LT_TAG_BIT(time_inferred) | (removing ? LT_TAG_BIT(removing) : 0),
    };
    if (!S_ISDIR(node->mode) || !lt_is_identifier(id) || !event.time[0].set)
        return LT_OK;
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("start container"));
    lt_facts_item(&facts, LT_ATTR_FACTS, "%s",
                  removing ? "its directory was being removed"
                           : "its directory is still there: it ran, or nobody could clean up after it");
    return emit(job, &facts, &event, container_of(job, namespace, id), namespace, id, err);
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

/* Read the directories of all namespaces. */
static enum lt_status read_tasks(const struct job *job, struct lt_str directory, struct lt_err *err)
{
    struct lt_listing listing;
    enum lt_status status = LT_OK;
    lt_list_or_skip(job->ctx, directory, &listing);
    for (size_t i = 0; status == LT_OK && i < listing.count; i++)
        if (S_ISDIR(listing.nodes[i].mode) && lt_is_identifier(listing.nodes[i].name))
            status = read_bundles(job, lt_path_join(job->ctx->scratch, directory, listing.nodes[i].name), err);
    return status;
}

static enum lt_status containerd_runtime_events(struct lt_ctx *ctx, struct lt_err *err)
{
    static const char *const tasks[] = {LT_TASKS_V2, LT_TASKS_V1};
    struct job job = {.ctx = ctx, .database = lt_containerd(ctx->root)->database};
    struct lt_str bytes = lt_containerd(ctx->root)->bytes;
    struct lt_bolt bolt;
    struct lt_node node;
    if (bytes.len && lt_stat_or_skip(ctx, job.database, &node) == LT_OK)
        job.written = node.time[LT_C];
    enum lt_status status = bytes.len ? lt_bolt_read(bytes, &bolt, take_item, &job, err) : LT_OK;
    for (size_t i = 0; status != LT_FATAL && i < sizeof tasks / sizeof *tasks; i++)
        status = read_tasks(&job, lt_root_path(ctx, tasks[i]), err);
    return status == LT_FATAL ? LT_FATAL : read_snapshots(ctx, err) == LT_FATAL ? LT_FATAL : LT_OK;
}

const struct lt_source lt_source_containerd_runtime = {
    .name = "containerd_runtime",
    .summary =
        "meta.db and task directories: starts of containers, those before the last one too; leases; what is gone",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .tells_removed = true,
    .events = containerd_runtime_events,
};
