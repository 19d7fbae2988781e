// SPDX-License-Identifier: Apache-2.0
#include "pipeline.h"

#include "discover.h"
#include "filter.h"
#include "manifest.h"
#include "normalise.h"
#include "show.h"
#include "sort.h"
#include "source/source.h"
#include "tag.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { POLL_EVERY = 1024 }; /* events between two looks for a signal */

/* One run, from its start to its end. */
struct run {
    const struct lt_options *options; /* own_options */
    struct lt_options own_options;    /* the user's, completed by what only the evidence can tell */
    int argc;
    char **argv;
    struct lt_arena arena, scratch;
    struct lt_list evidence; /* of struct lt_evidence * */
    struct lt_inventory inventory;
    struct lt_report report;
    struct lt_ctx ctx;
    struct lt_sorter sorter;
    struct lt_output output, errors, manifest;
    uint64_t rows; /* written */
    unsigned events;
    int signals;           /* signalfd of those that end the run */
    int signal;            /* the one that ended it, 0 if none */
    struct lt_list looked; /* of struct lt_str *: what was looked for in vain, a line each */
    struct lt_time started;
};

static struct lt_time clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return lt_time_at(now.tv_sec, (uint32_t)now.tv_nsec);
}

void lt_signals_held(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

/* A pending signal ends the run in good order. */
static enum lt_status poll_signals(struct run *run, struct lt_err *err)
{
    struct signalfd_siginfo info;
    if (read(run->signals, &info, sizeof info) != sizeof info)
        return LT_OK;
    run->signal = (int)info.ssi_signo;
    return lt_fail(err, LT_FATAL, LT_CODE_INTERRUPTED, 0, "ended by signal %d", run->signal);
}

/* Formats that take events as they come need no sorting. */
static bool write_event(struct run *run, const struct lt_event *event, enum lt_status *status, struct lt_err *err)
{
    bool inside = false;
    for (unsigned slot = 0; slot < LT_SLOTS; slot++)
        inside |= event->time[slot].set && lt_filter_time(run->options, event->time[slot], event->time[slot]);
    if (!inside || !run->options->format->event(lt_output_buffer(&run->output), event))
        return false;
    run->rows++;
    *status = lt_output_flush(&run->output, err);
    return true;
}

static bool keep_rows(struct run *run, const struct lt_event *event, enum lt_status *status, struct lt_err *err)
{
    struct lt_row rows[LT_SLOTS];
    size_t count = lt_normalise(event, run->options->format->merged, rows), kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct lt_time last = event->last.set ? event->last : rows[i].time;
        if (lt_filter_time(run->options, rows[i].time, last))
            rows[kept++] = rows[i];
    }
    *status = lt_sorter_add(&run->sorter, rows, kept, err);
    return kept;
}

static bool has_time(const struct lt_event *event)
{
    bool any = false;
    for (unsigned slot = 0; slot < LT_SLOTS; slot++)
        any |= event->time[slot].set;
    return any;
}

/* The sink of all sources. */
static enum lt_status take_event(void *arg, struct lt_event *event, struct lt_err *err)
{
    struct run *run = arg;
    struct lt_counts *counts = lt_report_counts(&run->report, event->source);
    enum lt_status status = LT_OK;
    if (++run->events % POLL_EVERY == 0 && poll_signals(run, err) != LT_OK)
        return LT_FATAL;
    if (!has_time(event)) {
        struct lt_buf path = {0};
        struct lt_err problem = {0};
        lt_fail(&problem, LT_SKIP, LT_CODE_BAD_TIME, 0, "it has no time at all, so no place in a timeline");
        lt_event_path(&path, event);
        lt_report_problem(&run->report, event->source, lt_buf_view(&path), &problem);
        lt_buf_free(&path);
        counts->failed++;
        return LT_OK;
    }
    lt_tag(event);
    bool kept = lt_filter_event(run->options, event);
    if (kept && run->options->format->event)
        kept = write_event(run, event, &status, err);
    else if (kept)
        kept = keep_rows(run, event, &status, err);
    counts->emitted += kept;
    counts->filtered += !kept;
    return status;
}

/* Report what is wrong with an evidence as a whole. */
static void report_notes(struct run *run, const struct lt_evidence *evidence)
{
    lt_each (struct lt_err, note, &evidence->notes)
        lt_report_problem(&run->report, "evidence", LT_STR(""), note);
}

