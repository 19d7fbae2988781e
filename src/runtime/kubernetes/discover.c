// SPDX-License-Identifier: Apache-2.0
/* The kubelet's root directory (--root-dir) and the directory of the logs of pods, which is always /var/log/pods
 * (kubernetes cmd/kubelet/app/options/options.go; pkg/kubelet/kuberuntime/kuberuntime_manager.go, 1.33; k0s
 * cmd/worker, v1.33; canonical/microk8s microk8s-resources/default-args/kubelet). */
#include "runtime/kubernetes/kubernetes.h"

#include "host/data_roots.h"

enum { MAX_TRIED = 64 };

const struct lt_place lt_kube_places[] = {
    {"/var/lib/kubelet", "the kubelet's default"},
    {"/lib/kubelet", "the kubelet's default, where /var is a file system of its own"},
    {"/kubelet", "the kubelet's default, where /var/lib is a file system of its own"},
    {"/var/lib/k0s/kubelet", "k0s"},
    {"/var/snap/microk8s/common/var/lib/kubelet", "MicroK8s"},
    {"/var/log/pods", "logs of pods"},
    {"/log/pods", "logs of pods, where /var is a file system of its own"},
    {"/pods", "logs of pods, where /var/log is a file system of its own"},
    {"", "the evidence itself"},
    {0},
};

/* kind mounts a volume at /var, k3d others at /var/lib/kubelet and /var/log. */
const char *const lt_kube_in_volumes[] = {"lib/kubelet", "log/pods", "", "pods", NULL};

static bool has_dir(struct lt_ctx *ctx, struct lt_str path, const char *name)
{
    return lt_is_dir_or_skip(ctx, lt_path_join(ctx->scratch, path, lt_str_c(name)));
}

/* What cannot be read is reported by those who read it later. */
static void list(struct lt_ctx *ctx, struct lt_str path, struct lt_listing *out)
{
    lt_fs_list(ctx->fs, path, ctx->scratch, out, NULL);
}

/* Does it hold directories of pods as the kubelet makes them? */
static bool has_pods(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_listing listing;
    struct lt_str pods = lt_path_join(ctx->scratch, path, LT_STR("pods"));
    size_t tried = 0;
    if (!lt_is_dir_or_skip(ctx, pods))
        return false;
    list(ctx, pods, &listing);
    for (size_t i = 0; i < listing.count && tried < MAX_TRIED; i++) {
        if (!S_ISDIR(listing.nodes[i].mode) || !lt_is_pod_uid(listing.nodes[i].name))
            continue;
        struct lt_str pod = lt_path_join(ctx->scratch, pods, listing.nodes[i].name);
        if (has_dir(ctx, pod, "volumes") || has_dir(ctx, pod, "containers"))
            return true;
        tried++;
    }
    return false;
}

/* Does it hold links to logs of pods? They may be all that is left. */
static bool has_links(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_listing listing;
    struct lt_pod_name name;
    struct lt_str links = lt_path_join(ctx->scratch, lt_str_dirname(path), LT_STR("containers"));
    if (!lt_is_dir_or_skip(ctx, links))
        return false;
    list(ctx, links, &listing);
    for (size_t i = 0; i < listing.count; i++)
        if (S_ISLNK(listing.nodes[i].mode) && lt_pod_log_link(listing.nodes[i].name, &name))
            return true;
    return false;
}

bool lt_kube_is_log(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_listing listing;
    struct lt_pod_name name;
    bool usual = lt_str_ends(path, LT_STR("/log/pods"));
    if (!lt_str_eq(lt_str_basename(path), LT_STR("pods")) || !lt_is_dir_or_skip(ctx, path))
        return false;
    list(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++)
        if (S_ISDIR(listing.nodes[i].mode) && lt_pod_log_directory(listing.nodes[i].name, &name) &&
            (usual || name.name.len))
            return true;
    return usual && has_links(ctx, path);
}

const struct lt_mark lt_kube_marks[] = {{.name = "pods"}, {.name = "pods", .itself = true}, {0}};

const char *const lt_kube_parts[] = {"pods", "pods/*", NULL};

int lt_kube_bid(struct lt_ctx *ctx, struct lt_str path)
{
    static const char *const made[] = {"plugins_registry", "plugin-containers", "device-plugins", "pki", "checkpoints"};
    enum { NEEDED = 2 };
    int found = 0;
    if (has_pods(ctx, path) || lt_kube_is_log(ctx, path))
        return LT_BID_CERTAIN;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        found += has_dir(ctx, path, made[i]);
    return found >= NEEDED && has_dir(ctx, path, "pods") ? LT_BID_LIKELY + found : LT_BID_NONE;
}

void lt_kube_settings(struct lt_discovery *discovery)
{
    lt_data_roots_try(discovery, "kubernetes");
}
