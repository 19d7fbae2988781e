// SPDX-License-Identifier: Apache-2.0
/* What the kubelet writes down to find it again after a restart, below its root (kubernetes pkg/kubelet/kubelet.go;
 * cm/cpumanager/state/checkpoint.go, cm/memorymanager/state/checkpoint.go, cm/devicemanager/checkpoint/checkpoint.go,
 * 1.33):
 *
 *   checkpoints/checkpoint-<pod>_<namespace>-<container>-<time>.tar   the processes of a container, saved on request
 *   cpu_manager_state, memory_manager_state
 *       {"policyName", "entries": {<UID>: {<container>: CPUs as text, or an array}}}
 *   device-plugins/kubelet_internal_checkpoint
 *       {"Data": {"PodDeviceEntries": [{"PodUID", "ContainerName", "ResourceName", "DeviceIDs"}]}}
 *
 * The last three are written whenever an assignment changes: one was made at their mtime at the latest. */
#include "runtime/kubernetes/kubernetes.h"

#include "parse/json.h"

enum { MAX_SHOWN = 32 }; /* devices of one container in a row */

struct job {
    struct lt_ctx *ctx;
    struct lt_str path;
    struct lt_time written;
};

static enum lt_status emit(const struct job *job, struct lt_facts *facts, struct lt_str uid, struct lt_str container,
                           struct lt_err *err)
{
    struct lt_ctx *ctx = job->ctx;
    struct lt_event event = {
        .kind = LT_KIND_RESOURCE_ASSIGNED,
        .owner = &ctx->root->owner,
        .where = {.file = job->path, .field = "mtime"},
    };
    lt_event_bound(&event, (struct lt_time){0}, job->written, (struct lt_time){0});
    if (lt_is_pod_uid(uid)) {
        const struct lt_pod_name name = {.container = container};
        struct lt_kube_pod *pod = lt_kube_pod_get(ctx, uid, LT_STR(""), LT_STR(""));
        event.owner = &lt_kube_container(ctx, pod, &name)->owner;
    }
    lt_facts_text(facts, LT_ATTR_ACTION, LT_STR("assign resources to a container"));
    lt_fact(facts, "pod", uid);
    lt_fact(facts, "container", container);
    return lt_facts_emit(facts, ctx, &event, err);
}

static void add_numbers(struct lt_facts *facts, const char *word, const struct json_t *value)
{
    struct lt_buf text = {0};
    if (lt_json_scalar(value, &text))
        lt_fact(facts, word, lt_buf_view(&text));
    lt_buf_free(&text);
}

/* "0-3", or [{"type": "memory", "size": 1024, "numaAffinity": [0]}] */
static void add_assignment(struct lt_facts *facts, const struct json_t *value)
{
    add_numbers(facts, "CPUs", value);
    for (size_t i = 0; i < lt_json_count(value) && i < MAX_SHOWN; i++) {
        const struct json_t *block = lt_json_item(value, i);
        int64_t size;
        if (lt_json_int(block, "size", &size))
            lt_facts_item(facts, LT_ATTR_FACTS, "%.*s %jd bytes", LT_ARG(lt_json_str(block, "type")), (intmax_t)size);
    }
}

static enum lt_status read_entries(const struct job *job, const struct json_t *json, struct lt_err *err)
{
    struct lt_str uid, container;
    const struct json_t *containers, *value;
    enum lt_status status = LT_OK;
    for (void *pods = NULL; lt_json_next(lt_json_at(json, "entries"), &pods, &uid, &containers);)
        for (void *at = NULL; status == LT_OK && lt_json_next(containers, &at, &container, &value);) {
            struct lt_facts facts = {.arena = job->ctx->scratch};
            add_assignment(&facts, value);
            lt_fact(&facts, "policy", lt_json_str(json, "policyName"));
            status = emit(job, &facts, uid, container, err);
        }
    return status;
}

/* An array of IDs, since 1.20 by NUMA node. */
static void add_devices(struct lt_facts *facts, const struct json_t *ids)
{
    struct lt_str node;
    const struct json_t *value;
    for (size_t i = 0; i < lt_json_count(ids) && i < MAX_SHOWN; i++)
        add_numbers(facts, "device", lt_json_item(ids, i));
    for (void *at = NULL; lt_json_next(ids, &at, &node, &value);)
        for (size_t i = 0; i < lt_json_count(value) && i < MAX_SHOWN; i++)
            add_numbers(facts, "device", lt_json_item(value, i));
}

