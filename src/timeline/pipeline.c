// SPDX-License-Identifier: Apache-2.0
#include "timeline/pipeline.h"

#include "clock/floor.h"
#include "clock/localzone.h"
#include "findings/findings.h"
#include "run/manifest.h"
#include "run/show.h"
#include "run/terminal.h"
#include "run/traces.h"
#include "runtime/runtimes.h"
#include "timeline/choice.h"
#include "timeline/filter.h"
#include "timeline/normalise.h"
#include "timeline/parts.h"
#include "timeline/sort/sort.h"
#include "timeline/triage.h"

enum { POLL_EVERY = 1024 }; /* rows between two checks for a signal */

/* A time is in the future if it is later than the host's newest ctime by more than this: metadata may lag behind
 * data. */
static const int64_t DAY = 86400 * INT64_C(1000000000);

/* State of the main job. */
struct timeline {
    struct lt_job *job;
    const struct lt_options *options;
    struct lt_sorter sorter;
    struct lt_zone zone;           /* of --timezone */
    lt_tags tags_before;           /* tags of the previous row that are not its event's */
    uint64_t sorted;               /* rows that were given to the sorter */
    uint64_t left_out[LT_TRIAGES]; /* events that --profile leaves out */
    struct lt_arena marks;         /* for what rules add to the current event */
    struct lt_arena arena;         /* for the current row */
    struct lt_memory memory;
};

/* Formats that take events as they come need no sorting. False: the event is not in the output. */
static bool write_event(struct timeline *timeline, const struct lt_event *event, enum lt_status *status,
                        struct lt_err *err)
{
    bool inside = false;
    for (unsigned slot = 0; slot < LT_SLOTS; slot++)
        inside |= event->time[slot].set && lt_filter_time(timeline->options, event, event->time[slot]);
    if (!inside ||
        !timeline->options->format->event(lt_output_buffer(&timeline->job->output), event, &timeline->memory))
        return false;
    for (unsigned slot = 0; slot < LT_SLOTS; slot++)
        lt_time_widen(&timeline->job->first, &timeline->job->last, event->time[slot]);
    timeline->job->rows++;
    *status = lt_output_flush(&timeline->job->output, err);
    return true;
}

static bool keep_rows(struct timeline *timeline, const struct lt_event *event, enum lt_status *status,
                      struct lt_err *err)
{
    struct lt_row rows[LT_SLOTS];
    bool merge = timeline->options->format->merged || timeline->options->merge_times;
    size_t count = lt_normalise(event, merge, rows), kept = 0;
    for (size_t i = 0; i < count; i++)
        if (lt_filter_time(timeline->options, event, rows[i].time))
            rows[kept++] = rows[i];
    *status = lt_sorter_add(&timeline->sorter, rows, kept, err);
    timeline->sorted += kept;
    return kept;
}

/* Keep the rows of an event, or those of its parts if its text is too long for one row. */
static bool keep_event(struct timeline *timeline, const struct lt_event *event, enum lt_status *status,
                       struct lt_err *err)
{
    struct lt_event part;
    bool kept = false;
    lt_arena_reset(&timeline->arena);
    struct lt_parts parts = lt_parts_of(event, &timeline->arena);
    while (*status == LT_OK && lt_parts_next(&parts, &timeline->arena, &part))
        kept |= keep_rows(timeline, &part, status, err);
    return kept;
}

static bool has_time(const struct lt_event *event)
{
    bool any = false;
    for (unsigned slot = 0; slot < LT_SLOTS; slot++)
        any |= event->time[slot].set;
    return any;
}

/* Does the profile let the event pass? What it leaves out is counted. */
static bool passes_triage(struct timeline *timeline, const struct lt_event *event)
{
    enum lt_triage why = timeline->options->choice.triage ? lt_triage(event) : LT_TRIAGES;
    if (why == LT_TRIAGES)
        return true;
    timeline->left_out[why]++;
    return false;
}

/* Take the atime from an event that has other times. */
static void drop_atime(struct lt_event *event)
{
    if (event->kind == LT_KIND_FILE)
        event->time[LT_A] = (struct lt_time){0};
}

static enum lt_status take_event(void *arg, struct lt_event *given, enum lt_fate *fate, struct lt_err *err)
{
    struct timeline *timeline = arg;
    struct lt_event own = *given, *event = &own; /* the reader may go on with its event */
    enum lt_status status = LT_OK;
    bool timed = has_time(event);
    lt_arena_reset(&timeline->marks);
    if (!timeline->options->format->event)
        lt_findings_mark(event, &timeline->marks);
    if (timeline->options->choice.no_atime)
        drop_atime(event);
    bool kept = lt_filter_event(timeline->options, event) && passes_triage(timeline, event);
    if (kept && !timed) {
        *fate = LT_UNTIMED;
        return LT_OK;
    }
    lt_correct_clock(event, timeline->options->clock_skew);
    if (kept && timeline->options->format->event)
        kept = write_event(timeline, event, &status, err);
    else if (kept)
        kept = keep_event(timeline, event, &status, err);
    *fate = kept ? LT_EMITTED : LT_FILTERED;
    return status;
}

