// SPDX-License-Identifier: Apache-2.0
/* hostconfig.json of a container (moby api/types/container/hostconfig.go, 20.10 to 28.x): what it may do to the host,
 * and its resource limits. */
#ifndef LT_RUNTIME_DOCKER_CONTAINER_HOST_H
#define LT_RUNTIME_DOCKER_CONTAINER_HOST_H

#include "host/exposure.h"

struct json_t;

/* Set the container's findings, tags, limits and cgroup_parent from `host`, the document (NULL: it could not be read),
 * from limits in `config`, its configuration (NULL: it could not be read), where Docker before 1.6 kept them
 * (runconfig/config.go),
 * and from the container's mounts, which must be known. Every setting that weakens its isolation, whether or not it is
 * a finding, is appended to `privileges` as struct lt_str *. Everything lives in the run arena. */
void lt_hostconfig_read(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *config,
                        const struct json_t *host, struct lt_list *privileges);

#endif
