// SPDX-License-Identifier: Apache-2.0
/* What the devicemapper driver records of each thin device, in a file that is rewritten each time (moby v23.0.6
 * daemon/graphdriver/devmapper/deviceset.go, writeMetaFile): when the layer is created, and when its deletion has to be
 * deferred.
 *
 *   devicemapper/metadata/<id>                    {"device_id":5,"size":...,"transaction_id":9,"initialized":false,
 *                                                  "deleted":false}; <id> is the layer's, or "base"
 *   devicemapper/metadata/deviceset-metadata      and transaction-metadata: of the whole pool */
#include "read/source.h"

#include "parse/ident.h"
#include "parse/json.h"

static void add_number(struct lt_ctx *ctx, struct lt_list *facts, const struct json_t *json, const char *key)
{
    int64_t number;
    if (lt_json_int(json, key, &number))
        lt_list_add_str(facts, ctx->scratch, lt_str_format(ctx->scratch, "%s=%jd", key, (intmax_t)number));
}

static enum lt_status emit_device(struct lt_ctx *ctx, struct lt_str directory, const struct lt_node *node,
                                  struct lt_err *err)
{
    const struct lt_layer *layer = lt_map_get(&ctx->root->layer_by_id, node->name);
    struct lt_str path = lt_path_join(ctx->scratch, directory, node->name);
    struct lt_list facts = {0};
    struct json_t *json;
    if (lt_read_json_or_skip(ctx, path, LT_REQUIRED, &json) == LT_OK) {
        add_number(ctx, &facts, json, "device_id");
        add_number(ctx, &facts, json, "transaction_id");
        add_number(ctx, &facts, json, "size");
        if (lt_json_bool(json, "deleted"))
            lt_list_add_str(&facts, ctx->scratch, LT_STR("deleted"));
    }
    lt_json_free(json);
    struct lt_attr attrs[] = {{.key = LT_ATTR_ACTION, .text = LT_STR("save thin device")},
                              {.key = LT_ATTR_FACTS, .items = facts}};
    struct lt_event event = {
        .kind = LT_KIND_LAYER_DEVICE,
        .time = {node->time[LT_M]},
        .owner = layer ? &layer->owner : &ctx->root->owner,
        .where = {.file = path, .field = "mtime"},
        .attrs = attrs,
        .attr_count = facts.count ? 2 : 1,
    };
    return lt_emit_one(ctx, &event, err);
}

static enum lt_status docker_device_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_listing listing;
    struct lt_str directory = lt_root_path(ctx, "devicemapper/metadata");
    enum lt_status status = LT_OK;
    lt_list_or_skip(ctx, directory, &listing);
    for (size_t i = 0; i < listing.count && status == LT_OK; i++)
        if (S_ISREG(listing.nodes[i].mode) && !lt_str_ends(listing.nodes[i].name, LT_STR("-metadata")))
            status = emit_device(ctx, directory, &listing.nodes[i], err);
    return status;
}

const struct lt_source lt_source_docker_device = {
    .name = "docker_device",
    .summary = "devicemapper/metadata: thin device of a layer saved",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_STORE,
    .events = docker_device_events,
};
