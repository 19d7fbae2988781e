// SPDX-License-Identifier: Apache-2.0
/* Layers: the directories of the storage drivers, and layerdb, which links them to images and containers (moby
 * daemon/internal/layer/filestore.go, 20.10 to 28.x), below <root>/image/<driver>/layerdb:
 *
 *   sha256/<chain ID>/{cache-id,diff,parent,size}  image layer: the driver's directory, diff ID, chain ID below, bytes
 *   sha256/<chain ID>-<random>-removing/          the same, while it is being removed
 *   tmp/write-set-<random>/                       the same, while it is being made
 *   mounts/<container ID>/{mount-id,init-id,parent}  container: rw and init directory, chain ID of the image
 *
 * The files in mounts/ are written once, when the container is created. Their mtime is the best witness of the
 * creation. Docker before 1.10 had no layerdb: see graph.h. */
#include "clock/filetimes.h"
#include "read/discover.h"
#include "read/source.h"
#include "read/unread.h"
#include "runtime/docker/driver/driver.h"

#include "parse/ident.h"
#include "parse/idmap.h"

#include <stdio.h>

enum { MAX_ID_FILE = 4096, MAX_DIGITS = 18, ID_LENGTH = 64, MAX_KEY = 256 };

/* The key of a layer whose ID another driver's layer has already. In `buffer`. */
static struct lt_str second_key(const struct lt_docker_driver *driver, struct lt_str id, char *buffer, size_t size)
{
    int length = snprintf(buffer, size, "%s/%.*s", driver->driver.name, LT_ARG(id));
    return (struct lt_str){buffer, length < (int)size ? (size_t)length : 0};
}

struct lt_layer *lt_docker_layer_find(const struct lt_root *root, const struct lt_docker_driver *driver,
                                      struct lt_str id)
{
    char key[MAX_KEY];
    struct lt_layer *layer = lt_map_get(&root->layer_by_id, id);
    if (!layer || !driver || lt_docker_is_of(layer, driver))
        return layer;
    return lt_map_get(&root->layer_by_id, second_key(driver, id, key, sizeof key));
}

struct lt_layer *lt_docker_layer_get(struct lt_ctx *ctx, const struct lt_docker_driver *driver, struct lt_str id)
{
    char key[MAX_KEY];
    const struct lt_layer *other = lt_map_get(&ctx->root->layer_by_id, id);
    bool second = other && !lt_docker_is_of(other, driver);
    struct lt_layer *layer =
        lt_inventory_layer(ctx->inventory, ctx->root, second ? second_key(driver, id, key, sizeof key) : id);
    layer->id = lt_str_skip(layer->id, second && !layer->own ? layer->id.len - id.len : 0);
    if (!layer->own) {
        struct lt_docker_layer *own = lt_new(ctx->run, struct lt_docker_layer);
        own->driver = driver;
        layer->own = own;
        layer->mechanics = driver->mechanics;
    }
    return layer;
}

struct lt_container *lt_docker_container_get(struct lt_ctx *ctx, struct lt_str id)
{
    struct lt_container *container = lt_inventory_container(ctx->inventory, ctx->root, LT_STR(""), id);
    if (!container->own)
        container->own = lt_new(ctx->run, struct lt_docker_container);
    return container;
}

/* Set the paths of a layer's work and merged directories. */
static void set_paths(struct lt_ctx *ctx, const struct lt_docker_driver *driver, struct lt_layer *layer)
{
    if (driver->work)
        layer->work = lt_path_join(ctx->run, layer->path, lt_str_c(driver->work));
    if (driver->merged)
        layer->merged = lt_path_join(ctx->run, layer->path, lt_str_c(driver->merged));
    else if (driver->mounts)
        layer->merged = lt_path_join(ctx->run, lt_root_path(ctx, driver->mounts), layer->id);
}

struct lt_str lt_docker_chain_key(struct lt_arena *arena, const struct lt_docker_driver *driver, struct lt_str chain_id)
{
    return lt_str_format(arena, "%s %.*s", driver->driver.name, LT_ARG(chain_id));
}

/* The path of a directory of layerdb, in the scratch arena. */
static struct lt_str layerdb_path(struct lt_ctx *ctx, const struct lt_docker_driver *driver, const char *part)
{
    struct lt_str path = lt_str_format(ctx->scratch, "image/%s/layerdb/%s", driver->driver.name, part);
    return lt_path_join(ctx->scratch, ctx->root->path, path);
}

