// SPDX-License-Identifier: Apache-2.0
/* Images, below <root>/image/<driver> (moby daemon/internal/image, daemon/internal/refstore, 20.10 to 28.x):
 *
 *   imagedb/content/sha256/<ID>               image configuration (OCI image-spec config.md);
 *                                             mtime: pulled, loaded or built here
 *   imagedb/metadata/sha256/<ID>/parent       ID of the image from which docker build or commit made it
 *   imagedb/metadata/sha256/<ID>/lastUpdated  RFC 3339 in the host's zone: last tag, build or import here
 *   repositories.json                         names -> image IDs
 *
 * Docker before 1.10 had other files: see graph.h.
 *
 * `created` and `history[].created` in a configuration are by the builder's clock. */
#include "read/facts.h"

#include "clock/zones.h"
#include "parse/ident.h"
#include "parse/json.h"
#include "parse/stamp.h"
#include "runtime/docker/driver/driver.h"
#include "runtime/docker/graph.h"
#include "store/image_config.h"

/* Only images made by the classic builder or docker commit have a parent. */
static void read_parent(struct lt_ctx *ctx, struct lt_image *image, struct lt_str path)
{
    struct lt_str text;
    if (lt_read_text_or_skip(ctx, path, 4096, LT_OPTIONAL, &text) != LT_OK)
        return;
    if (lt_digest_hex(text).len)
        image->parent = lt_str_dup(ctx->run, text);
    else
        lt_skip(ctx, path, LT_CODE_BAD_ID, "no image ID: '%.*s'", (int)(text.len < 80 ? text.len : 80), text.ptr);
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
        lt_image_config_read(ctx, image);
    }
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
            if (image && lt_docker_has_name(image, reference))
                continue; /* already listed by another storage driver */
            if (image)
                lt_fact_add(&image->names, ctx->run, "", reference);
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
        const struct lt_node *node = &drivers.nodes[i];
        bool known = lt_docker_driver_named(node->name);
        if (known ? !lt_is_folder_or_skip(ctx, path, node) : !S_ISDIR(node->mode))
            continue;
        struct lt_str driver = lt_path_join(ctx->run, path, node->name);
        read_images(ctx, driver);
        read_repositories(ctx, driver);
    }
    lt_docker_graph_read(ctx);
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

/* `file` was written when the image came here. */
static enum lt_status emit_registered(struct lt_ctx *ctx, const struct lt_image *image, struct lt_str file,
                                      struct lt_err *err)
{
    struct lt_node node;
    if (lt_stat_or_skip(ctx, file, &node) != LT_OK)
        return LT_OK;
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
        .where = {.file = file, .field = "mtime"},
    };
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status emit_tagged(struct lt_ctx *ctx, const struct lt_image *image, struct lt_err *err)
{
    struct lt_str text;
    struct lt_err problem = {0};
    if (!image->updated.len || lt_read_text_or_skip(ctx, image->updated, 4096, LT_OPTIONAL, &text) != LT_OK)
        return LT_OK; /* a pulled image has no lastUpdated */
    struct lt_event event = {.kind = LT_KIND_IMAGE_TAGGED, .where = {.file = image->updated, .field = "text"}};
    enum lt_status status = lt_stamp_rfc3339(text, &event.time[0], &problem);
    if (status == LT_SKIP) {
        lt_skip_error(ctx, image->updated, &problem);
        return LT_OK;
    }
    struct lt_attr attrs[] = {
        {.key = LT_ATTR_ACTION, .text = LT_STR("tag image")},
        {.key = LT_ATTR_NAMES, .items = image->names},
    };
    return emit_image(ctx, image, &event, attrs, image->names.count ? 2 : 1, err);
}

/* An image that was translated came here before that. */
static enum lt_status emit_arrivals(struct lt_ctx *ctx, const struct lt_image *image, struct lt_err *err)
{
    struct lt_str old = lt_identifier_of(&image->identifiers, LT_GRAPH_PATH);
    enum lt_status status = emit_registered(ctx, image, image->config, err);
    return status == LT_OK && old.len ? emit_registered(ctx, image, old, err) : status;
}

static enum lt_status docker_image_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (struct lt_image, image, &ctx->root->images) {
        if (image->referenced_only)
            continue;
        status = lt_image_steps_emit(ctx, image, err);
        if (status == LT_OK)
            status = emit_arrivals(ctx, image, err);
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
