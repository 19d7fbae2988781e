// SPDX-License-Identifier: Apache-2.0
/* What the files of this folder share. */
#ifndef LT_RUNTIME_DOCKER_H
#define LT_RUNTIME_DOCKER_H

#include "model/runtime.h"
#include "read/context.h"

extern const struct lt_runtime lt_runtime_docker;

/* Parts of it; see model/runtime.h. */
extern const struct lt_place lt_docker_places[];
int lt_docker_bid(struct lt_ctx *ctx, struct lt_str path);
bool lt_docker_within(const struct lt_discovery *discovery, struct lt_str path);
void lt_docker_settings(struct lt_discovery *discovery);
void lt_docker_link(struct lt_ctx *ctx);

#endif
