// SPDX-License-Identifier: Apache-2.0
/* Directories of pods below the kubelet's root (kubernetes pkg/kubelet/kubelet_getters.go, kubelet_pods.go,
 * kuberuntime/kuberuntime_container.go, 1.33):
 *
 *   pods/<UID>/                        born when the kubelet took the pod up; removed some time after the pod
 *   pods/<UID>/etc-hosts               written anew for each container that is created, unless the pod is in the host's
 *                                      network
 *   pods/<UID>/containers/<container>/<8 hex digits>
 *                                      created for each instance of the container, which may write why it ended to it
 *   pods/<UID>/volumes/<plugin>/<volume>/
 *   ... ..YYYY_MM_DD_HH_MM_SS.<digits>/ what a Secret, a ConfigMap or the like held at this time, in UTC. `..data`
 * leads to it. Secrets are kept in memory and so are not on a disk */
#include "read/volume_users.h"
#include "runtime/kubernetes/kubernetes.h"

enum { MAX_MESSAGE = 4096 }; /* the kubelet reads no more (pkg/kubelet/container/runtime.go) */

/* Call `each` for every directory in `path`. */
static void each_dir(struct lt_ctx *ctx, struct lt_str path,
                     void (*each)(struct lt_ctx *ctx, struct lt_str path, const struct lt_node *node, void *arg),
                     void *arg)
{
    struct lt_listing listing;
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++)
        if (S_ISDIR(listing.nodes[i].mode))
            each(ctx, lt_path_join(ctx->scratch, path, listing.nodes[i].name), &listing.nodes[i], arg);
}

/* "kubernetes.io~empty-dir" is the directory of "kubernetes.io/empty-dir". */
static struct lt_str plugin_name(struct lt_ctx *ctx, struct lt_str directory)
{
    struct lt_str name = lt_str_dup(ctx->scratch, directory), rest = name;
    struct lt_str vendor = lt_str_cut(&rest, '~');
    return rest.len ? lt_path_join(ctx->scratch, vendor, rest) : name;
}

static void add_volume(struct lt_ctx *ctx, struct lt_str path, const struct lt_node *node, void *arg)
{
    const struct lt_kube_pod *pod = arg;
    struct lt_str name = lt_str_format(ctx->scratch, "%.*s/%.*s", LT_ARG(pod->uid), LT_ARG(node->name));
    struct lt_volume *volume = lt_inventory_volume(ctx->inventory, ctx->root, name);
    volume->path = volume->data = lt_str_dup(ctx->run, path);
    volume->created = node->time[LT_B];
    lt_fact_add(&volume->options, ctx->run, "plugin ", plugin_name(ctx, lt_str_basename(lt_str_dirname(path))));
}

static void add_plugin(struct lt_ctx *ctx, struct lt_str path, const struct lt_node *node, void *arg)
{
    (void)node;
    each_dir(ctx, path, add_volume, arg);
}

static void add_pod(struct lt_ctx *ctx, struct lt_str path, const struct lt_node *node, void *arg)
{
    (void)arg;
    if (!lt_is_pod_uid(node->name)) {
        lt_skip(ctx, path, LT_CODE_BAD_ID, "no UID of a pod");
        return;
    }
    struct lt_kube_pod *pod = lt_kube_pod_get(ctx, node->name, LT_STR(""), LT_STR(""));
    each_dir(ctx, lt_path_join(ctx->scratch, path, LT_STR("volumes")), add_plugin, pod);
}

static void pods_inventory(struct lt_ctx *ctx)
{
    if (!lt_kube_is_log(ctx, ctx->root->path))
        each_dir(ctx, lt_root_path(ctx, "pods"), add_pod, NULL);
}

/* --- events --- */

static struct lt_time birth_or(const struct lt_node *node, struct lt_time other)
{
    return node->time[LT_B].set ? node->time[LT_B] : other;
}

