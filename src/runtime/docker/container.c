// SPDX-License-Identifier: Apache-2.0
/* Containers: <root>/containers/<ID>/{config.v2.json,hostconfig.json} (moby daemon/container/{container,state}.go,
 * 20.10 to 28.x). Docker before 1.10 called the first one config.json; it has the same members, but for Image, whose ID
 * has no "sha256:", and for mounts (v1.0.0, v1.6.2, v1.9.1 daemon/{container,state}.go). Later versions leave it there.
 *
 * Both are rewritten at every change of state, so their own times are no witness of the container's creation. The times
 * in them are by the daemon's clock, in UTC. 0001-01-01T00:00:00Z is Go's zero time and means "not set".
 *
 * After a power loss the daemon finds that containers no longer run. It saves the time of its own start as FinishedAt,
 * with the exit code 255 (daemon/daemon.go restore; a restart resets the code to 0). That is not when they ended. */
#include "runtime/docker/container.h"

#include "clock/zones.h"
#include "parse/ident.h"
#include "parse/json.h"
#include "parse/stamp.h"
#include "runtime/docker/container_host.h"
#include "runtime/docker/driver/driver.h"
#include "runtime/docker/graph.h"
#include "runtime/docker/mounts.h"

/* The attributes of one container while they are collected. */
struct facts {
    struct lt_ctx *ctx;
    struct lt_container *container;
    struct lt_attr attrs[LT_ATTRS];
    size_t count;
};

static struct lt_attr *add_fact(struct facts *facts, enum lt_attr_key key)
{
    struct lt_attr *attr = &facts->attrs[facts->count++];
    *attr = (struct lt_attr){.key = key};
    return attr;
}

static void add_text(struct facts *facts, enum lt_attr_key key, struct lt_str text)
{
    if (text.len)
        add_fact(facts, key)->text = lt_str_dup(facts->ctx->run, text);
}

static void add_int(struct facts *facts, enum lt_attr_key key, const struct json_t *node, const char *path)
{
    int64_t number;
    if (lt_json_int(node, path, &number))
        add_fact(facts, key)->number = number;
}

static void add_item(struct facts *facts, struct lt_list *items, struct lt_str text)
{
    lt_list_add_str(items, facts->ctx->run, lt_str_dup(facts->ctx->run, text));
}

#define add_format(facts, items, ...) add_item((facts), (items), lt_str_format((facts)->ctx->scratch, __VA_ARGS__))

static void add_items(struct facts *facts, enum lt_attr_key key, struct lt_list items)
{
    if (items.count)
        add_fact(facts, key)->items = items;
}

static struct lt_time read_time(struct lt_ctx *ctx, const struct json_t *json, const char *field, struct lt_str path)
{
    struct lt_time time;
    struct lt_err problem = {0};
    if (lt_stamp_rfc3339(lt_json_str(json, field), &time, &problem) == LT_SKIP)
        lt_skip(ctx, path, problem.code, "%s: %s", field, problem.text);
    return time;
}

/* The state as docker ps shows it (moby daemon/container/state.go StateString). */
static struct lt_str state_of(const struct json_t *json, struct lt_time started)
{
    if (lt_json_bool(json, "State.Running"))
        return lt_json_bool(json, "State.Paused")       ? LT_STR("paused")
               : lt_json_bool(json, "State.Restarting") ? LT_STR("restarting")
                                                        : LT_STR("running");
    if (lt_json_bool(json, "State.RemovalInProgress"))
        return LT_STR("removing");
    if (lt_json_bool(json, "State.Dead"))
        return LT_STR("dead");
    return started.set ? LT_STR("exited") : LT_STR("created");
}

static struct lt_str command_of(struct lt_ctx *ctx, const struct json_t *json)
{
    struct lt_buf line = {0};
    const struct json_t *args = lt_json_at(json, "Args");
    lt_buf_add(&line, lt_json_str(json, "Path"));
    for (size_t i = 0; i < lt_json_count(args); i++)
        lt_command_add_argument(&line, lt_json_str(lt_json_item(args, i), ""));
    struct lt_str text = lt_str_dup(ctx->scratch, lt_buf_view(&line));
    lt_buf_free(&line);
    return text;
}