/* Did the host's clock make the time of this row, even if it merges it with others? */
static bool is_by_host(const struct lt_row *row)
{
    if (lt_event_is_file(row->event))
        return row->clock == LT_CLOCK_HOST || row->slots & (1 << LT_C | 1 << LT_B);
    return row->clock == LT_CLOCK_HOST && row->confidence != LT_CLAIMED;
}

/* Tags that depend on the row. `*floor` is set if the time of the row is below it. */
static lt_tags tags_of_row(struct timeline *timeline, const struct lt_row *row, struct lt_floor *floor)
{
    int64_t ahead = timeline->options->clock_skew;
    lt_tags tags = ahead && row->clock == LT_CLOCK_HOST ? LT_TAG_BIT(clock_skewed) : 0;
    const struct lt_container *container = row->event->owner->container;
    if (container) /* its name may have been learned later than this event */
        tags |= container->tags & LT_TAG_BIT(name_inferred);
    struct lt_time newest = row->event->owner->host->newest;
    if (newest.set && lt_time_cmp(row->time, lt_time_add(newest, DAY - ahead)) > 0)
        tags |= LT_TAG_BIT(time_future) | LT_TAG_BIT(time_anomaly);
    const struct lt_image *image = row->event->owner->image;
    bool stamp = image && row->clock == LT_CLOCK_BUILDER && image->stamp.set && lt_time_same(image->stamp, row->time);
    if (stamp || (row->confidence == LT_CLAIMED && lt_time_is_stock(row->time)))
        tags |= LT_TAG_BIT(time_constant);
    if (is_by_host(row) && lt_floor_breaks(row->event, lt_time_add(row->time, ahead), newest, floor))
        return tags | LT_TAG_BIT(time_anomaly);
    *floor = (struct lt_floor){0};
    return tags;
}

static void add_fact(struct timeline *timeline, struct lt_event *event, struct lt_buf *text)
{
    lt_event_add_fact(event, &timeline->arena, lt_str_dup(&timeline->arena, lt_buf_view(text)));
    lt_buf_free(text);
}

/* Like all times in facts, that of the newest change is given as on the disk. */
static void add_future_fact(struct timeline *timeline, struct lt_event *event)
{
    struct lt_buf text = {0};
    lt_buf_lit(&text, "in the future of the newest change of a file here, ");
    lt_time_iso(&text, event->owner->host->newest, 9);
    lt_buf_char(&text, 'Z');
    add_fact(timeline, event, &text);
}

static void add_floor_fact(struct timeline *timeline, struct lt_event *event, const struct lt_floor *floor)
{
    struct lt_buf text = {0};
    lt_floor_explain(&text, floor);
    add_fact(timeline, event, &text);
}

/* Is the row so near to the newest evidence of its host as --last wants? */
static bool is_recent(const struct timeline *timeline, const struct lt_row *row)
{
    int64_t span = timeline->options->choice.last;
    struct lt_time newest = row->event->owner->host->newest;
    struct lt_time last = row->event->last.set ? row->event->last : row->time;
    return !span || !newest.set || lt_time_cmp(last, lt_time_add(newest, -span - timeline->options->clock_skew)) >= 0;
}

/* Returns false if only now it shows that the user did not ask for the row. */
static bool write_row(struct timeline *timeline, const struct lt_row *row)
{
    const struct lt_options *options = timeline->options;
    struct lt_event event;
    struct lt_row shown = *row;
    struct lt_floor floor = {0};
    lt_tags tags = tags_of_row(timeline, row, &floor);
    if (!is_recent(timeline, row) || !lt_choice_tags(&options->choice, row->event->tags | tags))
        return false;
    lt_arena_reset(&timeline->arena);
    shown.zone = options->timezone ? &timeline->zone : NULL;
    shown.again &= tags == timeline->tags_before; /* rows of one event may differ in their tags */
    timeline->tags_before = tags;
    if (tags) {
        event = *row->event;
        event.tags |= tags;
        if (tags & LT_TAG_BIT(time_future))
            add_future_fact(timeline, &event);
        if (floor.time.set)
            add_floor_fact(timeline, &event, &floor);
        shown.event = &event;
    }
    options->format->row(lt_output_buffer(&timeline->job->output), &shown, &timeline->memory);
    return true;
}

static enum lt_status write_rows(struct timeline *timeline, struct lt_err *err)
{
    const struct lt_row *row;
    struct lt_job *job = timeline->job;
    uint64_t taken = 0;
    enum lt_status status = lt_sorter_finish(&timeline->sorter, err);
    while (status == LT_OK && (status = lt_sorter_next(&timeline->sorter, &row, err)) == LT_OK) {
        if (write_row(timeline, row)) {
            lt_time_widen(&job->first, &job->last, row->time);
            job->rows++;
        }
        status = lt_output_flush(&job->output, err);
        if (status == LT_OK && ++taken % POLL_EVERY == 0) {
            lt_progress_tell(&job->progress, "writing rows", taken, timeline->sorted);
            status = lt_job_poll(job, err);
        }
    }
    return status == LT_END ? LT_OK : status;
}

