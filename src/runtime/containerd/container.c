// SPDX-License-Identifier: Apache-2.0
/* Containers and sandboxes in meta.db. A record lives from the creation of a container to its removal. Docker alone
 * makes a new one at each start and removes it at the end: those are read in traces.c, and belong to containers of
 * Docker's data root. The specification of the runtime (OCI runtime-spec config.md) is kept as JSON.
 *
 * Labels say whose a container is: io.cri-containerd.kind that of Kubernetes (containerd internal/cri/labels, 1.6
 * to 2.3), io.kubernetes.pod.uid and others its pod, nerdctl/name and others that of nerdctl. ctr sets none; there the
 * ID is a name that the user chose. */
#include "runtime/containerd/containerd.h"

#include "parse/ident.h"
#include "parse/json.h"
#include "parse/snapshot.h"
#include "read/facts.h"
#include "read/source.h"
#include "runtime/oci_spec.h"
#include "runtime/runtimes.h"

struct lt_container *lt_containerd_container_of(const struct lt_ctx *ctx, struct lt_str namespace, struct lt_str id)
{
    const struct lt_runtime *runtime = lt_runtime_of_namespace(namespace);
    lt_each (struct lt_root, root, &ctx->inventory->roots) {
        bool near = lt_hosts_may_be_one(root->host, ctx->host);
        struct lt_container *container =
            near ? lt_map_get(&root->container_by_id, lt_namespaced(ctx->scratch, namespace, id)) : NULL;
        if (!container && near && runtime && root->runtime == runtime)
            container = lt_map_get(&root->container_by_id, id);
        if (container)
            return container;
    }
    return NULL;
}

const struct lt_owner *lt_containerd_owner(struct lt_ctx *ctx, struct lt_str namespace)
{
    struct lt_list *owners = &lt_containerd(ctx->root)->owners;
    lt_each (const struct lt_owner, known, owners)
        if (lt_str_eq(known->namespace, namespace))
            return known;
    struct lt_owner *owner = lt_new(ctx->run, struct lt_owner);
    *owner = ctx->root->owner;
    owner->namespace = lt_str_dup(ctx->run, namespace);
    owner->runtime = lt_runtime_of_namespace(namespace);
    lt_list_add(owners, ctx->run, owner);
    return owner;
}

static struct lt_str label(const struct lt_containerd_record *record, const char *key)
{
    return lt_containerd_pair(&record->labels, key);
}

/* Kubernetes, if the CRI plug-in made it; else the runtime that the namespace serves. */
static const struct lt_runtime *runtime_of(const struct lt_containerd_record *record)
{
    const struct lt_runtime *runtime = label(record, "io.cri-containerd.kind").len
                                           ? lt_runtime_named("kubernetes")
                                           : lt_runtime_of_namespace(record->namespace);
    return runtime ? runtime : &lt_runtime_containerd;
}

static void name_container(struct lt_container *container, const struct lt_containerd_record *record)
{
    struct lt_str name = label(record, "io.kubernetes.container.name");
    container->infra = lt_str_eq(label(record, "io.cri-containerd.kind"), LT_STR("sandbox"));
    container->pod = label(record, "io.kubernetes.pod.uid");
    container->pod_name = label(record, "io.kubernetes.pod.name");
    container->pod_namespace = label(record, "io.kubernetes.pod.namespace");
    if (!name.len && container->infra)
        name = container->pod_name;
    if (!name.len)
        name = label(record, "nerdctl/name");
    if (!name.len && !lt_is_id(container->id))
        name = container->id;
    container->name = name;
}

void lt_containerd_add_labels(struct lt_facts *facts, const struct lt_containerd_record *record)
{
    lt_each (const struct lt_containerd_pair, pair, &record->labels)
        lt_facts_item(facts, LT_ATTR_LABELS, "%.*s=%.*s", LT_ARG(pair->key), LT_ARG(pair->value));
}

