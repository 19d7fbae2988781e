// SPDX-License-Identifier: Apache-2.0
/* Blobs of the content store, and where they came from; fetches that were cut short (containerd
 * core/metadata/content.go, plugins/content/local/store.go, core/remotes/docker/handler.go, 1.6 to 2.3):
 *
 *   v1/<namespace>/content/blob/<digest>/createdat   when this namespace got it; that another one had it before is
 * normal label containerd.io/distribution.source.<host>   repositories that it was found in, comma-separated. BuildKit
 * also sets it on local images that no registry ever saw ingest/<hash>/{ref,startedat,updatedat,total}    texts; times
 * in the host's zone */
#include "runtime/containerd/containerd.h"

#include "clock/zones.h"
#include "parse/snapshot.h"
#include "parse/stamp.h"
#include "read/facts.h"
#include "read/source.h"

#define SOURCE_LABEL LT_STR("containerd.io/distribution.source.")

/* What a blob is to an image of its namespace. */
struct use {
    const struct lt_image *image;
    const char *part;
};

static void add_use(struct lt_ctx *ctx, struct lt_map *uses, const struct lt_image *image, struct lt_str digest,
                    const char *part)
{
    struct lt_str key = lt_namespaced(ctx->scratch, image->namespace, digest);
    if (!digest.len || lt_map_get(uses, key))
        return;
    struct use *use = lt_new(ctx->scratch, struct use);
    *use = (struct use){image, part};
    lt_map_put(uses, ctx->scratch, key, use);
}

static void find_uses(struct lt_ctx *ctx, struct lt_map *uses)
{
    lt_each (const struct lt_image, image, &ctx->root->images) {
        const struct lt_containerd_target *target = image->own;
        if (!target)
            continue;
        add_use(ctx, uses, image, target->config, "configuration");
        add_use(ctx, uses, image, target->manifest, "manifest");
        add_use(ctx, uses, image, target->digest, "index");
        lt_each (const struct lt_blob, blob, &target->layers)
            add_use(ctx, uses, image, blob->digest, "layer");
    }
}

static enum lt_status emit_blob(struct lt_ctx *ctx, const struct lt_containerd_record *blob, const struct lt_map *uses,
                                bool again, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    const struct use *use = lt_map_get(uses, lt_namespaced(ctx->scratch, blob->namespace, blob->id));
    struct lt_event event = {
        .kind = again ? LT_KIND_CONTENT_UPDATED : LT_KIND_CONTENT_ADDED,
        .time = {again ? blob->updated : blob->created},
        .owner = use ? &use->image->owner : lt_containerd_owner(ctx, blob->namespace),
        .where = {.file = lt_containerd(ctx->root)->database,
                  .offset = again ? blob->updated_at : blob->created_at,
                  .has_offset = true},
    };
    lt_facts_text(&facts, LT_ATTR_ACTION, again ? LT_STR("label content") : LT_STR("add content"));
    lt_fact(&facts, "blob", blob->id);
    lt_fact(&facts, "part of the image:", lt_str_c(use ? use->part : NULL));

    if (blob->size >= 0)
        lt_facts_item(&facts, LT_ATTR_FACTS, "%jd bytes", (intmax_t)blob->size);
    lt_each (const struct lt_containerd_pair, label, &blob->labels)
        if (lt_str_starts(label->key, SOURCE_LABEL))
            lt_facts_item(&facts, LT_ATTR_FACTS, "known in %.*s/%.*s",
                          LT_ARG(lt_str_skip(label->key, SOURCE_LABEL.len)), LT_ARG(label->value));
    lt_containerd_add_labels(&facts, blob);
    return lt_facts_emit(&facts, ctx, &event, err);
}