struct lt_str lt_docker_record_path(struct lt_ctx *ctx, const struct lt_layer *layer, const char *name)
{
    const struct lt_docker_layer *own = lt_docker_layer(layer);
    struct lt_str records = layerdb_path(ctx, own->driver, "sha256");
    struct lt_str record = lt_path_join(ctx->scratch, records, lt_digest_hex(own->chain_id));
    return lt_path_join(ctx->scratch, record, lt_str_c(name));
}

/* Docker recreates the tar from the tar record and the layer's files, for `docker save` and `push`. */
void lt_docker_find_tar(struct lt_ctx *ctx, struct lt_layer *layer)
{
    static const char *const written[] = {"tar-split.json.gz", "cache-id"};
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        struct lt_str path = lt_str_dup(ctx->run, lt_docker_record_path(ctx, layer, written[i]));
        lt_list_add_str(&layer->unpacked, ctx->run, path);
        if (!i)
            layer->tar_record = path;
    }
}

/* Docker before 1.7 kept the files of volumes where the driver vfs has layers: see volume.c. */
static bool is_volume(struct lt_ctx *ctx, const struct lt_docker_driver *driver, struct lt_str name)
{
    return strcmp(driver->layers, LT_DOCKER_OLD_VOLUMES) == 0 && lt_is_id(name) &&
           lt_is_dir_or_skip(ctx, lt_path_join(ctx->scratch, lt_root_path(ctx, "volumes"), name));
}

bool lt_docker_is_quota_device(struct lt_str name)
{
    return lt_str_eq(name, LT_STR("backingFsBlockDev"));
}

static void scan_driver(struct lt_ctx *ctx, const struct lt_docker_driver *driver)
{
    struct lt_listing listing;
    struct lt_str path = lt_root_path(ctx, driver->layers);
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        const struct lt_node *node = &listing.nodes[i];
        bool is_id = lt_is_store_id(node->name);
        if (lt_str_eq(node->name, LT_STR("l")) || lt_docker_is_quota_device(node->name) ||
            is_volume(ctx, driver, node->name) ||
            !(is_id ? lt_is_folder_or_skip(ctx, path, node) : S_ISDIR(node->mode)))
            continue;
        if (!is_id) {
            lt_skip(ctx, lt_path_join(ctx->scratch, path, node->name), LT_CODE_BAD_ID,
                    "no ID of a layer: its files are told as the store's");
            continue;
        }
        struct lt_layer *layer = lt_docker_layer_get(ctx, driver, node->name);
        layer->path = lt_path_join(ctx->run, path, node->name);
        layer->content = driver->content ? lt_path_join(ctx->run, layer->path, lt_str_c(driver->content)) : layer->path;
        if (driver->elsewhere && lt_is_empty_or_skip(ctx, layer->content))
            layer->content = LT_STR("");
        set_paths(ctx, driver, layer);
        layer->created = node->time[LT_B];
        if (lt_str_ends(node->name, LT_STR("-init")))
            layer->role = LT_ROLE_INIT;
        if (lt_str_ends(node->name, LT_STR("-removing"))) /* aufs renames a layer so before it removes it */
            layer->tags |= LT_TAG_BIT(removing);
    }
}

struct lt_layer *lt_docker_layer_named(struct lt_ctx *ctx, const struct lt_docker_driver *driver, struct lt_str id)
{
    struct lt_layer *layer = lt_docker_layer_find(ctx->root, driver, id);
    if (!layer && driver->elsewhere && id.len) {
        layer = lt_docker_layer_get(ctx, driver, id);
        layer->path = lt_path_join(ctx->run, lt_root_path(ctx, driver->layers), id);
        if (lt_str_ends(id, LT_STR("-init")))
            layer->role = LT_ROLE_INIT;
    }
    return layer;
}

void lt_docker_report_elsewhere(struct lt_ctx *ctx, const struct lt_docker_driver *driver)
{
    size_t count = 0;
    lt_each (struct lt_layer, layer, &ctx->root->layers)
        count += lt_docker_is_of(layer, driver) && !layer->content.len;
    if (count)
        lt_skip(ctx, lt_root_path(ctx, driver->layers), LT_CODE_UNSUPPORTED,
                "%zu layers are %s: their files are not read", count, driver->elsewhere);
}

