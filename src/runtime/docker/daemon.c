// SPDX-License-Identifier: Apache-2.0
/* The daemon itself: what it creates at each start and at the first one (moby daemon/daemon.go prepareTempDir,
 * daemon/runtime_unix.go, daemon/id.go, 20.10 to 28.x). And its plugins (plugin/manager.go): a plugin is installed when
 * plugins/<ID> is born; config.json in it is rewritten when the plugin is enabled, disabled or set. */
#include "read/facts.h"
#include "runtime/docker/docker.h"

#include "parse/ident.h"
#include "parse/json.h"

#define INIT "dockerinit-"

/* The birth of an entry of the data root. */
static struct lt_time birth_of(struct lt_ctx *ctx, const char *name)
{
    struct lt_node node;
    return lt_stat_or_skip(ctx, lt_root_path(ctx, name), &node) == LT_OK ? node.time[LT_B] : (struct lt_time){0};
}

/* The daemon creates both directories at each start, one right after the other. The later birth is used. Before 17.05
 * it kept tmp/: where that is known, its birth is no start. */
static void docker_daemon_inventory(struct lt_ctx *ctx)
{
    struct lt_time tmp = birth_of(ctx, "tmp"), runtimes = birth_of(ctx, "runtimes");
    if (lt_docker_root(ctx->root)->old)
        return;
    bool later = runtimes.set && (!tmp.set || lt_time_cmp(tmp, runtimes) < 0);
    lt_docker_root(ctx->root)->daemon_started = later ? runtimes : tmp;
}

static enum lt_status emit_birth(struct lt_ctx *ctx, enum lt_kind kind, const char *name, const char *action,
                                 struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    struct lt_str path = name[0] ? lt_root_path(ctx, name) : ctx->root->path, text = LT_STR("");
    struct lt_node node;
    if (lt_stat_or_skip(ctx, path, &node) != LT_OK || !node.time[LT_B].set)
        return LT_OK; /* not all file systems record births */
    lt_facts_text(&facts, LT_ATTR_ACTION, lt_str_c(action));
    if (S_ISREG(node.mode) && lt_read_text_or_skip(ctx, path, 4096, LT_OPTIONAL, &text) == LT_OK)
        lt_fact(&facts, name, text);
    struct lt_event event = {
        .kind = kind,
        .time = {node.time[LT_B]},
        .owner = &ctx->root->owner,
        .where = {.file = path, .field = "birth"},
        .tags = LT_TAG_BIT(time_inferred),
    };
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status emit_plugin(struct lt_ctx *ctx, const struct json_t *json, enum lt_kind kind, const char *action,
                                  struct lt_time time, struct lt_where where, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    const struct json_t *types = lt_json_at(json, "plugin.Config.Interface.Types");
    if (!time.set)
        return LT_OK;
    lt_facts_text(&facts, LT_ATTR_ACTION, lt_str_c(action));
    lt_fact(&facts, "plugin", lt_json_str(json, "plugin.Name"));
    lt_fact(&facts, "id", lt_json_str(json, "plugin.Id"));
    lt_fact(&facts, "reference", lt_json_str(json, "plugin.PluginReference"));
    for (size_t i = 0; i < lt_json_count(types); i++)
        lt_fact(&facts, "interface", lt_json_str(lt_json_item(types, i), ""));
    lt_facts_item(&facts, LT_ATTR_FACTS, lt_json_bool(json, "plugin.Enabled") ? "enabled" : "disabled");
    struct lt_event event = {.kind = kind, .time = {time}, .owner = &ctx->root->owner, .where = where};
    return lt_facts_emit(&facts, ctx, &event, err);
}

static enum lt_status read_plugin(struct lt_ctx *ctx, struct lt_str directory, struct lt_time born, struct lt_err *err)
{
    struct lt_str path = lt_path_join(ctx->scratch, directory, LT_STR("config.json"));
    struct json_t *json;
    struct lt_node node;
    if (lt_read_json_or_skip(ctx, path, LT_REQUIRED, &json) != LT_OK)
        return LT_OK;
    struct lt_where made = {.file = directory, .field = "birth"}, saved = {.file = path, .field = "mtime"};
    enum lt_status status = emit_plugin(ctx, json, LT_KIND_PLUGIN_INSTALLED, "install plugin", born, made, err);
    if (status == LT_OK && lt_stat_or_skip(ctx, path, &node) == LT_OK)
        status =
            emit_plugin(ctx, json, LT_KIND_PLUGIN_SAVED, "save plugin, the last time", node.time[LT_M], saved, err);
    lt_json_free(json);
    return status;
}

static enum lt_status read_plugins(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_listing listing;
    struct lt_str path = lt_root_path(ctx, "plugins");
    enum lt_status status = LT_OK;
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; status == LT_OK && i < listing.count; i++)
        if (S_ISDIR(listing.nodes[i].mode) && lt_is_id(listing.nodes[i].name))
            status = read_plugin(ctx, lt_path_join(ctx->scratch, path, listing.nodes[i].name),
                                 listing.nodes[i].time[LT_B], err);
    return status;
}

