// SPDX-License-Identifier: Apache-2.0
/* What the path of a deleted file of a data root says. */
#ifndef LT_RUNTIME_DOCKER_GONE_H
#define LT_RUNTIME_DOCKER_GONE_H

#include "model/inventory.h"
#include "model/runtime.h"

/* See lt_runtime.gone and lt_runtime.gone_name. */
bool lt_docker_gone(const struct lt_root *root, struct lt_str path, struct lt_gone *out);
struct lt_str lt_docker_gone_name(struct lt_str record, struct lt_arena *arena);

#endif
