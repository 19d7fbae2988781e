// SPDX-License-Identifier: Apache-2.0
/* Each container that was removed, once: what its recovered records tell, and where they are silent the lines of logs
 * and databases that name it. */
#include "command/record.h"
#include "command/removed.h"
#include "command/run_fold.h"
#include "command/run_signs.h"
#include "model/runtime.h"
#include "model/told.h"
#include "run/summary.h"
#include "run/traces.h"

#include <stdlib.h>

/* A record, and who tells its cells. */
struct card {
    struct lt_record *record;
    struct lt_list witnesses; /* of struct lt_record * */
};

static void tell(struct card *card, const char *cell, struct lt_str by)
{
    struct lt_record *witness = lt_record_new(card->record->arena);
    lt_record_text(witness, "cell", lt_str_c(cell));
    lt_record_text(witness, "by", by);
    lt_list_add(&card->witnesses, card->record->arena, witness);
}

static bool is_told(const struct card *card, const char *cell)
{
    lt_each (const struct lt_record, witness, &card->witnesses)
        if (lt_str_eq(lt_record_get(witness, "cell")->text, lt_str_c(cell)))
            return true;
    return false;
}

/* Where lines and databases say so, the byte. */
static struct lt_str words_of(struct lt_arena *arena, const struct lt_moment *moment)
{
    if (moment->has_offset)
        return lt_str_format(arena, "%s: %.*s, offset %ju", moment->by, LT_ARG(moment->path),
                             (uintmax_t)moment->offset);
    return lt_str_format(arena, "%s: %.*s", moment->by, LT_ARG(moment->path));
}

/* A start or an end, as the command runs tells it. */
static void add_moment(struct card *card, const char *const keys[3], const struct lt_moment *moment)
{
    struct lt_record *record = card->record;
    lt_record_time(record, keys[0], moment->time);
    lt_record_time(record, keys[1], moment->first);
    lt_record_time(record, keys[2], moment->last);
    if (moment->by && !is_told(card, keys[0]))
        tell(card, keys[0], words_of(record->arena, moment));
}

/* Its last run: as its own record says, and where that is silent what follows from all that witnesses one. */
static void add_last_run(struct card *card, struct lt_run_signs *signs, const struct lt_container *container)
{
    static const char *const start[] = {"started", "started_first", "started_last"};
    static const char *const end[] = {"ended", "ended_first", "ended_last"};
    struct lt_list runs = {0};
    bool ended = container->finished.set && !container->found_dead;
    lt_record_time(card->record, "started", container->started);
    lt_record_time(card->record, container->found_dead ? "found_dead" : "ended", container->finished);
    lt_runs_fold(lt_run_signs_of(signs, container), container->created, card->record->arena, &runs);
    const struct lt_run *last = runs.count ? runs.items[runs.count - 1] : NULL;
    if (last && !container->started.set)
        add_moment(card, start, &last->started);
    if (last && !ended)
        add_moment(card, end, &last->ended);
}

/* The names of its layers, top first: those that are gone with it, then those of its image as far as they exist. */
static struct lt_list layers_of(struct lt_arena *arena, const struct lt_container *container)
{
    struct lt_list names = {0};
    struct lt_str init = lt_identifier_of(&container->identifiers, "init_identifier");
    if (container->rw_id.len)
        lt_list_add_str(&names, arena, container->rw_id);
    if (init.len)
        lt_list_add_str(&names, arena, init);
    lt_each (const struct lt_layer, layer, &container->layers)
        lt_list_add_str(&names, arena, lt_layer_name(layer));
    return names;
}

/* When it was removed. Not before the last trace of its life. */
static void add_removal(struct lt_record *record, const struct lt_container *container)
{
    const struct lt_span *span = &container->traces.removed;
    struct lt_time first = span->first, last = span->last.set ? span->last : container->traces.gone;
    if (first.set && last.set && lt_time_same(first, last)) {
        lt_record_time(record, "removed", last);
        return;
    }
    if (container->last_trace.set && (!first.set || lt_time_cmp(first, container->last_trace) < 0))
        first = container->last_trace;
    lt_record_time(record, "removed_first", first);
    if (!first.set || (last.set && lt_time_cmp(first, last) <= 0))
        lt_record_time(record, "removed_last", last);
}

