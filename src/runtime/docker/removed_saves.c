// SPDX-License-Identifier: Apache-2.0
/* Saves of the configuration of a container that was removed. */
#include "model/spans.h"
#include "model/told.h"
#include "parse/json.h"
#include "parse/stamp.h"
#include "runtime/docker/container.h"
#include "runtime/docker/driver/driver.h"
#include "runtime/docker/removed.h"

#include <stdlib.h>

/* A hostconfig.json is saved right before or after its config.v2.json. */
static const int64_t TOGETHER = 1000000000;

/* A time that is not known comes first. */
static int compare(struct lt_time left, struct lt_time right)
{
    if (left.set != right.set)
        return left.set ? 1 : -1;
    return left.set ? lt_time_cmp(left, right) : 0;
}

/* The state that a save shows tells its place, also where it is not known when it was written. */
static int by_age(const void *a, const void *b)
{
    const struct lt_docker_save *left = *(const struct lt_docker_save *const *)a,
                                *right = *(const struct lt_docker_save *const *)b;
    int order = compare(left->state, right->state);
    if (!order)
        order = left->dying - right->dying;
    if (!order)
        order = compare(left->written, right->written);
    return order ? order : lt_str_cmp(left->bytes, right->bytes);
}

/* The hostconfig.json that was in force at the save: the last one until then, else the first. */
static const struct lt_docker_save *host_of(const struct lt_docker_removed *removed, const struct lt_docker_save *save)
{
    const struct lt_docker_save *found = NULL;
    lt_each (const struct lt_docker_save, host, &removed->hosts)
        if (!found ||
            (host->written.set && save->written.set && lt_time_diff(save->written, host->written) <= TOGETHER))
            found = host;
    return found;
}

/* Text that is no whole document was cut short when it was saved, and tells nothing. */
static struct json_t *parse(const struct lt_docker_save *save)
{
    struct json_t *json = NULL;
    const char *flaw = NULL;
    if (save && lt_json_parse(save->bytes, &json, &flaw, NULL) == LT_OK && !flaw && lt_json_is_object(json))
        return json;
    lt_json_free(json);
    return NULL;
}

static void note_state(struct lt_docker_save *save)
{
    static const char *const fields[] = {"StartedAt", "FinishedAt"};
    struct json_t *json = parse(save);
    const struct json_t *state = lt_json_at(json, "State");
    struct lt_time time = {0};
    lt_stamp_rfc3339(lt_json_str(json, "Created"), &save->state, NULL);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (lt_stamp_rfc3339(lt_json_str(state, fields[i]), &time, NULL) == LT_OK &&
            lt_docker_is_later(time, save->state))
            save->state = time;
    save->dying = lt_json_bool(state, "Dead") || lt_json_bool(state, "RemovalInProgress");
    lt_json_free(json);
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
                                      const struct lt_docker_save *save)
{
    const struct lt_container *container = removed->container;
    struct json_t *json = parse(save), *host = json ? parse(host_of(removed, save)) : NULL;
    struct lt_container *life = NULL;
    if (json && lt_str_eq(lt_json_str(json, "ID"), container->id)) {
        struct lt_docker_container *own = lt_new(ctx->run, struct lt_docker_container);
        life = lt_new(ctx->run, struct lt_container);
        *life = *container;
        life->own = own;
        life->mounts = life->findings = life->limits = life->layers = life->networks = (struct lt_list){0};
        life->mount_at = (struct lt_map){0};
        own->config = save->path;
        own->parent_chain = removed->parent;
        lt_docker_config_read(ctx, life, json, host, save->path);
        own->driver = lt_docker_driver_named(life->driver);
        add_fact(ctx, life,
                 lt_str_format(ctx->run, "%s record: %.*s", lt_recovery_words[save->method], LT_ARG(save->witness)));
        life->tags |= save->method == LT_RECOVERY_CARVED ? LT_TAG_BIT(carved) : LT_TAG_BIT(recovered);
    }
    lt_json_free(json);
    lt_json_free(host);
    return life;
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
                     const struct lt_docker_save *save)
{
    struct lt_container *container = removed->container;
    struct lt_str by = lt_docker_words_of(ctx->run, save->method, save->path, save->witness);
    lt_docker_link_removed(ctx, life);
    lt_told_name(ctx->inventory, container, life->name, false, by);
    container->driver = life->driver;
    container->driver_read = true;
    container->image_id = life->image_id;
    container->image = life->image;
    container->layers = life->layers;
    container->networks = life->networks;
    container->created = life->created;
    container->started = life->started;
    container->finished = life->finished;
    container->found_dead = life->found_dead;
    container->found_dead_by = life->found_dead_by;
    container->last_sign = life->last_sign;
    container->running = life->running;
    container->facts = life->facts;
    container->fact_count = life->fact_count;
    if (lt_docker_is_later(removed->lost, save->written))
        forget_state(ctx, container);
    container->findings = life->findings;
    container->tz = life->tz;
    container->tz_field = life->tz_field;
    container->tags |= life->tags & ~(LT_TAG_BIT(removing) | LT_TAG_BIT(recovered) | LT_TAG_BIT(carved));
    container->owner.image = container->log_owner.image = life->image;
    if (life->mounts.count) {
        container->mounts = life->mounts;
        container->mount_at = life->mount_at;
        container->traces.mounts_by = save->path;
    }
    container->witnesses = (struct lt_list){0};
    lt_docker_tell(ctx, &container->witnesses, "container_name", life->name.len, by);
    lt_docker_tell(ctx, &container->witnesses, "image", life->image_id.len, by);
    lt_docker_tell(ctx, &container->witnesses, "command", true, by);
    lt_docker_tell(ctx, &container->witnesses, "created", life->created.set, by);
    lt_docker_tell(ctx, &container->witnesses, "started", life->started.set, by);
    lt_docker_tell(ctx, &container->witnesses, life->found_dead ? "found_dead" : "ended", life->finished.set, by);
}

/* When its life was, for those who ask for spans. */
static void meet(const struct lt_docker_removed *removed, const struct lt_container *life)
{
    lt_container_met(removed->container, life->created, LT_TRACE_LIFE);
    lt_container_met(removed->container, life->started, LT_TRACE_START);
    lt_container_met(removed->container, life->finished, LT_TRACE_END);
}

/* Read all saves, oldest first. */
void lt_docker_read_saves(struct lt_ctx *ctx, struct lt_docker_removed *removed)
{
    struct lt_container *newest = NULL;
    const struct lt_docker_save *newest_save = NULL;
    lt_each (struct lt_docker_save, save, &removed->configs)
        note_state(save);
    if (removed->configs.count > 1)
        qsort(removed->configs.items, removed->configs.count, sizeof *removed->configs.items, by_age);
    if (removed->hosts.count > 1)
        qsort(removed->hosts.items, removed->hosts.count, sizeof *removed->hosts.items, by_age);
    removed->lives = (struct lt_list){0};
    lt_each (const struct lt_docker_save, save, &removed->configs) {
        struct lt_container *life = read_save(ctx, removed, save);
        if (!life)
            continue;
        if (life->tags & LT_TAG_BIT(removing) && lt_docker_is_later(save->deleted, removed->ended)) {
            removed->ended = save->deleted;
            removed->ended_by = lt_docker_words_of(ctx->run, save->method, save->path, save->witness);
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
