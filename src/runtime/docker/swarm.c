// SPDX-License-Identifier: Apache-2.0
/* Swarm tasks assigned to this node: <root>/swarm/worker/tasks.db (moby/swarmkit agent/storage.go), a bbolt file with
 * v1/tasks/<task>/{data,status,assigned}, see parse/swarmtask.h. A task's creation is by the manager's clock. */
#include "model/told.h"
#include "read/facts.h"
#include "read/values.h"

#include "parse/ident.h"
#include "parse/swarmtask.h"

struct job {
    struct lt_ctx *ctx;
    struct lt_str database;
    struct lt_map services; /* task -> struct lt_str *: name of the task's service */
    struct lt_map names;    /* task -> struct lt_str *: of its container, as swarmkit makes it */
    struct lt_map unknown;  /* what was reported as not known */
};

static void put_name(struct lt_arena *arena, struct lt_map *map, struct lt_str task, struct lt_str text)
{
    struct lt_str *name = lt_new(arena, struct lt_str);
    *name = lt_str_dup(arena, text);
    lt_map_put(map, arena, lt_str_dup(arena, task), name);
}

/* "<service>.<slot>.<task>", of a service with one task on each node "<service>.<node>.<task>" (moby
 * daemon/cluster/executor/container/container.go name(), 1.12 to 29). */
static struct lt_str container_name(struct lt_arena *arena, const struct lt_swarm_task *task)
{
    struct lt_str slot = task->slot ? lt_str_format(arena, "%ju", (uintmax_t)task->slot) : task->node;
    return task->service.len && slot.len && task->id.len
               ? lt_str_format(arena, "%.*s.%.*s.%.*s", LT_ARG(task->service), LT_ARG(slot), LT_ARG(task->id))
               : LT_STR("");
}

static enum lt_status emit(struct job *job, const struct lt_bolt_item *item, struct lt_facts *facts,
                           struct lt_event *event, struct lt_err *err)
{
    struct lt_str task = item->path[item->depth - 1];
    const struct lt_str *service = lt_map_get(&job->services, task);
    if (!event->time[0].set && item->origin != LT_BOLT_LIVE)
        return LT_OK; /* only a part of it is left */
    lt_fact(facts, "task", task);
    if (service)
        lt_fact(facts, "service", *service);
    if (!event->owner)
        event->owner = &job->ctx->root->owner;
    event->where = (struct lt_where){.file = job->database, .offset = item->offset, .has_offset = true};
    event->tags = item->origin == LT_BOLT_LIVE ? 0 : LT_TAG_BIT(recovered);
    return lt_facts_emit(facts, job->ctx, event, err);
}

static enum lt_status take_data(struct job *job, const struct lt_bolt_item *item, struct lt_err *err)
{
    struct lt_facts facts = {.arena = job->ctx->scratch};
    struct lt_swarm_task task;
    if (!lt_swarm_task_parse(item->value, &task))
        lt_skip_value(job->ctx, job->database, item, LT_CODE_DAMAGED, "a task breaks off");
    else if (!task.created.set)
        lt_skip_value(job->ctx, job->database, item, LT_CODE_BAD_TIME, "a task with a time that is none");
    if (!lt_map_get(&job->services, item->path[item->depth - 1])) {
        put_name(job->ctx->scratch, &job->services, item->path[item->depth - 1], task.service);
        put_name(job->ctx->scratch, &job->names, item->path[item->depth - 1], container_name(job->ctx->scratch, &task));
    }
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("create task"));
    struct lt_event event = {.kind = LT_KIND_TASK_CREATED, .time = {task.created}};
    return emit(job, item, &facts, &event, err);
}

static enum lt_status take_status(struct job *job, const struct lt_bolt_item *item, struct lt_err *err)
{
    struct lt_facts facts = {.arena = job->ctx->scratch};
    struct lt_swarm_status status;
    if (!lt_swarm_status_parse(item->value, &status))
        lt_skip_value(job->ctx, job->database, item, LT_CODE_DAMAGED, "the state of a task breaks off");
    else if (!status.time.set)
        lt_skip_value(job->ctx, job->database, item, LT_CODE_BAD_TIME, "a state with a time that is none");
    lt_facts_text(&facts, LT_ATTR_ACTION, LT_STR("change state of task"));
    lt_facts_text(&facts, LT_ATTR_STATE, lt_str_c(status.state));
    lt_facts_text(&facts, LT_ATTR_COMMENT, status.message);
    lt_fact(&facts, "error", status.error);
    if (status.has_exit_code)
        lt_facts_int(&facts, LT_ATTR_EXIT_CODE, status.exit_code);
    const struct lt_container *container =
        lt_is_id(status.container) ? lt_told_container(job->ctx->inventory, job->ctx->root, status.container) : NULL;
    const struct lt_str *name = lt_map_get(&job->names, item->path[item->depth - 1]);
    if (container && name)
        lt_told_name(job->ctx->inventory, lt_told_find(job->ctx->host, status.container), *name, false,
                     lt_str_format(job->ctx->scratch, "its task in %.*s", LT_ARG(job->database)));
    lt_fact(&facts, "container", status.container);
    struct lt_event event = {
        .kind = LT_KIND_TASK_STATE,
        .time = {status.time},
        .owner = container ? &container->owner : NULL,
    };
    return emit(job, item, &facts, &event, err);
}

/* Report what no version is known to have: it may be a damaged name. */
static void check_known(struct job *job, const struct lt_bolt_item *item)
{
    static const char *const keys[] = {"data", "status", "assigned"};
    bool known = false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        known |= item->depth == 3 && lt_str_eq(item->path[0], LT_STR("v1")) &&
                 lt_str_eq(item->path[1], LT_STR("tasks")) && lt_str_eq(item->key, lt_str_c(keys[i]));
    if (!known && item->origin != LT_BOLT_FREED)
        lt_skip_unknown(job->ctx, job->database, item, &job->unknown, item->key);
}

static enum lt_status take_item(void *arg, const struct lt_bolt_item *item, struct lt_err *err)
{
    check_known(arg, item);
    if (item->known || !item->depth)
        return LT_OK;
    if (lt_str_eq(item->key, LT_STR("data")))
        return take_data(arg, item, err);
    return lt_str_eq(item->key, LT_STR("status")) ? take_status(arg, item, err) : LT_OK;
}

static enum lt_status docker_swarm_events(struct lt_ctx *ctx, struct lt_err *err)
{
    struct job job = {.ctx = ctx, .database = lt_root_path(ctx, "swarm/worker/tasks.db")};
    return lt_read_bolt_or_skip(ctx, job.database, take_item, &job, err) == LT_FATAL ? LT_FATAL : LT_OK;
}

const struct lt_source lt_source_docker_swarm = {
    .name = "docker_swarm",
    .summary = "swarm/worker/tasks.db: tasks of a swarm and their states",
    .scope = LT_PER_ROOT,
    .stage = LT_STAGE_STORE,
    .tells_removed = true,
    .events = docker_swarm_events,
};
