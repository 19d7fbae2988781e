// SPDX-License-Identifier: Apache-2.0
#include "runtime/docker/docker.h"

void lt_docker_link(struct lt_ctx *ctx)
{
    lt_inventory_link(ctx->inventory, ctx->root);
}
