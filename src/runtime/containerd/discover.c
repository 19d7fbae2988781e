// SPDX-License-Identifier: Apache-2.0
/* containerd's root (containerd defaults/defaults_unix.go, 1.6 to 2.3): /var/lib/containerd, unless `root` in its
 * config.toml says otherwise. Distributions of Kubernetes keep their own (k3s and rke2 pkg/agent/config, k0s
 * pkg/component/worker/containerd.go, microk8s's snap). A Docker daemon that finds no containerd runs its own below its
 * data root (moby daemon/command/daemon_unix.go, 20.10 to 29). A rootless one is below the user's data directory. */
#include "runtime/containerd/containerd.h"

#include "host/data_roots.h"
#include "store/containerd/tasks.h"

const struct lt_place lt_containerd_places[] = {
    {"/var/lib/containerd", "the default"},
    {"/lib/containerd", "the default, where /var is a file system of its own"},
    {"/containerd", "the default, where /var/lib is a file system of its own"},
    {"/var/lib/rancher/k3s/agent/containerd", "k3s"},
    {"/var/lib/rancher/rke2/agent/containerd", "rke2"},
    {"/var/lib/k0s/containerd", "k0s"},
    {"/var/snap/microk8s/common/var/lib/containerd", "microk8s"},
    {"", "the evidence itself"},
    {0},
};

/* kind mounts a volume at /var, k3d one at /var/lib/rancher/k3s. */
const char *const lt_containerd_in_volumes[] = {"lib/containerd", "agent/containerd", NULL};

/* What containerd makes below its root when it starts. Only tasks are below its state directory too. */
const struct lt_mark lt_containerd_marks[] = {
    {.name = "io.containerd.metadata.v1.bolt"},
    {.name = "io.containerd.content.v1.content"},
    {.name = "io.containerd.snapshotter.v1.overlayfs"},
    {.name = "io.containerd.snapshotter.v1.native"},
    {0},
};

const char *const lt_containerd_parts[] = {"*", "*/blobs", "*/snapshots", "*/snapshots/*", "*/snapshots/*/fs", NULL};

int lt_containerd_bid(struct lt_ctx *ctx, struct lt_str path)
{
    int found = 0;
    for (size_t i = 0; lt_containerd_marks[i].name; i++)
        found += lt_is_dir_or_skip(ctx, lt_path_join(ctx->scratch, path, lt_str_c(lt_containerd_marks[i].name)));
    return found ? LT_BID_CERTAIN + 1 + found : LT_BID_NONE;
}

/* Of a snapshot's files only the usual places of stores are searched: most are unpacked images. */
void lt_containerd_inside(struct lt_ctx *ctx, struct lt_str path, struct lt_list *out)
{
    static const char *const kept[] = {"io.containerd.snapshotter.v1.overlayfs/snapshots",
                                       "io.containerd.snapshotter.v1.native/snapshots"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        struct lt_listing listing;
        struct lt_str snapshots = lt_path_join(ctx->scratch, path, lt_str_c(kept[i]));
        lt_fs_list(ctx->fs, snapshots, ctx->scratch, &listing, NULL);
        for (size_t at = 0; at < listing.count; at++)
            lt_list_add_str(out, ctx->scratch,
                            lt_str_format(ctx->scratch, "%.*s/%.*s%s/var/lib", LT_ARG(snapshots),
                                          LT_ARG(listing.nodes[at].name), i ? "" : "/fs"));
    }
}

bool lt_containerd_within(const struct lt_discovery *discovery, struct lt_str path)
{
    return lt_discover_add(discovery, lt_path_join(discovery->ctx->scratch, path, LT_STR(LT_OWN_CONTAINERD)),
                           LT_STR("run by the Docker daemon itself"));
}

void lt_containerd_settings(struct lt_discovery *discovery)
{
    lt_data_roots_try(discovery, "containerd");
}
