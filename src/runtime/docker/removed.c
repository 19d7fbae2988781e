// SPDX-License-Identifier: Apache-2.0
/* Containers that were removed, by the records that are still found of them: gone.c says which these are.
 *
 * Each save of config.v2.json is a new file, which is renamed over the one before (moby daemon/container/container.go
 * toDisk(), 20.10 to 28.x). So several saves of a container may be left, each with its state then: created, running,
 * stopped, dead. They are read as that of a container that exists is; the newest tells what the container was last, the
 * older ones its runs before. A removal saves the state Dead, deletes layerdb/mounts/<ID>, then containers/<ID>
 * (daemon/delete.go cleanupContainer()). */
#include "runtime/docker/removed.h"

#include "model/spans.h"
#include "model/told.h"
#include "parse/ident.h"
#include "parse/json.h"
#include "read/facts.h"
#include "read/source.h"
#include "runtime/docker/container.h"
#include "runtime/docker/driver/driver.h"
#include "runtime/docker/gone.h"

#include <stdlib.h>

/* What is kept of records until they are read. Hostile evidence may have any number of them. */
enum { MOST_REMOVED = 16384, MOST_SAVES = 256, MOST_BYTES = 64 * 1024 * 1024 };

/* A hostconfig.json is saved right before or after its config.v2.json. */
static const int64_t TOGETHER = 1000000000;

/* A save of a configuration. */
struct save {
    struct lt_str bytes, path, witness;
    enum lt_recovery method;
    struct lt_time written, deleted;
};

/* A removed container, and what is left of it. */
struct lt_docker_removed {
    struct lt_str id;
    struct lt_container *container;       /* NULL: only layers with that ID are known; see keep_layer() */
    struct lt_list configs, hosts;        /* of struct save * */
    struct lt_str rw_id, init_id, parent; /* from layerdb, "" if not known */
    struct lt_str layers_by;              /* who tells these */
    struct lt_time lost;                  /* the last save of a configuration that cannot be read */
    struct lt_time freed;                 /* when the last of its records was freed */
    struct lt_time ended;                 /* the same of those that are deleted with the container alone */
    struct lt_str ended_by;
    struct lt_list lives; /* of struct lt_container *: the container as it was saved, oldest first */
    size_t read;          /* so many of `configs` were read */
};

/* --- collecting --- */

static struct lt_docker_removed *removed_of(struct lt_ctx *ctx, struct lt_str id)
{
    struct lt_docker_root *root = lt_docker_root(ctx->root);
    struct lt_docker_removed *removed = lt_map_get(&root->removed_by_id, id);
    if (removed || root->removed.count >= MOST_REMOVED)
        return removed;
    removed = lt_new(ctx->run, struct lt_docker_removed);
    removed->id = lt_str_dup(ctx->run, id);
    lt_list_add(&root->removed, ctx->run, removed);
    lt_map_put(&root->removed_by_id, ctx->run, removed->id, removed);
    return removed;
}

static bool is_of_layer(enum lt_docker_gone_kind kind)
{
    return kind == LT_GONE_RW_NAME || kind == LT_GONE_INIT_NAME || kind == LT_GONE_PARENT;
}

static bool is_later(struct lt_time time, struct lt_time other)
{
    return time.set && (!other.set || lt_time_cmp(time, other) > 0);
}

/* "deleted /var/lib/docker/...: inode 611" */
static struct lt_str words_of(struct lt_arena *arena, const struct lt_recovered *record)
{
    return lt_str_format(arena, "%s %.*s: %.*s", lt_recovery_words[record->method], LT_ARG(record->path),
                         LT_ARG(record->witness));
}

static void note_freed(struct lt_ctx *ctx, struct lt_docker_removed *removed, enum lt_docker_gone_kind kind,
                       const struct lt_recovered *record)
{
    bool lasting = kind == LT_GONE_LASTING || is_of_layer(kind);
    if (is_later(record->deleted, removed->freed))
        removed->freed = record->deleted;
    if (!lasting || !is_later(record->deleted, removed->ended))
        return;
    removed->ended = record->deleted;
    removed->ended_by = words_of(ctx->run, record);
}