/* How -c fits the containers that it fits best, those of which only traces are left included. */
static enum lt_fit best_fit(const struct lt_job *job, const char *which)
{
    enum lt_fit best = LT_FIT_NONE;
    lt_each (struct lt_root, root, &job->inventory.roots) {
        const struct lt_list *lists[] = {&root->containers, &root->removed};
        for (size_t i = 0; i < 2; i++)
            lt_each (struct lt_container, container, lists[i]) {
                enum lt_fit fit = lt_filter_fit(which, container);
                best = fit > best ? fit : best;
            }
    }
    return best;
}

/* A typing error must not look like a container without a past. What is named by its whole ID needs no search: logs and
 * databases may mention it or not. */
enum lt_status lt_resolve_known_container(struct lt_job *job, struct lt_err *err)
{
    const char *which = job->options->container;
    bool whole = which && lt_is_container_id(lt_str_c(which));
    enum lt_fit best = whole || !which ? LT_FIT_WHOLE : best_fit(job, which);
    /* A prefix of IDs may be the pattern of a name as well. */
    job->own_options.container_fit = best == LT_FIT_PREFIX ? LT_FIT_PATTERN : best;
    return best == LT_FIT_NONE ? lt_no_container(&job->inventory, which, err) : LT_OK;
}

enum lt_status lt_resolve_container(struct lt_job *job, struct lt_err *err)
{
    const char *which = job->options->container;
    uint64_t errors;
    if (which && !lt_is_container_id(lt_str_c(which)) && lt_traces_find(job, LT_TRACES_COUNT, &errors, err) != LT_OK)
        return LT_FATAL;
    return lt_resolve_known_container(job, err);
}

static enum lt_status make_timeline(struct timeline *timeline, struct lt_err *err)
{
    const struct lt_format *format = timeline->options->format;
    if (format->begin)
        format->begin(lt_output_buffer(&timeline->job->output));
    enum lt_status status = lt_job_events(timeline->job, (struct lt_sink){take_event, timeline}, err);
    return status == LT_OK && format->row ? write_rows(timeline, err) : status;
}

/* Keep for the manifest what the profile left out, and say it. */
static void tell_left_out(struct timeline *timeline)
{
    for (unsigned why = 0; why < LT_TRIAGES; why++) {
        if (!timeline->left_out[why])
            continue;
        struct lt_left_out *item = lt_new(&timeline->job->arena, struct lt_left_out);
        *item = (struct lt_left_out){lt_triage_words[why], timeline->left_out[why]};
        lt_list_add(&timeline->job->left_out, &timeline->job->arena, item);
        if (!timeline->options->quiet)
            lt_say("--profile triage left out %ju events: %s", (uintmax_t)item->events, item->words);
    }
}

/* Say from which moment --last counts, and warn if an age of --since lies behind all that the evidence holds. */
static void tell_ages(struct timeline *timeline)
{
    const struct lt_options *options = timeline->options;
    bool old = options->since_is_age;
    if (options->quiet || (!old && !options->choice.last))
        return;
    lt_each (const struct lt_host, host, &timeline->job->inventory.hosts) {
        if (!host->roots.count || !host->newest.set || (old && lt_time_cmp(host->newest, options->since) >= 0))
            continue;
        struct lt_buf text = {0};
        lt_time_iso(&text, host->newest, 9);
        lt_say("the newest evidence%s%.*s is of %.*sZ%s", host->hostname.len ? " of " : "", LT_ARG(host->hostname),
               LT_ARG(lt_buf_view(&text)),
               options->choice.last ? ": --last counts back from there"
                                    : ", and --since counts from now: --last counts from the evidence");
        lt_buf_free(&text);
    }
}

enum lt_status lt_pipeline_run(struct lt_job *job, struct lt_err *err)
{
    struct timeline timeline = {.job = job,
                                .options = job->options,
                                .memory = {.style = lt_terminal_style(job->options)},
                                .sorter = {
                                    .memory = job->options->memory,
                                    .files = job->may_spill ? job->temporary : NULL,
                                    .file_error = &job->temporary_error,
                                }};
    if (job->options->timezone &&
        lt_localzone_load(job->options->timezone, &job->arena, &timeline.zone, NULL, err) != LT_OK)
        return LT_SKIP;
    lt_show_window(job->options);
    if (lt_choice_check(&job->options->choice, &job->inventory, err) != LT_OK)
        return LT_SKIP;
    enum lt_status status = lt_resolve_container(job, err);
    if (status != LT_OK)
        return status;
    job->reading.names_only = job->options->format->event;
    status = make_timeline(&timeline, err);
    tell_left_out(&timeline);
    tell_ages(&timeline);
    lt_sorter_free(&timeline.sorter);
    lt_arena_free(&timeline.marks);
    lt_arena_free(&timeline.arena);
    lt_memory_free(&timeline.memory);
    return status;
}
