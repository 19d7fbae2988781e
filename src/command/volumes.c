// SPDX-License-Identifier: Apache-2.0
/* Every volume, and who mounts it where. A volume that a container names but that is missing (removed, or of a driver
 * that keeps it elsewhere) has no path. */
#include "command/command.h"
#include "command/record.h"
#include "command/removed.h"
#include "parse/ident.h"
#include "run/job.h"

/* A volume that exists or that a container names, and its users as records and as words for the table. */
struct entry {
    struct lt_str name;
    const struct lt_volume *volume; /* NULL: it is missing */
    struct lt_str driver;           /* as its users name it */
    struct lt_list users, words;
};

static struct entry *find_entry(struct lt_arena *arena, struct lt_map *by_name, struct lt_list *entries,
                                struct lt_str name)
{
    struct entry *entry = lt_map_get(by_name, name);
    if (entry)
        return entry;
    entry = lt_new(arena, struct entry);
    entry->name = name;
    lt_map_put(by_name, arena, name, entry);
    lt_list_add(entries, arena, entry);
    return entry;
}

/* "web@0123456789ab:/data rw" */
static void add_user(struct lt_arena *arena, struct entry *entry, const struct lt_container *container,
                     const struct lt_mount *mount)
{
    struct lt_record *user = lt_record_new(arena);
    const struct lt_str *label = lt_record_label(arena, &container->owner);
    lt_record_name(user, "container_identifier", container->id);
    lt_record_name(user, "container_name", container->name);
    lt_record_name(user, "destination", mount->destination);
    lt_record_name(user, "subpath", mount->subpath);
    lt_record_bool(user, "writable", mount->writable);
    entry->driver = mount->driver;
    lt_list_add(&entry->users, arena, user);
    lt_list_add_str(&entry->words, arena,
                    lt_str_format(arena, "%.*s:%.*s %s", LT_ARG(*label), LT_ARG(mount->destination),
                                  mount->writable ? "rw" : "ro"));
}

/* The name of the volume that the mount is of. Docker before 1.7 called the source of a bind a volume, too, whose name
 * no container has. "": none. */
static struct lt_str volume_of(const struct lt_root *root, const struct lt_mount *mount)
{
    if (lt_str_eq(mount->type, LT_STR("volume")))
        return mount->name;
    lt_each (const struct lt_volume, volume, &root->volumes)
        if (volume->by_path && lt_str_eq(mount->type, LT_STR("bind")) && lt_str_eq(volume->device, mount->source))
            return volume->name;
    return LT_STR("");
}

static struct lt_list collect(struct lt_arena *arena, const struct lt_root *root)
{
    struct lt_list entries = {0};
    struct lt_map by_name = {0};
    lt_each (const struct lt_volume, volume, &root->volumes) {
        struct entry *entry = find_entry(arena, &by_name, &entries, volume->name);
        entry->volume = volume;
        if (volume->pod) /* its containers are those of another store */
            lt_each (const struct lt_mount_user, user, &volume->users)
                add_user(arena, entry, user->container, user->mount);
    }
    lt_each (const struct lt_container, container, &root->containers)
        lt_each (const struct lt_mount, mount, &container->mounts) {
            struct lt_str name = volume_of(root, mount);
            if (name.len)
                add_user(arena, find_entry(arena, &by_name, &entries, name), container, mount);
        }
    return entries;
}

static struct lt_record *describe(struct lt_ctx *ctx, const struct entry *entry)
{
    const struct lt_volume *volume = entry->volume;
    struct lt_record *record = lt_record_new(ctx->run);
    struct lt_node node;
    struct lt_err problem = {0};
    lt_record_name(record, "volume_name", entry->name);
    lt_record_bool(record, "anonymous", lt_is_id(entry->name)); /* a generated name */
    if (volume) {
        lt_record_name(record, "path", volume->data);
        if (lt_fs_stat(ctx->fs, volume->path, ctx->scratch, &node, &problem) == LT_OK)
            lt_record_time(record, "created", node.time[LT_B]);
        if (problem.set)
            lt_skip_error(ctx, volume->path, &problem);
    }
    lt_record_name(record, "driver", entry->driver);
    if (volume) {
        lt_record_name(record, "device", volume->shown_device);
        lt_record_list(record, "options", volume->options);
    }
    lt_record_records(record, "users", entry->users);
    lt_record_list(record, "used_by", entry->words);
    if (volume && volume->pod) {
        lt_record_name(record, "pod_identifier", volume->pod->pod);
        lt_record_name(record, "pod_name", volume->pod->pod_name);
        lt_record_name(record, "pod_namespace", volume->pod->pod_namespace);
    }
    bool used = entry->users.count || (volume && volume->pod);
    lt_record_tags(record, used ? 0 : LT_TAG_BIT(unused_volume));
    lt_record_root(record, ctx->root, ctx->root->runtime);
    return record;
}

static const struct lt_column columns[] = {
    {"VOLUME", "volume_name", LT_SHOW_ALL},
    {"CREATED", "created", LT_SHOW_ALL},
    {"PATH", "path", LT_SHOW_ALL},
    {"DEVICE", "device", LT_SHOW_ALL},
    {"EVIDENCE", "evidence", LT_SHOW_DIFFERS},
    {"HOST", "hostname", LT_SHOW_DIFFERS},
    {"TAGS", "tag", LT_SHOW_ALL},
    {"USED BY", "used_by", LT_SHOW_ALL},
};

static enum lt_status run_volumes(struct lt_job *job, struct lt_err *err)
{
    struct lt_list records = {0};
    if (job->options->removed)
        return lt_removed_volumes(job, err);
    lt_each (struct lt_root, root, &job->inventory.roots) {
        struct lt_list entries = collect(&job->arena, root);
        lt_job_enter(job, root, "volumes");
        lt_each (const struct entry, entry, &entries)
            lt_list_add(&records, &job->arena, describe(&job->ctx, entry));
    }
    return lt_records_write(job, &records, columns, sizeof columns / sizeof *columns, err);
}

const struct lt_command lt_command_volumes = {
    .name = "volumes",
    .arguments = "EVIDENCE...",
    .summary = "the volumes: made when, where they lie, and which containers mount them where",
    .options = LT_OPTIONS_JSON | LT_OPTIONS_REMOVED,
    .run = run_volumes,
};
