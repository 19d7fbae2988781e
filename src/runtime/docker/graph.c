// SPDX-License-Identifier: Apache-2.0
#include "runtime/docker/graph.h"

#include "parse/ident.h"
#include "parse/json.h"
#include "read/discover.h"
#include "read/facts.h"
#include "runtime/docker/driver/driver.h"
#include "store/image_config.h"

enum { MAX_ID_FILE = 4096, MAX_DEPTH = 128 }; /* Docker allowed 127 layers: graph/history.go MaxImageDepth */

#define REPOSITORIES "repositories"

/* The store whose images are read. */
struct graph {
    struct lt_ctx *ctx;
    struct lt_str path;
    const struct lt_docker_driver *elsewhere; /* of layers that need no directory; NULL: there are none */
    struct json_t *moved;                     /* .migration-v1-images.json; NULL: there is none */
    bool names_moved;                         /* so were the names, which may have changed since */
    struct lt_map by_layer;                   /* images of imagedb, by moved_key() */
    struct lt_list images;                    /* of struct lt_image *: those that are told as they are */
};

/* What a translated image has in common with the old one. */
static struct lt_str moved_key(struct lt_arena *arena, struct lt_str diff_id, struct lt_time created)
{
    return lt_str_format(arena, "%.*s %jd.%09u", LT_ARG(diff_id), (intmax_t)created.sec, created.nsec);
}

static void index_moved(struct graph *graph)
{
    struct lt_ctx *ctx = graph->ctx;
    lt_each (struct lt_image, image, &ctx->root->images)
        if (image->diff_ids.count)
            lt_map_put(&graph->by_layer, ctx->scratch,
                       moved_key(ctx->scratch, *(const struct lt_str *)image->diff_ids.items[image->diff_ids.count - 1],
                                 image->created),
                       image);
}

/* The image of imagedb that the old one became; NULL: none. Before the list of all is written, layerdb has its layer
 * already. */
static struct lt_image *find_moved(const struct graph *graph, struct lt_str id, struct lt_time created)
{
    const struct lt_root *root = graph->ctx->root;
    const struct lt_layer *layer = lt_map_get(&root->layer_by_id, id);
    struct lt_image *image = lt_map_get(&root->image_by_id, lt_json_str(graph->moved, id.ptr));
    return !image && layer && layer->diff_id.len
               ? lt_map_get(&graph->by_layer, moved_key(graph->ctx->scratch, layer->diff_id, created))
               : image;
}

static void read_parent(struct lt_ctx *ctx, struct lt_image *image, const struct json_t *json, struct lt_str dir)
{
    struct lt_str text = LT_STR(""), path = lt_path_join(ctx->scratch, dir, LT_STR("parent"));
    bool has_file = lt_read_text_or_skip(ctx, path, MAX_ID_FILE, LT_OPTIONAL, &text) == LT_OK;
    if (!has_file)
        text = lt_json_str(json, "parent");
    if (!text.len)
        text = lt_digest_hex(lt_json_str(json, "parent_id"));
    if (lt_is_id(text))
        image->parent = lt_str_dup(ctx->run, text);
    else if (text.len)
        lt_skip(ctx, has_file ? path : image->config, LT_CODE_BAD_ID, LT_BEFORE_1_10 ": parent: no image ID: '%.*s'",
                (int)(text.len < 80 ? text.len : 80), text.ptr);
}

/* The step that made the image, in the form of imagedb's history (moby image/v1/imagev1.go HistoryFromConfig). */
static void read_step(struct lt_ctx *ctx, struct lt_image *image, const struct json_t *json)
{
    struct lt_history *step = lt_new(ctx->run, struct lt_history);
    const struct json_t *command = lt_json_at(json, "container_config.Cmd");
    struct lt_buf line = {0};
    for (size_t i = 0; i < lt_json_count(command); i++) {
        if (i)
            lt_buf_char(&line, ' ');
        lt_buf_add(&line, lt_json_str(lt_json_item(command, i), ""));
    }
    step->created = lt_str_dup(ctx->run, lt_json_str(json, "created"));
    step->created_by = lt_str_dup(ctx->run, lt_buf_view(&line));
    step->comment = lt_str_dup(ctx->run, lt_json_str(json, "comment"));
    step->field = "created";
    lt_buf_free(&line);
    lt_list_add(&image->history, ctx->run, step);
}