/* Remember what was wrong with an evidence, in case that all are like it. */
static void add_looked(struct run *run, const char *spec, const char *text)
{
    struct lt_str *line = lt_new(&run->arena, struct lt_str);
    *line = lt_str_format(&run->arena, "%s: %s", spec, text);
    lt_list_add(&run->looked, &run->arena, line);
}

static void open_evidence(struct run *run, const char *spec)
{
    struct lt_evidence *evidence = lt_new(&run->arena, struct lt_evidence);
    struct lt_err problem = {0};
    run->report.evidence = spec;
    lt_list_add(&run->evidence, &run->arena, evidence);
    const struct lt_evidence_args args = {.no_journal = run->options->no_journal};
    enum lt_status status = lt_evidence_open(evidence, spec, &args, &problem);
    report_notes(run, evidence);
    if (status != LT_OK) {
        lt_report_problem(&run->report, "evidence", LT_STR(""), &problem);
        if (run->options->quiet)
            add_looked(run, spec, problem.text); /* else it was told already */
        return;
    }
    size_t before = run->inventory.roots.count;
    struct lt_buf looked = {0};
    lt_each (struct lt_fs, fs, &evidence->fs) {
        lt_arena_reset(&run->scratch);
        lt_discover(&run->ctx, fs, &looked);
    }
    if (run->inventory.roots.count == before) {
        lt_fail(&problem, LT_SKIP, LT_CODE_MISSING, 0, "no Docker data root in it");
        lt_report_problem(&run->report, "evidence", LT_STR(""), &problem);
        add_looked(run, spec, lt_str_format(&run->arena, "looked for %.*s", LT_ARG(lt_buf_view(&looked))).ptr);
    }
    lt_buf_free(&looked);
}

/* Make `root` the one that `reader` works on. */
static void enter_root(struct run *run, struct lt_root *root, const char *reader)
{
    lt_arena_reset(&run->scratch);
    run->ctx.root = root;
    run->ctx.reader = reader;
    run->report.evidence = root->fs->evidence->spec;
}

static enum lt_status take_inventory(struct run *run, struct lt_err *err)
{
    lt_each (struct lt_root, root, &run->inventory.roots) {
        for (size_t i = 0; lt_sources[i]; i++) {
            enter_root(run, root, lt_sources[i]->name);
            if (poll_signals(run, err) != LT_OK)
                return LT_FATAL;
            if (lt_sources[i]->inventory)
                lt_sources[i]->inventory(&run->ctx);
        }
        lt_inventory_link(&run->inventory, root);
    }
    return LT_OK;
}

static enum lt_status read_events(struct run *run, struct lt_err *err)
{
    lt_each (struct lt_root, root, &run->inventory.roots)
        for (size_t i = 0; lt_sources[i]; i++) {
            enter_root(run, root, lt_sources[i]->name);
            enum lt_status status = poll_signals(run, err);
            if (status == LT_OK && lt_sources[i]->events)
                status = lt_sources[i]->events(&run->ctx, err);
            if (status != LT_OK)
                return status;
        }
    return LT_OK;
}

static enum lt_status write_rows(struct run *run, struct lt_err *err)
{
    const struct lt_row *row;
    enum lt_status status = lt_sorter_finish(&run->sorter, err);
    while (status == LT_OK && (status = lt_sorter_next(&run->sorter, &row, err)) == LT_OK) {
        run->options->format->row(lt_output_buffer(&run->output), row);
        run->rows++;
        status = lt_output_flush(&run->output, err);
        if (status == LT_OK && run->rows % POLL_EVERY == 0)
            status = poll_signals(run, err);
    }
    return status == LT_END ? LT_OK : status;
}

/* Reads that libtsk swallowed must not pass as a complete run. */
static void report_failed_reads(struct run *run)
{
    lt_each (struct lt_evidence, evidence, &run->evidence) {
        struct lt_err problem = {0};
        if (!evidence->failed_reads)
            continue;
        run->report.evidence = evidence->spec;
        lt_fail(&problem, LT_SKIP, LT_CODE_UNREADABLE, 0, "%ju reads of the image failed",
                (uintmax_t)evidence->failed_reads);
        lt_report_problem(&run->report, "evidence", LT_STR(""), &problem);
    }
}

