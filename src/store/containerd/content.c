// SPDX-License-Identifier: Apache-2.0
/* Blobs of the content store, found by their digest whatever namespace lists them: an image whose name was taken by
 * another one, or that was removed while a container uses it, may still be there for a build that made it.
 *
 * An index (OCI image-spec image-index.md; Docker's manifest list) lists a manifest for each platform. BuildKit adds
 * attestations: manifests of the platform "unknown", with an annotation vnd.docker.reference.type. They are no
 * images. A manifest (manifest.md) lists the configuration and the packed layers, base first. */
#include "store/containerd/containerd.h"

#include "parse/ident.h"
#include "parse/json.h"
#include "read/facts.h"

enum { MAX_DEPTH = 4, MAX_MANIFESTS = 1024, MAX_LAYERS = 1024 };

/* The search for the manifest of one image. */
struct job {
    struct lt_ctx *ctx;
    struct lt_str namespace;
    struct lt_containerd_target *out;
    bool unpacked;  /* the manifest chosen so far was */
    unsigned depth; /* of nested indexes */
    size_t seen;
};

struct lt_str lt_containerd_blob_path(struct lt_ctx *ctx, struct lt_str digest)
{
    struct lt_str hex = lt_digest_hex(digest);
    if (!hex.len)
        return LT_STR("");
    return lt_path_join(ctx->run, lt_root_path(ctx, "io.containerd.content.v1.content/blobs/sha256"), hex);
}

/* Read a blob of JSON. LT_END: it is not there. */
static enum lt_status read_blob(struct lt_ctx *ctx, struct lt_str digest, struct json_t **out)
{
    struct lt_str path = lt_containerd_blob_path(ctx, digest);
    *out = NULL;
    return path.len ? lt_read_json_or_skip(ctx, path, LT_OPTIONAL, out) : LT_END;
}

static bool is_there(struct lt_ctx *ctx, struct lt_str digest)
{
    struct lt_node node;
    struct lt_str path = lt_containerd_blob_path(ctx, digest);
    return path.len && lt_stat_or_skip(ctx, path, &node) == LT_OK;
}

/* Was an image with this configuration unpacked in the namespace? containerd then labels the configuration. */
static bool is_unpacked(struct job *job, struct lt_str config)
{
    const struct lt_containerd_record *blob =
        lt_containerd_find(lt_containerd(job->ctx->root), LT_CONTAINERD_BLOB, job->namespace, config);
    if (blob)
        lt_each (const struct lt_containerd_pair, label, &blob->labels)
            if (lt_str_starts(label->key, LT_UNPACKED_LABEL))
                return true;
    return false;
}

static void add_note(struct job *job, const char *word, struct lt_str text, struct lt_str digest)
{
    lt_fact_add(&job->out->notes, job->ctx->run, word,
                lt_str_format(job->ctx->scratch, " %.*s %.*s", LT_ARG(text), LT_ARG(digest)));
}

static void take_layers(struct job *job, const struct json_t *manifest)
{
    const struct json_t *layers = lt_json_at(manifest, "layers");
    struct lt_arena *run = job->ctx->run;
    job->out->layers = (struct lt_list){0};
    for (size_t i = 0; i < lt_json_count(layers) && i < MAX_LAYERS; i++) {
        struct lt_blob *blob = lt_new(run, struct lt_blob);
        int64_t size = 0;
        struct lt_str digest = lt_json_str(lt_json_item(layers, i), "digest");
        lt_json_int(lt_json_item(layers, i), "size", &size);
        blob->digest = lt_digest_hex(digest).len ? lt_str_dup(run, digest) : LT_STR("");
        blob->size = size > 0 ? (uint64_t)size : 0;
        if (is_there(job->ctx, blob->digest))
            blob->path = lt_containerd_blob_path(job->ctx, blob->digest);
        lt_list_add(&job->out->layers, run, blob);
    }
}

static void add_other(struct job *job, struct lt_str manifest, struct lt_str config)
{
    struct lt_containerd_pair *pair = lt_new(job->ctx->run, struct lt_containerd_pair);
    *pair = (struct lt_containerd_pair){manifest, config};
    lt_list_add(&job->out->others, job->ctx->run, pair);
}

/* Choose this manifest unless a better one was found: one that was unpacked before one that was not. */
static void take_manifest(struct job *job, struct lt_str digest, const struct json_t *manifest)
{
    struct lt_str config = lt_json_str(manifest, "config.digest");
    bool unpacked = is_unpacked(job, config), better = !job->out->manifest.len || (unpacked && !job->unpacked);
    digest = lt_str_dup(job->ctx->run, digest);
    config = lt_str_dup(job->ctx->run, config);
    if (!better)
        add_other(job, digest, config);
    else if (job->out->manifest.len)
        add_other(job, job->out->manifest, job->out->config);
    if (!better)
        return;
    job->unpacked = unpacked;
    job->out->manifest = digest;
    job->out->config = config;
    take_layers(job, manifest);
}

static void take_digest(struct job *job, struct lt_str digest);

static void take_entry(struct job *job, const struct json_t *entry)
{
    struct lt_arena *scratch = job->ctx->scratch;
    struct lt_str digest = lt_json_str(entry, "digest");
    struct lt_str os = lt_json_str(entry, "platform.os"), variant = lt_json_str(entry, "platform.variant");
    struct lt_str kind = LT_STR(""), key;
    const struct json_t *value;
    for (void *iter = NULL; lt_json_next(lt_json_at(entry, "annotations"), &iter, &key, &value);)
        if (lt_str_eq(key, LT_STR("vnd.docker.reference.type")))
            kind = lt_json_str(value, "");
    if (kind.len) {
        add_note(job, "attestation", kind, digest);
        return;
    }
    struct lt_str platform =
        lt_str_format(scratch, "%.*s/%.*s%s%.*s", LT_ARG(os), LT_ARG(lt_json_str(entry, "platform.architecture")),
                      variant.len ? "/" : "", LT_ARG(variant));
    if (os.len)
        add_note(job, "platform", platform, digest);
    take_digest(job, digest);
}

static void take_digest(struct job *job, struct lt_str digest)
{
    struct json_t *json;
    if (job->depth >= MAX_DEPTH || job->seen++ >= MAX_MANIFESTS || read_blob(job->ctx, digest, &json) != LT_OK)
        return;
    const struct json_t *entries = lt_json_at(json, "manifests");
    job->out->found |= lt_str_eq(digest, job->out->digest);
    job->depth++;
    for (size_t i = 0; i < lt_json_count(entries); i++)
        take_entry(job, lt_json_item(entries, i));
    job->depth--;
    if (lt_json_str(json, "config.digest").len)
        take_manifest(job, digest, json);
    else if (!lt_json_is_array(entries))
        lt_skip(job->ctx, lt_containerd_blob_path(job->ctx, digest), LT_CODE_DAMAGED,
                "neither an index nor a manifest of an image");
    lt_json_free(json);
}

void lt_containerd_resolve(struct lt_ctx *ctx, struct lt_str namespace, struct lt_str digest,
                           struct lt_containerd_target *out)
{
    struct job job = {.ctx = ctx, .namespace = namespace, .out = out};
    *out = (struct lt_containerd_target){.digest = digest};
    take_digest(&job, digest);
}