/* Keep a save. Of copies of the same one is enough, and that is the one of which it is known when it was written. */
static void keep_save(struct lt_ctx *ctx, struct lt_list *saves, const struct lt_recovered *record)
{
    struct lt_docker_root *root = lt_docker_root(ctx->root);
    lt_each (struct save, other, saves)
        if (lt_str_eq(other->bytes, record->bytes)) {
            other->written = other->written.set ? other->written : record->written;
            return;
        }
    if (saves->count >= MOST_SAVES || record->bytes.len > MOST_BYTES - root->removed_bytes) {
        lt_skip(ctx, record->path, LT_CODE_TOO_LARGE, "more recovered configurations than are read");
        return;
    }
    struct save *save = lt_new(ctx->run, struct save);
    *save = (struct save){lt_str_dup(ctx->run, record->bytes),
                          lt_str_dup(ctx->run, record->path),
                          lt_str_dup(ctx->run, record->witness),
                          record->method,
                          record->written,
                          record->deleted};
    root->removed_bytes += record->bytes.len;
    lt_list_add(saves, ctx->run, save);
}

/* What layerdb tells of a container's layers. While the builder of Docker makes a step, layerdb has an rw layer with an
 * ID of its own for it, too (moby daemon/images/image_builder.go, newROLayerForImage(), 20.10): so a name there alone is
 * no container. */
static void keep_layer(struct lt_ctx *ctx, struct lt_docker_removed *removed, enum lt_docker_gone_kind kind,
                       const struct lt_recovered *record)
{
    struct lt_str name = lt_str_trim(record->bytes);
    bool chain = kind == LT_GONE_PARENT, init = kind == LT_GONE_INIT_NAME;
    struct lt_str *place = chain ? &removed->parent : init ? &removed->init_id : &removed->rw_id;
    if (place->len || (chain ? !lt_digest_hex(name).len : !lt_is_store_id(name)))
        return;
    *place = lt_str_dup(ctx->run, name);
    if (kind == LT_GONE_RW_NAME)
        removed->layers_by = words_of(ctx->run, record);
    if (chain || lt_map_get(&ctx->root->gone_layers, name))
        return;
    struct lt_gone_layer *layer = lt_new(ctx->run, struct lt_gone_layer);
    *layer = (struct lt_gone_layer){.container = removed->id, .role = init ? LT_ROLE_INIT : LT_ROLE_RW};
    lt_map_put(&ctx->root->gone_layers, ctx->run, *place, layer);
}

static void keep(struct lt_ctx *ctx, struct lt_docker_removed *removed, enum lt_docker_gone_kind kind,
                 const struct lt_recovered *record)
{
    note_freed(ctx, removed, kind, record);
    if (!record->bytes.len && kind == LT_GONE_CONFIG && is_later(record->written, removed->lost))
        removed->lost = record->written;
    if (!record->bytes.len)
        return;
    if (kind == LT_GONE_CONFIG)
        keep_save(ctx, &removed->configs, record);
    else if (kind == LT_GONE_HOSTCONFIG)
        keep_save(ctx, &removed->hosts, record);
    else if (is_of_layer(kind))
        keep_layer(ctx, removed, kind, record);
}

/* What is known of the removed container with that ID. NULL: it exists, or there are too many. */
static struct lt_docker_removed *find_removed(struct lt_ctx *ctx, struct lt_str id, enum lt_docker_gone_kind kind)
{
    struct lt_docker_removed *removed = lt_told_exists(ctx->host, id) ? NULL : removed_of(ctx, id);
    if (removed && !removed->container && !is_of_layer(kind))
        removed->container = lt_told_container(ctx->inventory, ctx->root, id);
    return removed;
}

/* Does the configuration name paths of this store? Without any it may be of the only one of the host. */
static bool is_of_root(const struct lt_ctx *ctx, const struct json_t *json)
{
    static const char *const paths[] = {"HostsPath", "HostnamePath", "LogPath", "ResolvConfPath"};
    bool any = false, only = true;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct lt_str path = lt_json_str(json, paths[i]), rest;
        if (path.len && lt_path_behind(path, ctx->root->path, &rest))
            return true;
        any |= path.len;
    }
    lt_each (const struct lt_root, root, &ctx->host->roots)
        only &= root == ctx->root || root->runtime != ctx->root->runtime;
    return !any && only;
}

/* A record without a path, by what is in it: a configuration names its container. */
static bool take_nameless(struct lt_ctx *ctx, const struct lt_recovered *record)
{
    struct json_t *json = NULL;
    const char *flaw = NULL;
    struct lt_str id = LT_STR("");
    if (lt_json_parse(record->bytes, &json, &flaw, NULL) == LT_OK && !flaw && lt_json_at(json, "State") &&
        lt_json_at(json, "Config") && is_of_root(ctx, json))
        id = lt_str_dup(ctx->scratch, lt_json_str(json, "ID"));
    lt_json_free(json);
    if (!lt_is_id(id))
        return false;
    struct lt_docker_removed *removed = find_removed(ctx, id, LT_GONE_CONFIG);
    struct lt_recovered named = *record;
    struct lt_str directory = lt_path_join(ctx->scratch, lt_root_path(ctx, "containers"), id);
    named.path = lt_path_join(ctx->scratch, directory, LT_STR("config.v2.json"));
    if (removed)
        keep(ctx, removed, LT_GONE_CONFIG, &named);
    return true;
}