/* No file may be written into the evidence. A live host's own root holds everything: there its data roots count. */
static enum lt_status check_path(struct run *run, const char *path, struct lt_err *err)
{
    if (!path || strcmp(path, "-") == 0)
        return LT_OK;
    lt_each (struct lt_evidence, evidence, &run->evidence) {
        bool live = lt_output_inside("/", evidence->spec);
        if (!live && lt_output_inside(path, evidence->spec))
            return lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, 0, "%s: lies inside the evidence", path);
        lt_each (struct lt_root, root, &run->inventory.roots)
            if (live && root->fs->evidence == evidence && lt_output_inside(path, root->path.ptr))
                return lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, 0, "%s: lies inside the evidence", path);
    }
    return LT_OK;
}

/* The sorter makes its temporary file when memory runs short, if ever: where it must not is no error until then. */
static void place_temporary(struct run *run)
{
    struct lt_str file = lt_path_join(&run->arena, lt_str_c(lt_spill_directory()), LT_STR("layertime"));
    if (check_path(run, file.ptr, NULL) == LT_OK)
        run->sorter.directory = lt_spill_directory();
}

static enum lt_status open_output(struct run *run, struct lt_output *output, const char *path, bool gzip, bool hash,
                                  struct lt_err *err)
{
    const struct lt_output_args args = {path, run->options->force, gzip, hash, run->signals};
    struct lt_err problem = {0};
    enum lt_status status = check_path(run, path, err);
    if (status == LT_OK && lt_output_open(output, &args, &problem) != LT_OK)
        status = lt_fail(err, LT_FATAL, LT_CODE_OUTPUT, 0, "%s: %s", path, problem.text);
    return status;
}

static enum lt_status write_manifest(struct run *run, struct lt_str sha256, struct lt_err *err)
{
    const struct lt_options *options = run->options;
    if (!options->manifest)
        return LT_OK;
    struct lt_manifest manifest = {
        .options = options,
        .report = &run->report,
        .inventory = &run->inventory,
        .evidence = &run->evidence,
        .argc = run->argc,
        .argv = run->argv,
        .started = run->started,
        .finished = clock_now(),
        .rows = run->rows,
        .bytes = run->output.bytes,
        .sha256 = sha256,
    };
    lt_manifest_put(lt_output_buffer(&run->manifest), &manifest);
    return lt_output_commit(&run->manifest, NULL, err);
}

/* Which containers -c means is known once all are: a whole name is not taken for the prefix of another's ID. */
static void resolve_container(struct run *run)
{
    if (run->options->container)
        lt_each (struct lt_root, root, &run->inventory.roots)
            lt_each (struct lt_container, container, &root->containers)
                run->own_options.container_exact |= lt_filter_exact(run->options->container, container);
}

/* Does -c name anything that is there? A typing error must not look like a container without a past. */
static bool container_known(const struct run *run)
{
    if (!run->options->container)
        return true;
    lt_each (struct lt_root, root, &run->inventory.roots)
        lt_each (struct lt_container, container, &root->containers)
            if (lt_filter_container(run->options, container))
                return true;
    return false;
}

/* Everything between the inventory and the exit code. The output is committed first, so that the manifest tells of what
 * is really there. */
static enum lt_status make_timeline(struct run *run, struct lt_err *err)
{
    const struct lt_options *options = run->options;
    struct lt_buf sha256 = {0};
    enum lt_status status = open_output(run, &run->output, options->output, options->gzip, options->manifest, err);
    if (status == LT_OK && options->manifest) /* now, so that a refusal comes before the timeline has its name */
        status = open_output(run, &run->manifest, options->manifest, false, false, err);
    if (status == LT_OK && options->format->begin)
        options->format->begin(lt_output_buffer(&run->output));
    place_temporary(run);
    if (status == LT_OK)
        status = read_events(run, err);
    if (status == LT_OK && options->format->row)
        status = write_rows(run, err);
    if (status == LT_OK)
        status = lt_output_commit(&run->output, &sha256, err);
    report_failed_reads(run);
    if (run->report.errors && status == LT_OK)
        status = lt_output_commit(&run->errors, NULL, err);
    if (status == LT_OK)
        status = write_manifest(run, lt_buf_view(&sha256), err);
    lt_buf_free(&sha256);
    return status;
}

