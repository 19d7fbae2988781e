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

/* Two of the directories that containerd makes when it starts are enough, as some may be lost. */
int lt_containerd_bid(struct lt_ctx *ctx, struct lt_str path)
{
    static const char *const made[] = {"io.containerd.metadata.v1.bolt", "io.containerd.content.v1.content",
                                       "io.containerd.snapshotter.v1.overlayfs", "io.containerd.snapshotter.v1.native",
                                       LT_TASKS_V2};
    enum { NEEDED = 2, SURE = 60, EACH = 5 };
    int found = 0;
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        found += lt_is_dir_or_skip(ctx, lt_path_join(ctx->scratch, path, lt_str_c(made[i])));
    return found >= NEEDED ? SURE + EACH * found : 0;
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