static enum lt_status emit_pod(struct lt_ctx *ctx, struct lt_str path, struct lt_kube_pod *pod, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_node node;
    if (lt_stat_or_skip(ctx, path, &node) != LT_OK || !node.time[LT_B].set)
        return LT_OK; /* not all file systems record births */
    struct lt_event event = {
        .kind = LT_KIND_POD_CREATED,
        .time = {node.time[LT_B]},
        .owner = &lt_kube_pod_itself(ctx, pod)->owner,
        .where = {.file = path, .field = "birth"},
    };
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("take up a pod"));
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status emit_hosts(struct lt_ctx *ctx, struct lt_str pod_path, struct lt_kube_pod *pod,
                                 struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_str path = lt_path_join(ctx->scratch, pod_path, LT_STR("etc-hosts"));
    struct lt_node node;
    if (lt_stat_or_skip(ctx, path, &node) != LT_OK)
        return LT_OK;
    struct lt_event event = {
        .kind = LT_KIND_POD_HOSTS,
        .time = {node.time[LT_M]},
        .owner = &lt_kube_pod_itself(ctx, pod)->owner,
        .where = {.file = path, .field = "mtime"},
        .tags = LT_TAG_BIT(time_inferred),
    };
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("create a container of the pod"));
    lt_facts_item(&facts, LT_ATTR_FACTS, "it was the last one of the pod, as long as nothing else wrote to etc-hosts");
    return lt_facts_emit(&facts, ctx, &event, err);
}

/* The container that mounts the file, else the only one of that name; the pod if there are several. */
static const struct lt_owner *owner_of(struct lt_ctx *ctx, struct lt_kube_pod *pod, struct lt_str path)
{
    const struct lt_owner *given = lt_map_get(&ctx->root->owner_at, path);
    struct lt_pod_name name = {.container = lt_str_basename(lt_str_dirname(path))};
    size_t count = 0;
    if (given)
        return given;
    lt_each (const struct lt_container, container, &pod->containers)
        count += !container->infra && lt_str_eq(container->name, name.container);
    return count > 1 ? &lt_kube_pod_itself(ctx, pod)->owner : &lt_kube_container(ctx, pod, &name)->owner;
}

static enum lt_status emit_message(struct lt_ctx *ctx, struct lt_str path, const struct lt_node *node,
                                   const struct lt_owner *owner, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_file file;
    char text[MAX_MESSAGE];
    struct lt_err problem = {0};
    struct lt_event event = {
        .kind = LT_KIND_POD_MESSAGE,
        .time = {node->time[LT_M]},
        .owner = owner,
        .where = {.file = path, .field = "mtime"},
    };
    if (lt_file_open(ctx->fs, path, &file, &problem) != LT_OK) {
        lt_skip_error(ctx, path, &problem);
        return LT_OK;
    }
    ssize_t got = lt_file_read(&file, text, sizeof text, 0, &problem);
    lt_file_close(&file);
    if (got < 0) {
        lt_skip_error(ctx, path, &problem);
        return LT_OK;
    }
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("tell why it ends"));
    lt_facts_text(&facts, LT_ATTR_BODY, (struct lt_str){text, (size_t)got});
    if (node->size > MAX_MESSAGE)
        lt_facts_item(&facts, LT_ATTR_FACTS, "the first %d of %ju bytes", MAX_MESSAGE, (uintmax_t)node->size);
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status emit_instance(struct lt_ctx *ctx, struct lt_kube_pod *pod, struct lt_str path,
                                    const struct lt_node *node, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    const struct lt_owner *owner = owner_of(ctx, pod, path);
    struct lt_event event = {
        .kind = LT_KIND_POD_INSTANCE,
        .time = {birth_or(node, node->time[LT_M])},
        .owner = owner,
        .where = {.file = path, .field = node->time[LT_B].set ? "birth" : "mtime"},
        .tags = node->time[LT_B].set ? 0 : LT_TAG_BIT(time_inferred),
    };
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("create a container of the pod"));
    lt_fact(&facts, "container", lt_str_basename(lt_str_dirname(path)));
    if (!lt_map_get(&ctx->root->owner_at, path))
        lt_facts_item(&facts, LT_ATTR_FACTS, "which instance of the container is not known");
    enum lt_status status = lt_facts_emit(&facts, ctx, &event, err);
    return status == LT_OK && node->size ? emit_message(ctx, path, node, owner, err) : status;
}

