// SPDX-License-Identifier: Apache-2.0
/* Files that are gone and whose contents may still be had: which file each was, whose, and what of it is left. */
#include "command/recover.h"
#include "command/record.h"
#include "run/progress.h"
#include "run/traces.h"
#include "timeline/choice.h"
#include "timeline/filter.h"
#include "timeline/pipeline.h"

/* A run of the command. */
struct run {
    struct lt_job *job;
    struct lt_recovery recovery;
    struct lt_recover_keeper keeper;
    struct lt_arena record; /* of the find at hand */
    struct lt_list keys;    /* of the lines of CSV: static strings */
    struct lt_list records; /* of a table, which is written at the end; other forms are written find by find */
    size_t before;          /* bytes in use before the first of these */
    uint64_t undated;       /* finds whose time is not known */
    uint64_t unshown;       /* finds that the table has no memory for */
};

/* Is the list a table, or one JSON value? These are written at the end. */
static bool is_table(const struct lt_options *options)
{
    return options->list && options->table != LT_TABLE_JSONL && options->table != LT_TABLE_CSV;
}

/* Did it go in the window of --since and --until? A time that is not known excludes nothing. */
static bool is_in_window(const struct lt_options *options, const struct lt_remains *remains)
{
    struct lt_time first = remains->first, last = remains->last, when = remains->node->deleted;
    if (!first.set && !last.set)
        first = last = when;
    return !(options->since.set && last.set && lt_time_cmp(last, options->since) < 0) &&
           !(options->until.set && first.set && lt_time_cmp(first, options->until) >= 0);
}

/* Do the options let it pass? */
static bool is_wanted(const struct run *run, const struct lt_remains *remains)
{
    const struct lt_options *options = run->job->options;
    const struct lt_owner *owner = remains->unattributed && remains->maybe ? remains->maybe : remains->whose.owner;
    const struct lt_container *container = owner->container;
    const char *pattern = options->choice.path;
    if (options->container && !(container && lt_filter_container(options, container)))
        return false;
    if (pattern && !lt_choice_path(pattern, remains->path) && !lt_choice_path(pattern, remains->whose.inside))
        return false;
    return is_in_window(options, remains);
}

/* Neither when it went is known, nor after or before what? Then --since and --until let it pass. */
static bool is_undated(const struct lt_remains *remains)
{
    return !remains->node->deleted.set && !remains->first.set && !remains->last.set;
}

/* Hash the contents, and keep them if the user wants that. Of what is left of a file in part, the hash says nothing. */
static enum lt_status take_contents(struct run *run, const struct lt_remains *remains, struct lt_record *record,
                                    struct lt_err *err)
{
    struct lt_str sha256, kept = LT_STR("");
    uint64_t left_out = run->keeper.left_out;
    enum lt_status status = lt_recover_hash(&run->keeper, remains, &sha256, err);
    bool affordable = left_out == run->keeper.left_out;
    if (status == LT_OK && affordable && !run->job->options->list)
        status = lt_recover_keep(&run->keeper, remains, sha256, &kept, err);
    if (!remains->lost_count)
        lt_record_text(record, "sha256", sha256);
    lt_record_text(record, "file", kept); /* it is made to be safe */
    return status;
}

static const struct lt_column columns[] = {
    {"DELETED", "deleted", LT_SHOW_ALL}, {"METHOD", "method", LT_SHOW_ALL},
    {"ROLE", "layer_role", LT_SHOW_ALL}, {"CONTAINER", "container_name", LT_SHOW_ALL},
    {"LEFT", "left", LT_SHOW_ALL},       {"MAP", "map", LT_SHOW_ALL},
    {"SIZE", "size", LT_SHOW_ALL},       {"EVIDENCE", "evidence", LT_SHOW_DIFFERS},
    {"INODE", "inode", LT_SHOW_ALL},     {"PATH", "path", LT_SHOW_ALL},
};

/* What may be read if the user does not say: as much as the evidence has. */
static uint64_t limit_of(const struct lt_job *job)
{
    uint64_t size = 0;
    lt_each (const struct lt_evidence, evidence, &job->evidence)
        size += evidence->held;
    return job->options->limit ? job->options->limit : size;
}

/* --- what is written --- */

/* The output that gets CSV; NULL: none does. */
static struct lt_output *csv_output(struct lt_job *job)
{
    if (!job->options->list)
        return &job->listing;
    return job->options->table == LT_TABLE_CSV ? &job->output : NULL;
}