bool lt_docker_recovered(struct lt_ctx *ctx, const struct lt_recovered *record)
{
    struct lt_gone gone;
    enum lt_docker_gone_kind kind;
    if (!record->path.len)
        return take_nameless(ctx, record);
    if (!lt_docker_gone_path(ctx->root, record->path, &gone, &kind) || !gone.container.len)
        return false;
    struct lt_docker_removed *removed = find_removed(ctx, gone.container, kind);
    if (removed)
        keep(ctx, removed, kind, record);
    return true;
}

/* --- reading --- */

static int by_age(const void *a, const void *b)
{
    const struct save *left = *(const struct save *const *)a, *right = *(const struct save *const *)b;
    if (left->written.set != right->written.set)
        return left->written.set ? 1 : -1;
    int order = left->written.set ? lt_time_cmp(left->written, right->written) : 0;
    return order ? order : lt_str_cmp(left->bytes, right->bytes);
}

/* The hostconfig.json that was in force at the save: the last one until then, else the first. */
static const struct save *host_of(const struct lt_docker_removed *removed, const struct save *save)
{
    const struct save *found = NULL;
    lt_each (const struct save, host, &removed->hosts)
        if (!found || (host->written.set && save->written.set && lt_time_diff(save->written, host->written) <= TOGETHER))
            found = host;
    return found;
}

/* Text that is no whole document was cut short when it was saved, and tells nothing. */
static struct json_t *parse(const struct save *save)
{
    struct json_t *json = NULL;
    const char *flaw = NULL;
    if (save && lt_json_parse(save->bytes, &json, &flaw, NULL) == LT_OK && !flaw && lt_json_is_object(json))
        return json;
    lt_json_free(json);
    return NULL;
}

static void add_fact(struct lt_ctx *ctx, struct lt_container *life, struct lt_str fact)
{
    struct lt_event event = {.attrs = life->facts, .attr_count = life->fact_count};
    lt_event_add_fact(&event, ctx->run, fact);
    life->facts = event.attrs;
    life->fact_count = event.attr_count;
}

/* The container as it was saved. Its events are those of the container. */
static struct lt_container *read_save(struct lt_ctx *ctx, const struct lt_docker_removed *removed,
                                      const struct save *save)
{
    const struct lt_container *container = removed->container;
    struct json_t *json = parse(save), *host = json ? parse(host_of(removed, save)) : NULL;
    struct lt_container *life = NULL;
    if (json && lt_str_eq(lt_json_str(json, "ID"), container->id)) {
        struct lt_docker_container *own = lt_new(ctx->run, struct lt_docker_container);
        life = lt_new(ctx->run, struct lt_container);
        *life = *container;
        life->own = own;
        life->mounts = life->findings = life->limits = life->layers = (struct lt_list){0};
        life->mount_at = (struct lt_map){0};
        own->config = save->path;
        own->parent_chain = removed->parent;
        lt_docker_config_read(ctx, life, json, host, save->path);
        own->driver = lt_docker_driver_named(life->driver);
        add_fact(ctx, life,
                 lt_str_format(ctx->run, "%s record: %.*s", lt_recovery_words[save->method], LT_ARG(save->witness)));
        life->tags |= LT_TAG_BIT(recovered);
    }
    lt_json_free(json);
    lt_json_free(host);
    return life;
}

static void tell(struct lt_ctx *ctx, struct lt_container *container, const char *cell, bool known, struct lt_str by)
{
    if (known)
        lt_identifier_add(ctx->inventory, &container->witnesses, cell, by);
}

/* A later save is lost, so the state may have been another one since. */
static void forget_state(struct lt_ctx *ctx, struct lt_container *container)
{
    struct lt_attr *facts = lt_new_array(ctx->run, struct lt_attr, container->fact_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < container->fact_count; i++) {
        enum lt_attr_key key = container->facts[i].key;
        if (key != LT_ATTR_STATE && key != LT_ATTR_EXIT_CODE && key != LT_ATTR_RESTARTS)
            facts[count++] = container->facts[i];
    }
    container->facts = facts;
    container->fact_count = count;
    add_fact(ctx, container, LT_STR("it was saved again later, and what that says is lost"));
}

