// SPDX-License-Identifier: Apache-2.0
#include "host/subids.h"

#include "parse/idmap.h"

enum { MAX_FILE = 1024 * 1024 };

struct lt_str lt_host_file(struct lt_ctx *ctx, const char *path)
{
    struct lt_str text = LT_STR("");
    lt_each (const struct lt_mount_point, mount, &ctx->host->mounts) {
        struct lt_ctx there = lt_ctx_on(ctx, mount->fs);
        struct lt_str real;
        if (!text.len && lt_follow_or_skip(&there, lt_str_c(path), MAX_FILE, &real, &text) != LT_OK)
            text = LT_STR("");
    }
    return text;
}

static void report_damage(struct lt_ctx *ctx, const char *path, struct lt_str text)
{
    struct lt_subid range;
    size_t bad = 0;
    for (enum lt_status status; (status = lt_subid_next(&text, &range)) != LT_END;)
        bad += status != LT_OK;
    if (bad)
        lt_skip(ctx, lt_str_c(path), LT_CODE_DAMAGED, "%zu lines that are no owner:first:count", bad);
}

struct lt_str lt_host_subids(struct lt_ctx *ctx, bool group)
{
    const char *path = group ? "/etc/subgid" : "/etc/subuid";
    struct lt_str **kept = group ? &ctx->host->subgid : &ctx->host->subuid;
    if (!*kept) {
        *kept = lt_new(ctx->run, struct lt_str);
        **kept = lt_str_dup(ctx->run, lt_host_file(ctx, path));
        report_damage(ctx, path, **kept);
    }
    return **kept;
}
