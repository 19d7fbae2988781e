// SPDX-License-Identifier: Apache-2.0
/* Images, below <root>/image/<driver> (moby daemon/internal/image, daemon/internal/refstore, 20.10 to 28.x):
 *
 *   imagedb/content/sha256/<ID>               image configuration (OCI image-spec config.md);
 *                                             mtime: pulled, loaded or built here
 *   imagedb/metadata/sha256/<ID>/parent       ID of the image from which docker build or commit made it
 *   imagedb/metadata/sha256/<ID>/lastUpdated  RFC 3339 in the host's zone: last tag, build or import here
 *   repositories.json                         names -> image IDs
 *
 * `created` and `history[].created` in a configuration are by the builder's clock. */
#include "read/facts.h"

#include "clock/zones.h"
#include "parse/ident.h"
#include "parse/json.h"
#include "parse/stamp.h"
#include "runtime/docker/docker.h"

static struct lt_str keep(struct lt_ctx *ctx, struct lt_str text)
{
    return lt_str_dup(ctx->run, text);
}

static struct lt_str *keep_ptr(struct lt_ctx *ctx, struct lt_str text)
{
    struct lt_str *copy = lt_new(ctx->run, struct lt_str);
    *copy = keep(ctx, text);
    return copy;
}

/* Steps that made a layer correspond one to one, in order, to the diff IDs. */
static void read_history(struct lt_ctx *ctx, struct lt_image *image, const struct json_t *json)
{
    const struct json_t *history = lt_json_at(json, "history");
    size_t layer = 0;
    for (size_t i = 0; i < lt_json_count(history); i++) {
        const struct json_t *item = lt_json_item(history, i);
        struct lt_history *step = lt_new(ctx->run, struct lt_history);
        step->created = keep(ctx, lt_json_str(item, "created"));
        step->created_by = keep(ctx, lt_json_str(item, "created_by"));
        step->comment = keep(ctx, lt_json_str(item, "comment"));
        step->empty_layer = lt_json_bool(item, "empty_layer");
        if (!step->empty_layer && layer < image->diff_ids.count)
            step->diff_id = *(const struct lt_str *)image->diff_ids.items[layer++];
        lt_list_add(&image->history, ctx->run, step);
    }
}

/* With SOURCE_DATE_EPOCH, all steps have the same time, in whole seconds (BuildKit docs/build-repro.md). */
static void read_stamp(struct lt_image *image)
{
    const struct lt_history *first = image->history.count > 1 ? image->history.items[0] : NULL;
    lt_each (const struct lt_history, step, &image->history)
        if (!first || !lt_str_eq(step->created, first->created))
            return;
    if (first && lt_stamp_rfc3339(first->created, &image->stamp, NULL) == LT_OK)
        image->stamp.set = !image->stamp.nsec;
}

static void read_created(struct lt_ctx *ctx, struct lt_image *image, const struct json_t *json)
{
    struct lt_err problem = {0};
    if (lt_stamp_rfc3339(lt_json_str(json, "created"), &image->created, &problem) == LT_SKIP)
        lt_skip(ctx, image->config, problem.code, "created: %s", problem.text);
}

/* Only images made by the classic builder or docker commit have a parent. */
static void read_parent(struct lt_ctx *ctx, struct lt_image *image, struct lt_str path)
{
    struct lt_str text;
    if (lt_read_or_skip(ctx, path, 4096, LT_OPTIONAL, &text) != LT_OK)
        return;
    text = lt_str_trim(text);
    if (lt_digest_hex(text).len)
        image->parent = keep(ctx, text);
    else
        lt_skip(ctx, path, LT_CODE_BAD_ID, "no image ID: '%.*s'", (int)(text.len < 80 ? text.len : 80), text.ptr);
}

static void read_config(struct lt_ctx *ctx, struct lt_image *image)
{
    struct json_t *json;
    if (lt_read_json_or_skip(ctx, image->config, LT_REQUIRED, &json) != LT_OK)
        return;
    const struct json_t *diff_ids = lt_json_at(json, "rootfs.diff_ids");
    for (size_t i = 0; i < lt_json_count(diff_ids); i++) {
        struct lt_str diff_id = lt_json_str(lt_json_item(diff_ids, i), "");
        if (!lt_digest_hex(diff_id).len) {
            lt_skip(ctx, image->config, LT_CODE_BAD_ID, "rootfs.diff_ids[%zu]: no digest: '%.*s'", i,
                    (int)(diff_id.len < 80 ? diff_id.len : 80), diff_id.ptr);
            diff_id = LT_STR(""); /* keeps the positions of the others */
        }
        lt_list_add(&image->diff_ids, ctx->run, keep_ptr(ctx, diff_id));
    }
    read_history(ctx, image, json);
    read_stamp(image);
    read_created(ctx, image, json);
    lt_json_free(json);
}

