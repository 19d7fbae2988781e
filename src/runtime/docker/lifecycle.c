// SPDX-License-Identifier: Apache-2.0
/* Other traces of the lives of containers and images (moby daemon/health.go, daemon/graphdriver/overlay2/overlay.go,
 * linux fs/overlayfs/super.c ovl_workdir_create):
 *
 *   config.v2.json State.Health.Log  the last five probes: Start, End (the host's zone), ExitCode, Output
 *   overlay2/<rw layer>/work/work    recreated at every mount: its birth is the last mount, so about the last start
 *                                    (docker restart keeps the mount); the driver overlay has it too
 *   overlay2/<layer>/committed       written when a layer is made on top: a container was created, or an image built;
 *                                    fuse-overlayfs has it too
 *   directories of the data root     changed after the birth of all their entries: something was removed then */
#include "read/facts.h"
#include "runtime/docker/driver/driver.h"

#include "parse/json.h"
#include "parse/stamp.h"

enum { MAX_OUTPUT = 4096 };

/* mkdir dates what it makes, and later the directory that it lies in: on Linux 6.18, with 15 busy processes on two
 * processors, up to 95 ms. A removal so soon after something was made is not reported. */
static const int64_t SLACK = 100000000;

static struct lt_time later(struct lt_time a, struct lt_time b)
{
    return !a.set || (b.set && lt_time_cmp(a, b) < 0) ? b : a;
}

static enum lt_status emit_probe(struct lt_ctx *ctx, const struct lt_container *container, struct lt_str path,
                                 const struct json_t *health, size_t at, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    const struct json_t *probe = lt_json_item(lt_json_at(health, "Log"), at);
    struct lt_str output = lt_json_str(probe, "Output");
    struct lt_err problem = {0};
    int64_t exit_code;
    struct lt_event event = {
        .kind = LT_KIND_HEALTH_PROBE,
        .owner = &container->owner,
        .where = {.file = path, .field = lt_str_format(ctx->scratch, "State.Health.Log[%zu].Start", at).ptr},
        .tags = container->tags,
    };
    if (lt_stamp_rfc3339(lt_json_str(probe, "Start"), &event.time[0], &problem) == LT_SKIP) {
        lt_skip_error(ctx, path, &problem);
        return LT_OK;
    }
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("health probe"));
    if (lt_json_int(probe, "ExitCode", &exit_code))
        lt_facts_int(&facts, LT_ATTR_EXIT_CODE, exit_code);
    lt_facts_text(&facts, LT_ATTR_BODY, (struct lt_str){output.ptr, output.len < MAX_OUTPUT ? output.len : MAX_OUTPUT});
    lt_fact(&facts, "ended", lt_json_str(probe, "End"));
    lt_fact(&facts, "health", lt_json_str(health, "Status"));
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status emit_probes(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err)
{
    struct lt_str text, path = lt_docker_container(container)->config;
    struct json_t *json;
    const char *flaw;
    enum lt_status status = LT_OK;
    /* docker_container reports a damaged file. */
    if (!path.len || lt_slurp(ctx->fs, path, LT_MAX_JSON, ctx->scratch, &text, NULL) != LT_OK ||
        lt_json_parse(text, &json, &flaw, NULL) != LT_OK)
        return LT_OK;
    const struct json_t *health = lt_json_at(json, "State.Health");
    for (size_t i = 0; status == LT_OK && i < lt_json_count(lt_json_at(health, "Log")); i++)
        status = emit_probe(ctx, container, path, health, i, err);
    lt_json_free(json);
    return status;
}

