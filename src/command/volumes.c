// SPDX-License-Identifier: Apache-2.0
/* Every volume, and who mounts it where. Volumes that a container names but that are not there (removed, or of a driver
 * that keeps them elsewhere) have no path. */
#include "../job.h"
#include "../parse/ident.h"
#include "command.h"
#include "record.h"

/* Mounts of one container, as a record and as words for the table: "web@0123456789ab:/data rw". */
static void add_user(struct lt_record *record, struct lt_list *users, struct lt_list *words,
                     const struct lt_container *container, struct lt_str destination, bool writable)
{
    struct lt_record *user = lt_record_new(record->arena);
    const struct lt_str *label = lt_record_label(record->arena, &container->owner);
    struct lt_str *word = lt_new(record->arena, struct lt_str);
    *word = lt_str_format(record->arena, "%.*s:%.*s %s", LT_ARG(*label), LT_ARG(destination), writable ? "rw" : "ro");
    lt_record_name(user, "container_identifier", container->id);
    lt_record_name(user, "container_name", container->name);
    lt_record_name(user, "destination", destination);
    lt_record_bool(user, "writable", writable);
    lt_list_add(users, record->arena, user);
    lt_list_add(words, record->arena, word);
}

static void add_users(struct lt_record *record, const struct lt_root *root, struct lt_str name)
{
    struct lt_list users = {0}, words = {0};
    lt_each (const struct lt_container, container, &root->containers)
        lt_each (const struct lt_mount, mount, &container->mounts)
            if (lt_str_eq(mount->type, LT_STR("volume")) && lt_str_eq(mount->name, name))
                add_user(record, &users, &words, container, mount->destination, mount->writable);
    lt_record_records(record, "users", users);
    lt_record_list(record, "used_by", words);
}

static struct lt_record *describe(struct lt_job *job, const struct lt_root *root, struct lt_str name)
{
    const struct lt_volume *volume = lt_map_get(&root->volume_by_name, name);
    struct lt_record *record = lt_record_new(&job->arena);
    struct lt_node node;
    struct lt_err problem = {0};
    lt_record_name(record, "volume_name", name);
    lt_record_bool(record, "anonymous", lt_is_id(name)); /* docker made up the name */
    if (volume) {
        lt_record_name(record, "path", lt_path_join(&job->arena, volume->path, LT_STR("_data")));
        if (lt_fs_stat(root->fs, volume->path, &job->scratch, &node, &problem) == LT_OK)
            lt_record_time(record, "created", node.time[LT_B]);
        if (problem.set)
            lt_skip_error(&job->ctx, volume->path, &problem);
    }
    add_users(record, root, name);
    lt_record_tags(record, volume && !volume->users.count ? LT_TAG_BIT(unused_volume) : 0);
    lt_record_root(record, root);
    return record;
}

static const struct lt_column columns[] = {
    {"VOLUME", "volume_name", LT_SHOW_ALL},    {"CREATED", "created", LT_SHOW_ALL},   {"PATH", "path", LT_SHOW_ALL},
    {"EVIDENCE", "evidence", LT_SHOW_DIFFERS}, {"HOST", "hostname", LT_SHOW_DIFFERS}, {"TAGS", "tag", LT_SHOW_ALL},
    {"USED BY", "used_by", LT_SHOW_ALL},
};

/* Volumes that containers name but that are not there, once each. */
static void add_missing(struct lt_job *job, const struct lt_root *root, struct lt_list *records)
{
    struct lt_map seen = {0};
    lt_each (const struct lt_container, container, &root->containers)
        lt_each (struct lt_mount, mount, &container->mounts) {
            if (!lt_str_eq(mount->type, LT_STR("volume")) || !mount->name.len ||
                lt_map_get(&root->volume_by_name, mount->name) || lt_map_get(&seen, mount->name))
                continue;
            lt_map_put(&seen, &job->arena, mount->name, mount);
            lt_list_add(records, &job->arena, describe(job, root, mount->name));
        }
}

static enum lt_status run_volumes(struct lt_job *job, struct lt_err *err)
{
    struct lt_list records = {0};
    lt_each (struct lt_root, root, &job->inventory.roots) {
        lt_job_enter(job, root, "volumes");
        lt_each (const struct lt_volume, volume, &root->volumes)
            lt_list_add(&records, &job->arena, describe(job, root, volume->name));
        add_missing(job, root, &records);
    }
    return lt_records_write(job, &records, columns, sizeof columns / sizeof *columns, err);
}

const struct lt_command lt_command_volumes = {
    .name = "volumes",
    .arguments = "EVIDENCE...",
    .summary = "the volumes: made when, where they lie, and which containers mount them where",
    .options = LT_OPTIONS_JSON,
    .run = run_volumes,
};
