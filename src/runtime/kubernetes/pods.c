// SPDX-License-Identifier: Apache-2.0
#include "runtime/kubernetes/kubernetes.h"

#include "model/told.h"

struct lt_kube_root *lt_kube_host(const struct lt_ctx *ctx)
{
    lt_each (const struct lt_root, root, &ctx->host->roots)
        if (lt_kube_is_root(root))
            return lt_kube_root(root);
    return NULL; /* not reached: a source of Kubernetes runs only on hosts that have a store of it */
}

struct lt_kube_pod *lt_kube_pod_named(const struct lt_ctx *ctx, struct lt_str name, struct lt_str namespace)
{
    const struct lt_kube_root *host = lt_kube_host(ctx);
    void *found = lt_map_get(&host->named, lt_path_join(ctx->scratch, namespace, name));
    return found == &host->several ? NULL : found;
}

/* A pod got its names. */
static void put_named(struct lt_ctx *ctx, struct lt_kube_root *host, struct lt_kube_pod *pod)
{
    struct lt_str key = lt_path_join(ctx->run, pod->namespace, pod->name);
    void *other = lt_map_get(&host->named, key);
    lt_map_put(&host->named, ctx->run, key, other ? (void *)&host->several : pod);
}

struct lt_kube_pod *lt_kube_pod_get(struct lt_ctx *ctx, struct lt_str uid, struct lt_str name, struct lt_str namespace)
{
    struct lt_kube_root *host = lt_kube_host(ctx);
    struct lt_kube_pod *pod = lt_map_get(&host->pods, uid);
    if (!pod) {
        pod = lt_new(ctx->run, struct lt_kube_pod);
        pod->key = lt_str_dup(ctx->run, uid);
        pod->uid = pod->key;
        lt_map_put(&host->pods, ctx->run, pod->key, pod);
        lt_list_add(&host->pod_list, ctx->run, pod);
    }
    if (!pod->name.len && name.len && namespace.len) {
        pod->name = lt_str_dup(ctx->run, name);
        pod->namespace = lt_str_dup(ctx->run, namespace);
        put_named(ctx, host, pod);
    }
    return pod;
}

static void collect(struct lt_ctx *ctx, struct lt_kube_root *host, struct lt_container *container)
{
    if (container->id.len)
        lt_map_put(&host->containers, ctx->run, container->id, container);
    if (!container->pod.len)
        return;
    struct lt_kube_pod *pod = lt_kube_pod_get(ctx, container->pod, container->pod_name, container->pod_namespace);
    lt_list_add(&pod->containers, ctx->run, container);
}

void lt_kube_collect(struct lt_ctx *ctx)
{
    struct lt_kube_root *host = lt_kube_host(ctx);
    if (host->collected)
        return;
    host->collected = true;
    lt_each (const struct lt_root, root, &ctx->host->roots)
        lt_each (struct lt_container, container, &root->containers)
            collect(ctx, host, container);
}

static void set_pod(struct lt_container *container, const struct lt_kube_pod *pod)
{
    container->pod = pod->uid;
    container->pod_name = pod->name;
    container->pod_namespace = pod->namespace;
}

/* The namespace of containerd in which the containers of this host's pods are, "" if none of them is in one. */
static struct lt_str namespace_of(const struct lt_kube_root *host)
{
    lt_each (const struct lt_kube_pod, pod, &host->pod_list)
        lt_each (const struct lt_container, container, &pod->containers)
            if (container->namespace.len)
                return container->namespace;
    return LT_STR("");
}

/* A container that is in no store, by a key that no ID can be (they have no slash) or by its ID. NULL: there are too
 * many of these. */
static struct lt_container *make(struct lt_ctx *ctx, const struct lt_kube_pod *pod, struct lt_str key, bool is_id)
{
    struct lt_container *container = lt_inventory_removed(ctx->inventory, ctx->root, key);
    if (!container || container->pod.len || container->pod_name.len)
        return container;
    if (!is_id)
        container->id = LT_STR("");
    container->namespace = namespace_of(lt_kube_host(ctx));
    set_pod(container, pod);
    return container;
}

struct lt_container *lt_kube_pod_itself(struct lt_ctx *ctx, struct lt_kube_pod *pod)
{
    if (!pod->itself)
        pod->itself = make(ctx, pod, lt_str_format(ctx->scratch, "%.*s/", LT_ARG(pod->key)), false);
    if (!pod->itself) { /* more pods than records for removed containers: one more does no harm */
        pod->itself = lt_new(ctx->run, struct lt_container);
        pod->itself->root = ctx->root;
        pod->itself->runtime = ctx->root->runtime;
        pod->itself->owner = pod->itself->log_owner = ctx->root->owner;
        set_pod(pod->itself, pod);
    }
    pod->itself->name = pod->name;
    if (pod->containers.count)
        pod->itself->tags &= ~LT_TAG_BIT(configuration_missing);
    return pod->itself;
}

static bool attempt_is(const struct lt_container *container, const struct lt_pod_name *name)
{
    struct lt_str text = lt_identifier_of(&container->identifiers, "attempt");
    uint64_t attempt = 0;
    for (size_t i = 0; i < text.len; i++)
        attempt = attempt * 10 + (uint64_t)(text.ptr[i] - '0');
    return text.len && attempt == name->attempt;
}

/* The one of `containers` with this name and attempt; without an attempt the one that was created last. */
static struct lt_container *find(const struct lt_list *containers, const struct lt_pod_name *name)
{
    struct lt_container *best = NULL;
    lt_each (struct lt_container, container, containers) {
        if (container->infra || !lt_str_eq(container->name, name->container) ||
            (name->has_attempt && !attempt_is(container, name)))
            continue;
        if (!best ||
            (container->created.set && (!best->created.set || lt_time_cmp(container->created, best->created) > 0)))
            best = container;
    }
    return best;
}

const struct lt_container *lt_kube_container(struct lt_ctx *ctx, struct lt_kube_pod *pod,
                                             const struct lt_pod_name *name)
{
    struct lt_str attempt = name->has_attempt ? lt_str_format(ctx->run, "%ju", (uintmax_t)name->attempt) : LT_STR("");
    struct lt_str key = lt_str_format(ctx->run, "%.*s/%.*s", LT_ARG(name->container), LT_ARG(attempt));
    struct lt_container *container =
        name->id.len ? lt_map_get(&lt_kube_host(ctx)->containers, name->id) : find(&pod->containers, name);
    if (container && !container->pod.len) /* of a runtime that does not say so */
        set_pod(container, pod);
    if (!container && !name->id.len)
        container = lt_map_get(&pod->removed, key);
    if (container)
        return container;
    container = make(ctx, pod, name->id.len ? name->id : lt_path_join(ctx->scratch, pod->key, key), name->id.len);
    if (!container)
        return lt_kube_pod_itself(ctx, pod);
    if (!container->name.len) {
        lt_told_name(ctx->inventory, container, name->container, false, LT_STR("its log, or its pod's directory"));
        lt_identifier_add(ctx->inventory, &container->identifiers, "attempt", attempt);
    }
    lt_map_put(&pod->removed, ctx->run, key, container);
    lt_map_put(&pod->removed, ctx->run, lt_path_join(ctx->run, name->container, LT_STR("")), container);
    return container;
}

struct lt_str lt_kube_tail(struct lt_str path, unsigned count)
{
    size_t at = path.len;
    while (at && (path.ptr[at - 1] != '/' || --count))
        at--;
    return lt_str_skip(path, at);
}
