// SPDX-License-Identifier: Apache-2.0
/* Takes the records that were recovered of this store: gone.c says which these are. */
#include "model/told.h"
#include "parse/ident.h"
#include "parse/json.h"
#include "runtime/docker/docker.h"
#include "runtime/docker/gone.h"
#include "runtime/docker/removed.h"

/* What is kept of records until they are read. Hostile evidence may have any number of them. */
enum { MOST_REMOVED = 16384, MOST_SAVES = 256, MOST_BYTES = 64 * 1024 * 1024 };

static struct lt_docker_removed *removed_of(struct lt_ctx *ctx, struct lt_str id)
{
    struct lt_docker_root *root = lt_docker_root(ctx->root);
    struct lt_docker_removed *removed = lt_map_get(&root->removed_by_id, id);
    if (removed || root->removed.count >= MOST_REMOVED)
        return removed;
    removed = lt_new(ctx->run, struct lt_docker_removed);
    removed->id = lt_str_dup(ctx->run, id);
    lt_list_add(&root->removed, ctx->run, removed);
    lt_map_put(&root->removed_by_id, ctx->run, removed->id, removed);
    return removed;
}

static bool is_of_layer(enum lt_docker_gone_kind kind)
{
    return kind == LT_GONE_RW_NAME || kind == LT_GONE_INIT_NAME || kind == LT_GONE_PARENT;
}

static void note_freed(struct lt_ctx *ctx, struct lt_docker_removed *removed, enum lt_docker_gone_kind kind,
                       const struct lt_recovered *record)
{
    bool lasting = kind == LT_GONE_LASTING || is_of_layer(kind);
    if (lt_docker_is_later(record->deleted, removed->freed))
        removed->freed = record->deleted;
    if (!lasting || !lt_docker_is_later(record->deleted, removed->ended))
        return;
    removed->ended = record->deleted;
    removed->ended_by = lt_docker_words_of(ctx->run, record->method, record->path, record->witness);
}

/* Keep a save. Of copies of the same one is enough, and that is the one of which it is known when it was written. */
static void keep_save(struct lt_ctx *ctx, struct lt_list *saves, const struct lt_recovered *record)
{
    struct lt_docker_root *root = lt_docker_root(ctx->root);
    lt_each (struct lt_docker_save, other, saves)
        if (lt_str_eq(other->bytes, record->bytes)) {
            other->written = other->written.set ? other->written : record->written;
            return;
        }
    if (saves->count >= MOST_SAVES || record->bytes.len > MOST_BYTES - root->removed_bytes) {
        lt_skip(ctx, record->path, LT_CODE_TOO_LARGE, "more recovered configurations than are read");
        return;
    }
    struct lt_docker_save *save = lt_new(ctx->run, struct lt_docker_save);
    *save = (struct lt_docker_save){.bytes = lt_str_dup(ctx->run, record->bytes),
                                    .path = lt_str_dup(ctx->run, record->path),
                                    .witness = lt_str_dup(ctx->run, record->witness),
                                    .method = record->method,
                                    .written = record->written,
                                    .deleted = record->deleted};
    root->removed_bytes += record->bytes.len;
    lt_list_add(saves, ctx->run, save);
}

/* What layerdb tells of a container's layers. While the builder of Docker makes a step, layerdb has an rw layer with an
 * ID of its own for it, too (moby daemon/images/image_builder.go, newROLayerForImage(), 20.10): so a name there alone
 * is no container. */
static void keep_layer(struct lt_ctx *ctx, struct lt_docker_removed *removed, enum lt_docker_gone_kind kind,
                       const struct lt_recovered *record)
{
    struct lt_str name = lt_str_trim(record->bytes);
    bool chain = kind == LT_GONE_PARENT, init = kind == LT_GONE_INIT_NAME;
    struct lt_str *place = chain ? &removed->parent : init ? &removed->init_id : &removed->rw_id;
    if (place->len || (chain ? !lt_digest_hex(name).len : !lt_is_store_id(name)))
        return;
    *place = lt_str_dup(ctx->run, name);
    if (kind == LT_GONE_RW_NAME)
        removed->layers_by = lt_docker_words_of(ctx->run, record->method, record->path, record->witness);
    if (chain || lt_map_get(&ctx->root->gone_layers, name))
        return;
    struct lt_gone_layer *layer = lt_new(ctx->run, struct lt_gone_layer);
    *layer = (struct lt_gone_layer){.container = removed->id, .role = init ? LT_ROLE_INIT : LT_ROLE_RW};
    lt_map_put(&ctx->root->gone_layers, ctx->run, *place, layer);
}

