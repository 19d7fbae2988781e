// SPDX-License-Identifier: Apache-2.0
/* What recovered records tell of containers that were removed. */
#ifndef LT_RUNTIME_DOCKER_REMOVED_H
#define LT_RUNTIME_DOCKER_REMOVED_H

#include "read/recovered.h"

/* See lt_runtime.recovered. */
bool lt_docker_recovered(struct lt_ctx *ctx, const struct lt_recovered *record);

#endif
