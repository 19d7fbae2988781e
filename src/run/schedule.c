// SPDX-License-Identifier: Apache-2.0
#include "run/schedule.h"

#include "clock/zones.h"
#include "model/told.h"
#include "read/volume_users.h"
#include "runtime/runtimes.h"

#include <string.h>

#define SOURCE(name) extern const struct lt_source lt_source_##name;
#include "files/sources.def"
#include "host/sources.def"
#include "inside/sources.def"
#include "remains/sources.def"
#undef SOURCE

/* The sources of every host, whatever runtimes it has. */
static const struct lt_source *const common[] = {
#define SOURCE(name) &lt_source_##name,
#include "files/sources.def"
#include "host/sources.def"
#include "inside/sources.def"
#include "remains/sources.def"
#undef SOURCE
    NULL,
};

void lt_schedule_host(struct lt_ctx *ctx, struct lt_host *host, const char *reader)
{
    const struct lt_mount_point *first = host->mounts.items[0];
    lt_arena_reset(ctx->scratch);
    ctx->host = host;
    ctx->root = NULL;
    ctx->fs = host->etc ? host->etc : first->fs;
    ctx->reader = reader;
    ctx->report->evidence = ctx->fs->evidence->spec;
}

void lt_schedule_root(struct lt_ctx *ctx, struct lt_root *root, const char *reader)
{
    lt_schedule_host(ctx, root->host, reader);
    *ctx = lt_ctx_at(ctx, root);
    ctx->report->evidence = root->part->evidence->spec;
}

/* One of the calls that make up a phase. */
struct turn {
    struct lt_ctx *ctx;
    bool removed; /* call only what tells of containers that were removed */
    enum lt_status (*call)(struct lt_ctx *ctx, const struct lt_source *source, struct lt_err *err);
};

static enum lt_status take_turn(const struct turn *turn, const struct lt_source *source, struct lt_err *err)
{
    enum lt_status status = turn->ctx->poll->poll(turn->ctx->poll->arg, err);
    return status == LT_OK ? turn->call(turn->ctx, source, err) : status;
}

static enum lt_status call_on_each_fs(const struct turn *turn, struct lt_host *host, const struct lt_source *source,
                                      struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_mount_point, mount, &host->mounts) {
        if (status != LT_OK)
            continue;
        lt_schedule_host(turn->ctx, host, source->name);
        turn->ctx->fs = mount->fs;
        status = take_turn(turn, source, err);
    }
    return status;
}

/* Call a source as often as its scope says. `runtime` is the one it belongs to; NULL: all runtimes. */
static enum lt_status call_source(const struct turn *turn, struct lt_host *host, const struct lt_runtime *runtime,
                                  const struct lt_source *source, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    if (turn->removed && !source->tells_removed)
        return LT_OK;
    if (source->scope == LT_PER_HOST) {
        lt_schedule_host(turn->ctx, host, source->name);
        return take_turn(turn, source, err);
    }
    if (source->scope == LT_PER_FS)
        return call_on_each_fs(turn, host, source, err);
    lt_each (struct lt_root, root, &host->roots) {
        if (status != LT_OK || (runtime && root->runtime != runtime))
            continue;
        lt_schedule_root(turn->ctx, root, source->name);
        status = take_turn(turn, source, err);
    }
    return status;
}

static bool has_runtime(const struct lt_host *host, const struct lt_runtime *runtime)
{
    lt_each (const struct lt_root, root, &host->roots)
        if (root->runtime == runtime)
            return true;
    return false;
}

static enum lt_status call_table(const struct turn *turn, struct lt_host *host, const struct lt_runtime *runtime,
                                 const struct lt_source *const *sources, enum lt_stage stage, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    for (size_t i = 0; status == LT_OK && sources[i]; i++)
        if (sources[i]->stage == stage)
            status = call_source(turn, host, runtime, sources[i], err);
    return status;
}

static enum lt_status call_all(const struct turn *turn, struct lt_host *host, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    for (int stage = 0; status == LT_OK && stage < LT_STAGES; stage++) {
        for (size_t i = 0; status == LT_OK && lt_runtimes[i]; i++)
            if (has_runtime(host, lt_runtimes[i]))
                status = call_table(turn, host, lt_runtimes[i], lt_runtimes[i]->sources, (enum lt_stage)stage, err);
        if (status == LT_OK)
            status = call_table(turn, host, NULL, common, (enum lt_stage)stage, err);
    }
    return status;
}

static enum lt_status call_inventory(struct lt_ctx *ctx, const struct lt_source *source, struct lt_err *err)
{
    (void)err;
    if (source->inventory)
        source->inventory(ctx);
    return LT_OK;
}

static enum lt_status call_events(struct lt_ctx *ctx, const struct lt_source *source, struct lt_err *err)
{
    bool left_out = source->stage == LT_STAGE_FILES && ctx->reading->no_files;
    return source->events && !left_out ? source->events(ctx, err) : LT_OK;
}

/* Link what the stores of a host hold. A store may refer to another one, in which runtimes earlier in the table may
 * have named what a later one completes. */
static void link_all(struct lt_ctx *ctx, struct lt_host *host)
{
    for (size_t i = 0; lt_runtimes[i]; i++)
        lt_each (struct lt_root, root, &host->roots) {
            if (root->runtime != lt_runtimes[i])
                continue;
            lt_schedule_root(ctx, root, root->runtime->name);
            if (root->runtime->link)
                root->runtime->link(ctx);
            lt_volume_users_find(ctx);
        }
    lt_each (struct lt_root, root, &host->roots)
        lt_told_by_layers(ctx->inventory, root);
    lt_each (struct lt_root, root, &host->roots)
        lt_inventory_link_users(ctx->inventory, root);
    lt_each (struct lt_root, root, &host->roots) {
        lt_inventory_own(root);
        lt_root_find_outer(root);
    }
}

/* Hosts without a store are not read: nothing on them is about containers. */
enum lt_status lt_schedule_inventory(struct lt_ctx *ctx, struct lt_err *err)
{
    const struct turn turn = {.ctx = ctx, .call = call_inventory};
    enum lt_status status = LT_OK;
    lt_each (struct lt_host, host, &ctx->inventory->hosts) {
        if (!host->roots.count || status != LT_OK)
            continue;
        status = call_all(&turn, host, err);
        link_all(ctx, host);
        lt_schedule_host(ctx, host, "zones");
        lt_zones_find(ctx);
    }
    return status;
}

enum lt_status lt_schedule_events(struct lt_ctx *ctx, bool removed, struct lt_err *err)
{
    const struct turn turn = {.ctx = ctx, .removed = removed, .call = call_events};
    enum lt_status status = LT_OK;
    lt_each (struct lt_host, host, &ctx->inventory->hosts)
        if (host->roots.count && status == LT_OK)
            status = call_all(&turn, host, err);
    return status;
}

void lt_schedule_each(void (*each)(const struct lt_source *source))
{
    for (int stage = 0; stage < LT_STAGES; stage++) {
        for (size_t i = 0; lt_runtimes[i]; i++)
            for (const struct lt_source *const *source = lt_runtimes[i]->sources; *source; source++)
                if ((*source)->stage == (enum lt_stage)stage)
                    each(*source);
        for (size_t i = 0; common[i]; i++)
            if (common[i]->stage == (enum lt_stage)stage)
                each(common[i]);
    }
}