static void keep(struct lt_ctx *ctx, struct lt_docker_removed *removed, enum lt_docker_gone_kind kind,
                 const struct lt_recovered *record)
{
    note_freed(ctx, removed, kind, record);
    if (!record->bytes.len && kind == LT_GONE_CONFIG && lt_docker_is_later(record->written, removed->lost))
        removed->lost = record->written;
    if (!record->bytes.len)
        return;
    if (kind == LT_GONE_CONFIG)
        keep_save(ctx, &removed->configs, record);
    else if (kind == LT_GONE_HOSTCONFIG)
        keep_save(ctx, &removed->hosts, record);
    else if (is_of_layer(kind))
        keep_layer(ctx, removed, kind, record);
}

/* What is known of the removed container with that ID. NULL: it exists, or there are too many. */
static struct lt_docker_removed *find_removed(struct lt_ctx *ctx, struct lt_str id, enum lt_docker_gone_kind kind)
{
    struct lt_docker_removed *removed = lt_told_exists(ctx->host, id) ? NULL : removed_of(ctx, id);
    if (removed && !removed->container && !is_of_layer(kind))
        removed->container = lt_told_container(ctx->inventory, ctx->root, id);
    return removed;
}

/* Does the configuration name paths of this store? Without any it may be of the only one of the host. */
static bool is_of_root(const struct lt_ctx *ctx, const struct json_t *json)
{
    static const char *const paths[] = {"HostsPath", "HostnamePath", "LogPath", "ResolvConfPath"};
    bool any = false, only = true;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct lt_str path = lt_json_str(json, paths[i]), rest;
        if (path.len && lt_path_behind(path, ctx->root->path, &rest))
            return true;
        any |= path.len;
    }
    lt_each (const struct lt_root, root, &ctx->host->roots)
        only &= root == ctx->root || root->runtime != ctx->root->runtime;
    return !any && only;
}

/* A record without a path, by what is in it: a configuration names its container. */
static bool take_nameless(struct lt_ctx *ctx, const struct lt_recovered *record)
{
    struct json_t *json = NULL;
    const char *flaw = NULL;
    struct lt_str id = LT_STR("");
    if (lt_json_parse(record->bytes, &json, &flaw, NULL) == LT_OK && !flaw && lt_json_at(json, "State") &&
        lt_json_at(json, "Config") && is_of_root(ctx, json))
        id = lt_str_dup(ctx->scratch, lt_json_str(json, "ID"));
    lt_json_free(json);
    if (!lt_is_id(id))
        return false;
    struct lt_docker_removed *removed = find_removed(ctx, id, LT_GONE_CONFIG);
    struct lt_recovered named = *record;
    struct lt_str directory = lt_path_join(ctx->scratch, lt_root_path(ctx, "containers"), id);
    named.path = lt_path_join(ctx->scratch, directory, LT_STR("config.v2.json"));
    if (removed)
        keep(ctx, removed, LT_GONE_CONFIG, &named);
    return true;
}

bool lt_docker_recovered(struct lt_ctx *ctx, const struct lt_recovered *record)
{
    struct lt_gone gone;
    enum lt_docker_gone_kind kind;
    if (!record->path.len)
        return take_nameless(ctx, record);
    if (!lt_docker_gone_path(ctx->root, record->path, &gone, &kind))
        return false;
    if (!gone.container.len)
        return lt_docker_recovered_object(ctx, record, &gone, kind);
    struct lt_docker_removed *removed = find_removed(ctx, gone.container, kind);
    if (removed)
        keep(ctx, removed, kind, record);
    return true;
}