/* The keys of all finds, and those that only contents have. */
static void begin_csv(struct run *run)
{
    struct lt_job *job = run->job;
    struct lt_output *csv = csv_output(job);
    if (!csv)
        return;
    struct lt_record *record = lt_record_new(&run->record);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        lt_record_bool(record, columns[i].key, true);
    lt_record_bool(record, "sha256", true);
    lt_record_bool(record, "file", true);
    lt_csv_keys(&run->keys, &job->arena, record);
    lt_each (const struct lt_remains, remains, &run->recovery.finds) {
        lt_arena_reset(&run->record);
        if (is_wanted(run, remains))
            lt_csv_keys(&run->keys, &job->arena, lt_remains_record(remains, &run->record));
    }
    lt_csv_head(lt_output_buffer(csv), &run->keys);
}

static enum lt_status put_record(struct run *run, struct lt_record *record, struct lt_err *err)
{
    struct lt_job *job = run->job;
    struct lt_output *csv = csv_output(job);
    const struct lt_list one = {.items = (void *[]){record}, .count = 1};
    if (csv)
        lt_csv_row(lt_output_buffer(csv), &run->keys, record, job->options->raw_csv);
    if (csv != &job->output)
        lt_records_json_lines(lt_output_buffer(&job->output), &one);
    job->rows++;
    enum lt_status status = lt_output_flush(&job->output, err);
    return status == LT_OK && csv ? lt_output_flush(csv, err) : status;
}

/* --- the finds --- */

static enum lt_status take(struct run *run, const struct lt_remains *remains, struct lt_err *err)
{
    struct lt_job *job = run->job;
    bool table = is_table(job->options);
    enum lt_status status = lt_job_poll(job, err);
    if (status != LT_OK || !is_wanted(run, remains))
        return status;
    if (table && job->arena.bytes - run->before > job->options->memory) {
        run->unshown++;
        return LT_OK;
    }
    lt_arena_reset(&run->record);
    struct lt_record *record = lt_remains_record(remains, table ? &job->arena : &run->record);
    if (remains->complete || (!remains->bare && lt_remains_lost(remains) < remains->node->size))
        status = take_contents(run, remains, record, err);
    run->undated += is_undated(remains);
    if (table)
        lt_list_add(&run->records, &job->arena, record);
    return status == LT_OK && !table ? put_record(run, record, err) : status;
}

static enum lt_status take_all(struct run *run, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    run->before = run->job->arena.bytes;
    begin_csv(run);
    lt_each (const struct lt_remains, remains, &run->recovery.finds) {
        if (status == LT_OK)
            status = take(run, remains, err);
        lt_progress_tell(&run->job->progress, "recovering files", remains_at + 1, run->recovery.finds.count);
    }
    return status;
}

/* Which container -c means may be known from a deleted record only. */
static enum lt_status recover_all(struct run *run, struct lt_err *err)
{
    enum lt_status status = lt_recovery_search(&run->recovery, err);
    if (status == LT_OK)
        status = lt_resolve_known_container(run->job, err);
    return status == LT_OK ? take_all(run, err) : status;
}

/* Say what was not done. */
static void tell_limits(struct run *run)
{
    struct lt_job *job = run->job;
    uint64_t forgotten = run->recovery.forgotten + run->unshown;
    job->limited = run->keeper.left_out || forgotten;
    if (job->options->quiet)
        return;
    if (!run->recovery.searched.count)
        lt_say(
            "freed inodes can be found in images of ext2, ext3 and ext4 alone, and none of these is given: only what "
            "layers still have was looked for");
    if (run->undated && (job->options->since.set || job->options->until.set))
        lt_say("when they were deleted is not known of %ju files: --since and --until let these pass",
               (uintmax_t)run->undated);
    if (run->keeper.left_out)
        lt_say("--limit is reached: the contents of %ju files were left out", (uintmax_t)run->keeper.left_out);
    if (forgotten)
        lt_say("--memory is reached: %ju files were left out", (uintmax_t)forgotten);
}

static enum lt_status run_recover(struct lt_job *job, struct lt_err *err)
{
    struct run run = {.job = job, .recovery = {.job = job}, .keeper = {.job = job, .left = limit_of(job)}};
    uint64_t errors;
    enum lt_status status = lt_traces_find(job, LT_TRACES_COUNT, &errors, err); /* names of those that are gone */
    if (status == LT_OK)
        status = recover_all(&run, err);
    lt_recovery_end(&run.recovery);
    lt_arena_free(&run.record);
    if (status != LT_OK)
        return status;
    tell_limits(&run);
    return is_table(job->options) ? lt_records_write(job, &run.records, columns, sizeof columns / sizeof *columns, err)
                                  : LT_OK;
}

const struct lt_command lt_command_recover = {
    .name = "recover",
    .arguments = "EVIDENCE...",
    .summary = "files that are gone and whose contents are still there: which, whose, what each lacks",
    .options = LT_OPTIONS_JSON | LT_OPTIONS_CHOSEN | LT_OPTIONS_TREE,
    .run = run_recover,
};
