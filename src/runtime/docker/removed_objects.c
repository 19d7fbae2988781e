// SPDX-License-Identifier: Apache-2.0
/* Images and volumes that were removed, by the records that are still found of them.
 *
 * The configuration of an image is written once, when the image comes here, and deleted with it (moby
 * daemon/internal/image/fs.go, 20.10 to 28.x). Its name is its SHA-256, so what was read is known to be it. Each change
 * of the names of images saves repositories.json anew. A volume is removed with its directory, which dates both its
 * ends. */
#include "base/sha256.h"
#include "parse/ident.h"
#include "parse/json.h"
#include "read/facts.h"
#include "runtime/docker/docker.h"
#include "runtime/docker/removed.h"
#include "store/image_config.h"

static struct lt_str words_of(struct lt_ctx *ctx, const struct lt_recovered *record)
{
    return lt_docker_words_of(ctx->run, record->method, record->path, record->witness);
}

/* --- images --- */

static bool is_hash_of(struct lt_str hex, struct lt_str bytes)
{
    struct lt_buf sum = {0};
    struct lt_sha256 *sha256 = lt_sha256_new();
    lt_sha256_add(sha256, bytes);
    lt_sha256_finish(sha256, &sum);
    bool same = lt_str_eq(lt_buf_view(&sum), hex);
    lt_buf_free(&sum);
    return same;
}

/* Read its configuration as that of an image which exists is read, once. */
static void read_image(struct lt_ctx *ctx, struct lt_image *image, const struct lt_recovered *record)
{
    struct json_t *json = NULL;
    const char *flaw = NULL;
    if (image->config.len || !is_hash_of(lt_digest_hex(image->id), record->bytes))
        return;
    if (lt_json_parse(record->bytes, &json, &flaw, NULL) == LT_OK && !flaw) {
        image->config = lt_str_dup(ctx->run, record->path);
        lt_image_config_take(ctx, image, json);
        lt_docker_tell(ctx, &image->witnesses, "created", image->created.set, words_of(ctx, record));
    }
    lt_json_free(json);
}

static void take_image(struct lt_ctx *ctx, const struct lt_recovered *record, struct lt_str hex)
{
    struct lt_str id = lt_str_format(ctx->scratch, "sha256:%.*s", LT_ARG(hex));
    struct lt_image *image = lt_inventory_removed_image(ctx->inventory, ctx->root, id);
    if (!image)
        return;
    if (record->bytes.len)
        read_image(ctx, image, record);
    if (record->written.set && !image->arrived.set) {
        image->arrived = record->written;
        lt_docker_tell(ctx, &image->witnesses, "registered", true, words_of(ctx, record));
    }
    if (lt_docker_is_later(record->deleted, image->gone.last)) {
        image->gone = (struct lt_span){record->deleted, record->deleted};
        lt_docker_tell(ctx, &image->witnesses, "removed", true, words_of(ctx, record));
    }
}

/* A name that an image had which is no more. */
static void take_name(struct lt_ctx *ctx, const struct lt_recovered *record, struct lt_str reference, struct lt_str id)
{
    struct lt_image *image = lt_digest_hex(id).len ? lt_inventory_removed_image(ctx->inventory, ctx->root, id) : NULL;
    if (!image || lt_docker_has_name(image, reference))
        return;
    lt_fact_add(&image->names, ctx->run, "", reference);
    lt_docker_tell(ctx, &image->witnesses, "image_names", true, words_of(ctx, record));
}

static void take_names(struct lt_ctx *ctx, const struct lt_recovered *record)
{
    struct json_t *json = NULL;
    const char *flaw = NULL;
    const struct json_t *references, *id;
    struct lt_str repository, reference;
    if (lt_json_parse(record->bytes, &json, &flaw, NULL) == LT_OK && !flaw)
        for (void *outer = NULL; lt_json_next(lt_json_at(json, "Repositories"), &outer, &repository, &references);)
            for (void *inner = NULL; lt_json_next(references, &inner, &reference, &id);)
                take_name(ctx, record, reference, lt_json_str(id, ""));
    lt_json_free(json);
}

