// SPDX-License-Identifier: Apache-2.0
/* Each image and each volume that was removed, once. */
#include "command/record.h"
#include "command/removed.h"
#include "model/runtime.h"
#include "model/told.h"
#include "run/traces.h"

/* --- images --- */

/* The users of an image, and as what it was typed for them. */
struct image_users {
    struct lt_arena *arena;
    const struct lt_image *image;
    struct lt_list labels, typed;
};

static void take_image_user(void *arg, const struct lt_container *container)
{
    struct image_users *users = arg;
    struct lt_str typed = lt_container_typed(container);
    if (!lt_str_eq(container->image_id, users->image->id))
        return;
    lt_list_add(&users->labels, users->arena, lt_record_label(users->arena, &container->owner));
    if (typed.len && !lt_list_has_str(&users->typed, typed))
        lt_list_add_str(&users->typed, users->arena, typed);
}

static struct lt_record *describe_image(struct lt_arena *arena, const struct lt_image *image)
{
    struct lt_record *record = lt_record_new(arena);
    struct image_users users = {.arena = arena, .image = image};
    lt_each_known_container(image->root->host, take_image_user, &users);
    lt_record_name(record, "image_identifier", image->id);
    lt_record_list(record, "image_names", image->names);
    if (users.typed.count)
        lt_record_list(record, "image_typed", users.typed);
    lt_record_name(record, "platform", image->platform);
    lt_record_time(record, "created", image->created);
    lt_record_time(record, "registered", image->arrived);
    if (image->diff_ids.count) {
        lt_record_int(record, "layer_count", (int64_t)image->diff_ids.count);
        lt_record_list(record, "diff_identifiers", image->diff_ids);
    }
    lt_record_removal(record, &image->gone);
    lt_record_list(record, "used_by", users.labels);
    lt_record_witnesses(record, &image->witnesses);
    lt_record_root(record, image->root, image->runtime);
    return record;
}

/* An image that a container was made from, and that no store of the host has, was removed, too. */
static void take_missing(void *arg, const struct lt_container *container)
{
    struct lt_job *job = arg;
    const struct lt_image *image = container->image;
    bool there = image && !image->referenced_only;
    struct lt_image *removed = container->image_id.len && !there
                                   ? lt_inventory_removed_image(&job->inventory, container->root, container->image_id)
                                   : NULL;
    if (removed && !removed->witnesses.count)
        lt_identifier_add(&job->inventory, &removed->witnesses, "image_identifier",
                          lt_str_format(&job->arena, "the configuration of container %.*s", LT_ARG(container->id)));
}

static const struct lt_column image_columns[] = {
    {"IMAGE ID", "image_identifier", LT_SHOW_SHORT},
    {"NAMES", "image_names", LT_SHOW_ALL},
    {"TYPED", "image_typed", LT_SHOW_KNOWN},
    {"BUILT (BUILDER)", "created", LT_SHOW_ALL},
    {"HERE SINCE", "registered", LT_SHOW_ALL},
    {"REMOVED", "removed", LT_SHOW_ALL},
    {"REMOVED AFTER", "removed_first", LT_SHOW_KNOWN},
    {"REMOVED BEFORE", "removed_last", LT_SHOW_KNOWN},
    {"LAYERS", "layer_count", LT_SHOW_ALL},
    {"EVIDENCE", "evidence", LT_SHOW_DIFFERS},
    {"HOST", "hostname", LT_SHOW_DIFFERS},
    {"DATA ROOT", "data_root", LT_SHOW_DIFFERS},
    {"RUNTIME", "container_runtime", LT_SHOW_DIFFERS},
    {"USED BY", "used_by", LT_SHOW_ALL},
};

enum lt_status lt_removed_images(struct lt_job *job, struct lt_err *err)
{
    struct lt_list records = {0};
    uint64_t errors;
    if (lt_traces_find(job, LT_TRACES_REPORT, &errors, err) != LT_OK)
        return LT_FATAL;
    lt_each (const struct lt_host, host, &job->inventory.hosts)
        lt_each_known_container(host, take_missing, job);
    lt_each (const struct lt_root, root, &job->inventory.roots)
        lt_each (const struct lt_image, image, &root->removed_images)
            lt_list_add(&records, &job->arena, describe_image(&job->arena, image));
    return lt_records_write(job, &records, image_columns, sizeof image_columns / sizeof *image_columns, err);
}

/* --- volumes --- */

struct volume_users {
    struct lt_arena *arena;
    const struct lt_volume *volume;
    struct lt_list words;
};

static void take_volume_user(void *arg, const struct lt_container *container)
{
    struct volume_users *users = arg;
    lt_each (const struct lt_mount, mount, &container->mounts)
        if (lt_str_eq(mount->type, LT_STR("volume")) && lt_str_eq(mount->name, users->volume->name) &&
            container->root == users->volume->root)
            lt_list_add_str(&users->words, users->arena,
                            lt_str_format(users->arena, "%.*s:%.*s %s",
                                          LT_ARG(*lt_record_label(users->arena, &container->owner)),
                                          LT_ARG(mount->destination), mount->writable ? "rw" : "ro"));
}

static struct lt_record *describe_volume(struct lt_arena *arena, const struct lt_volume *volume)
{
    struct lt_record *record = lt_record_new(arena);
    struct volume_users users = {.arena = arena, .volume = volume};
    lt_each_known_container(volume->root->host, take_volume_user, &users);
    lt_record_name(record, "volume_name", volume->name);
    lt_record_time(record, "created", volume->created);
    lt_record_removal(record, &volume->gone);
    lt_record_list(record, "used_by", users.words);
    lt_record_witnesses(record, &volume->witnesses);
    lt_record_root(record, volume->root, volume->root->runtime);
    return record;
}

static const struct lt_column volume_columns[] = {
    {"VOLUME", "volume_name", LT_SHOW_ALL},
    {"CREATED", "created", LT_SHOW_ALL},
    {"REMOVED", "removed", LT_SHOW_ALL},
    {"REMOVED AFTER", "removed_first", LT_SHOW_KNOWN},
    {"REMOVED BEFORE", "removed_last", LT_SHOW_KNOWN},
    {"EVIDENCE", "evidence", LT_SHOW_DIFFERS},
    {"HOST", "hostname", LT_SHOW_DIFFERS},
    {"USED BY", "used_by", LT_SHOW_ALL},
};

enum lt_status lt_removed_volumes(struct lt_job *job, struct lt_err *err)
{
    struct lt_list records = {0};
    uint64_t errors;
    if (lt_traces_find(job, LT_TRACES_REPORT, &errors, err) != LT_OK)
        return LT_FATAL;
    lt_each (const struct lt_root, root, &job->inventory.roots)
        lt_each (const struct lt_volume, volume, &root->removed_volumes)
            lt_list_add(&records, &job->arena, describe_volume(&job->arena, volume));
    return lt_records_write(job, &records, volume_columns, sizeof volume_columns / sizeof *volume_columns, err);
}
