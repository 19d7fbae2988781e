// SPDX-License-Identifier: Apache-2.0
/* The mounts of a container: MountPoints in config.v2.json (moby daemon/volume/mounts/mounts.go, 20.10 to 28.x) or, in
 * config.json of Docker before 1.7, Volumes and VolumesRW (v1.0.0, v1.9.1 daemon/volumes_unix.go); and Tmpfs in
 * hostconfig.json. The key of a mount point is its destination. Source is empty if the daemon can find it
 * itself. Spec.VolumeOptions.Subpath exists since 26.0. Volumes mounted by --volumes-from are included. */
#ifndef LT_RUNTIME_DOCKER_MOUNTS_H
#define LT_RUNTIME_DOCKER_MOUNTS_H

#include "read/context.h"

struct json_t;

/* Fill container->mounts, in the run arena. Returns a line for people for each: "volume data -> /data rw" (of struct
 * lt_str *, in the run arena). Documents may be NULL. */
struct lt_list lt_read_mounts(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *config,
                              const struct json_t *host);

#endif
