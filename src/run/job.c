// SPDX-License-Identifier: Apache-2.0
#include "run/job.h"

#include "files/binds.h"
#include "read/discover.h"
#include "read/hosts.h"
#include "run/command.h"
#include "run/manifest.h"
#include "run/opening.h"
#include "run/sandbox.h"
#include "run/schedule.h"
#include "run/show.h"
#include "run/summary.h"
#include "runtime/runtimes.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { POLL_EVERY = 1024 }; /* events between two checks for a signal */

static struct lt_time clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return lt_time_at(now.tv_sec, (uint32_t)now.tv_nsec);
}

void lt_signals_held(sigset_t *set)
{
    static const int held[] = {SIGHUP,  SIGINT,    SIGQUIT, SIGTERM, SIGXCPU,
                               SIGALRM, SIGVTALRM, SIGPROF, SIGUSR1, SIGUSR2};
    sigemptyset(set);
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        sigaddset(set, held[i]);
}

enum lt_status lt_job_poll(struct lt_job *job, struct lt_err *err)
{
    struct signalfd_siginfo info;
    if (read(job->signals, &info, sizeof info) != sizeof info)
        return LT_OK;
    job->signal = (int)info.ssi_signo;
    return lt_fail(err, LT_FATAL, LT_CODE_INTERRUPTED, 0, "ended by signal %d", job->signal);
}

/* The sink of all sources. Checks for signals and passes events on. */
static enum lt_status take_event(void *arg, struct lt_event *event, enum lt_fate *fate, struct lt_err *err)
{
    struct lt_job *job = arg;
    if (++job->events % POLL_EVERY == 0) {
        lt_progress_tell(&job->progress, job->ctx.reader, job->events, job->progress.total);
        if (lt_job_poll(job, err) != LT_OK)
            return LT_FATAL;
    }
    return job->product.take(job->product.arg, event, fate, err);
}

/* Keep what was wrong with an evidence, in case no evidence has a store. */
static void add_looked(struct lt_job *job, const char *spec, const char *text)
{
    struct lt_str *line = lt_new(&job->arena, struct lt_str);
    *line = lt_str_format(&job->arena, "%s: %s", spec, text);
    lt_list_add(&job->looked, &job->arena, line);
}

/* Report the errors of an evidence as a whole, and say what else is to be known of it. With --quiet they are kept as
 * well: they may say what holds the stores.
 */
static void report_notes(struct lt_job *job, const struct lt_evidence *evidence)
{
    lt_each (struct lt_err, note, &evidence->notes) {
        lt_report_problem(&job->report, "evidence", LT_STR(""), note);
        if (job->options->quiet)
            add_looked(job, evidence->spec, note->text);
    }
    lt_each (const struct lt_str, remark, &evidence->remarks)
        if (!job->options->quiet)
            lt_say("%s: %.*s", evidence->spec, LT_ARG(*remark));
}

/* Report why an evidence is not read. With --quiet it is kept as well, in case no other is read either. */
static void report_unread(struct lt_job *job, const struct lt_evidence *evidence, const struct lt_err *problem)
{
    lt_report_problem(&job->report, "evidence", LT_STR(""), problem);
    if (job->options->quiet)
        add_looked(job, evidence->spec, problem->text);
}

/* Find the file systems of each evidence. */
static void find_file_systems(struct lt_job *job)
{
    lt_evidence_find_all(&job->evidence, &job->unopened);
    lt_each (struct lt_evidence, evidence, &job->evidence) {
        const struct lt_err *problem = job->unopened.items[evidence_at];
        job->report.evidence = evidence->spec;
        if (problem->set && problem->status == LT_FATAL)
            return; /* a signal */
        report_notes(job, evidence);
        if (problem->set)
            report_unread(job, evidence, problem);
    }
}

/* What was looked for on the file systems of an evidence. */
struct looked {
    struct lt_buf places;
    struct lt_list almost;
};

static void find_stores(struct lt_job *job, struct lt_host *host, struct looked *looked)
{
    size_t mounts = host->mounts.count;
    for (size_t i = 0; i < mounts; i++) {
        const struct lt_mount_point *mount = host->mounts.items[i];
        struct lt_discovery discovery = {
            .ctx = &job->ctx,
            .runtimes = lt_runtimes,
            .looked = &looked->places,
            .almost = &looked->almost,
            .data_root = job->options->data_root,
        };
        lt_schedule_host(&job->ctx, host, "discover");
        job->ctx.fs = mount->fs;
        lt_discover(&discovery);
        job->data_root_found |= discovery.data_root_found;
    }
}