/* Read a file that holds one ID, into the run arena. `is_valid` checks its syntax. */
static enum lt_status read_id(struct lt_ctx *ctx, struct lt_str dir, const char *name, enum lt_need need,
                              bool (*is_valid)(struct lt_str), struct lt_str *out)
{
    *out = LT_STR("");
    struct lt_str text, path = lt_path_join(ctx->scratch, dir, lt_str_c(name));
    enum lt_status status = lt_read_text_or_skip(ctx, path, MAX_ID_FILE, need, &text);
    if (status != LT_OK)
        return status;
    if (is_valid(text)) {
        *out = lt_str_dup(ctx->run, text);
        return LT_OK;
    }
    lt_skip(ctx, path, LT_CODE_BAD_ID, "no ID: '%.*s'", (int)(text.len < 100 ? text.len : 100), text.ptr);
    return LT_SKIP;
}

static bool is_digest(struct lt_str text)
{
    return lt_digest_hex(text).len;
}

void lt_docker_read_size(struct lt_ctx *ctx, struct lt_str path, struct lt_layer *layer)
{
    struct lt_str text;
    if (lt_read_text_or_skip(ctx, path, MAX_ID_FILE, LT_OPTIONAL, &text) != LT_OK)
        return;
    layer->has_size = text.len && text.len <= MAX_DIGITS;
    for (size_t i = 0; layer->has_size && i < text.len; i++) {
        layer->has_size = text.ptr[i] >= '0' && text.ptr[i] <= '9';
        layer->size = layer->size * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    if (!layer->has_size)
        lt_skip(ctx, path, LT_CODE_DAMAGED, "no size: '%.*s'", (int)(text.len < 40 ? text.len : 40), text.ptr);
}

/* Read a record of an image layer; NULL if it does not lead to a layer. `tag` (an LT_TAG_BIT(), else 0) marks a record
 * of an interrupted creation or removal, any part of which may be missing. */
static struct lt_layer *read_record(struct lt_ctx *ctx, const struct lt_docker_driver *driver, struct lt_str dir,
                                    lt_tags tag)
{
    struct lt_str cache_id, diff_id, parent;
    struct lt_layer sized = {0};
    enum lt_need need = tag ? LT_OPTIONAL : LT_REQUIRED;
    enum lt_status status = read_id(ctx, dir, "cache-id", need, lt_is_store_id, &cache_id);
    read_id(ctx, dir, "diff", need, is_digest, &diff_id);
    read_id(ctx, dir, "parent", LT_OPTIONAL, is_digest, &parent); /* a base layer has none */
    lt_docker_read_size(ctx, lt_path_join(ctx->scratch, dir, LT_STR("size")), &sized);
    if (status != LT_OK)
        return NULL;
    struct lt_layer *layer = lt_docker_layer_named(ctx, driver, cache_id);
    if (!layer) {
        lt_skip(ctx, dir, LT_CODE_MISSING, "the layer's directory is missing: %s/%.*s", driver->layers,
                LT_ARG(cache_id));
        return NULL;
    }
    if (tag && layer->recorded)
        return NULL; /* another record names it */
    layer->diff_id = diff_id;
    lt_docker_layer(layer)->parent_chain = parent;
    layer->recorded = true;
    layer->tags |= tag;
    layer->size = sized.size;
    layer->has_size = sized.has_size;
    return layer;
}

static void read_image_layer(struct lt_ctx *ctx, const struct lt_docker_driver *driver, struct lt_str dir,
                             struct lt_str hex)
{
    struct lt_layer *layer = read_record(ctx, driver, dir, 0);
    if (!layer)
        return;
    lt_docker_layer(layer)->chain_id = lt_str_format(ctx->run, "sha256:%.*s", LT_ARG(hex));
    lt_map_put(&lt_docker_root(ctx->root)->layer_by_chain, ctx->run,
               lt_docker_chain_key(ctx->run, driver, lt_docker_layer(layer)->chain_id), layer);
}

/* Follow the parents of `start` down, and cut the link that leads back to a layer of the same walk. Each layer is
 * walked once: a mark from an earlier walk means that everything below has been checked. */
static void cut_cycle(struct lt_ctx *ctx, struct lt_str layerdb, struct lt_layer *start)
{
    for (struct lt_layer *layer = start; layer && !lt_docker_layer(layer)->walked_from; layer = layer->parent) {
        lt_docker_layer(layer)->walked_from = start;
        if (!layer->parent || lt_docker_layer(layer->parent)->walked_from != start)
            continue;
        struct lt_str record = lt_path_join(ctx->scratch, layerdb, lt_digest_hex(lt_docker_layer(layer)->chain_id));
        lt_skip(ctx, lt_path_join(ctx->scratch, record, LT_STR("parent")), LT_CODE_CYCLE,
                "the chain of layers comes back to itself");
        layer->parent = NULL;
        return;
    }
}

/* <digest>-<random>-removing: the record of a layer whose removal was interrupted. */
static bool is_removing(struct lt_str name)
{
    return name.len > ID_LENGTH && lt_is_id((struct lt_str){name.ptr, ID_LENGTH}) &&
           lt_str_ends(name, LT_STR("-removing"));
}

/* Read layerdb/tmp/write-set-*: records of layers whose pull or build was interrupted. */
static void read_unfinished(struct lt_ctx *ctx, const struct lt_docker_driver *driver)
{
    struct lt_listing listing;
    struct lt_str path = layerdb_path(ctx, driver, "tmp");
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++)
        if (lt_str_starts(listing.nodes[i].name, LT_STR("write-set-")))
            read_record(ctx, driver, lt_path_join(ctx->scratch, path, listing.nodes[i].name), LT_TAG_BIT(unfinished));
}