/* Turn {"80/tcp":[{"HostIp":"","HostPort":"8080"}]} into "0.0.0.0:8080->80/tcp", and {"53/udp":null} into "53/udp". */
static void read_ports(struct facts *facts, const struct json_t *ports)
{
    struct lt_list items = {0};
    struct lt_str port;
    const struct json_t *bindings;
    for (void *iter = NULL; lt_json_next(ports, &iter, &port, &bindings);) {
        for (size_t i = 0; i < lt_json_count(bindings); i++) {
            const struct json_t *binding = lt_json_item(bindings, i);
            struct lt_str ip = lt_json_str(binding, "HostIp"), number = lt_json_str(binding, "HostPort");
            add_format(facts, &items, "%.*s:%.*s->%.*s", LT_ARG(ip.len ? ip : LT_STR("0.0.0.0")), LT_ARG(number),
                       LT_ARG(port));
        }
        if (!lt_json_count(bindings))
            add_item(facts, &items, port);
    }
    add_items(facts, LT_ATTR_PORTS, items);
}

static void read_labels(struct facts *facts, const struct json_t *json)
{
    struct lt_list items = {0};
    struct lt_str key;
    const struct json_t *value;
    for (void *iter = NULL; lt_json_next(lt_json_at(json, "Config.Labels"), &iter, &key, &value);)
        add_format(facts, &items, "%.*s=%.*s", LT_ARG(key), LT_ARG(lt_json_str(value, "")));
    add_items(facts, LT_ATTR_LABELS, items);
}

/* Did the daemon find the container dead when it started? It examines its containers between the birth of its tmp/ and
 * the creation of its networks; no container that it started itself can have ended by then. If births are unknown, only
 * the exit code counts. Those show the last start alone. At an earlier one it wrote its own present, too, `finished`,
 * with the offset of the host's zone, where the ends that a shim told are in UTC (seen with 20.10). */
static bool is_found_dead(const struct lt_root *root, const struct lt_container *container, int64_t exit_code,
                          struct lt_str finished)
{
    const int64_t usual = 10 * INT64_C(1000000000);
    struct lt_time begin = lt_docker_root(root)->daemon_started, end = lt_docker_root(root)->daemon_ready;
    bool restarted = container->started.set && lt_time_cmp(container->started, container->finished) > 0;
    if (container->finished.set && exit_code == 255 && !restarted && finished.ptr[finished.len - 1] != 'Z')
        return true;
    if (!container->finished.set || (!begin.set && !end.set))
        return false;
    if (!begin.set)
        begin = lt_time_add(end, -usual);
    if (!end.set || lt_time_cmp(end, begin) < 0)
        end = lt_time_add(begin, usual);
    if (lt_time_cmp(container->finished, begin) < 0 || lt_time_cmp(container->finished, end) > 0)
        return false;
    return restarted ? lt_docker_root(root)->daemon_started.set : exit_code == 255;
}

/* Add further facts about how the container ran and ended. */
static void read_state(struct facts *facts, const struct json_t *json, const struct json_t *host)
{
    struct lt_list items = {0};
    struct lt_str error = lt_json_str(json, "State.Error"), health = lt_json_str(json, "State.Health.Status");
    struct lt_str policy = lt_json_str(host, "RestartPolicy.Name");
    int64_t failures = 0;
    if (lt_json_bool(json, "State.OOMKilled"))
        add_item(facts, &items, LT_STR("killed by the kernel: out of memory"));
    if (lt_json_bool(json, "HasBeenManuallyStopped"))
        add_item(facts, &items, LT_STR("stopped by a user"));
    if (error.len)
        add_format(facts, &items, "error %.*s", LT_ARG(error));
    lt_json_int(json, "State.Health.FailingStreak", &failures);
    if (health.len)
        add_format(facts, &items, "health %.*s, %jd failures in a row", LT_ARG(health), (intmax_t)failures);
    if (policy.len && !lt_str_eq(policy, LT_STR("no")))
        add_format(facts, &items, "restart policy %.*s", LT_ARG(policy));
    add_items(facts, LT_ATTR_FACTS, items);
}

/* Record zone witnesses: TZ, and the offsets of health probes, which the daemon writes in the host's zone (moby
 * daemon/health.go, 20.10 to 28.x). */
