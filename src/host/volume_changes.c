// SPDX-License-Identifier: Apache-2.0
/* Logical volumes of the host that were made, removed, renamed or resized, by the metadata of their groups that still
 * lie on its disks (evidence/volumes/lvm_history.c). A volume tells when it was made; for all else the time is that of
 * the text that shows it first, or lies between that and the one before, if texts in between are lost. */
#include "evidence/disks/area.h"
#include "evidence/evidence.h"
#include "evidence/mounted.h"
#include "read/facts.h"

static bool is_of_host(struct lt_ctx *ctx, const struct lt_host *host, const struct lt_fs *fs)
{
    if (host->root_part == fs)
        return true;
    lt_each (const struct lt_placed, placed, &host->placed)
        if (placed->fs == fs)
            return true;
    lt_each (const struct lt_mount_point, mount, &host->mounts) {
        struct lt_str inner;
        if (lt_mounted_part(mount->fs, LT_STR(""), ctx->scratch, &inner) == fs)
            return true;
    }
    return false;
}

/* Whose is the group? The first host that has a file system on it: a snapshot of its root is no machine of its own. */
static const struct lt_host *host_of(struct lt_ctx *ctx, const struct lt_area *area)
{
    lt_each (const struct lt_host, host, &ctx->inventory->hosts)
        if (area->fs && is_of_host(ctx, host, area->fs))
            return host;
    lt_each (const struct lt_area, child, &area->children) {
        const struct lt_host *host = host_of(ctx, child);
        if (host)
            return host;
    }
    return NULL;
}

static enum lt_status emit_change(struct lt_ctx *ctx, const struct lt_volume_change *change, struct lt_err *err)
{
    static const struct {
        enum lt_kind kind;
        const char *action;
    } deeds[] = {
        [LT_VOLUME_MADE] = {LT_KIND_LVM_CREATED, "make logical volume"},
        [LT_VOLUME_REMOVED] = {LT_KIND_LVM_REMOVED, "remove logical volume"},
        [LT_VOLUME_RENAMED] = {LT_KIND_LVM_CHANGED, "rename logical volume"},
        [LT_VOLUME_RESIZED] = {LT_KIND_LVM_CHANGED, "resize logical volume"},
    };
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_str path = lt_str_format(ctx->scratch, "/dev/%.*s/%.*s", LT_ARG(change->group), LT_ARG(change->name));
    struct lt_event event = {
        .kind = deeds[change->deed].kind,
        .owner = &ctx->host->owner,
        .where = {.file = path, .field = "metadata of its volume group"},
    };
    if (change->first.set && lt_time_cmp(change->first, change->last) == 0)
        event.time[0] = change->last;
    else
        lt_event_bound(&event, change->first, change->last, (struct lt_time){0});
    const char *origin = change->deed == LT_VOLUME_MADE ? "a snapshot of" : "before:";
    lt_facts_text(&facts, LT_ATTR_ACTION,
                  lt_str_format(ctx->scratch, "%s %.*s/%.*s", deeds[change->deed].action, LT_ARG(change->group),
                                LT_ARG(change->name)));
    lt_facts_text(&facts, LT_ATTR_COMMAND, change->command);
    lt_fact(&facts, origin, change->origin);
    lt_fact(&facts, "UUID", change->uuid);
    if (change->old_size != change->new_size)
        lt_facts_item(&facts, LT_ATTR_FACTS, "from %ju to %ju bytes", (uintmax_t)change->old_size,
                      (uintmax_t)change->new_size);
    return lt_facts_emit(&facts, ctx, &event, err);
}

/* Of the groups at an area and below it. The tree is of bounded depth. */
static enum lt_status emit_changes(struct lt_ctx *ctx, const struct lt_area *area, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    if (area->changes.count && host_of(ctx, area) == ctx->host)
        lt_each (const struct lt_volume_change, change, &area->changes)
            if (status == LT_OK)
                status = emit_change(ctx, change, err);
    lt_each (const struct lt_area, child, &area->children)
        if (status == LT_OK)
            status = emit_changes(ctx, child, err);
    return status;
}

static enum lt_status volume_changes_events(struct lt_ctx *ctx, struct lt_err *err)
{
    const struct lt_area *area = ctx->host->evidence->area;
    return area && !ctx->host->within.len ? emit_changes(ctx, area, err) : LT_OK;
}

const struct lt_source lt_source_volume_changes = {
    .name = "volume_changes",
    .summary = "LVM2 metadata: logical volumes made, removed, renamed, resized",
    .scope = LT_PER_HOST,
    .stage = LT_STAGE_HOST_LOGS,
    .events = volume_changes_events,
};
