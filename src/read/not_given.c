// SPDX-License-Identifier: Apache-2.0
/* What a host mounts, and what was not given as evidence. */
#include "read/hosts.h"

static bool is_missing(const struct lt_placed *placed)
{
    return !placed->fs && !placed->there;
}

struct lt_placed *lt_host_missing(const struct lt_host *host, struct lt_str path)
{
    struct lt_str rest;
    lt_each (struct lt_placed, placed, &host->placed)
        if (is_missing(placed) && lt_path_behind(path, placed->at, &rest))
            return placed;
    return NULL;
}

void lt_host_report_missing_in(struct lt_ctx *ctx, struct lt_str path)
{
    struct lt_str rest;
    lt_each (struct lt_placed, placed, &ctx->host->placed)
        if (is_missing(placed) && (lt_path_behind(path, placed->at, &rest) || lt_path_behind(placed->at, path, &rest)))
            lt_host_report_missing(ctx, placed);
}

void lt_host_report_missing(struct lt_ctx *ctx, struct lt_placed *missing)
{
    if (!missing->reported)
        lt_skip(ctx, missing->at, LT_CODE_MISSING, "%.*s is mounted here (%.*s), and is not in the evidence",
                LT_ARG(missing->device), LT_ARG(missing->from));
    missing->reported = true;
}