/* Read the specification. One that is damaged costs its own facts. */
static void read_spec(struct lt_ctx *ctx, struct lt_container *container, const struct lt_containerd_record *record,
                      struct lt_facts *facts)
{
    struct json_t *json = lt_containerd_json_or_skip(ctx, record, "spec", record->spec);
    if (!record->spec.len)
        lt_skip(ctx, lt_containerd(ctx->root)->database, LT_CODE_MISSING, "container '%.*s' has no specification",
                LT_ARG(container->id));
    if (json)
        lt_oci_spec_read(ctx, container, json, lt_containerd(ctx->root)->database, facts);
    lt_json_free(json);
}

static void keep_facts(struct lt_ctx *ctx, struct lt_container *container, const struct lt_facts *facts)
{
    struct lt_attr *kept = lt_new_array(ctx->run, struct lt_attr, facts->count + 1);
    memcpy(kept, facts->attrs, facts->count * sizeof *kept);
    container->facts = kept;
    container->fact_count = facts->count;
}

static void read_container(struct lt_ctx *ctx, const struct lt_containerd_record *record)
{
    struct lt_containerd_container *own = lt_new(ctx->run, struct lt_containerd_container);
    struct lt_facts facts = {.arena = ctx->run};
    struct lt_container *container = lt_inventory_container(ctx->inventory, ctx->root, record->namespace, record->id);
    own->record = record;
    container->own = own;
    container->runtime = runtime_of(record);
    container->path = lt_containerd(ctx->root)->database;
    if (lt_runtime_of_namespace(
            record->namespace)) { /* Docker's: made at the start; it has a configuration elsewhere */
        container->started = record->created;
        container->tags |= LT_TAG_BIT(configuration_missing);
    } else {
        container->created = record->created;
    }
    container->driver = record->snapshotter;
    container->rw_id = record->snapshot_key;
    name_container(container, record);
    lt_cri_read(ctx, container, &facts);
    lt_facts_text(&facts, LT_ATTR_IMAGE, record->image);
    lt_containerd_add_labels(&facts, record);
    read_spec(ctx, container, record, &facts);
    lt_fact(&facts, "runtime", record->runtime);
    keep_facts(ctx, container, &facts);
}

/* An ID becomes part of a path. */
static bool is_sound(struct lt_ctx *ctx, const struct lt_containerd_record *record)
{
    struct lt_str id = record->id;
    if (lt_is_identifier(record->namespace) && lt_is_identifier(id))
        return true;
    lt_skip(ctx, lt_containerd(ctx->root)->database, LT_CODE_BAD_ID, "offset %ju: no ID of a container: '%.*s'",
            (uintmax_t)record->at, (int)(id.len < 100 ? id.len : 100), id.ptr);
    return false;
}

/* Docker keeps its containers elsewhere. Without its data root, the record is all that is known of one. */
static void containerd_container_inventory(struct lt_ctx *ctx)
{
    lt_each (const struct lt_containerd_record, record, &lt_containerd(ctx->root)->records[LT_CONTAINERD_CONTAINER])
        if (is_sound(ctx, record) && !lt_containerd_container_of(ctx, record->namespace, record->id))
            read_container(ctx, record);
}

static enum lt_status emit(struct lt_ctx *ctx, const struct lt_container *container, struct lt_event *event,
                           const char *action, struct lt_err *err)
{
    struct lt_attr attrs[LT_ATTRS] = {{.key = LT_ATTR_ACTION, .text = lt_str_c(action)}};
    memcpy(attrs + 1, container->facts, container->fact_count * sizeof *attrs);
    event->owner = &container->owner;
    event->attrs = attrs;
    event->attr_count = container->fact_count + 1;
    event->tags = container->tags;
    return lt_emit_one(ctx, event, err);
}

