// SPDX-License-Identifier: Apache-2.0
/* When each container ran: every interval that any witness tells, who says when it began and ended, and what is not
 * known. The witnesses are events of the sources (runs.def), but for files: their times tell of writes, not of runs. */
#include "base/clock.h"
#include "command/command.h"
#include "command/record.h"
#include "command/run_fold.h"
#include "command/run_signs.h"
#include "model/runtime.h"
#include "run/job.h"

enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

static void add_note(struct lt_list *notes, struct lt_arena *arena, struct lt_str text)
{
    lt_list_add_str(notes, arena, text);
}

static struct lt_str iso(struct lt_arena *arena, struct lt_time time)
{
    struct lt_buf text = {0};
    lt_time_iso(&text, time, 9);
    lt_buf_char(&text, 'Z');
    struct lt_str copy = lt_str_dup(arena, lt_buf_view(&text));
    lt_buf_free(&text);
    return copy;
}

/* "between A and B", "after A", "before B", or "". */
static struct lt_str bounds(struct lt_arena *arena, const struct lt_moment *moment)
{
    if (moment->first.set && moment->last.set)
        return lt_str_format(arena, "between %.*s and %.*s", LT_ARG(iso(arena, moment->first)),
                             LT_ARG(iso(arena, moment->last)));
    if (moment->first.set)
        return lt_str_format(arena, "after %.*s", LT_ARG(iso(arena, moment->first)));
    if (moment->last.set)
        return lt_str_format(arena, "before %.*s", LT_ARG(iso(arena, moment->last)));
    return LT_STR("");
}

/* What is not known exactly of a start or an end. */
static void note_moment(struct lt_list *notes, struct lt_arena *arena, const char *word, const struct lt_moment *moment)
{
    struct lt_str text = bounds(arena, moment);
    if (!moment->by)
        add_note(notes, arena,
                 lt_str_format(arena, "%s not witnessed%s%.*s", word, text.len ? ": " : "", LT_ARG(text)));
    else if (text.len)
        add_note(notes, arena, lt_str_format(arena, "%s %.*s", word, LT_ARG(text)));
}

/* How long it did not run before, if both ends of that are known. */
static void note_gap(struct lt_list *notes, struct lt_arena *arena, const struct lt_run *before,
                     const struct lt_run *run)
{
    if (!before || !before->ended.time.set || !run->started.time.set)
        return;
    int64_t seconds = run->started.time.sec - before->ended.time.sec;
    if (seconds < 0)
        return;
    add_note(notes, arena,
             lt_str_format(arena, "after a gap of %jd d %02jd:%02jd:%02jd", (intmax_t)(seconds / DAY),
                           (intmax_t)(seconds % DAY / HOUR), (intmax_t)(seconds % HOUR / MINUTE),
                           (intmax_t)(seconds % MINUTE)));
}

static void put_moment(struct lt_record *record, const char *const keys[5], const struct lt_moment *moment)
{
    lt_record_time(record, keys[0], moment->time);
    lt_record_time(record, keys[1], moment->first);
    lt_record_time(record, keys[2], moment->last);
    if (moment->by)
        lt_record_text(record, keys[3], lt_str_c(moment->by));
    lt_record_name(record, keys[4], moment->path);
}

/* A record of the container, without any run. */
static struct lt_record *record_of(struct lt_arena *arena, const struct lt_container *container)
{
    struct lt_record *record = lt_record_new(arena);
    lt_record_name(record, "container_identifier", container->id);
    lt_record_name(record, "container_name", container->name);
    lt_record_name(record, "container_namespace", container->namespace);
    lt_record_name(record, "pod_name", container->pod_name);
    lt_record_name(record, "pod_namespace", container->pod_namespace);
    lt_record_root(record, container->root, container->runtime);
    return record;
}

/* Did the container run when the evidence was taken? */
static enum lt_answer ran(struct lt_job *job, const struct lt_container *container)
{
    struct lt_life life = {.ran = LT_UNKNOWN};
    const struct lt_root *root = container->root;
    bool removed = lt_map_get(&root->removed_by_id, container->id) == container;
    if (removed)
        return LT_NO;
    lt_job_enter(job, container->root, "runs");
    if (root->runtime->life)
        root->runtime->life(&job->ctx, container, &job->arena, &life);
    return life.ran;
}

static void note_end(struct lt_list *notes, struct lt_record *record, struct lt_arena *arena, const struct lt_run *run,
                     enum lt_answer answer)
{
    if (run->open && answer == LT_YES) {
        lt_record_bool(record, "running", true);
        add_note(notes, arena, LT_STR("still running when the evidence was taken"));
        return;
    }
    note_moment(notes, arena, "end", &run->ended);
    if (run->open && answer == LT_UNKNOWN)
        add_note(notes, arena, LT_STR("it may have run when the evidence was taken"));
}

