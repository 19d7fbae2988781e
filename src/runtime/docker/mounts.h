// SPDX-License-Identifier: Apache-2.0
/* What a container has mounted: MountPoints of its config.v2.json (moby daemon/volume/mounts/mounts.go, 20.10 to 28.x;
 * the key is the destination, Source is empty for what the daemon knows to find, Spec.VolumeOptions.Subpath there is
 * since 26.0; volumes taken over by --volumes-from are among them), and Tmpfs of its hostconfig.json. */
#ifndef LT_RUNTIME_DOCKER_MOUNTS_H
#define LT_RUNTIME_DOCKER_MOUNTS_H

#include "read/context.h"

struct json_t;

/* Fill container->mounts, in the run arena; returned is a line for each, for people: "volume data -> /data rw" (of
 * struct lt_str *, in the run arena). Documents may be NULL. */
struct lt_list lt_read_mounts(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *config,
                              const struct json_t *host);

#endif