/* Give the container what its newest save tells. */
static void complete(struct lt_ctx *ctx, struct lt_docker_removed *removed, struct lt_container *life,
                     const struct save *save)
{
    struct lt_container *container = removed->container;
    struct lt_str by = words_of(ctx->run, &(struct lt_recovered){
                                              .method = save->method, .path = save->path, .witness = save->witness});
    lt_docker_link_removed(ctx, life);
    lt_told_name(ctx->inventory, container, life->name, false, by);
    container->driver = life->driver;
    container->driver_read = true;
    container->image_id = life->image_id;
    container->image = life->image;
    container->layers = life->layers;
    container->created = life->created;
    container->started = life->started;
    container->finished = life->finished;
    container->found_dead = life->found_dead;
    container->found_dead_by = life->found_dead_by;
    container->last_sign = life->last_sign;
    container->running = life->running;
    container->facts = life->facts;
    container->fact_count = life->fact_count;
    if (is_later(removed->lost, save->written))
        forget_state(ctx, container);
    container->findings = life->findings;
    container->tz = life->tz;
    container->tz_field = life->tz_field;
    container->tags |= life->tags & ~(LT_TAG_BIT(removing) | LT_TAG_BIT(recovered));
    container->owner.image = container->log_owner.image = life->image;
    if (life->mounts.count) {
        container->mounts = life->mounts;
        container->mount_at = life->mount_at;
        container->traces.mounts_by = save->path;
    }
    container->witnesses = (struct lt_list){0};
    tell(ctx, container, "container_name", life->name.len, by);
    tell(ctx, container, "image", life->image_id.len, by);
    tell(ctx, container, "command", true, by);
    tell(ctx, container, "created", life->created.set, by);
    tell(ctx, container, "started", life->started.set, by);
    tell(ctx, container, life->found_dead ? "found_dead" : "ended", life->finished.set, by);
}

/* When its life was, for those who ask for spans. */
static void meet(const struct lt_docker_removed *removed, const struct lt_container *life)
{
    lt_container_met(removed->container, life->created, LT_TRACE_LIFE);
    lt_container_met(removed->container, life->started, LT_TRACE_START);
    lt_container_met(removed->container, life->finished, LT_TRACE_END);
}

/* Read all saves, oldest first. */
static void read_saves(struct lt_ctx *ctx, struct lt_docker_removed *removed)
{
    struct lt_container *newest = NULL;
    const struct save *newest_save = NULL;
    if (removed->configs.count > 1)
        qsort(removed->configs.items, removed->configs.count, sizeof *removed->configs.items, by_age);
    if (removed->hosts.count > 1)
        qsort(removed->hosts.items, removed->hosts.count, sizeof *removed->hosts.items, by_age);
    removed->lives = (struct lt_list){0};
    lt_each (const struct save, save, &removed->configs) {
        struct lt_container *life = read_save(ctx, removed, save);
        if (!life)
            continue;
        if (life->tags & LT_TAG_BIT(removing) && is_later(save->deleted, removed->ended)) {
            removed->ended = save->deleted;
            removed->ended_by =
                words_of(ctx->run, &(struct lt_recovered){
                                       .method = save->method, .path = save->path, .witness = save->witness});
        }
        life->tags &= ~LT_TAG_BIT(removing);
        meet(removed, life);
        lt_list_add(&removed->lives, ctx->run, life);
        newest = life;
        newest_save = save;
    }
    if (newest)
        complete(ctx, removed, newest, newest_save);
    lt_each (struct lt_container, life, &removed->lives)
        life->owner.image = removed->container->image;
}

/* --- the removal --- */

/* The last change of the directory of all containers: none was removed later. Unset where that may be older than what is
 * in the directory. */
static struct lt_time changed_at(struct lt_ctx *ctx)
{
    struct lt_node node;
    struct lt_str path = lt_root_path(ctx, "containers");
    bool known = !ctx->root->part->lagging && lt_fs_stat(ctx->fs, path, ctx->scratch, &node, NULL) == LT_OK;
    return known ? node.time[LT_M] : (struct lt_time){0};
}

/* It is in the directory of all containers no more. Nothing tells more of it but logs and databases. */
static void bound_traced(struct lt_ctx *ctx, struct lt_container *container)
{
    struct lt_span *removed = &container->traces.removed;
    if (removed->last.set || !lt_is_id(container->id))
        return;
    removed->last = changed_at(ctx);
    if (removed->last.set)
        lt_identifier_add(ctx->inventory, &container->witnesses, "removed",
                          lt_str_format(ctx->run, "mtime of %.*s, in which it is no more",
                                        LT_ARG(lt_root_path(ctx, "containers"))));
}