/* Emit one time of an entry in a layer's directory, if it exists. */
static enum lt_status emit_layer(struct lt_ctx *ctx, const struct lt_layer *layer, enum lt_kind kind, const char *name,
                                 enum lt_slot slot, const char *action, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_str path = lt_path_join(ctx->scratch, layer->path, lt_str_c(name));
    struct lt_node node;
    if (lt_stat_or_skip(ctx, path, &node) != LT_OK || !node.time[slot].set)
        return LT_OK;
    lt_facts_text(&facts, LT_ATTR_ACTION, lt_str_c(action));
    struct lt_event event = {
        .kind = kind,
        .time = {node.time[slot]},
        .owner = &layer->owner,
        .where = {.file = path, .field = slot == LT_B ? "birth" : "mtime"},
        .tags = LT_TAG_BIT(time_inferred),
    };
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status emit_layers(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_layer, layer, &ctx->root->layers) {
        bool linked = lt_docker_layer(layer)->driver->committed;
        if (status != LT_OK)
            return status;
        if (layer->role == LT_ROLE_RW && layer->work.len)
            status =
                emit_layer(ctx, layer, LT_KIND_LAYER_MOUNTED, "work/work", LT_B, "mount rw layer, the last time", err);
        else if (layer->role == LT_ROLE_IMAGE && linked)
            status = emit_layer(ctx, layer, LT_KIND_LAYER_USED, "committed", LT_M, "make a layer on top, the last time",
                                err);
    }
    return status;
}

/* A directory with an entry for each thing that exists. */
struct place {
    const char *path; /* below the data root */
    const char *action;
    bool renamed; /* entries are renamed into it, which changes their ctime, and not changed afterwards */
};

static enum lt_status emit_removal(struct lt_ctx *ctx, struct lt_str path, const struct place *place,
                                   struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_node node;
    struct lt_listing listing;
    struct lt_time last = {0};
    bool known = true;
    if (lt_stat_or_skip(ctx, path, &node) != LT_OK || lt_fs_list(ctx->fs, path, ctx->scratch, &listing, NULL) != LT_OK)
        return LT_OK; /* the source that reads it reports errors */
    for (size_t i = 0; i < listing.count; i++) {
        last = later(last, listing.nodes[i].time[LT_B]);
        known &= listing.nodes[i].time[LT_B].set;
        if (place->renamed)
            last = later(last, listing.nodes[i].time[LT_C]);
    }
    last = later(last, node.time[LT_B]);
    if (!known || !last.set || !node.time[LT_M].set || lt_time_diff(last, node.time[LT_M]) < SLACK)
        return LT_OK;
    lt_facts_text(&facts, LT_ATTR_ACTION, lt_str_c(place->action));
    lt_facts_item(&facts, LT_ATTR_FACTS, "the directory changed after all that is left in it was made");
    struct lt_event event = {
        .kind = LT_KIND_REMOVAL,
        .time = {node.time[LT_M]},
        .owner = &ctx->root->owner,
        .where = {.file = path, .field = "mtime"},
        .tags = LT_TAG_BIT(time_inferred),
    };
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status emit_removals(struct lt_ctx *ctx, struct lt_err *err)
{
    static const struct place places[] = {{"containers", "remove a container", false},
                                          {"volumes", "remove a volume", false},
                                          {"graph", "remove an image", true}};
    static const struct place of_driver[] = {{"imagedb/content/sha256", "remove an image", true},
                                             {"layerdb/sha256", "remove an image layer", true},
                                             {"layerdb/mounts", "remove a container's layers", false}};
    struct lt_listing drivers;
    struct lt_str image = lt_root_path(ctx, "image");
    enum lt_status status = LT_OK;
    for (size_t i = 0; status == LT_OK && i < sizeof places / sizeof *places; i++)
        status = emit_removal(ctx, lt_root_path(ctx, places[i].path), &places[i], err);
    lt_fs_list(ctx->fs, image, ctx->scratch, &drivers, NULL);
    for (size_t i = 0; i < drivers.count; i++)
        for (size_t j = 0; status == LT_OK && j < sizeof of_driver / sizeof *of_driver; j++) {
            struct lt_str path = lt_path_join(ctx->scratch, image, drivers.nodes[i].name);
            status =
                emit_removal(ctx, lt_path_join(ctx->scratch, path, lt_str_c(of_driver[j].path)), &of_driver[j], err);
        }
    return status;
}

static enum lt_status docker_lifecycle_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_container, container, &ctx->root->containers) {
        status = status == LT_OK ? emit_probes(ctx, container, err) : status;
    }
    status = status == LT_OK ? emit_layers(ctx, err) : status;
    return status == LT_OK ? emit_removals(ctx, err) : status;
}

const struct lt_source lt_source_docker_lifecycle = {
    .name = "docker_lifecycle",
    .summary = "health probes, last mounts and uses of layers, traces of removals",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .events = docker_lifecycle_events,
};