static void read_zones(struct facts *facts, const struct json_t *json, struct lt_str path)
{
    const struct json_t *env = lt_json_at(json, "Config.Env"), *log = lt_json_at(json, "State.Health.Log");
    for (size_t i = 0; i < lt_json_count(env); i++) {
        struct lt_str value = lt_json_str(lt_json_item(env, i), "");
        if (lt_str_starts(value, LT_STR("TZ=")))
            lt_zone_set_environment(facts->ctx, facts->container, lt_str_skip(value, 3), "Config.Env");
    }
    for (size_t i = 0; i < lt_json_count(log); i++)
        lt_zone_note_offset(facts->ctx, lt_json_str(lt_json_item(log, i), "Start"), path, "State.Health.Log.Start");
}

static void read_config(struct facts *facts, const struct json_t *json, const struct json_t *host, struct lt_str path)
{
    struct lt_ctx *ctx = facts->ctx;
    struct lt_container *container = facts->container;
    struct lt_str name = lt_json_str(json, "Name"), image = lt_json_str(json, "Image");
    struct lt_list privileges = {0};
    container->name = lt_str_dup(ctx->run, lt_str_starts(name, LT_STR("/")) ? lt_str_skip(name, 1) : name);
    container->driver = lt_str_dup(ctx->run, lt_json_str(json, "Driver"));
    const struct lt_image *moved = lt_map_get(&lt_docker_root(ctx->root)->image_by_graph, image);
    if (lt_digest_hex(image).len || (lt_docker_container(container)->old && lt_is_id(image)))
        container->image_id = moved ? moved->id : lt_str_dup(ctx->run, image);
    else if (image.len)
        lt_skip(ctx, path, LT_CODE_BAD_ID, "Image: no image ID: '%.*s'", (int)(image.len < 80 ? image.len : 80),
                image.ptr);
    if (!lt_str_eq(lt_json_str(json, "ID"), container->id))
        lt_skip(ctx, path, LT_CODE_BAD_ID, "ID is not that of its directory, which is used");
    container->running = lt_json_bool(json, "State.Running");
    if (lt_json_bool(json, "State.Dead") || lt_json_bool(json, "State.RemovalInProgress"))
        container->tags |= LT_TAG_BIT(removing);
    lt_json_int(json, "State.Pid", &container->pid);
    container->created = read_time(ctx, json, "Created", path);
    lt_docker_container(container)->undated =
        lt_stamp_rfc3339(lt_json_str(json, "Created"), &container->created, NULL) == LT_END;
    container->started = read_time(ctx, json, "State.StartedAt", path);
    container->finished = read_time(ctx, json, "State.FinishedAt", path);
    int64_t exit_code = 0;
    lt_json_int(json, "State.ExitCode", &exit_code);
    if (is_found_dead(ctx->root, container, exit_code, lt_json_str(json, "State.FinishedAt")))
        lt_container_found_dead(ctx->inventory, container, path, "State.FinishedAt");
    add_text(facts, LT_ATTR_STATE, state_of(json, container->started));
    add_int(facts, LT_ATTR_EXIT_CODE, json, "State.ExitCode");
    add_text(facts, LT_ATTR_IMAGE, lt_json_str(json, "Config.Image"));
    add_text(facts, LT_ATTR_COMMAND, command_of(ctx, json));
    const struct json_t *live = lt_json_at(json, "NetworkSettings.Ports");
    void *iter = NULL;
    struct lt_str key;
    const struct json_t *value;
    /* The ports that were bound are known while it runs; otherwise use those requested. */
    read_ports(facts, lt_json_next(live, &iter, &key, &value) ? live : lt_json_at(host, "PortBindings"));
    lt_docker_networks_read(ctx, container, json);
    add_items(facts, LT_ATTR_MOUNTS, lt_read_mounts(ctx, container, json, host));
    lt_hostconfig_read(ctx, container, json, host, &privileges);
    add_items(facts, LT_ATTR_PRIVILEGES, privileges);
    /* The host of a rootless daemon is itself in a user namespace. */
    container->host_userns = !ctx->root->rootless && lt_str_eq(lt_json_str(host, "UsernsMode"), LT_STR("host"));
    read_labels(facts, json);
    add_int(facts, LT_ATTR_RESTARTS, json, "RestartCount");
    read_state(facts, json, host);
    read_zones(facts, json, path);
}

/* Read a document of the container's directory, whose path is `path`. NULL: there is none. */
static struct json_t *read_object(struct lt_ctx *ctx, struct lt_str path, enum lt_need need, const char *origin)
{
    struct json_t *json;
    enum lt_status status = lt_read_json_of_or_skip(ctx, path, need, origin, &json);
    if (status == LT_OK && lt_json_is_object(json))
        return json;
    if (status == LT_OK)
        lt_skip(ctx, path, LT_CODE_DAMAGED, "nothing of a container: not a JSON object");
    lt_json_free(json);
    return NULL;
}