static void read_image_layers(struct lt_ctx *ctx, const struct lt_docker_driver *driver)
{
    struct lt_listing listing;
    struct lt_str path = layerdb_path(ctx, driver, "sha256");
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str name = listing.nodes[i].name;
        struct lt_str dir = lt_path_join(ctx->scratch, path, name);
        if (lt_is_id(name))
            read_image_layer(ctx, driver, dir, name);
        else if (!is_removing(name))
            lt_skip(ctx, dir, LT_CODE_BAD_ID, "no chain ID");
    }
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str name = listing.nodes[i].name;
        struct lt_layer *layer =
            is_removing(name) ? read_record(ctx, driver, lt_path_join(ctx->scratch, path, name), LT_TAG_BIT(removing))
                              : NULL;
        if (layer)
            lt_docker_layer(layer)->chain_id = lt_str_format(ctx->run, "sha256:%.*s", ID_LENGTH, name.ptr);
    }
    lt_each (struct lt_layer, layer, &ctx->root->layers)
        if (lt_docker_is_of(layer, driver) && lt_docker_layer(layer)->parent_chain.len)
            layer->parent = lt_map_get(&lt_docker_root(ctx->root)->layer_by_chain,
                                       lt_docker_chain_key(ctx->scratch, driver, lt_docker_layer(layer)->parent_chain));
    lt_each (struct lt_layer, layer, &ctx->root->layers)
        cut_cycle(ctx, path, layer);
}

void lt_docker_mark_recorded(struct lt_ctx *ctx, const struct lt_docker_driver *driver, struct lt_str record,
                             struct lt_str id)
{
    struct lt_layer *layer = id.len ? lt_docker_layer_named(ctx, driver, id) : NULL;
    if (layer)
        layer->recorded = true;
    else if (id.len)
        lt_skip(ctx, record, LT_CODE_MISSING, "names a layer that is not there: %s/%.*s", driver->layers, LT_ARG(id));
}

/* A daemon makes an rw layer for one container. `claims` has the containers by the layers seen so far. */
static void check_claim(struct lt_ctx *ctx, struct lt_map *claims, struct lt_container *container, struct lt_str record)
{
    const struct lt_container *other = lt_map_get(claims, container->rw_id);
    if (other)
        lt_skip(ctx, record, LT_CODE_DAMAGED,
                "names the rw layer %.*s, as container %.*s does: whose it is, is unknown", LT_ARG(container->rw_id),
                LT_ARG(other->id));
    else if (container->rw_id.len)
        lt_map_put(claims, ctx->scratch, container->rw_id, container);
}

static void read_mounts(struct lt_ctx *ctx, const struct lt_docker_driver *driver)
{
    struct lt_listing listing;
    struct lt_map claims = {0};
    struct lt_str path = layerdb_path(ctx, driver, "mounts");
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str name = listing.nodes[i].name;
        struct lt_str dir = lt_path_join(ctx->run, path, name);
        if (!lt_is_id(name)) {
            lt_skip(ctx, dir, LT_CODE_BAD_ID, "no container ID");
            continue;
        }
        struct lt_container *container = lt_docker_container_get(ctx, name);
        struct lt_docker_container *own = lt_docker_container(container);
        own->driver = driver;
        own->mount_record = dir;
        read_id(ctx, dir, "mount-id", LT_REQUIRED, lt_is_store_id, &container->rw_id);
        read_id(ctx, dir, "init-id", LT_OPTIONAL, lt_is_store_id, &own->init_id);
        read_id(ctx, dir, "parent", LT_OPTIONAL, is_digest, &own->parent_chain);
        check_claim(ctx, &claims, container, dir);
        lt_docker_mark_recorded(ctx, driver, dir, container->rw_id);
        lt_docker_mark_recorded(ctx, driver, dir, own->init_id);
    }
}