/* Complete a layer of the image. */
static void read_layer(struct lt_ctx *ctx, const struct lt_image *image, struct lt_str dir, struct lt_layer *layer)
{
    struct lt_node node;
    struct lt_str record = lt_path_join(ctx->run, dir, LT_STR("tar-data.json.gz"));
    if (!layer || layer->recorded)
        return;
    layer->recorded = true;
    lt_docker_read_size(ctx, lt_path_join(ctx->scratch, dir, LT_STR("layersize")), layer);
    lt_docker_layer(layer)->lower = image->parent;
    if (lt_stat_or_skip(ctx, record, &node) != LT_OK)
        return;
    layer->tar_record = record;
    lt_fact_add(&layer->unpacked, ctx->run, "", record);
    lt_fact_add(&layer->unpacked, ctx->run, "", image->config);
}

/* Complete the image's layers, if there are directories of drivers. */
static void read_layers(const struct graph *graph, const struct lt_image *image, struct lt_str dir)
{
    struct lt_ctx *ctx = graph->ctx;
    const struct lt_layer *layer = lt_map_get(&ctx->root->layer_by_id, image->id);
    if (!layer && lt_is_dir_or_skip(ctx, lt_path_join(ctx->scratch, dir, LT_STR("layer"))))
        lt_skip(ctx, lt_path_join(ctx->scratch, dir, LT_STR("layer")), LT_CODE_UNSUPPORTED,
                "written by Docker before 0.7: the files of the layer are not read");
    if (!layer && graph->elsewhere)
        lt_docker_layer_named(ctx, graph->elsewhere, image->id);
    for (size_t i = 0; lt_docker_drivers[i]; i++)
        read_layer(ctx, image, dir, lt_docker_layer_find(ctx->root, lt_docker_drivers[i], image->id));
}

/* Add an image that was not translated, or was removed after that. `described` has its ID, and what its configuration
 * has in common with that of later images. */
static void add_image(struct graph *graph, const struct lt_image *described, const struct json_t *json,
                      struct lt_str dir)
{
    struct lt_ctx *ctx = graph->ctx;
    struct lt_image *image = lt_inventory_image(ctx->inventory, ctx->root, LT_STR(""), described->id);
    struct lt_str became = lt_json_str(graph->moved, image->id.ptr), named = lt_json_str(json, "id");
    image->config = described->config;
    image->created = described->created;
    image->platform = described->platform;
    lt_identifier_add(ctx->inventory, &image->identifiers, "became", lt_str_dup(ctx->run, became));
    if (became.len)
        image->tags |= LT_TAG_BIT(image_missing);
    if (named.len && !lt_str_eq(named, image->id))
        lt_skip(ctx, image->config, LT_CODE_BAD_ID, LT_BEFORE_1_10 ": id is not that of its directory, which is used");
    read_parent(ctx, image, json, dir);
    read_step(ctx, image, json);
    read_layers(graph, image, dir);
    lt_list_add(&graph->images, ctx->run, image);
}

static void read_image(struct graph *graph, struct lt_str id)
{
    struct lt_ctx *ctx = graph->ctx;
    struct json_t *json;
    struct lt_str dir = lt_path_join(ctx->run, graph->path, id);
    struct lt_image image = {.id = lt_str_dup(ctx->run, id), .config = lt_path_join(ctx->run, dir, LT_STR("json"))};
    if (lt_read_json_of_or_skip(ctx, image.config, LT_REQUIRED, LT_BEFORE_1_10, &json) != LT_OK)
        return;
    lt_image_config_take(ctx, &image, json);
    struct lt_image *moved = find_moved(graph, image.id, image.created);
    if (moved) {
        lt_map_put(&lt_docker_root(ctx->root)->image_by_graph, ctx->run, image.id, moved);
        lt_identifier_add(ctx->inventory, &moved->identifiers, LT_GRAPH_PATH, image.config);
    } else {
        add_image(graph, &image, json, dir);
    }
    lt_json_free(json);
}

