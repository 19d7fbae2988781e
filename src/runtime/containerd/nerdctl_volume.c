// SPDX-License-Identifier: Apache-2.0
/* Volumes of nerdctl (nerdctl pkg/mountutil/volumestore/volumestore.go, 1.7 and 2.1), below a directory of nerdctl.c:
 *
 *   volumes/<namespace>/<name>/_data/        its files
 *                             /volume.json   {"labels": {...}}
 *
 * It was created when its directory was born. A name that two namespaces have is told apart by the second one's. */
#include "runtime/containerd/nerdctl.h"

#include "parse/json.h"
#include "parse/redact.h"
#include "read/source.h"
#include "read/volume_users.h"

static void add_volume(struct lt_ctx *ctx, struct lt_str folder, struct lt_str namespace, const struct lt_node *node)
{
    struct lt_str name = lt_map_get(&ctx->root->volume_by_name, node->name)
                             ? lt_str_format(ctx->scratch, "%.*s/%.*s", LT_ARG(namespace), LT_ARG(node->name))
                             : node->name;
    struct lt_volume *volume = lt_inventory_volume(ctx->inventory, ctx->root, name);
    volume->path = lt_path_join(ctx->run, folder, node->name);
    volume->data = lt_path_join(ctx->run, volume->path, LT_STR("_data"));
    volume->created = node->time[LT_B];
}

static void read_volumes(struct lt_ctx *ctx, struct lt_str folder)
{
    struct lt_listing namespaces, volumes;
    lt_list_or_skip(ctx, folder, &namespaces);
    for (size_t i = 0; i < namespaces.count; i++) {
        struct lt_str inner = lt_path_join(ctx->scratch, folder, namespaces.nodes[i].name);
        if (!S_ISDIR(namespaces.nodes[i].mode))
            continue;
        lt_list_or_skip(ctx, inner, &volumes);
        for (size_t k = 0; k < volumes.count; k++)
            if (S_ISDIR(volumes.nodes[k].mode))
                add_volume(ctx, inner, namespaces.nodes[i].name, &volumes.nodes[k]);
    }
}

static void nerdctl_volume_inventory(struct lt_ctx *ctx)
{
    const struct lt_list places = lt_nerdctl_places(ctx);
    lt_each (const struct lt_str, place, &places)
        read_volumes(ctx, lt_path_join(ctx->scratch, *place, LT_STR("volumes")));
}

static void add_labels(struct lt_ctx *ctx, struct lt_facts *facts, const struct lt_volume *volume)
{
    struct json_t *json = NULL;
    struct lt_str key;
    const struct json_t *value;
    struct lt_str path = lt_path_join(ctx->scratch, volume->path, LT_STR("volume.json"));
    if (lt_read_json_or_skip(ctx, path, LT_OPTIONAL, &json) != LT_OK)
        return;
    for (void *at = NULL; lt_json_next(lt_json_at(json, "labels"), &at, &key, &value);)
        lt_facts_item(facts, LT_ATTR_LABELS, "%.*s=%.*s", LT_ARG(key),
                      LT_ARG(lt_is_secret_name(key) ? LT_STR("***") : lt_json_str(value, "")));
    lt_json_free(json);
}

static enum lt_status emit_created(struct lt_ctx *ctx, const struct lt_volume *volume, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_event event = lt_volume_created(volume, &facts);
    if (!volume->created.set)
        return LT_OK; /* not all file systems record births */
    add_labels(ctx, &facts, volume);
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status nerdctl_volume_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_volume, volume, &ctx->root->volumes)
        status = status == LT_OK ? emit_created(ctx, volume, err) : status;
    return status;
}

const struct lt_source lt_source_containerd_nerdctl_volume = {
    .name = "nerdctl_volume",
    .summary = "nerdctl's volumes: created",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .inventory = nerdctl_volume_inventory,
    .events = nerdctl_volume_events,
};