static enum lt_status emit_image(struct lt_ctx *ctx, const struct lt_image *image, enum lt_kind kind,
                                 struct lt_time time, const char *field, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    bool removed = kind == LT_KIND_IMAGE_REMOVED;
    if (!time.set)
        return LT_OK;
    lt_facts_text(&facts, LT_ATTR_ACTION, removed ? LT_STR("remove image") : LT_STR("register image"));
    lt_each (const struct lt_str, name, &image->names)
        lt_facts_item(&facts, LT_ATTR_NAMES, "%.*s", LT_ARG(*name));
    lt_fact(&facts, "by", lt_identifier_of(&image->witnesses, removed ? "removed" : "registered"));
    struct lt_event event = {
        .kind = kind,
        .time = {time},
        .owner = &image->owner,
        .where = {.file = image->config.len ? image->config : ctx->root->path, .field = field},
        .tags = LT_TAG_BIT(recovered) | (removed ? LT_TAG_BIT(time_inferred) : 0),
    };
    return lt_facts_emit(&facts, ctx, &event, err);
}

/* --- volumes --- */

static void take_volume(struct lt_ctx *ctx, const struct lt_recovered *record, struct lt_str name)
{
    struct lt_volume *volume = lt_inventory_removed_volume(ctx->inventory, ctx->root, name);
    if (!volume)
        return;
    if (record->born.set && !volume->created.set) {
        volume->created = record->born;
        lt_docker_tell(ctx, &volume->witnesses, "created", true, words_of(ctx, record));
    }
    if (lt_docker_is_later(record->deleted, volume->gone.last)) {
        volume->gone = (struct lt_span){record->deleted, record->deleted};
        lt_docker_tell(ctx, &volume->witnesses, "removed", true, words_of(ctx, record));
    }
}

/* Its removal, if the database tells it too, is emitted there. */
static enum lt_status emit_volume(struct lt_ctx *ctx, const struct lt_volume *volume, bool removed, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_time time = removed ? volume->gone.last : volume->created;
    struct lt_str directory = lt_path_join(ctx->scratch, lt_root_path(ctx, "volumes"), volume->name);
    if (!time.set || (removed && volume->in_database))
        return LT_OK;
    lt_facts_text(&facts, LT_ATTR_ACTION, removed ? LT_STR("remove volume") : LT_STR("create volume"));
    lt_fact(&facts, "by", lt_identifier_of(&volume->witnesses, removed ? "removed" : "created"));
    struct lt_event event = {
        .kind = removed ? LT_KIND_VOLUME_REMOVED : LT_KIND_VOLUME_CREATED,
        .time = {time},
        .owner = &volume->owner,
        .where = {.file = directory, .field = removed ? "dtime" : "birth"},
        .tags = LT_TAG_BIT(recovered) | (removed ? LT_TAG_BIT(time_inferred) : 0),
    };
    return lt_facts_emit(&facts, ctx, &event, err);
}

bool lt_docker_recovered_object(struct lt_ctx *ctx, const struct lt_recovered *record, const struct lt_gone *gone,
                                enum lt_docker_gone_kind kind)
{
    if (kind == LT_GONE_IMAGE)
        take_image(ctx, record, gone->image);
    else if (kind == LT_GONE_NAMES)
        take_names(ctx, record);
    else if (kind == LT_GONE_VOLUME)
        take_volume(ctx, record, gone->volume);
    return kind == LT_GONE_IMAGE || kind == LT_GONE_NAMES || gone->volume.len;
}

enum lt_status lt_docker_emit_removed_objects(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_image, image, &ctx->root->removed_images) {
        status =
            status == LT_OK ? emit_image(ctx, image, LT_KIND_IMAGE_REGISTERED, image->arrived, "mtime", err) : status;
        status =
            status == LT_OK ? emit_image(ctx, image, LT_KIND_IMAGE_REMOVED, image->gone.last, "dtime", err) : status;
    }
    lt_each (const struct lt_volume, volume, &ctx->root->removed_volumes)
        for (int removed = 0; removed <= 1; removed++)
            status = status == LT_OK ? emit_volume(ctx, volume, removed, err) : status;
    return status;
}
