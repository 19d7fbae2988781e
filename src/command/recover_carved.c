// SPDX-License-Identifier: Apache-2.0
/* What blocks that no file owns still hold: no map and no name leads there, only the contents do. */
#include "command/recover.h"
#include "read/carving.h"

enum { MOST_FINDS = 1 << 20, KNOWN = 1024 /* bytes that one more find takes, about */ };

static enum lt_status poll(void *arg, struct lt_err *err)
{
    return lt_job_poll(arg, err);
}

static void add(struct lt_recovery *recovery, const struct lt_carving_find *find)
{
    const struct lt_carved *carved = &find->carved;
    const struct lt_node node = {.size = carved->size, .target = LT_STR(""), .name = LT_STR("")};
    const struct lt_remains remains = {
        .evidence = carved->fs->evidence,
        .node = &node,
        .whose = {find->owner ? find->owner : &recovery->host->owner, LT_STR(""), LT_STR("")},
        .unattributed = !find->owner,
        .maybe = find->hint,
        .label = lt_str_format(&recovery->job->scratch, "%s-at-%ju", carved->format, (uintmax_t)carved->extents[0].at),
        .size_unknown = !carved->complete,
        .complete = carved->complete,
        .extents = carved->extents,
        .extent_count = carved->extent_count,
        .handle = find,
    };
    lt_recovery_add(recovery, &remains);
    lt_arena_reset(&recovery->job->scratch);
}

static enum lt_status search_fs(struct lt_recovery *recovery, struct lt_carving *carving, struct lt_err *err)
{
    struct lt_job *job = recovery->job;
    struct lt_err problem = {0};
    if (!carving->where.fs->ops->unowned || !lt_recovery_first(recovery, carving->where.fs))
        return LT_OK;
    uint64_t room = job->options->memory > recovery->arena.bytes ? job->options->memory - recovery->arena.bytes : 0;
    carving->most = room / KNOWN < MOST_FINDS ? (size_t)(room / KNOWN) : MOST_FINDS;
    enum lt_status status = lt_carving_search(carving, &problem);
    if (status == LT_SKIP)
        lt_skip_error(&job->ctx, carving->where.at, &problem);
    if (status == LT_FATAL) {
        if (err)
            *err = problem;
        return status;
    }
    lt_each (const struct lt_carving_find, find, &carving->finds)
        add(recovery, find);
    recovery->forgotten += carving->forgotten;
    return LT_OK;
}

static enum lt_status search_host(struct lt_recovery *recovery, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_mount_point, mount, &recovery->host->mounts) {
        struct lt_carving carving = {.host = recovery->host,
                                     .where = lt_on_host(mount, &recovery->arena),
                                     .inventory = &recovery->job->inventory,
                                     .arena = &recovery->arena,
                                     .poll = poll,
                                     .arg = recovery->job};
        status = search_fs(recovery, &carving, err);
        if (status != LT_OK)
            return status;
    }
    return status;
}

static ssize_t read_contents(const struct lt_remains *remains, void *buffer, size_t size, uint64_t offset,
                             struct lt_err *err)
{
    const struct lt_carving_find *find = remains->handle;
    return lt_carve_read(&find->carved, buffer, size, offset, err);
}

/* Whose it may be. Of an image only that it was in one: which, the kind of hint does not tell. */
static void add_hint(struct lt_record *record, const struct lt_carving_find *find)
{
    const struct lt_owner *hint = find->hint;
    const struct lt_carve_hint_kind *kind = find->kind;
    if (!find->hint_below.len)
        lt_record_text(record, "hint_role", lt_str_c(lt_role_names[hint->role]));
    lt_record_name(record, "hint_below", lt_str_dup(record->arena, find->hint_below));
    if (hint->container) {
        lt_record_name(record, "hint_container_identifier", hint->container->id);
        lt_record_name(record, "hint_container_name", hint->container->name);
    }
    if (hint->volume)
        lt_record_name(record, "hint_volume_name", hint->volume->name);
    lt_record_name(record, "hint_layer", lt_str_dup(record->arena, find->hint_layer));
    lt_record_text(record, "hint", lt_str_c(kind->name));
    lt_record_text(record, "hint_why", lt_str_c(kind->why));
    lt_record_text(record, "hint_odds", lt_str_format(record->arena, "%u of %u", kind->right, kind->of));
}

static struct lt_str where(const struct lt_remains *remains, struct lt_arena *arena)
{
    const struct lt_carving_find *find = remains->handle;
    return lt_str_format(arena, "free blocks, by its contents (%s)", find->carved.format);
}

static void describe(const struct lt_remains *remains, struct lt_record *record)
{
    const struct lt_carving_find *find = remains->handle;
    const struct lt_carve_said *said = &find->carved.said;
    lt_record_text(record, "format", lt_str_c(find->carved.format));
    if (find->carved.why)
        lt_record_text(record, "not_complete", lt_str_c(find->carved.why));
    lt_record_name(record, "says_container", lt_str_dup(record->arena, said->container));
    lt_record_name(record, "says_image", lt_str_dup(record->arena, said->image));
    lt_record_name(record, "says_layer", lt_str_dup(record->arena, said->layer));
    lt_record_time(record, "content_first", said->first);
    lt_record_time(record, "content_last", said->last);
    if (find->hint)
        add_hint(record, find);
}

const struct lt_recover_method lt_recover_method_carved = {
    .name = "carved",
    .nameless = true,
    .search = search_host,
    .read = read_contents,
    .where = where,
    .describe = describe,
};
