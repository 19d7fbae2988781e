// SPDX-License-Identifier: Apache-2.0
/* Every container of the evidence, oldest first, including those of which only a trace is left. */
#include "command/command.h"
#include "command/record.h"
#include "run/job.h"

#include <stdlib.h>

static int by_age(const void *a, const void *b)
{
    const struct lt_container *left = *(const struct lt_container *const *)a;
    const struct lt_container *right = *(const struct lt_container *const *)b;
    if (left->created.set != right->created.set)
        return left->created.set ? -1 : 1;
    int order = left->created.set ? lt_time_cmp(left->created, right->created) : 0;
    return order ? order : lt_str_cmp(left->id, right->id);
}

static struct lt_record *describe(struct lt_arena *arena, const struct lt_container *container)
{
    struct lt_record *record = lt_record_new(arena);
    lt_record_name(record, "container_identifier", container->id);
    lt_record_name(record, "container_name", container->name);
    lt_record_name(record, "image_identifier", container->image_id);
    if (container->image)
        lt_record_name(record, "image_name", lt_owner_image_name(&container->owner));
    for (size_t i = 0; i < container->fact_count; i++)
        lt_record_attr(record, &container->facts[i]);
    lt_record_time(record, "created", container->created);
    lt_record_time(record, "started", container->started);
    lt_record_time(record, container->found_dead ? "found_dead" : "finished", container->finished);
    lt_record_name(record, "container_namespace", container->namespace);
    lt_record_name(record, "pod_identifier", container->pod);
    lt_record_name(record, "pod_name", container->pod_name);
    lt_record_name(record, "pod_namespace", container->pod_namespace);
    lt_record_name(record, "storage_driver", container->driver);
    lt_record_name(record, "layer_identifier", container->rw ? container->rw->id : container->rw_id);
    lt_record_zones(record, container);
    lt_record_tags(record, container->tags);
    lt_record_root(record, container->root, container->runtime);
    return record;
}

static const struct lt_column columns[] = {
    {"CONTAINER ID", "container_identifier", LT_SHOW_SHORT},
    {"NAME", "container_name", LT_SHOW_ALL},
    {"IMAGE", "image_reference", LT_SHOW_CUT},
    {"STATE", "state", LT_SHOW_ALL},
    {"EXIT", "exit_code", LT_SHOW_ALL},
    {"CREATED", "created", LT_SHOW_ALL},
    {"STARTED", "started", LT_SHOW_ALL},
    {"FINISHED", "finished", LT_SHOW_ALL},
    {"FOUND DEAD", "found_dead", LT_SHOW_DIFFERS},
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

static enum lt_status run_containers(struct lt_job *job, struct lt_err *err)
{
    struct lt_list records = {0};
    lt_each (struct lt_root, root, &job->inventory.roots) {
        struct lt_list sorted = {0};
        lt_each (struct lt_container, container, &root->containers)
            if (!job->options->no_infra || !container->infra)
                lt_list_add(&sorted, &job->arena, container);
        if (sorted.count)
            qsort(sorted.items, sorted.count, sizeof *sorted.items, by_age);
        lt_each (struct lt_container, container, &sorted)
            lt_list_add(&records, &job->arena, describe(&job->arena, container));
    }
    return lt_records_write(job, &records, columns, sizeof columns / sizeof *columns, err);
}

const struct lt_command lt_command_containers = {
    .name = "containers",
    .arguments = "EVIDENCE...",
    .summary = "the containers: image, state, times, command, and what sets them apart",
    .options = LT_OPTIONS_JSON | LT_OPTIONS_INFRA,
    .run = run_containers,
};