static int finish(struct run *run, enum lt_status status, const struct lt_err *err)
{
    if (status == LT_FATAL && !run->signal)
        poll_signals(run, NULL); /* it may be what ended a wait for the reader of the output */
    if (run->options->stats)
        lt_report_print(&run->report, run->rows);
    if (run->signal)
        return LT_EXIT_SIGNAL + run->signal;
    if (status == LT_FATAL && err->sys == EPIPE)
        return LT_EXIT_SIGNAL + SIGPIPE;
    if (status == LT_FATAL) {
        lt_say("%s", err->text);
        return LT_EXIT_OUTPUT;
    }
    if (!lt_report_balanced(&run->report)) {
        lt_say("the account does not balance: this is a bug, please report it (see --stats)");
        return LT_EXIT_INCOMPLETE;
    }
    return run->report.failures ? LT_EXIT_INCOMPLETE : LT_EXIT_COMPLETE;
}

/* No data root in any evidence: say where it was looked for. */
static int find_nothing(struct run *run)
{
    struct lt_err err = {0};
    lt_each (struct lt_str, line, &run->looked)
        lt_say("%.*s", LT_ARG(*line));
    if (run->report.errors && lt_output_commit(&run->errors, NULL, &err) != LT_OK)
        return finish(run, LT_FATAL, &err);
    return LT_EXIT_NO_EVIDENCE;
}

static bool same_output(const char *a, const char *b)
{
    bool a_stdout = strcmp(a, "-") == 0, b_stdout = strcmp(b, "-") == 0;
    return a_stdout || b_stdout ? a_stdout && b_stdout : lt_output_same(a, b);
}

static bool outputs_collide(const struct lt_options *options)
{
    const char *paths[] = {options->output ? options->output : "-", options->errors, options->manifest};
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < i; j++)
            if (paths[i] && paths[j] && same_output(paths[i], paths[j]))
                return true;
    return false;
}

static int run_all(struct run *run)
{
    const struct lt_options *options = run->options;
    struct lt_err err = {0};
    enum lt_status status = LT_OK;
    if (outputs_collide(options)) {
        lt_say("-o, --errors and --manifest must be different files");
        return LT_EXIT_USAGE;
    }
    for (int i = 0; i < options->evidence_count; i++)
        open_evidence(run, options->evidence[i]);
    if (options->errors) {
        status = open_output(run, &run->errors, options->errors, false, false, &err);
        if (status == LT_OK)
            lt_report_open(&run->report, &run->errors);
    }
    if (status != LT_OK)
        return finish(run, status, &err);
    if (!run->inventory.roots.count)
        return find_nothing(run);
    status = take_inventory(run, &err);
    if (status != LT_OK)
        return finish(run, status, &err);
    if (options->verbose || options->list_sources)
        lt_show_roots(&run->inventory, options->list_sources ? stdout : stderr);
    if (options->list_sources)
        return finish(run, LT_OK, &err);
    resolve_container(run);
    if (!container_known(run)) {
        lt_show_containers(&run->inventory, options->container);
        return LT_EXIT_USAGE;
    }
    status = make_timeline(run, &err);
    return finish(run, status, &err);
}

int lt_pipeline_run(const struct lt_options *options, int argc, char **argv)
{
    struct run run = {
        .own_options = *options,
        .argc = argc,
        .argv = argv,
        .report = {.quiet = options->quiet, .keep_early = options->errors},
        .sorter = {.memory = options->memory},
        .started = options->now,
    };
    run.options = &run.own_options;
    run.inventory.arena = &run.arena;
    run.ctx = (struct lt_ctx){
        .inventory = &run.inventory,
        .report = &run.report,
        .sink = {take_event, &run},
        .run = &run.arena,
        .scratch = &run.scratch,
        .threads = options->threads,
    };
    sigset_t held;
    lt_signals_held(&held);
    run.signals = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
    if (options->list_sources && !options->evidence_count) {
        lt_show_sources();
        return LT_EXIT_COMPLETE;
    }
    int code = run_all(&run);
    lt_output_abort(&run.output);
    lt_output_abort(&run.errors);
    lt_output_abort(&run.manifest);
    if (run.signals >= 0)
        close(run.signals);
    lt_each (struct lt_evidence, evidence, &run.evidence)
        lt_evidence_close(evidence);
    lt_sorter_free(&run.sorter);
    lt_report_free(&run.report);
    lt_arena_free(&run.scratch);
    lt_arena_free(&run.arena);
    return code;
}