/* Does anything of the evidence belong to a host with stores? */
static bool is_used(const struct lt_job *job, const struct lt_evidence *evidence)
{
    lt_each (const struct lt_root, root, &job->inventory.roots) {
        if (root->part->evidence == evidence)
            return true;
        lt_each (const struct lt_mount_point, mount, &root->host->mounts)
            if (mount->fs->evidence == evidence)
                return true;
        lt_each (const struct lt_placed, placed, &root->host->placed)
            if (placed->fs && placed->fs->evidence == evidence)
                return true;
    }
    return false;
}

static void report_unused(struct lt_job *job, const struct lt_evidence *evidence, const struct looked *looked)
{
    struct lt_err none = {0};
    struct lt_buf stores = {0};
    job->report.evidence = evidence->spec;
    lt_runtimes_list(&stores, true);
    lt_fail(&none, LT_SKIP, LT_CODE_MISSING, 0, "no %.*s in %s", LT_ARG(lt_buf_view(&stores)),
            job->report.denied.count ? "what can be read of it" : "it");
    lt_buf_free(&stores);
    lt_report_problem(&job->report, "evidence", LT_STR(""), &none);
    add_looked(job, evidence->spec,
               lt_str_format(&job->arena, "looked for %.*s%stheir shape in all directories",
                             LT_ARG(lt_buf_view(&looked->places)), looked->places.len ? ", and for " : "")
                   .ptr);
    lt_each (const struct lt_str, almost, &looked->almost)
        add_looked(job, evidence->spec, almost->ptr);
    lt_each (const struct lt_host, host, &job->inventory.hosts)
        lt_each (const struct lt_placed, placed, &host->placed)
            if (job->options->quiet && placed->reported && host->evidence == evidence)
                add_looked(job, evidence->spec,
                           lt_str_format(&job->arena, "%.*s is mounted at %.*s (%.*s), and is not in the evidence",
                                         LT_ARG(placed->device), LT_ARG(placed->at), LT_ARG(placed->from))
                               .ptr);
    add_looked(job, evidence->spec,
               "if there is one, name it with --data-root PATH, or give the disk that it lies on, too");
}

static void report_data_root(struct lt_job *job)
{
    struct lt_err none = {0};
    lt_fail(&none, LT_SKIP, LT_CODE_MISSING, 0, "--data-root: nothing that looks like a store is there");
    lt_report_problem(&job->report, "evidence", lt_str_c(job->options->data_root), &none);
}

/* Find the hosts of all evidences, and the stores on them. */
static void find_all(struct lt_job *job)
{
    find_file_systems(job);
    job->ctx.reader = "discover";
    lt_hosts_find(&job->ctx, &job->evidence, lt_runtimes);
    struct looked *looked = lt_new_array(&job->arena, struct looked, job->evidence.count + 1);
    size_t hosts = job->inventory.hosts.count; /* those that are found on the way were searched then */
    for (size_t i = 0; i < hosts; i++) {
        struct lt_host *host = job->inventory.hosts.items[i];
        size_t at = 0;
        while (job->evidence.items[at] != host->evidence)
            at++;
        find_stores(job, host, &looked[at]);
    }
    lt_hosts_settle(&job->inventory);
    if (job->options->data_root && !job->data_root_found)
        report_data_root(job);
    lt_each (struct lt_evidence, evidence, &job->evidence) {
        lt_each (const struct lt_fs, fs, &evidence->fs)
            job->progress.total += fs->entries;
        if (evidence->fs.count && !is_used(job, evidence) && !job->options->command->storeless)
            report_unused(job, evidence, &looked[evidence_at]);
        lt_buf_free(&looked[evidence_at].places);
    }
}

void lt_job_enter(struct lt_job *job, struct lt_root *root, const char *reader)
{
    lt_schedule_root(&job->ctx, root, reader);
}

static enum lt_status poll_job(void *arg, struct lt_err *err)
{
    return lt_job_poll(arg, err);
}

static enum lt_status take_inventory(struct lt_job *job, struct lt_err *err)
{
    enum lt_status status = lt_schedule_inventory(&job->ctx, err);
    lt_each (const struct lt_host, host, &job->inventory.hosts)
        if (host->zone.conflict.len && !job->options->quiet)
            lt_say("%.*s%s%.*s", LT_ARG(host->hostname), host->hostname.len ? ": " : "", LT_ARG(host->zone.conflict));
    return status;
}

enum lt_status lt_job_events(struct lt_job *job, struct lt_sink product, struct lt_err *err)
{
    job->product = product;
    return lt_schedule_events(&job->ctx, false, err);
}