/* Does the daemon make a directory of this name at the top of its data root? `graph`, `init` and `execdriver`
 * until 1.9; `bundles` in 17.x; `tmp-old` is the last `tmp` while it is removed (moby daemon/daemon.go,
 * daemon/daemon_unix.go, 1.0 to 29). */
static bool is_part(struct lt_str name)
{
    static const char *const parts[] = {
        "builder", "buildkit", "bundles", "containerd", "containers", "content", "execdriver",
        "graph",   "image",    "init",    "network",    "plugins",    "rootfs",  "runtimes",
        "swarm",   "tmp",      "tmp-old", "trust",      "volumes",
    };
    uint32_t uid, gid;
    struct lt_str rest;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (lt_str_eq(name, lt_str_c(parts[i])))
            return true;
    for (size_t i = 0; lt_docker_drivers[i]; i++)
        if (lt_path_behind(lt_str_c(lt_docker_drivers[i]->layers), name, &rest))
            return true;
    return lt_remap_parse(name, &uid, &gid);
}

/* Report storage drivers that are not in lt_docker_drivers: their directories, or what is recorded of their layers. */
static void report_unknown_drivers(struct lt_ctx *ctx)
{
    struct lt_listing listing;
    struct lt_str path = lt_root_path(ctx, "image");
    struct lt_node node;
    lt_unread_parts(ctx, is_part);
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str name = listing.nodes[i].name, layers = lt_path_join(ctx->scratch, ctx->root->path, name);
        if (S_ISDIR(listing.nodes[i].mode) && !lt_docker_driver_named(name) &&
            lt_stat_or_skip(ctx, layers, &node) == LT_END)
            lt_skip(ctx, lt_path_join(ctx->scratch, path, name), LT_CODE_UNSUPPORTED,
                    "storage driver '%.*s' is not supported: its layers are not read", LT_ARG(name));
    }
}

static void docker_layer_inventory(struct lt_ctx *ctx)
{
    report_unknown_drivers(ctx);
    for (size_t i = 0; lt_docker_drivers[i]; i++) {
        const struct lt_docker_driver *driver = lt_docker_drivers[i];
        scan_driver(ctx, driver);
        read_image_layers(ctx, driver);
        if (driver->describe)
            driver->describe(ctx, ctx->root);
        read_mounts(ctx, driver);
        read_unfinished(ctx, driver);
    }
}

static enum lt_status docker_layer_events(struct lt_ctx *ctx, struct lt_err *err)
{
    lt_each (struct lt_container, container, &ctx->root->containers) {
        struct lt_node node;
        struct lt_err problem = {0};
        struct lt_str path =
            lt_path_join(ctx->scratch, lt_docker_container(container)->mount_record, LT_STR("mount-id"));
        if (!container->rw_id.len || !lt_docker_container(container)->mount_record.len)
            continue; /* reported in phase 1 */
        if (lt_fs_stat(ctx->fs, path, ctx->scratch, &node, &problem) != LT_OK) {
            lt_fail(&problem, LT_SKIP, LT_CODE_MISSING, 0, "the file has vanished");
            lt_skip_error(ctx, path, &problem);
            continue;
        }
        struct lt_attr action = {.key = LT_ATTR_ACTION, .text = LT_STR("create rw layer")};
        struct lt_event event = {
            .kind = LT_KIND_LAYER_CREATED,
            .time = {node.time[LT_M]},
            .owner = container->rw ? &container->rw->owner : &container->owner,
            .where = {.file = path, .field = "mtime"},
            .attrs = &action,
            .attr_count = 1,
        };
        if (container->rw && container->rw->created.set && container->created.set &&
            !lt_births_kept(ctx->root, container))
            lt_event_add_fact(&event, ctx->scratch,
                              LT_STR("its directory was born long after the container was created: it is a copy, whose "
                                     "births tell nothing of its files"));
        enum lt_status status = lt_emit_one(ctx, &event, err);
        if (status != LT_OK)
            return status;
    }
    return LT_OK;
}

const struct lt_source lt_source_docker_layer = {
    .name = "docker_layer",
    .summary = "storage driver directories and layerdb: rw layer created",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_STORE,
    .inventory = docker_layer_inventory,
    .events = docker_layer_events,
};