/* _tmp holds images while they are pulled, built or removed. */
static void read_images(struct graph *graph)
{
    struct lt_ctx *ctx = graph->ctx;
    struct lt_listing listing;
    lt_list_or_skip(ctx, graph->path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str name = listing.nodes[i].name, path = lt_path_join(ctx->scratch, graph->path, name);
        if (lt_is_id(name))
            read_image(graph, name);
        else if (!lt_str_eq(name, LT_STR("_tmp")))
            lt_skip(ctx, path, LT_CODE_BAD_ID, LT_BEFORE_1_10 ": no image ID");
        else if (!lt_is_empty_or_skip(ctx, path))
            lt_skip(ctx, path, LT_CODE_UNSUPPORTED,
                    LT_BEFORE_1_10 ": left by a pull, a build or a removal that was cut short: not read");
    }
}

static const struct lt_image *parent_of(const struct lt_image *image)
{
    return image->parent.len ? lt_map_get(&image->root->image_by_id, image->parent) : NULL;
}

/* Report a parent that is not there, and cut a chain of parents that comes back to the image. */
static void check_parent(struct lt_ctx *ctx, struct lt_image *image)
{
    const struct lt_image *at = parent_of(image);
    if (image->parent.len && !at && !lt_map_get(&lt_docker_root(ctx->root)->image_by_graph, image->parent))
        lt_skip(ctx, image->config, LT_CODE_MISSING, LT_BEFORE_1_10 ": its parent is not there: %.*s",
                LT_ARG(image->parent));
    for (size_t depth = 0; at && at != image && depth < MAX_DEPTH; depth++)
        at = parent_of(at);
    if (at != image)
        return;
    lt_skip(ctx, image->config, LT_CODE_CYCLE, LT_BEFORE_1_10 ": the chain of parents comes back to itself");
    image->parent = LT_STR("");
}

/* Link the image's layers to those of its parent, where the driver did not. */
static void link_layers(struct lt_ctx *ctx, const struct lt_image *image)
{
    for (size_t i = 0; lt_docker_drivers[i]; i++) {
        struct lt_layer *layer = lt_docker_layer_find(ctx->root, lt_docker_drivers[i], image->id);
        if (layer && !layer->parent)
            layer->parent = lt_docker_layer_find(ctx->root, lt_docker_drivers[i], image->parent);
    }
}

/* Give an image as many diff IDs, which are unknown, as there are steps from the first one to it. */
static void count_steps(struct lt_ctx *ctx, struct lt_image *image)
{
    static const struct lt_str unknown = {0};
    const struct lt_image *at = image;
    for (size_t depth = 0; at && depth < MAX_DEPTH; depth++, at = parent_of(at))
        lt_list_add(&image->diff_ids, ctx->run, &unknown);
}

/* "app:1", or "app@sha256:..." (moby graph/tags.go, reference/reference.go). */
static void add_name(struct graph *graph, struct lt_str path, struct lt_str repository, struct lt_str tag,
                     struct lt_str id)
{
    struct lt_ctx *ctx = graph->ctx;
    struct lt_image *image = lt_map_get(&ctx->root->image_by_id, id);
    struct lt_image *moved = lt_map_get(&lt_docker_root(ctx->root)->image_by_graph, id);
    struct lt_str name =
        lt_str_format(ctx->scratch, "%.*s%s%.*s", LT_ARG(repository), lt_digest_hex(tag).len ? "@" : ":", LT_ARG(tag));
    if (moved && graph->names_moved)
        return;
    image = moved ? moved : image;
    if (!image)
        lt_skip(ctx, path, LT_CODE_MISSING, LT_BEFORE_1_10 ": '%.*s' names an image that is not there: '%.*s'",
                LT_ARG(name), (int)(id.len < 80 ? id.len : 80), id.ptr);
    else if (!lt_docker_has_name(image, name))
        lt_fact_add(&image->names, ctx->run, "", name);
}