static void read_images(struct lt_ctx *ctx, struct lt_str driver)
{
    struct lt_listing listing;
    struct lt_str imagedb = lt_path_join(ctx->run, driver, LT_STR("imagedb"));
    struct lt_str path = lt_path_join(ctx->run, imagedb, LT_STR("content/sha256"));
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str name = listing.nodes[i].name;
        if (!lt_is_id(name)) {
            lt_skip(ctx, lt_path_join(ctx->scratch, path, name), LT_CODE_BAD_ID, "no image ID");
            continue;
        }
        struct lt_str id = lt_str_format(ctx->scratch, "sha256:%.*s", LT_ARG(name));
        struct lt_image *image = lt_inventory_image(ctx->inventory, ctx->root, LT_STR(""), id);
        if (image->config.len)
            continue; /* already read from another storage driver's imagedb; an image is the same in each */
        image->config = lt_path_join(ctx->run, path, name);
        struct lt_str metadata = lt_str_format(ctx->run, "%.*s/metadata/sha256/%.*s", LT_ARG(imagedb), LT_ARG(name));
        image->updated = lt_path_join(ctx->run, metadata, LT_STR("lastUpdated"));
        read_parent(ctx, image, lt_path_join(ctx->scratch, metadata, LT_STR("parent")));
        read_config(ctx, image);
    }
}

static bool has_name(const struct lt_image *image, struct lt_str reference)
{
    lt_each (struct lt_str, name, &image->names)
        if (lt_str_eq(*name, reference))
            return true;
    return false;
}

static void read_repositories(struct lt_ctx *ctx, struct lt_str driver)
{
    struct json_t *json;
    struct lt_str path = lt_path_join(ctx->scratch, driver, LT_STR("repositories.json"));
    if (lt_read_json_or_skip(ctx, path, LT_OPTIONAL, &json) != LT_OK)
        return;
    const struct json_t *references, *id;
    struct lt_str repository, reference;
    for (void *outer = NULL; lt_json_next(lt_json_at(json, "Repositories"), &outer, &repository, &references);)
        for (void *inner = NULL; lt_json_next(references, &inner, &reference, &id);) {
            struct lt_str text = lt_json_str(id, "");
            struct lt_image *image = lt_digest_hex(text).len ? lt_map_get(&ctx->root->image_by_id, text) : NULL;
            if (image && has_name(image, reference))
                continue; /* already listed by another storage driver */
            if (image)
                lt_list_add(&image->names, ctx->run, keep_ptr(ctx, reference));
            else
                lt_skip(ctx, path, LT_CODE_MISSING, "'%.*s' names an image that is not there: '%.*s'",
                        LT_ARG(reference), (int)(text.len < 80 ? text.len : 80), text.ptr);
        }
    lt_json_free(json);
}

static void docker_image_inventory(struct lt_ctx *ctx)
{
    struct lt_listing drivers;
    struct lt_str path = lt_root_path(ctx, "image");
    lt_list_or_skip(ctx, path, &drivers);
    for (size_t i = 0; i < drivers.count; i++) {
        if (!S_ISDIR(drivers.nodes[i].mode))
            continue;
        struct lt_str driver = lt_path_join(ctx->run, path, drivers.nodes[i].name);
        read_images(ctx, driver);
        read_repositories(ctx, driver);
    }
}

void lt_docker_note_offsets(struct lt_ctx *ctx)
{
    enum { MOST = 256 };
    lt_each (const struct lt_image, image, &ctx->root->images) {
        struct lt_str text;
        if (image->updated.len && lt_slurp(ctx->fs, image->updated, MOST, ctx->scratch, &text, NULL) == LT_OK)
            lt_zone_note_offset(ctx, lt_str_trim(text), image->updated, "lastUpdated");
    }
}

/* Emit an event about an image with these attributes. */
static enum lt_status emit_image(struct lt_ctx *ctx, const struct lt_image *image, struct lt_event *event,
                                 const struct lt_attr *attrs, size_t count, struct lt_err *err)
{
    event->owner = &image->owner;
    event->attrs = attrs;
    event->attr_count = count;
    return lt_emit_one(ctx, event, err);
}

/* Report a build step later than the image's arrival. A clock that is ahead by less than SLIGHT seconds is ignored. */
static void check_arrival(struct lt_ctx *ctx, const struct lt_image *image, struct lt_event *event)
{
    enum { SLIGHT = 2 };
    struct lt_node node;
    struct lt_buf text = {0};
    if (lt_fs_stat(ctx->fs, image->config, ctx->scratch, &node, NULL) != LT_OK || !node.time[LT_M].set ||
        event->time[0].sec < node.time[LT_M].sec + SLIGHT)
        return;
    lt_buf_lit(&text, "later than the image came here, ");
    lt_time_iso(&text, node.time[LT_M], 9);
    lt_buf_lit(&text, "Z: the builder's clock was ahead of the host's, or the time is made up");
    lt_event_add_fact(event, ctx->scratch, lt_str_dup(ctx->scratch, lt_buf_view(&text)));
    event->tags |= LT_TAG_BIT(time_anomaly);
    lt_buf_free(&text);
}

