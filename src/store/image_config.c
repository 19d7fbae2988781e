// SPDX-License-Identifier: Apache-2.0
#include "store/image_config.h"

#include "parse/ident.h"
#include "parse/json.h"
#include "parse/stamp.h"
#include "read/facts.h"

static struct lt_str keep(struct lt_ctx *ctx, struct lt_str text)
{
    return lt_str_dup(ctx->run, text);
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

void lt_image_config_take(struct lt_ctx *ctx, struct lt_image *image, const struct json_t *json)
{
    struct lt_node node;
    if (lt_fs_stat(ctx->fs, image->config, ctx->scratch, &node, NULL) == LT_OK)
        image->arrived = node.time[LT_M];
    const struct json_t *diff_ids = lt_json_at(json, "rootfs.diff_ids");
    for (size_t i = 0; i < lt_json_count(diff_ids); i++) {
        struct lt_str diff_id = lt_json_str(lt_json_item(diff_ids, i), "");
        if (!lt_digest_hex(diff_id).len) {
            lt_skip(ctx, image->config, LT_CODE_BAD_ID, "rootfs.diff_ids[%zu]: no digest: '%.*s'", i,
                    (int)(diff_id.len < 80 ? diff_id.len : 80), diff_id.ptr);
            diff_id = LT_STR(""); /* keeps the positions of the others */
        }
        lt_fact_add(&image->diff_ids, ctx->run, "", diff_id);
    }
    read_history(ctx, image, json);
    read_stamp(image);
    read_created(ctx, image, json);
    struct lt_str os = lt_json_str(json, "os"), variant = lt_json_str(json, "variant");
    if (os.len)
        image->platform =
            lt_str_format(ctx->run, "%.*s/%.*s%s%.*s", LT_ARG(os), LT_ARG(lt_json_str(json, "architecture")),
                          variant.len ? "/" : "", LT_ARG(variant));
}

void lt_image_config_read(struct lt_ctx *ctx, struct lt_image *image)
{
    struct json_t *json;
    if (lt_read_json_or_skip(ctx, image->config, LT_REQUIRED, &json) == LT_OK)
        lt_image_config_take(ctx, image, json);
    lt_json_free(json);
}
