// SPDX-License-Identifier: Apache-2.0
/* What config.v2.json and hostconfig.json tell, of containers that exist and of those that were removed. */
#ifndef LT_RUNTIME_DOCKER_CONTAINER_H
#define LT_RUNTIME_DOCKER_CONTAINER_H

#include "runtime/docker/docker.h"

struct json_t;

/* Fill in the container from its configuration `json`, which was saved at `path`, and `host`, its hostconfig.json;
 * either may be NULL. What is wrong in them is reported with that path. All is copied into the run arena. */
void lt_docker_config_read(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *json,
                           const struct json_t *host, struct lt_str path);

/* Add the networks of a container to `networks`, from its configuration. All is copied into the run arena. */
void lt_docker_networks_read(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *json);

/* Emit that it was created, started, or ended, as its configuration says; nothing if that does not say when. */
enum lt_status lt_docker_emit_created(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err);
enum lt_status lt_docker_emit_started(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err);
enum lt_status lt_docker_emit_finished(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err);

#endif
