// SPDX-License-Identifier: Apache-2.0
/* Names of images in meta.db, and the build steps in their configurations. `createdat` is when the name was first given
 * here, `updatedat` when it was last given to another digest or pulled again (containerd core/metadata/images.go, 1.6
 * to 2.3). With SOURCE_DATE_EPOCH in the environment of a build, both are that time and not when it happened. */
#include "runtime/containerd/containerd.h"

#include "read/facts.h"
#include "read/source.h"
#include "store/image_config.h"

/* The blob of the image's digest in its namespace; NULL: no record. */
static const struct lt_containerd_record *blob_of(const struct lt_image *image)
{
    return lt_containerd_find(lt_containerd(image->root), LT_CONTAINERD_BLOB, image->namespace, image->id);
}

/* No name is older than its content, unless the time was set. */
static void check_time(const struct lt_image *image, struct lt_event *event, struct lt_facts *facts)
{
    enum { SLIGHT = 1 };
    const struct lt_containerd_record *blob = blob_of(image);
    struct lt_buf text = {0};
    if (!blob || !blob->created.set || event->time[0].sec + SLIGHT >= blob->created.sec)
        return;
    lt_time_iso(&text, blob->created, 9);
    lt_facts_item(facts, LT_ATTR_FACTS, "earlier than its content, of %.*sZ: the time was set, as by SOURCE_DATE_EPOCH",
                  LT_ARG(lt_buf_view(&text)));
    event->tags |= LT_TAG_BIT(time_set);
    lt_buf_free(&text);
}

static enum lt_status emit_name(struct lt_ctx *ctx, const struct lt_image *image,
                                const struct lt_containerd_record *record, bool again, struct lt_err *err)
{
    const struct lt_containerd_target *target = image->own;
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_event event = {
        .kind = again ? LT_KIND_IMAGE_TAGGED : LT_KIND_IMAGE_REGISTERED,
        .time = {again ? record->updated : record->created},
        .owner = &image->owner,
        .where = {.file = lt_containerd(ctx->root)->database,
                  .offset = again ? record->updated_at : record->created_at,
                  .has_offset = true},
    };
    lt_facts_text(&facts, LT_ATTR_ACTION, again ? LT_STR("tag image") : LT_STR("register image"));
    lt_facts_item(&facts, LT_ATTR_NAMES, "%.*s", LT_ARG(record->id));
    lt_fact(&facts, "means", record->digest);
    lt_fact(&facts, "media type", record->media_type);
    if (target) {
        lt_fact(&facts, "manifest", target->manifest);
        lt_fact(&facts, "configuration", target->config);
        lt_each (const struct lt_str, note, &target->notes)
            lt_facts_item(&facts, LT_ATTR_FACTS, "%.*s", LT_ARG(*note));
    }
    lt_containerd_add_labels(&facts, record);
    check_time(image, &event, &facts);
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status emit_names(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_containerd_record, record, &lt_containerd(ctx->root)->records[LT_CONTAINERD_IMAGE]) {
        const struct lt_image *image =
            lt_map_get(&ctx->root->image_by_id, lt_namespaced(ctx->scratch, record->namespace, record->digest));
        bool again = record->updated.set && lt_time_cmp(record->updated, record->created) != 0;
        if (!image)
            continue; /* reported in phase 1 */
        status = status == LT_OK ? emit_name(ctx, image, record, false, err) : status;
        status = status == LT_OK && again ? emit_name(ctx, image, record, true, err) : status;
    }
    return status;
}

static enum lt_status containerd_image_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_image, image, &ctx->root->images) {
        if (status == LT_OK && image->config.len)
            status = lt_image_steps_emit(ctx, image, err);
        lt_each (struct lt_image, variant, &image->variants) {
            variant->owner = image->owner;
            status = status == LT_OK ? lt_image_steps_emit(ctx, variant, err) : status;
        }
    }
    return status == LT_OK ? emit_names(ctx, err) : status;
}

const struct lt_source lt_source_containerd_image = {
    .name = "containerd_image",
    .summary = "meta.db and content: names of images first and last given here, build steps",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_STORE,
    .events = containerd_image_events,
};