static void read_names(struct graph *graph, struct lt_str path)
{
    struct json_t *json;
    struct lt_str repository, tag;
    const struct json_t *tags, *id;
    if (lt_read_json_of_or_skip(graph->ctx, path, LT_REQUIRED, LT_BEFORE_1_10, &json) != LT_OK)
        return;
    for (void *outer = NULL; lt_json_next(lt_json_at(json, "Repositories"), &outer, &repository, &tags);)
        for (void *inner = NULL; lt_json_next(tags, &inner, &tag, &id);)
            add_name(graph, path, repository, tag, lt_json_str(id, ""));
    lt_json_free(json);
}

/* "repositories-<driver>"; before 0.7 there was one driver, and no name of it. */
static bool is_names(struct lt_str name)
{
    return lt_str_starts(name, LT_STR(REPOSITORIES)) &&
           (name.len == sizeof REPOSITORIES - 1 || name.ptr[sizeof REPOSITORIES - 1] == '-');
}

/* Each driver has names of its own, and its images among all those in graph/. */
static void find_drivers(struct graph *graph, const struct lt_listing *root)
{
    for (size_t i = 0; i < root->count; i++) {
        struct lt_str name = root->nodes[i].name;
        if (!is_names(name))
            continue;
        const struct lt_docker_driver *driver = lt_docker_driver_named(lt_str_skip(name, sizeof REPOSITORIES));
        if (driver && driver->elsewhere)
            graph->elsewhere = driver;
        if (!driver && name.len > sizeof REPOSITORIES)
            lt_skip(graph->ctx, lt_path_join(graph->ctx->scratch, graph->ctx->root->path, name), LT_CODE_UNSUPPORTED,
                    LT_BEFORE_1_10 ": the layers of this storage driver are not read");
    }
}

/* Read what lies in the data root itself. */
static void read_root(struct graph *graph, const struct lt_listing *root)
{
    struct lt_ctx *ctx = graph->ctx;
    for (size_t i = 0; i < root->count; i++) {
        struct lt_str name = root->nodes[i].name, path = lt_path_join(ctx->scratch, ctx->root->path, name);
        if (is_names(name))
            read_names(graph, path);
        else if (lt_str_eq(name, LT_STR("linkgraph.db")))
            lt_skip(ctx, path, LT_CODE_UNSUPPORTED,
                    LT_BEFORE_1_10 ": names of containers and links between them, in SQLite: not read");
    }
}

void lt_docker_graph_read(struct lt_ctx *ctx)
{
    struct graph graph = {.ctx = ctx, .path = lt_root_path(ctx, "graph")};
    struct lt_node node;
    struct lt_listing root;
    lt_list_or_skip(ctx, ctx->root->path, &root);
    find_drivers(&graph, &root);
    lt_docker_root(ctx->root)->old = lt_stat_or_skip(ctx, graph.path, &node) == LT_OK &&
                                     lt_stat_or_skip(ctx, lt_root_path(ctx, "image"), &node) == LT_END;
    (void)lt_read_json_or_skip(ctx, lt_root_path(ctx, ".migration-v1-images.json"), LT_OPTIONAL, &graph.moved);
    graph.names_moved = lt_stat_or_skip(ctx, lt_root_path(ctx, ".migration-v1-tags"), &node) == LT_OK;
    index_moved(&graph);
    read_images(&graph);
    lt_each (struct lt_image, image, &graph.images)
        check_parent(ctx, image);
    lt_each (struct lt_image, image, &graph.images) {
        link_layers(ctx, image);
        if (!(image->tags & LT_TAG_BIT(image_missing)))
            count_steps(ctx, image);
    }
    read_root(&graph, &root);
    lt_json_free(graph.moved);
}