/* A text in the directory of an ingest. A power loss may leave it empty; nothing is lost that the ingest had. */
static struct lt_str ingest_text(struct lt_ctx *ctx, struct lt_str directory, const char *name)
{
    enum { MOST = 4096 };
    struct lt_str text, path = lt_path_join(ctx->scratch, directory, lt_str_c(name));
    return lt_read_or_skip(ctx, path, MOST, LT_OPTIONAL, &text) == LT_OK ? lt_str_trim(text) : LT_STR("");
}

static enum lt_status emit_ingest(struct lt_ctx *ctx, struct lt_str directory, const char *field, const char *action,
                                  struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_err problem = {0};
    struct lt_str path = lt_path_join(ctx->scratch, directory, lt_str_c(field)),
                  text = ingest_text(ctx, directory, field);
    struct lt_str reference = ingest_text(ctx, directory, "ref");
    struct lt_snapshot_name name; /* in the same form: "<namespace>/<number>/<reference>" */
    bool named = lt_snapshot_name_split(reference, &name);
    struct lt_event event = {
        .kind = LT_KIND_CONTENT_FETCHED,
        .owner = lt_containerd_owner(ctx, named ? name.namespace : LT_STR("")),
        .where = {.file = path, .field = "text"},
    };
    enum lt_status status = lt_stamp_rfc3339(text, &event.time[0], &problem);
    if (status == LT_SKIP)
        lt_skip_error(ctx, path, &problem);
    if (status != LT_OK)
        return LT_OK;
    lt_facts_text(&facts, LT_ATTR_ACTION, lt_str_c(action));
    lt_fact(&facts, "reference", reference);
    lt_fact(&facts, "total", ingest_text(ctx, directory, "total"));
    lt_facts_item(&facts, LT_ATTR_FACTS, "it was never completed");
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status emit_ingests(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_listing listing;
    struct lt_str folder = lt_root_path(ctx, "io.containerd.content.v1.content/ingest");
    enum lt_status status = LT_OK;
    lt_list_or_skip(ctx, folder, &listing);
    for (size_t i = 0; status == LT_OK && i < listing.count; i++) {
        struct lt_str directory = lt_path_join(ctx->scratch, folder, listing.nodes[i].name);
        if (!S_ISDIR(listing.nodes[i].mode))
            continue;
        status = emit_ingest(ctx, directory, "startedat", "begin to fetch content", err);
        status =
            status == LT_OK ? emit_ingest(ctx, directory, "updatedat", "fetch content, the last time", err) : status;
    }
    return status;
}

/* The texts of an ingest are in the host's zone, which they so tell. */
static void containerd_content_inventory(struct lt_ctx *ctx)
{
    struct lt_listing listing;
    struct lt_str folder = lt_root_path(ctx, "io.containerd.content.v1.content/ingest");
    lt_fs_list(ctx->fs, folder, ctx->scratch, &listing, NULL); /* reported in phase 2 */
    for (size_t i = 0; i < listing.count; i++) {
        struct lt_str directory = lt_path_join(ctx->run, folder, listing.nodes[i].name);
        struct lt_str text = ingest_text(ctx, directory, "startedat");
        if (text.len)
            lt_zone_note_offset(ctx, text, lt_path_join(ctx->run, directory, LT_STR("startedat")), "text");
    }
}

static enum lt_status containerd_content_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_map uses = {0};
    enum lt_status status = LT_OK;
    find_uses(ctx, &uses);
    lt_each (const struct lt_containerd_record, blob, &lt_containerd(ctx->root)->records[LT_CONTAINERD_BLOB]) {
        status = status == LT_OK ? emit_blob(ctx, blob, &uses, false, err) : status;
        if (status == LT_OK && blob->updated.set && lt_time_cmp(blob->created, blob->updated) != 0)
            status = emit_blob(ctx, blob, &uses, true, err);
    }
    return status == LT_OK ? emit_ingests(ctx, err) : status;
}

const struct lt_source lt_source_containerd_content = {
    .name = "containerd_content",
    .summary = "content store: blobs, when and where from; fetches cut short",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_STORE,
    .inventory = containerd_content_inventory,
    .events = containerd_content_events,
};