enum lt_status lt_job_traces(struct lt_job *job, struct lt_sink product, struct lt_err *err)
{
    job->product = product;
    return lt_schedule_events(&job->ctx, true, err);
}

/* Reads of libtsk that failed silently must not pass as a complete run. */
static void report_failed_reads(struct lt_job *job)
{
    lt_each (struct lt_evidence, evidence, &job->evidence) {
        struct lt_err problem = {0};
        if (!evidence->failed_reads)
            continue;
        job->report.evidence = evidence->spec;
        lt_fail(&problem, LT_SKIP, LT_CODE_UNREADABLE, 0, "%ju reads of the image failed",
                (uintmax_t)evidence->failed_reads);
        lt_report_problem(&job->report, "evidence", LT_STR(""), &problem);
    }
}

/* Report damage that cost nothing but belief. */
static void report_flaws(struct lt_job *job)
{
    lt_each (const struct lt_evidence, evidence, &job->evidence) {
        job->report.evidence = evidence->spec;
        lt_each (const struct lt_flaw, flaw, &evidence->flaws)
            lt_report_problem(&job->report, "evidence", flaw->path, &flaw->problem);
    }
}

static enum lt_status write_manifest(struct lt_job *job, struct lt_str sha256, struct lt_err *err)
{
    const struct lt_options *options = job->options;
    if (!options->manifest)
        return LT_OK;
    struct lt_manifest manifest = {
        .options = options,
        .report = &job->report,
        .inventory = &job->inventory,
        .evidence = &job->evidence,
        .left_out = &job->left_out,
        .argc = job->argc,
        .argv = job->argv,
        .started = job->started,
        .finished = clock_now(),
        .rows = job->rows,
        .bytes = job->output.bytes,
        .sha256 = sha256,
        .contained = &job->contained,
    };
    lt_manifest_put(lt_output_buffer(&job->manifest), &manifest);
    return lt_output_complete(&job->manifest, NULL, err);
}

/* Give what is complete its name: the timeline last, so that whoever finds it finds the error list and the manifest,
 * too. `timeline`: there is one. */
static enum lt_status give_names(struct lt_job *job, bool timeline, struct lt_err *err)
{
    enum lt_status status = job->report.errors ? lt_output_commit(&job->errors, NULL, err) : LT_OK;
    if (status == LT_OK && job->options->manifest)
        status = lt_output_commit(&job->manifest, NULL, err);
    if (status == LT_OK && timeline && job->options->tree)
        status = lt_output_commit(&job->listing, NULL, err);
    if (status == LT_OK && timeline)
        status = lt_output_commit(&job->output, NULL, err);
    return status;
}

/* Everything between the inventory and the exit code. The timeline is complete before the manifest, which describes
 * what was really written; and no file gets its name before all are complete, so that a full disk leaves none of them.
 */
static enum lt_status make_product(struct lt_job *job, struct lt_err *err)
{
    const struct lt_options *options = job->options;
    struct lt_buf sha256 = {0};
    enum lt_status status = options->command->run(job, err);
    if (status == LT_OK)
        status = lt_output_complete(&job->output, &sha256, err);
    if (status == LT_OK && options->tree)
        status = lt_output_complete(&job->listing, NULL, err);
    report_failed_reads(job);
    report_flaws(job);
    bool ends = status == LT_OK || status == LT_END;
    if (job->report.errors && ends && lt_output_complete(&job->errors, NULL, err) != LT_OK)
        ends = false;
    if (ends && write_manifest(job, lt_buf_view(&sha256), err) != LT_OK)
        ends = false;
    if (ends && give_names(job, status == LT_OK, err) != LT_OK)
        ends = false;
    lt_buf_free(&sha256);
    return ends || status == LT_SKIP ? status : LT_FATAL;
}