static struct lt_record *describe(struct lt_arena *arena, struct lt_run_signs *signs,
                                  const struct lt_container *container)
{
    struct card card = {.record = lt_record_new(arena)};
    struct lt_record *record = card.record;
    struct lt_list layers = layers_of(arena, container);
    lt_each (const struct lt_identifier, witness, &container->witnesses)
        tell(&card, witness->name, witness->value);
    lt_record_name(record, "container_identifier", container->id);
    lt_record_name(record, "container_name", container->name);
    lt_record_image(record, container);
    for (size_t i = 0; i < container->fact_count; i++)
        lt_record_attr(record, &container->facts[i]);
    if (layers.count)
        lt_record_list(record, "layers", layers);
    lt_record_time(record, "created", container->created);
    add_last_run(&card, signs, container);
    add_removal(record, container);
    lt_record_traces(record, container);
    lt_record_place(record, container);
    if (card.witnesses.count)
        lt_record_records(record, "witnesses", card.witnesses);
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
    {"CREATED", "created", LT_SHOW_ALL},
    {"STARTED", "started", LT_SHOW_ALL},
    {"ENDED", "ended", LT_SHOW_ALL},
    {"FOUND DEAD", "found_dead", LT_SHOW_KNOWN},
    {"EXIT", "exit_code", LT_SHOW_KNOWN},
    {"REMOVED", "removed", LT_SHOW_ALL},
    {"REMOVED AFTER", "removed_first", LT_SHOW_KNOWN},
    {"REMOVED BEFORE", "removed_last", LT_SHOW_KNOWN},
    {"EVIDENCE", "evidence", LT_SHOW_DIFFERS},
    {"HOST", "hostname", LT_SHOW_DIFFERS},
    {"DATA ROOT", "data_root", LT_SHOW_DIFFERS},
    {"RUNTIME", "container_runtime", LT_SHOW_DIFFERS},
    {"NAMESPACE", "container_namespace", LT_SHOW_DIFFERS},
    {"POD", "pod_name", LT_SHOW_DIFFERS},
    {"LAYERS", "layers", LT_SHOW_CUT},
    {"COMMAND", "command", LT_SHOW_CUT},
};

static struct lt_list list_all(struct lt_job *job, struct lt_run_signs *signs)
{
    struct lt_list records = {0};
    lt_each (const struct lt_root, root, &job->inventory.roots) {
        const struct lt_list removed = lt_told_removed(root, &job->arena);
        if (removed.count)
            qsort(removed.items, removed.count, sizeof *removed.items, lt_containers_by_age);
        lt_each (const struct lt_container, container, &removed)
            if (!job->options->no_infra || !container->infra)
                lt_list_add(&records, &job->arena, describe(&job->arena, signs, container));
    }
    return records;
}

/* Of some nothing but lines and names is left: their configurations may lie in free blocks. */
static void say_unsearched(const struct lt_job *job, const struct lt_list *records)
{
    size_t bare = 0;
    lt_each (const struct lt_record, record, records)
        bare += !lt_record_get(record, "created");
    if (bare && !job->options->carve && lt_summary_has_free_blocks(job))
        lt_say("of %zu of them no configuration is found; --carve looks for it in blocks that no file owns", bare);
}

enum lt_status lt_removed_containers(struct lt_job *job, struct lt_err *err)
{
    struct lt_run_signs signs = {.arena = &job->arena};
    uint64_t errors;
    enum lt_status status = lt_traces_find(job, LT_TRACES_COUNT, &errors, err);
    if (status == LT_OK) /* again, with the errors */
        status = lt_job_traces(job, (struct lt_sink){lt_run_signs_take, &signs}, err);
    if (status != LT_OK)
        return status;
    const struct lt_list records = list_all(job, &signs);
    say_unsearched(job, &records);
    return lt_records_write(job, &records, columns, sizeof columns / sizeof *columns, err);
}
