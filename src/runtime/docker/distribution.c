// SPDX-License-Identifier: Apache-2.0
/* Where layers came from, and when they arrived, below <root>/image/<driver> (moby distribution/metadata,
 * layer/filestore.go, 20.10 to 28.x). All times are mtimes of files that the daemon writes:
 *
 *   layerdb/sha256/<chain ID>/diff                      the layer was unpacked or built here
 *   distribution/diffid-by-digest/sha256/<blob digest>  the diff ID; written on pull or push
 *   distribution/v2metadata-by-diffid/sha256/<diff ID>  [{Digest, SourceRepository, HMAC}]; the last pull or push of
 *                                                       the layer. An HMAC means that credentials were used
 *
 * The files in distribution/ stay when an image is removed. They are what is left of removed images. */
#include "read/facts.h"
#include "runtime/docker/driver/driver.h"

#include "parse/ident.h"
#include "parse/json.h"

enum { MAX_DIGEST = 4096 };

struct job {
    struct lt_ctx *ctx;
    struct lt_map by_diff; /* diff ID -> struct lt_layer * */
};

static enum lt_status emit_registered(struct lt_ctx *ctx, const struct lt_layer *layer, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_node node;
    struct lt_str path = lt_docker_record_path(ctx, layer, "diff");
    if (lt_stat_or_skip(ctx, path, &node) != LT_OK || !node.time[LT_M].set)
        return LT_OK;
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("register layer"));
    lt_fact(&facts, "chain", lt_docker_layer(layer)->chain_id);
    struct lt_event event = {
        .kind = LT_KIND_LAYER_REGISTERED,
        .time = {node.time[LT_M]},
        .owner = &layer->owner,
        .where = {.file = path, .field = "mtime"},
    };
    return lt_facts_emit(&facts, ctx, &event, err);
}

/* Emit the event of a file in distribution/ about the layer `diff_id`. */
static enum lt_status emit_transfer(struct job *job, struct lt_facts *facts, struct lt_str path, struct lt_time time,
                                    struct lt_str diff_id, struct lt_err *err)
{
    const struct lt_layer *layer = lt_map_get(&job->by_diff, diff_id);
    lt_facts_text(facts, LT_ATTR_ACTION, LT_STR("pull or push layer"));
    lt_fact(facts, "diff ID", diff_id);
    if (!layer)
        lt_facts_item(facts, LT_ATTR_FACTS, "the layer is not there any more");
    struct lt_event event = {
        .kind = LT_KIND_LAYER_TRANSFER,
        .time = {time},
        .owner = layer ? &layer->owner : &job->ctx->root->owner,
        .where = {.file = path, .field = "mtime"},
    };
    return lt_facts_emit(facts, job->ctx, &event, err);
}

static enum lt_status read_by_digest(struct job *job, struct lt_str path, const struct lt_node *node,
                                     struct lt_err *err)
{
    struct lt_facts facts = {.arena = job->ctx->scratch};
    struct lt_str text;
    if (lt_read_text_or_skip(job->ctx, path, MAX_DIGEST, LT_OPTIONAL, &text) != LT_OK)
        return LT_OK;
    if (!lt_digest_hex(text).len) {
        lt_skip(job->ctx, path, LT_CODE_BAD_ID, "no digest");
        return LT_OK;
    }
    lt_facts_item(&facts, LT_ATTR_FACTS, "blob sha256:%.*s", LT_ARG(node->name));
    return emit_transfer(job, &facts, path, node->time[LT_M], text, err);
}

static enum lt_status read_by_diff(struct job *job, struct lt_str path, const struct lt_node *node, struct lt_err *err)
{
    struct lt_facts facts = {.arena = job->ctx->scratch};
    struct json_t *json;
    if (lt_read_json_or_skip(job->ctx, path, LT_OPTIONAL, &json) != LT_OK)
        return LT_OK;
    for (size_t i = 0; i < lt_json_count(json); i++) {
        const struct json_t *item = lt_json_item(json, i);
        lt_facts_item(&facts, LT_ATTR_FACTS, "repository %.*s, blob %.*s%s",
                      LT_ARG(lt_json_str(item, "SourceRepository")), LT_ARG(lt_json_str(item, "Digest")),
                      lt_json_str(item, "HMAC").len ? ", with credentials" : "");
    }
    lt_json_free(json);
    struct lt_str diff_id = lt_str_format(job->ctx->scratch, "sha256:%.*s", LT_ARG(node->name));
    return emit_transfer(job, &facts, path, node->time[LT_M], diff_id, err);
}

static enum lt_status read_folder(struct job *job, struct lt_str path,
                                  enum lt_status (*read)(struct job *job, struct lt_str path,
                                                         const struct lt_node *node, struct lt_err *err),
                                  struct lt_err *err)
{
    struct lt_listing listing;
    enum lt_status status = LT_OK;
    lt_list_or_skip(job->ctx, path, &listing);
    for (size_t i = 0; status == LT_OK && i < listing.count; i++) {
        const struct lt_node *node = &listing.nodes[i];
        struct lt_str file = lt_path_join(job->ctx->scratch, path, node->name);
        if (S_ISREG(node->mode) && lt_is_id(node->name))
            status = read(job, file, node, err);
        else if (!lt_str_starts(node->name, LT_STR(".tmp-"))) /* left by an interrupted write */
            lt_skip(job->ctx, file, LT_CODE_BAD_ID, "no digest");
    }
    return status;
}

static enum lt_status docker_distribution_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct job job = {.ctx = ctx};
    struct lt_listing drivers;
    struct lt_str image = lt_root_path(ctx, "image");
    enum lt_status status = LT_OK;
    lt_each (struct lt_layer, layer, &ctx->root->layers) {
        if (!lt_docker_layer(layer)->chain_id.len || status != LT_OK)
            continue;
        if (layer->diff_id.len)
            lt_map_put(&job.by_diff, ctx->scratch, layer->diff_id, layer);
        status = emit_registered(ctx, layer, err);
    }
    lt_fs_list(ctx->fs, image, ctx->scratch, &drivers, NULL); /* docker_layer reports errors */
    for (size_t i = 0; status == LT_OK && i < drivers.count; i++) {
        struct lt_str path = lt_path_join(ctx->scratch, image, drivers.nodes[i].name);
        path = lt_path_join(ctx->scratch, path, LT_STR("distribution"));
        status =
            read_folder(&job, lt_path_join(ctx->scratch, path, LT_STR("diffid-by-digest/sha256")), read_by_digest, err);
        if (status == LT_OK)
            status = read_folder(&job, lt_path_join(ctx->scratch, path, LT_STR("v2metadata-by-diffid/sha256")),
                                 read_by_diff, err);
    }
    return status;
}

const struct lt_source lt_source_docker_distribution = {
    .name = "docker_distribution",
    .summary = "layerdb and distribution: layers registered here, pulled and pushed",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_STORE,
    .events = docker_distribution_events,
};