static int finish(struct lt_job *job, enum lt_status status, const struct lt_err *err)
{
    if (status == LT_FATAL && !job->signal)
        lt_job_poll(job, NULL); /* a signal may have ended the wait for the reader of the output */
    lt_progress_clear(&job->progress);
    if (!job->options->quiet)
        lt_report_denied(&job->report);
    if (job->options->stats)
        lt_report_print(&job->report, job->rows);
    if (job->signal)
        return LT_EXIT_SIGNAL + job->signal;
    if (status == LT_SKIP || status == LT_END) {
        lt_say("%s", err->text);
        return status == LT_SKIP ? LT_EXIT_USAGE : LT_EXIT_INCOMPLETE;
    }
    if (status == LT_FATAL && err->sys == EPIPE)
        return LT_EXIT_SIGNAL + SIGPIPE;
    if (status == LT_FATAL) {
        lt_say("%s", err->text);
        return LT_EXIT_OUTPUT;
    }
    if (!lt_report_balanced(&job->report)) {
        lt_say("the account does not balance: this is a bug, please report it (see --stats)");
        return LT_EXIT_INCOMPLETE;
    }
    if (!job->options->quiet && job->options->command->options & LT_OPTIONS_ROWS && !job->options->list_sources)
        lt_summary_say(job);
    if (job->limited)
        return LT_EXIT_LIMIT;
    return job->report.failures || job->in_vain ? LT_EXIT_INCOMPLETE : LT_EXIT_COMPLETE;
}

/* Is anything known of what lies on the evidence? */
static bool has_found(const struct lt_job *job)
{
    lt_each (const struct lt_evidence, evidence, &job->evidence)
        if (evidence->area || evidence->fs.count)
            return true;
    return false;
}

/* No evidence has a store. Say where they were looked for. */
static int report_no_store(struct lt_job *job)
{
    struct lt_err err = {0};
    report_flaws(job);
    lt_report_denied(&job->report);
    lt_each (struct lt_str, line, &job->looked)
        lt_say("%.*s", LT_ARG(*line));
    if (job->report.errors && lt_output_commit(&job->errors, NULL, &err) != LT_OK)
        return finish(job, LT_FATAL, &err);
    return LT_EXIT_NO_EVIDENCE;
}

static int run_all(struct lt_job *job)
{
    const struct lt_options *options = job->options;
    struct lt_err err = {0};
    lt_progress_start(&job->progress, options);
    enum lt_status status = lt_opening(job, &err);
    if (status == LT_SKIP) {
        lt_say("%s", err.text);
        return LT_EXIT_USAGE;
    }
    bool late = lt_opening_is_late(job);
    if (status == LT_OK) {
        lt_sandbox_prepare(job);
        if (!late)
            lt_sandbox_enter(job, false);
        find_all(job);
        status = job->signal ? LT_FATAL : lt_opening_late(job, &err);
    }
    if (status == LT_OK && late)
        lt_sandbox_enter(job, true);
    if (status == LT_OK && options->errors)
        lt_report_open(&job->report, &job->errors);
    if (status == LT_OK && !job->inventory.roots.count && !(options->command->storeless && has_found(job)))
        return report_no_store(job);
    if (status == LT_OK)
        status = take_inventory(job, &err);
    if (status != LT_OK)
        return finish(job, status, &err);
    if (options->verbose || options->list_sources)
        lt_show_roots(&job->inventory, options->list_sources ? stdout : stderr);
    if (options->list_sources)
        return finish(job, LT_OK, &err);
    status = make_product(job, &err);
    return finish(job, status, &err);
}

int lt_job_run(const struct lt_options *options, int argc, char **argv)
{
    struct lt_job job = {
        .own_options = *options,
        .argc = argc,
        .argv = argv,
        .report = {.quiet = options->quiet, .keep_early = options->errors},
        .started = options->now,
        .tree = -1,
        .helper = {.socket = -1},
        .images = {.socket = -1},
    };
    job.options = &job.own_options;
    job.sink = (struct lt_sink){take_event, &job};
    job.poll = (struct lt_poll){poll_job, &job};
    job.reading = (struct lt_reading){
        .threads = options->threads,
        .app_times = options->app_times,
        .carve = options->carve,
        .no_deleted = options->no_deleted,
        .binds = options->binds,
        .bind_most = LT_BIND_MOST,
        .verify_layers = options->verify_layers,
    };
    job.inventory.arena = &job.arena;
    job.ctx = (struct lt_ctx){
        .inventory = &job.inventory,
        .report = &job.report,
        .reading = &job.reading,
        .sink = &job.sink,
        .poll = &job.poll,
        .run = &job.arena,
        .scratch = &job.scratch,
    };
    sigset_t held;
    lt_signals_held(&held);
    job.signals = signalfd(-1, &held, SFD_CLOEXEC | SFD_NONBLOCK);
    if (options->list_sources && !options->evidence_count) {
        lt_show_sources();
        return LT_EXIT_COMPLETE;
    }
    int code = run_all(&job);
    lt_opening_end(&job);
    if (job.signals >= 0)
        close(job.signals);
    lt_report_free(&job.report);
    lt_arena_free(&job.scratch);
    lt_arena_free(&job.arena);
    return code;
}