static enum lt_status emit_record(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err)
{
    const struct lt_containerd_record *record = lt_containerd_container(container)->record;
    struct lt_str database = lt_containerd(ctx->root)->database;
    struct lt_event created = {.kind = LT_KIND_CONTAINERD_CREATED,
                               .time = {record->created},
                               .where = {.file = database, .offset = record->created_at, .has_offset = true}};
    struct lt_event updated = {.kind = LT_KIND_CONTAINERD_UPDATED,
                               .time = {record->updated},
                               .where = {.file = database, .offset = record->updated_at, .has_offset = true}};
    enum lt_status status = emit(ctx, container, &created, container->infra ? "create sandbox" : "create", err);
    bool changed = record->updated.set && lt_time_cmp(record->created, record->updated) != 0;
    return status == LT_OK && changed ? emit(ctx, container, &updated, "update record", err) : status;
}

/* What the CRI plug-in recorded. If it had lost track of a container, the end is when it noticed. */
static enum lt_status emit_cri(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err)
{
    const struct lt_containerd_container *own = lt_containerd_container(container);
    struct lt_str status_file = lt_path_join(ctx->scratch, own->cri, LT_STR("status"));
    const struct {
        enum lt_kind kind;
        struct lt_time time;
        const char *field, *action;
    } moments[] = {
        {LT_KIND_CONTAINERD_CREATED, own->cri_created, "CreatedAt", "create"},
        {LT_KIND_CONTAINERD_STARTED, container->started, "StartedAt", "start"},
        {container->found_dead ? LT_KIND_STATE_SET : LT_KIND_CONTAINERD_FINISHED, container->finished, "FinishedAt",
         container->found_dead ? "set state: found dead when containerd started" : "finish"},
    };
    enum lt_status status = LT_OK;
    for (size_t i = 0; own->cri.len && status == LT_OK && i < sizeof moments / sizeof *moments; i++) {
        if (!moments[i].time.set)
            continue; /* it did not happen */
        struct lt_event event = {.kind = moments[i].kind,
                                 .time = {moments[i].time},
                                 .where = {.file = status_file, .field = moments[i].field}};
        status = emit(ctx, container, &event, moments[i].action, err);
    }
    return status;
}

/* Sandboxes have records of their own since containerd 1.7, most beside a container of the same ID. */
static enum lt_status emit_sandbox(struct lt_ctx *ctx, const struct lt_containerd_record *record, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    const struct lt_container *container = lt_containerd_container_of(ctx, record->namespace, record->id);
    struct lt_event event = {
        .kind = LT_KIND_SANDBOX_CREATED,
        .time = {record->created},
        .owner = container ? &container->owner : lt_containerd_owner(ctx, record->namespace),
        .where = {.file = lt_containerd(ctx->root)->database, .offset = record->created_at, .has_offset = true},
    };
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("create sandbox"));
    lt_containerd_add_labels(&facts, record);
    lt_fact(&facts, "id", record->id);

    lt_fact(&facts, "sandboxer", record->sandbox);
    lt_fact(&facts, "runtime", record->runtime);
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status containerd_container_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_container, container, &ctx->root->containers) {
        const struct lt_containerd_container *own = lt_containerd_container(container);
        bool start = lt_runtime_of_namespace(container->namespace); /* traces.c emits it */
        if (status == LT_OK && own && own->record && !start)
            status = emit_record(ctx, container, err);
        if (status == LT_OK && own)
            status = emit_cri(ctx, container, err);
    }
    lt_each (const struct lt_containerd_record, record, &lt_containerd(ctx->root)->records[LT_CONTAINERD_SANDBOX])
        status = status == LT_OK ? emit_sandbox(ctx, record, err) : status;
    return status;
}

const struct lt_source lt_source_containerd_container = {
    .name = "containerd_container",
    .summary = "meta.db and the CRI plug-in: containers and sandboxes created, started, finished",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .inventory = containerd_container_inventory,
    .events = containerd_container_events,
};