static enum lt_status read_instances(struct lt_ctx *ctx, struct lt_str pod_path, struct lt_kube_pod *pod,
                                     struct lt_err *err)
{
    struct lt_listing containers, files;
    struct lt_str directory = lt_path_join(ctx->scratch, pod_path, LT_STR("containers"));
    enum lt_status status = LT_OK;
    lt_list_or_skip(ctx, directory, &containers);
    for (size_t i = 0; i < containers.count; i++) {
        struct lt_str path = lt_path_join(ctx->scratch, directory, containers.nodes[i].name);
        if (!S_ISDIR(containers.nodes[i].mode))
            continue;
        lt_list_or_skip(ctx, path, &files);
        for (size_t at = 0; status == LT_OK && at < files.count; at++)
            if (S_ISREG(files.nodes[at].mode))
                status = emit_instance(ctx, pod, lt_path_join(ctx->scratch, path, files.nodes[at].name),
                                       &files.nodes[at], err);
    }
    return status;
}

static enum lt_status emit_projections(struct lt_ctx *ctx, const struct lt_volume *volume, struct lt_err *err)
{
    struct lt_listing listing;
    struct lt_time time;
    enum lt_status status = LT_OK;
    lt_list_or_skip(ctx, volume->path, &listing);
    for (size_t i = 0; status == LT_OK && i < listing.count; i++) {
        const struct lt_node *node = &listing.nodes[i];
        struct lt_facts facts = {.arena = ctx->scratch};
        if (!S_ISDIR(node->mode) || !lt_pod_projection(node->name, &time))
            continue;
        struct lt_event event = {
            .kind = LT_KIND_VOLUME_PROJECTED,
            .time = {time},
            .owner = &volume->owner,
            .where = {.file = lt_path_join(ctx->scratch, volume->path, node->name), .field = "name"},
        };
        lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("write the contents of a volume"));
        status = lt_facts_emit(&facts, ctx, &event, err);
    }
    return status;
}

static enum lt_status emit_volume(struct lt_ctx *ctx, const struct lt_volume *volume, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_event event = lt_volume_created(volume, &facts);
    lt_each (const struct lt_str, option, &volume->options)
        lt_facts_item(&facts, LT_ATTR_FACTS, "%.*s", LT_ARG(*option));
    enum lt_status status = volume->created.set ? lt_facts_emit(&facts, ctx, &event, err) : LT_OK;
    return status == LT_OK ? emit_projections(ctx, volume, err) : status;
}

static enum lt_status pods_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_listing listing;
    struct lt_str pods = lt_root_path(ctx, "pods");
    enum lt_status status = LT_OK;
    if (lt_kube_root(ctx->root)->is_log)
        return LT_OK;
    lt_list_or_skip(ctx, pods, &listing);
    for (size_t i = 0; status == LT_OK && i < listing.count; i++) {
        struct lt_str path = lt_path_join(ctx->scratch, pods, listing.nodes[i].name);
        if (!lt_is_pod_uid(listing.nodes[i].name) || !lt_is_folder_or_skip(ctx, pods, &listing.nodes[i]))
            continue;
        struct lt_kube_pod *pod = lt_kube_pod_get(ctx, listing.nodes[i].name, LT_STR(""), LT_STR(""));
        status = emit_pod(ctx, path, pod, err);
        if (status == LT_OK)
            status = emit_hosts(ctx, path, pod, err);
        if (status == LT_OK)
            status = read_instances(ctx, path, pod, err);
    }
    lt_each (const struct lt_volume, volume, &ctx->root->volumes)
        if (status == LT_OK)
            status = emit_volume(ctx, volume, err);
    return status;
}

const struct lt_source lt_source_kubernetes_pods = {
    .name = "kubernetes_pods",
    .summary = "the kubelet's pods: when they came, when containers were created and why they ended, volumes",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .inventory = pods_inventory,
    .events = pods_events,
};
