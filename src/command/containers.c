// SPDX-License-Identifier: Apache-2.0
/* Every container of the evidence, oldest first, including those of which only a trace is left. */
#include "command/command.h"
#include "command/record.h"
#include "command/removed.h"
#include "model/told.h"
#include "run/job.h"
#include "run/traces.h"

#include <stdlib.h>

static struct lt_record *describe(struct lt_arena *arena, const struct lt_container *container)
{
    struct lt_record *record = lt_record_new(arena);
    lt_record_name(record, "container_identifier", container->id);
    lt_record_name(record, "container_name", container->name);
    lt_record_image(record, container);
    for (size_t i = 0; i < container->fact_count; i++)
        lt_record_attr(record, &container->facts[i]);
    lt_record_time(record, "created", container->created);
    lt_record_time(record, "started", container->started);
    lt_record_time(record,
                   container->found_dead                  ? "found_dead"
                   : lt_container_ended_before(container) ? "previous_finished"
                                                          : "finished",
                   container->finished);
    lt_record_traces(record, container);
    lt_record_place(record, container);
    lt_record_name(record, "layer_identifier", container->rw ? container->rw->id : container->rw_id);
    lt_record_zones(record, container);
    lt_record_tags(record, container->tags);
    lt_record_root(record, container->root, container->runtime);
    return record;
}

static const struct lt_column columns[] = {
    {"CONTAINER ID", "container_identifier", LT_SHOW_SHORT},
    {"NAME", "container_name", LT_SHOW_ALL},
    {"IMAGE ID", "image_identifier", LT_SHOW_SHORT},
    {"IMAGE", "image_name", LT_SHOW_CUT},
    {"TYPED", "image_typed", LT_SHOW_KNOWN},
    {"TYPED NOW", "image_typed_now", LT_SHOW_KNOWN},
    {"STATE", "state", LT_SHOW_ALL},
    {"EXIT", "exit_code", LT_SHOW_ALL},
    {"CREATED", "created", LT_SHOW_ALL},
    {"STARTED", "started", LT_SHOW_ALL},
    {"FINISHED", "finished", LT_SHOW_ALL},
    {"FOUND DEAD", "found_dead", LT_SHOW_KNOWN},
    {"PREVIOUS END", "previous_finished", LT_SHOW_KNOWN},
    {"FIRST TRACE", "first_trace", LT_SHOW_KNOWN},
    {"LAST TRACE", "last_trace", LT_SHOW_KNOWN},
    {"PORTS", "ports", LT_SHOW_ALL},
    {"EVIDENCE", "evidence", LT_SHOW_DIFFERS},
    {"HOST", "hostname", LT_SHOW_DIFFERS},
    {"DATA ROOT", "data_root", LT_SHOW_DIFFERS},
    {"RUNTIME", "container_runtime", LT_SHOW_DIFFERS},
    {"NAMESPACE", "container_namespace", LT_SHOW_DIFFERS},
    {"POD", "pod_name", LT_SHOW_DIFFERS},
    {"TAGS", "tag", LT_SHOW_ALL},
    {"COMMAND", "command", LT_SHOW_CUT},
};

static void add_wanted(struct lt_job *job, const struct lt_list *containers, struct lt_list *out)
{
    lt_each (struct lt_container, container, containers)
        if (!job->options->no_infra || !container->infra)
            lt_list_add(out, &job->arena, container);
}

/* Of all stores, each with its own oldest first. */
static struct lt_list list_all(struct lt_job *job)
{
    struct lt_list records = {0};
    lt_each (struct lt_root, root, &job->inventory.roots) {
        const struct lt_list traces = job->options->all ? lt_told_removed(root, &job->arena) : (struct lt_list){0};
        struct lt_list sorted = {0};
        add_wanted(job, &root->containers, &sorted);
        add_wanted(job, &traces, &sorted);
        if (sorted.count)
            qsort(sorted.items, sorted.count, sizeof *sorted.items, lt_containers_by_age);
        lt_each (struct lt_container, container, &sorted)
            lt_list_add(&records, &job->arena, describe(&job->arena, container));
    }
    return records;
}

/* Say how many are left out. */
static void count_traces(struct lt_job *job, uint64_t errors)
{
    size_t count = 0;
    lt_each (const struct lt_root, root, &job->inventory.roots) {
        const struct lt_list traces = lt_told_removed(root, &job->arena);
        struct lt_list wanted = {0};
        add_wanted(job, &traces, &wanted);
        count += wanted.count;
    }
    if (count || errors)
        lt_say("%s%zu more container%s known by traces only, in logs and databases; --all lists them",
               errors ? "at least " : "", count, count == 1 ? " is" : "s are");
}

/* Has any container of a store lost its configuration? Traces may tell its name. */
static bool any_lacks(const struct lt_job *job)
{
    lt_each (const struct lt_root, root, &job->inventory.roots)
        lt_each (const struct lt_container, container, &root->containers)
            if (container->tags & LT_TAG_BIT(configuration_missing))
                return true;
    return false;
}

static enum lt_status run_containers(struct lt_job *job, struct lt_err *err)
{
    if (job->options->removed)
        return lt_removed_containers(job, err);
    bool all = job->options->all, says = !all && !job->options->quiet;
    uint64_t errors = 0;
    if ((all || says || any_lacks(job)) &&
        lt_traces_find(job, all ? LT_TRACES_REPORT : LT_TRACES_COUNT, &errors, err) != LT_OK)
        return LT_FATAL;
    const struct lt_list records = list_all(job);
    enum lt_status status = lt_records_write(job, &records, columns, sizeof columns / sizeof *columns, err);
    if (status == LT_OK && says)
        count_traces(job, errors);
    return status;
}

const struct lt_command lt_command_containers = {
    .name = "containers",
    .arguments = "EVIDENCE...",
    .summary = "the containers: image, state, times, command, and what sets them apart",
    .options = LT_OPTIONS_JSON | LT_OPTIONS_INFRA | LT_OPTIONS_TRACES | LT_OPTIONS_REMOVED,
    .run = run_containers,
};