/* Keep what was overwritten when Docker 1.10 or later started the container. */
static void read_old_times(struct lt_ctx *ctx, struct lt_container *container, struct lt_str path)
{
    struct lt_docker_container *own = lt_docker_container(container);
    struct json_t *json = read_object(ctx, path, LT_OPTIONAL, LT_BEFORE_1_10);
    own->old_started = read_time(ctx, json, "State.StartedAt", path);
    own->old_finished = read_time(ctx, json, "State.FinishedAt", path);
    own->old_started.set &= lt_time_cmp(own->old_started, container->started) != 0;
    own->old_finished.set &= lt_time_cmp(own->old_finished, container->finished) != 0;
    lt_json_free(json);
}

/* The container's configuration, or else the one that Docker before 1.10 wrote. NULL: neither can be read. */
static struct json_t *find_config(struct lt_ctx *ctx, struct lt_container *container, struct lt_str old_path)
{
    struct lt_docker_container *own = lt_docker_container(container);
    struct lt_node node;
    bool old = lt_docker_root(ctx->root)->old ||
               lt_fs_stat(ctx->fs, old_path, ctx->scratch, &node, NULL) == LT_OK; /* its reader reports a failure */
    own->config = lt_path_join(ctx->run, container->path, LT_STR("config.v2.json"));
    bool translated = !old || lt_stat_or_skip(ctx, own->config, &node) != LT_END;
    struct json_t *json = translated ? read_object(ctx, own->config, LT_REQUIRED, "") : NULL;
    if (translated && !json)
        container->tags |= LT_TAG_BIT(configuration_missing);
    if (json || !old)
        return json;
    json = read_object(ctx, old_path, LT_REQUIRED, LT_BEFORE_1_10);
    if (!json)
        container->tags |= LT_TAG_BIT(configuration_missing);
    own->old = true;
    own->config = old_path;
    return json;
}

void lt_docker_config_read(struct lt_ctx *ctx, struct lt_container *container, const struct json_t *json,
                           const struct json_t *host, struct lt_str path)
{
    struct facts facts = {.ctx = ctx, .container = container};
    struct lt_list privileges = {0};
    if (json)
        read_config(&facts, json, host, path);
    else
        lt_hostconfig_read(ctx, container, NULL, host, &privileges);
    struct lt_attr *kept = lt_new_array(ctx->run, struct lt_attr, facts.count ? facts.count : 1);
    memcpy(kept, facts.attrs, facts.count * sizeof *kept);
    container->facts = kept;
    container->fact_count = facts.count;
}

static void read_container(struct lt_ctx *ctx, struct lt_container *container)
{
    const struct lt_docker_container *own = lt_docker_container(container);
    struct lt_str host_path = lt_path_join(ctx->scratch, container->path, LT_STR("hostconfig.json"));
    struct lt_str old_path = lt_path_join(ctx->run, container->path, LT_STR("config.json"));
    struct json_t *json = find_config(ctx, container, old_path);
    struct json_t *host = read_object(ctx, host_path, LT_REQUIRED, own->old ? LT_BEFORE_1_10 : "");
    lt_docker_config_read(ctx, container, json, host, own->config);
    if (json && !own->old)
        read_old_times(ctx, container, old_path);
    lt_json_free(json);
    lt_json_free(host);
}

static void docker_container_inventory(struct lt_ctx *ctx)
{
    struct lt_listing listing;
    struct lt_str path = lt_root_path(ctx, "containers");
    lt_list_or_skip(ctx, path, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        const struct lt_node *node = &listing.nodes[i];
        if (!lt_is_id(node->name)) {
            if (S_ISDIR(node->mode))
                lt_skip(ctx, lt_path_join(ctx->scratch, path, node->name), LT_CODE_BAD_ID, "no container ID");
            continue;
        }
        if (!lt_is_folder_or_skip(ctx, path, node))
            continue;
        struct lt_container *container = lt_docker_container_get(ctx, node->name);
        container->path = lt_path_join(ctx->run, path, container->id);
        read_container(ctx, container);
    }
}