static struct lt_record *describe(struct lt_arena *arena, const struct lt_container *container,
                                  const struct lt_list *runs, size_t at, enum lt_answer answer)
{
    static const char *const start_keys[] = {"started", "started_first", "started_last", "started_by", "started_path"};
    static const char *const end_keys[] = {"ended", "ended_first", "ended_last", "ended_by", "ended_path"};
    const struct lt_run *run = runs->items[at], *before = at ? runs->items[at - 1] : NULL;
    struct lt_record *record = record_of(arena, container);
    struct lt_list notes = {0};
    lt_record_int(record, "run", (int64_t)at + 1);
    lt_record_int(record, "runs", (int64_t)runs->count);
    put_moment(record, start_keys, &run->started);
    if (!run->open || answer != LT_YES)
        put_moment(record, end_keys, &run->ended);
    if (run->has_exit_code)
        lt_record_int(record, "exit_code", run->exit_code);
    lt_record_time(record, "last_seen", run->seen);
    if (run->seen_by)
        lt_record_text(record, "last_seen_by", lt_str_c(run->seen_by));
    note_gap(&notes, arena, before, run);
    note_moment(&notes, arena, "start", &run->started);
    note_end(&notes, record, arena, run, answer);
    lt_record_list(record, "notes", notes);
    return record;
}

/* The restarts by the runtime itself, as the state of the container counts them. */
static void add_restarts(struct lt_record *record, const struct lt_container *container)
{
    for (size_t i = 0; i < container->fact_count; i++)
        if (container->facts[i].key == LT_ATTR_RESTARTS)
            lt_record_attr(record, &container->facts[i]);
}

/* A record that says that nothing is known. */
static struct lt_record *without_runs(struct lt_arena *arena, const struct lt_container *container)
{
    struct lt_record *record = record_of(arena, container);
    struct lt_list notes = {0};
    add_note(&notes, arena, LT_STR("no run is witnessed"));
    lt_record_list(record, "notes", notes);
    return record;
}

static void describe_container(struct lt_job *job, struct lt_run_signs *signs, const struct lt_container *container,
                               struct lt_list *records)
{
    struct lt_arena *arena = &job->arena;
    struct lt_list runs = {0};
    if (!container->id.len || (container->infra && job->options->no_infra))
        return; /* a pod as a whole has no process */
    enum lt_answer answer = ran(job, container);
    lt_runs_fold(lt_run_signs_of(signs, container), container->created, arena, &runs);
    const struct lt_run *last = runs.count ? runs.items[runs.count - 1] : NULL;
    if (answer == LT_YES && (!last || !last->open)) { /* it runs, whoever started it */
        struct lt_run *run = lt_new(arena, struct lt_run);
        *run = (struct lt_run){.open = true, .started.first = last ? last->ended.time : container->created};
        lt_list_add(&runs, arena, run);
    }
    for (size_t at = 0; at < runs.count; at++) {
        struct lt_record *record = describe(arena, container, &runs, at, answer);
        if (at + 1 == runs.count)
            add_restarts(record, container);
        lt_list_add(records, arena, record);
    }
    if (!runs.count)
        lt_list_add(records, arena, without_runs(arena, container));
}

static const struct lt_column columns[] = {
    {"NAME", "container_name", LT_SHOW_ALL},
    {"ID", "container_identifier", LT_SHOW_SHORT},
    {"RUN", "run", LT_SHOW_ALL},
    {"STARTED", "started", LT_SHOW_ALL},
    {"BY", "started_by", LT_SHOW_ALL},
    {"ENDED", "ended", LT_SHOW_ALL},
    {"BY", "ended_by", LT_SHOW_ALL},
    {"EXIT", "exit_code", LT_SHOW_ALL},
    {"EVIDENCE", "evidence", LT_SHOW_DIFFERS},
    {"NOTES", "notes", LT_SHOW_ALL},
};

static enum lt_status run_runs(struct lt_job *job, struct lt_err *err)
{
    struct lt_run_signs signs = {.arena = &job->arena};
    struct lt_list records = {0};
    job->reading.no_files = true;
    enum lt_status status = lt_job_events(job, (struct lt_sink){lt_run_signs_take, &signs}, err);
    if (status != LT_OK)
        return status;
    lt_each (const struct lt_root, root, &job->inventory.roots) {
        lt_each (const struct lt_container, container, &root->containers)
            describe_container(job, &signs, container, &records);
        lt_each (const struct lt_container, container, &root->removed)
            describe_container(job, &signs, container, &records);
    }
    return lt_records_write(job, &records, columns, sizeof columns / sizeof *columns, err);
}

const struct lt_command lt_command_runs = {
    .name = "runs",
    .arguments = "EVIDENCE...",
    .summary = "when each container ran, as far as any witness tells, and who says so",
    .options = LT_OPTIONS_JSON | LT_OPTIONS_INFRA,
    .run = run_runs,
};
