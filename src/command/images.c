// SPDX-License-Identifier: Apache-2.0
/* Every image: its names, when it was built (builder's clock), when it was registered here, its size and its users.
 * Images that only a container still names are included. */
#include "command/command.h"
#include "command/record.h"
#include "command/removed.h"
#include "parse/stamp.h"
#include "run/job.h"

#include <stdlib.h>

static int by_age(const void *a, const void *b)
{
    const struct lt_image *left = *(const struct lt_image *const *)a;
    const struct lt_image *right = *(const struct lt_image *const *)b;
    if (left->created.set != right->created.set)
        return left->created.set ? -1 : 1;
    int order = left->created.set ? lt_time_cmp(left->created, right->created) : 0;
    return order ? order : lt_str_cmp(left->id, right->id);
}

/* Where other snapshotters have the same layer. */
static void add_copies(struct lt_record *item, const struct lt_image *image, size_t index)
{
    struct lt_list paths = {0};
    lt_each (const struct lt_layer, layer, &image->copies)
        if (layer_at % image->diff_ids.count == index)
            lt_list_add(&paths, item->arena, &layer->path);
    if (paths.count)
        lt_record_list(item, "other_paths", paths);
}

/* All that share the layer, under the name by which rows know it. */
static void add_sharers(struct lt_record *item, const struct lt_layer *layer)
{
    struct lt_list containers = {0}, images = {0};
    lt_each (const struct lt_container, container, &layer->containers)
        lt_list_add(&containers, item->arena, &container->id);
    lt_each (const struct lt_image, image, &layer->images)
        lt_list_add(&images, item->arena, &image->id);
    lt_record_name(item, "layer_identifier", lt_layer_name(layer));
    lt_record_list(item, "used_by_containers", containers);
    lt_record_list(item, "used_by_images", images);
}

/* Where each of its layers is, base first. */
static void add_layer_list(struct lt_record *record, const struct lt_image *image)
{
    struct lt_list layers = {0};
    for (size_t i = 0; i < image->diff_ids.count; i++) {
        struct lt_record *item = lt_record_new(record->arena);
        const struct lt_layer *layer = i < image->layers.count ? image->layers.items[i] : NULL;
        const struct lt_blob *blob = i < image->blobs.count ? image->blobs.items[i] : NULL;
        lt_record_name(item, "diff_identifier", *(const struct lt_str *)image->diff_ids.items[i]);
        if (layer) {
            lt_record_name(item, "chain_identifier", lt_identifier_of(&layer->identifiers, "chain_identifier"));
            lt_record_name(item, "path", layer->path);
        }
        if (layer && layer->has_size)
            lt_record_int(item, "size", (int64_t)layer->size);
        if (layer)
            add_sharers(item, layer);
        add_copies(item, image, i);
        if (blob) {
            lt_record_name(item, "blob_identifier", blob->digest);
            lt_record_name(item, "blob_path", blob->path);
            lt_record_int(item, "blob_size", (int64_t)blob->size);
        }
        lt_list_add(&layers, record->arena, item);
    }
    lt_record_records(record, "layers", layers);
}

/* When its configuration was written here (pulled, loaded or built), and when it last got a name, if known. */
static void add_times(struct lt_ctx *ctx, struct lt_record *record, const struct lt_image *image)
{
    struct lt_node node;
    struct lt_str text;
    struct lt_time tagged;
    struct lt_err problem = {0};
    lt_record_time(record, "created", image->created);
    if (image->referenced_only)
        return;
    if (lt_fs_stat(ctx->fs, image->config, ctx->scratch, &node, &problem) == LT_OK)
        lt_record_time(record, "registered", node.time[LT_M]);
    if (image->tagged.set)
        lt_record_time(record, "last_tagged", image->tagged);
    else if (image->updated.len && lt_read_text_or_skip(ctx, image->updated, 4096, LT_OPTIONAL, &text) == LT_OK &&
             lt_stamp_rfc3339(text, &tagged, &problem) == LT_OK)
        lt_record_time(record, "last_tagged", tagged);
    if (problem.set)
        lt_skip_error(ctx, image->config, &problem);
}