static enum lt_status read_devices(const struct job *job, const struct json_t *json, struct lt_err *err)
{
    const struct json_t *entries = lt_json_at(json, "Data.PodDeviceEntries");
    enum lt_status status = LT_OK;
    for (size_t i = 0; status == LT_OK && i < lt_json_count(entries); i++) {
        const struct json_t *entry = lt_json_item(entries, i);
        struct lt_facts facts = {.arena = job->ctx->scratch};
        lt_fact(&facts, "resource", lt_json_str(entry, "ResourceName"));
        add_devices(&facts, lt_json_at(entry, "DeviceIDs"));
        status = emit(job, &facts, lt_json_str(entry, "PodUID"), lt_json_str(entry, "ContainerName"), err);
    }
    return status;
}

static enum lt_status read_state(struct lt_ctx *ctx, const char *name,
                                 enum lt_status (*read)(const struct job *, const struct json_t *, struct lt_err *),
                                 struct lt_err *err)
{
    struct job job = {.ctx = ctx, .path = lt_path_join(ctx->scratch, ctx->root->path, lt_str_c(name))};
    struct json_t *json;
    struct lt_node node;
    if (lt_stat_or_skip(ctx, job.path, &node) != LT_OK ||
        lt_read_json_or_skip(ctx, job.path, LT_OPTIONAL, &json) != LT_OK)
        return LT_OK;
    job.written = node.time[LT_M];
    enum lt_status status = read(&job, json, err);
    lt_json_free(json);
    return status;
}

/* The pod with a container so named that "<namespace>-<container>" is `rest`. NULL: none is known. */
static const struct lt_container *checkpointed(struct lt_ctx *ctx, struct lt_str pod_name, struct lt_str rest)
{
    lt_each (struct lt_kube_pod, pod, &lt_kube_host(ctx)->pod_list) {
        struct lt_pod_name name = {.container = rest};
        if (!lt_str_eq(pod->name, pod_name) || !lt_str_starts(rest, pod->namespace) ||
            rest.len < pod->namespace.len + 2 || rest.ptr[pod->namespace.len] != '-')
            continue;
        name.container = lt_str_skip(rest, pod->namespace.len + 1);
        return lt_kube_container(ctx, pod, &name);
    }
    return NULL;
}

static enum lt_status read_checkpoints(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_listing listing;
    struct lt_str directory = lt_path_join(ctx->scratch, ctx->root->path, LT_STR("checkpoints"));
    enum lt_status status = LT_OK;
    lt_list_or_skip(ctx, directory, &listing);
    for (size_t i = 0; status == LT_OK && i < listing.count; i++) {
        struct lt_facts facts = {.arena = ctx->scratch};
        struct lt_pod_name name;
        struct lt_time time;
        if (!S_ISREG(listing.nodes[i].mode) || !lt_pod_checkpoint(listing.nodes[i].name, &name, &time))
            continue;
        const struct lt_container *container = checkpointed(ctx, name.name, name.container);
        struct lt_event event = {
            .kind = LT_KIND_CHECKPOINTED,
            .time = {time},
            .owner = container ? &container->owner : &ctx->root->owner,
            .where = {.file = lt_path_join(ctx->scratch, directory, listing.nodes[i].name), .field = "name"},
            .tags = container ? LT_TAG_BIT(owner_inferred) : 0, /* a pod of this name may have come later */
        };
        lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("save the processes of a container"));
        lt_facts_item(&facts, LT_ATTR_FACTS, "pod %.*s_%.*s", LT_ARG(name.name), LT_ARG(name.container));
        lt_facts_item(&facts, LT_ATTR_FACTS, "%ju bytes", (uintmax_t)listing.nodes[i].size);
        status = lt_facts_emit(&facts, ctx, &event, err);
    }
    return status;
}

static enum lt_status state_events(struct lt_ctx *ctx, struct lt_err *err)
{
    if (lt_kube_root(ctx->root)->is_log)
        return LT_OK;
    enum lt_status status = read_checkpoints(ctx, err);
    if (status == LT_OK)
        status = read_state(ctx, "cpu_manager_state", read_entries, err);
    if (status == LT_OK)
        status = read_state(ctx, "memory_manager_state", read_entries, err);
    if (status == LT_OK)
        status = read_state(ctx, "device-plugins/kubelet_internal_checkpoint", read_devices, err);
    return status;
}

const struct lt_source lt_source_kubernetes_state = {
    .name = "kubernetes_state",
    .summary = "the kubelet's checkpoints of containers, and which CPUs, memory and devices it assigned",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .events = state_events,
};