static enum lt_status emit_step(struct lt_ctx *ctx, const struct lt_image *image, size_t at, struct lt_err *err)
{
    const struct lt_history *step = image->history.items[at];
    struct lt_err problem = {0};
    struct lt_event event = {
        .kind = LT_KIND_IMAGE_HISTORY,
        .where = {.file = image->config, .field = lt_str_format(ctx->scratch, "history[%zu].created", at).ptr},
    };
    enum lt_status status = lt_stamp_rfc3339(step->created, &event.time[0], &problem);
    if (status == LT_SKIP)
        lt_skip_error(ctx, image->config, &problem);
    if (status != LT_OK)
        return LT_OK; /* a step without a time is not an event */
    struct lt_attr attrs[4] = {{.key = LT_ATTR_ACTION, .text = LT_STR("build step")}};
    size_t count = 1;
    if (step->created_by.len)
        attrs[count++] = (struct lt_attr){.key = LT_ATTR_COMMAND, .text = step->created_by};
    if (step->comment.len)
        attrs[count++] = (struct lt_attr){.key = LT_ATTR_COMMENT, .text = step->comment};
    if (step->diff_id.len)
        attrs[count++] = (struct lt_attr){.key = LT_ATTR_DIFF_ID, .text = step->diff_id};
    event.owner = &image->owner;
    event.attrs = attrs;
    event.attr_count = count;
    if (image->stamp.set)
        lt_event_add_fact(&event, ctx->scratch, LT_STR("all build steps have this time: it was set for the build"));
    check_arrival(ctx, image, &event);
    return lt_emit_one(ctx, &event, err);
}

/* Does imagedb/metadata/sha256/<ID>/builtLocally exist? Docker writes it since 24. */
static bool is_built_here(struct lt_ctx *ctx, const struct lt_image *image)
{
    struct lt_node node;
    struct lt_str directory = image->updated;
    directory.len -= lt_str_basename(directory).len;
    if (!directory.len)
        return false;
    directory.len--;
    return lt_stat_or_skip(ctx, lt_path_join(ctx->scratch, directory, LT_STR("builtLocally")), &node) == LT_OK;
}

static enum lt_status emit_registered(struct lt_ctx *ctx, const struct lt_image *image, struct lt_err *err)
{
    struct lt_node node;
    struct lt_err problem = {0};
    if (lt_fs_stat(ctx->fs, image->config, ctx->scratch, &node, &problem) != LT_OK) {
        if (problem.set)
            lt_skip_error(ctx, image->config, &problem);
        return LT_OK;
    }
    struct lt_facts facts = {.arena = ctx->scratch};
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("register image"));
    lt_each (const struct lt_str, name, &image->names)
        lt_facts_item(&facts, LT_ATTR_NAMES, "%.*s", LT_ARG(*name));
    lt_fact(&facts, "parent", image->parent);
    if (is_built_here(ctx, image))
        lt_facts_item(&facts, LT_ATTR_FACTS, "built on this host");
    struct lt_event event = {
        .kind = LT_KIND_IMAGE_REGISTERED,
        .time = {node.time[LT_M]},
        .owner = &image->owner,
        .where = {.file = image->config, .field = "mtime"},
    };
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status emit_tagged(struct lt_ctx *ctx, const struct lt_image *image, struct lt_err *err)
{
    struct lt_str text;
    struct lt_err problem = {0};
    if (lt_read_or_skip(ctx, image->updated, 4096, LT_OPTIONAL, &text) != LT_OK)
        return LT_OK; /* a pulled image has no lastUpdated */
    struct lt_event event = {.kind = LT_KIND_IMAGE_TAGGED, .where = {.file = image->updated, .field = "text"}};
    enum lt_status status = lt_stamp_rfc3339(lt_str_trim(text), &event.time[0], &problem);
    if (status == LT_SKIP)
        lt_skip_error(ctx, image->updated, &problem);
    if (status != LT_OK)
        return LT_OK;
    struct lt_attr attrs[] = {
        {.key = LT_ATTR_ACTION, .text = LT_STR("tag image")},
        {.key = LT_ATTR_NAMES, .items = image->names},
    };
    return emit_image(ctx, image, &event, attrs, image->names.count ? 2 : 1, err);
}

static enum lt_status docker_image_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (struct lt_image, image, &ctx->root->images) {
        if (image->referenced_only)
            continue;
        if (image->layers.count < image->diff_ids.count)
            lt_skip(ctx, image->config, LT_CODE_MISSING, "only %zu of its %zu layers are known", image->layers.count,
                    image->diff_ids.count);
        for (size_t i = 0; status == LT_OK && i < image->history.count; i++)
            status = emit_step(ctx, image, i, err);
        if (status == LT_OK)
            status = emit_registered(ctx, image, err);
        if (status == LT_OK)
            status = emit_tagged(ctx, image, err);
        if (status != LT_OK)
            return status;
    }
    return LT_OK;
}

const struct lt_source lt_source_docker_image = {
    .name = "docker_image",
    .summary = "imagedb and repositories.json: build steps, registered here, last tagged",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_STORE,
    .inventory = docker_image_inventory,
    .events = docker_image_events,
};