/* Its layers, and their total size if all are known. */
static void add_layers(struct lt_ctx *ctx, struct lt_record *record, const struct lt_image *image)
{
    uint64_t size = 0;
    bool known = !(image->tags & LT_TAG_BIT(image_missing)) && image->layers.count == image->diff_ids.count;
    lt_each (const struct lt_layer, layer, &image->layers) {
        known &= layer->has_size;
        size += layer->size;
    }
    if (known)
        lt_record_int(record, "size", (int64_t)size);
    if (image->referenced_only)
        return;
    if (!image->packed && image->layers.count < image->diff_ids.count)
        lt_skip(ctx, image->config, LT_CODE_MISSING, "only %zu of its %zu layers are known", image->layers.count,
                image->diff_ids.count);
    lt_record_int(record, "layer_count", (int64_t)image->diff_ids.count);
    lt_record_list(record, "diff_identifiers", image->diff_ids);
    add_layer_list(record, image);
}

static void add_users(struct lt_record *record, const struct lt_image *image)
{
    struct lt_list ids = {0}, labels = {0};
    lt_each (const struct lt_container, container, &image->users) {
        lt_list_add(&ids, record->arena, &container->id);
        lt_list_add(&labels, record->arena, lt_record_label(record->arena, &container->owner));
    }
    lt_record_list(record, "used_by_containers", ids);
    lt_record_list(record, "used_by", labels);
}

static struct lt_record *describe(struct lt_job *job, const struct lt_image *image)
{
    struct lt_record *record = lt_record_new(&job->arena);
    lt_record_name(record, "image_identifier", image->id);
    lt_record_name(record, "image_name", lt_image_name(image));
    lt_record_list(record, "image_names", image->names);
    lt_record_name(record, "parent_image", image->parent);
    lt_record_name(record, "container_namespace", image->namespace);
    lt_record_name(record, "platform", image->platform);
    lt_each (const struct lt_identifier, identifier, &image->identifiers)
        lt_record_name(record, identifier->name, identifier->value);
    add_times(&job->ctx, record, image);
    add_layers(&job->ctx, record, image);
    add_users(record, image);
    lt_record_tags(record, image->tags);
    lt_record_root(record, image->root, image->runtime);
    return record;
}

static const struct lt_column columns[] = {
    {"IMAGE ID", "image_identifier", LT_SHOW_SHORT},
    {"NAMES", "image_names", LT_SHOW_ALL},
    {"BUILT (BUILDER)", "created", LT_SHOW_ALL},
    {"HERE SINCE", "registered", LT_SHOW_ALL},
    {"LAST TAGGED", "last_tagged", LT_SHOW_ALL},
    {"LAYERS", "layer_count", LT_SHOW_ALL},
    {"SIZE", "size", LT_SHOW_ALL},
    {"EVIDENCE", "evidence", LT_SHOW_DIFFERS},
    {"HOST", "hostname", LT_SHOW_DIFFERS},
    {"DATA ROOT", "data_root", LT_SHOW_DIFFERS},
    {"RUNTIME", "container_runtime", LT_SHOW_DIFFERS},
    {"NAMESPACE", "container_namespace", LT_SHOW_DIFFERS},
    {"TAGS", "tag", LT_SHOW_ALL},
    {"USED BY", "used_by", LT_SHOW_ALL},
};

static enum lt_status run_images(struct lt_job *job, struct lt_err *err)
{
    struct lt_list records = {0};
    if (job->options->removed)
        return lt_removed_images(job, err);
    lt_each (struct lt_root, root, &job->inventory.roots) {
        struct lt_list sorted = {0};
        lt_each (struct lt_image, image, &root->images)
            lt_list_add(&sorted, &job->arena, image);
        if (sorted.count)
            qsort(sorted.items, sorted.count, sizeof *sorted.items, by_age);
        lt_job_enter(job, root, "images");
        lt_each (const struct lt_image, image, &sorted)
            lt_list_add(&records, &job->arena, describe(job, image));
    }
    return lt_records_write(job, &records, columns, sizeof columns / sizeof *columns, err);
}

const struct lt_command lt_command_images = {
    .name = "images",
    .arguments = "EVIDENCE...",
    .summary = "the images: names, built, here since, size, and the containers that use them",
    .options = LT_OPTIONS_JSON | LT_OPTIONS_REMOVED,
    .run = run_images,
};
