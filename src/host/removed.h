// SPDX-License-Identifier: Apache-2.0
/* What lines of a host's logs tell of containers that were removed: when they lived, and what they bound (moby
 * daemon/oci_linux.go, libcontainerd/remote/client.go, 20.10 to 28.x; containerd runtime/v2/shim.go, binary.go, 1.4 to
 * 2.3, runtime/v1/shim/client/client.go; internal/cri/server, 1.6 to 2.3). */
#ifndef LT_HOST_REMOVED_H
#define LT_HOST_REMOVED_H

#include "host/attribution.h"

/* Keep what the line tells of the container that it names. Does nothing if that was not removed. */
void lt_removed_line(struct lt_ctx *ctx, const struct lt_container *container, const struct lt_host_line *line);

#endif