/* Before 1.10 the daemon kept a copy of a program of its own for each of its versions, made at the first start of that
 * version (moby v1.6.2 daemon/daemon.go: init/dockerinit-<version>). */
static enum lt_status read_versions(struct lt_ctx *ctx, struct lt_err *err)
{
    struct lt_listing listing;
    struct lt_str path = lt_root_path(ctx, "init");
    enum lt_status status = LT_OK;
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; status == LT_OK && i < listing.count; i++) {
        const struct lt_node *node = &listing.nodes[i];
        struct lt_facts facts = {.arena = ctx->scratch};
        if (!S_ISREG(node->mode) || !lt_str_starts(node->name, LT_STR(INIT)) || !node->time[LT_M].set)
            continue;
        lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("start a version of the daemon for the first time"));
        lt_fact(&facts, "Docker", lt_str_skip(node->name, sizeof INIT - 1));
        struct lt_event event = {
            .kind = LT_KIND_DAEMON_INSTALLED,
            .time = {node->time[LT_M]},
            .owner = &ctx->root->owner,
            .where = {.file = lt_path_join(ctx->scratch, path, node->name), .field = "mtime"},
            .tags = LT_TAG_BIT(time_inferred),
        };
        status = lt_facts_emit(&facts, ctx, &event, err);
    }
    return status;
}

static enum lt_status docker_daemon_events(struct lt_ctx *ctx, struct lt_err *err)
{
    static const struct {
        enum lt_kind kind;
        const char *name, *action;
    } marks[] = {
        {LT_KIND_DAEMON_STARTED, "tmp", "start daemon"},
        {LT_KIND_DAEMON_STARTED, "runtimes", "start daemon"},
        {LT_KIND_DAEMON_INSTALLED, "engine-id", "start daemon for the first time"},
        {LT_KIND_DAEMON_INSTALLED, "", "make data root"},
    };
    enum lt_status status = LT_OK;
    for (size_t i = 0; status == LT_OK && i < sizeof marks / sizeof *marks; i++)
        if (!lt_docker_root(ctx->root)->old || marks[i].kind != LT_KIND_DAEMON_STARTED)
            status = emit_birth(ctx, marks[i].kind, marks[i].name, marks[i].action, err);
    if (status == LT_OK)
        status = read_versions(ctx, err);
    return status == LT_OK ? read_plugins(ctx, err) : status;
}

const struct lt_source lt_source_docker_daemon = {
    .name = "docker_daemon",
    .summary = "tmp/, runtimes/, init/, engine-id and the data root: first and last start of the daemon; plugins",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_STORE,
    .inventory = docker_daemon_inventory,
    .events = docker_daemon_events,
};