static void bound_removal(struct lt_ctx *ctx, struct lt_docker_removed *removed)
{
    struct lt_container *container = removed->container;
    struct lt_traces *traces = &container->traces;
    if (removed->ended.set) {
        struct lt_time time = is_later(removed->freed, removed->ended) ? removed->freed : removed->ended;
        traces->removed = (struct lt_span){time, time};
        traces->gone = time;
        tell(ctx, container, "removed", true, removed->ended_by);
        return;
    }
    traces->removed.first = removed->freed;
    lt_each (const struct save, save, &removed->configs)
        if (is_later(save->written, traces->removed.first))
            traces->removed.first = save->written;
    traces->removed.last = changed_at(ctx);
    if (is_later(traces->removed.first, traces->removed.last))
        traces->removed.last.set = false;
    traces->gone = traces->removed.last;
    tell(ctx, container, "removed", traces->removed.last.set,
         lt_str_format(ctx->run, "mtime of %.*s, in which it is no more", LT_ARG(lt_root_path(ctx, "containers"))));
}

static void conclude(struct lt_ctx *ctx, struct lt_docker_removed *removed)
{
    struct lt_container *container = removed->container;
    read_saves(ctx, removed);
    if (removed->rw_id.len && !container->rw_id.len) {
        container->rw_id = removed->rw_id;
        lt_identifier_add(ctx->inventory, &container->identifiers, "mount_identifier", removed->rw_id);
        lt_identifier_add(ctx->inventory, &container->identifiers, "init_identifier", removed->init_id);
    }
    tell(ctx, container, "layer_identifier", removed->rw_id.len, removed->layers_by);
    bound_removal(ctx, removed);
}

/* --- events --- */

static enum lt_status emit_removal(struct lt_ctx *ctx, const struct lt_docker_removed *removed, struct lt_err *err)
{
    const struct lt_container *container = removed->container;
    const struct lt_span *span = &container->traces.removed;
    struct lt_facts facts = {.arena = ctx->scratch};
    bool exact = removed->ended.set;
    struct lt_event event = {
        .kind = LT_KIND_CONTAINER_REMOVED,
        .owner = &container->owner,
        .where = {.file = lt_path_join(ctx->scratch, lt_root_path(ctx, "containers"), container->id), .field = "dtime"},
        .tags = container->tags | LT_TAG_BIT(recovered) | (exact ? LT_TAG_BIT(time_inferred) : 0),
    };
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("remove"));
    if (exact) {
        event.time[0] = span->last;
        lt_facts_item(&facts, LT_ATTR_FACTS, "time is that at which its records were freed: %.*s",
                      LT_ARG(removed->ended_by));
    } else {
        event.where = (struct lt_where){.file = lt_root_path(ctx, "containers"), .field = "mtime"};
        lt_event_bound(&event, span->first, span->last, (struct lt_time){0});
    }
    return lt_facts_emit(&facts, ctx, &event, err);
}

static bool same(struct lt_time a, struct lt_time b)
{
    return a.set == b.set && (!a.set || lt_time_same(a, b));
}

/* What each save tells that the one before did not. */
static enum lt_status emit_lives(struct lt_ctx *ctx, const struct lt_docker_removed *removed, struct lt_err *err)
{
    const struct lt_container none = {0}, *before = &none;
    enum lt_status status = LT_OK;
    lt_each (const struct lt_container, life, &removed->lives) {
        if (status == LT_OK && !same(life->created, before->created))
            status = lt_docker_emit_created(ctx, life, err);
        if (status == LT_OK && !same(life->started, before->started))
            status = lt_docker_emit_started(ctx, life, err);
        if (status == LT_OK && !same(life->finished, before->finished))
            status = lt_docker_emit_finished(ctx, life, err);
        before = life;
    }
    return status;
}

static enum lt_status docker_removed_events(struct lt_ctx *ctx, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (struct lt_docker_removed, removed, &lt_docker_root(ctx->root)->removed) {
        if (!removed->container)
            removed->container = lt_told_find(ctx->host, removed->id);
        if (!removed->container)
            continue;
        if (removed->read != removed->configs.count + 1)
            conclude(ctx, removed);
        removed->read = removed->configs.count + 1;
        status = status == LT_OK ? emit_lives(ctx, removed, err) : status;
        status = status == LT_OK ? emit_removal(ctx, removed, err) : status;
    }
    lt_each (struct lt_container, container, &ctx->root->removed)
        bound_traced(ctx, container);
    return status;
}

const struct lt_source lt_source_docker_removed = {
    .name = "docker_removed",
    .summary = "deleted and carved records of removed containers: created, started, finished, removed",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_CONTAINERS,
    .tells_removed = true,
    .events = docker_removed_events,
};