/* A configuration without the time of the creation. It was not later than the start, or than the end. */
static void bound_creation(const struct lt_container *container, struct lt_event *event)
{
    struct lt_time until = container->started.set ? container->started : container->finished;
    lt_event_bound(event, (struct lt_time){0}, until, (struct lt_time){0});
    if (event->last.set)
        event->where.field = container->started.set ? "State.StartedAt" : "State.FinishedAt";
}

static enum lt_status emit_moment(struct lt_ctx *ctx, const struct lt_container *container, enum lt_kind kind,
                                  struct lt_time time, const char *field, const char *action, struct lt_err *err)
{
    struct lt_attr attrs[LT_ATTRS] = {{.key = LT_ATTR_ACTION, .text = lt_str_c(action)}};
    memcpy(attrs + 1, container->facts, container->fact_count * sizeof *attrs);
    struct lt_event event = {
        .kind = kind,
        .time = {time},
        .owner = &container->owner,
        .where = {.file = lt_docker_container(container)->config, .field = field},
        .attrs = attrs,
        .attr_count = container->fact_count + 1,
        .tags = container->tags,
    };
    if (kind == LT_KIND_DOCKER_CREATED && !time.set)
        bound_creation(container, &event);
    if (kind == LT_KIND_DOCKER_FINISHED && lt_container_ended_before(container))
        lt_event_add_fact(&event, ctx->scratch, LT_STR("the end of an earlier run: it was started again"));
    return lt_emit_one(ctx, &event, err);
}

/* Emit a time that only config.json still has. */
static enum lt_status emit_old(struct lt_ctx *ctx, const struct lt_container *container, enum lt_kind kind,
                               struct lt_time time, const char *field, const char *action, struct lt_err *err)
{
    struct lt_facts facts = {.arena = ctx->scratch};
    if (!time.set)
        return LT_OK;
    lt_facts_text(&facts, LT_ATTR_ACTION, lt_str_c(action));
    lt_facts_item(&facts, LT_ATTR_FACTS, LT_BEFORE_1_10 ", before the container was translated");
    struct lt_event event = {
        .kind = kind,
        .time = {time},
        .owner = &container->owner,
        .where = {.file = lt_path_join(ctx->scratch, container->path, LT_STR("config.json")), .field = field},
        .tags = container->tags,
    };
    return lt_facts_emit(&facts, ctx, &event, err);
}

enum lt_status lt_docker_emit_created(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err)
{
    if (!container->created.set && !lt_docker_container(container)->undated)
        return LT_OK;
    return emit_moment(ctx, container, LT_KIND_DOCKER_CREATED, container->created, "Created", "create", err);
}

enum lt_status lt_docker_emit_started(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err)
{
    if (!container->started.set)
        return LT_OK;
    return emit_moment(ctx, container, LT_KIND_DOCKER_STARTED, container->started, "State.StartedAt", "start", err);
}

/* If the daemon found it dead, lifecycle.c emits the bounds of its end. */
enum lt_status lt_docker_emit_finished(struct lt_ctx *ctx, const struct lt_container *container, struct lt_err *err)
{
    bool dead = container->found_dead;
    if (!container->finished.set)
        return LT_OK;
    return emit_moment(ctx, container, dead ? LT_KIND_STATE_SET : LT_KIND_DOCKER_FINISHED, container->finished,
                       "State.FinishedAt", dead ? "set state: found dead when the daemon started" : "finish", err);
}

static enum lt_status docker_container_events(struct lt_ctx *ctx, struct lt_err *err)
{
    lt_each (struct lt_container, container, &ctx->root->containers) {
        enum lt_status status = lt_docker_emit_created(ctx, container, err);
        if (status == LT_OK)
            status = lt_docker_emit_started(ctx, container, err);
        if (status == LT_OK)
            status = lt_docker_emit_finished(ctx, container, err);
        const struct lt_docker_container *own = lt_docker_container(container);
        if (status == LT_OK)
            status =
                emit_old(ctx, container, LT_KIND_DOCKER_STARTED, own->old_started, "State.StartedAt", "start", err);
        if (status == LT_OK)
            status =
                emit_old(ctx, container, LT_KIND_DOCKER_FINISHED, own->old_finished, "State.FinishedAt", "finish", err);
        if (status != LT_OK)
            return status;
    }
    return LT_OK;
}

const struct lt_source lt_source_docker_container = {
    .name = "docker_container",
    .summary = "config.v2.json and hostconfig.json: created, started, finished",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .inventory = docker_container_inventory,
    .events = docker_container_events,
};
