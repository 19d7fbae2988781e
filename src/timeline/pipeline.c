// SPDX-License-Identifier: Apache-2.0
#include "timeline/pipeline.h"

#include "clock/floor.h"
#include "run/show.h"
#include "run/traces.h"
#include "runtime/runtimes.h"
#include "timeline/filter.h"
#include "timeline/localzone.h"
#include "timeline/normalise.h"
#include "timeline/sort/sort.h"

enum { POLL_EVERY = 1024 }; /* rows between two checks for a signal */

/* A time is in the future if it is later than the host's newest ctime by more than this: metadata may lag behind
 * data. */
static const int64_t DAY = 86400 * INT64_C(1000000000);

/* State of the main job. */
struct timeline {
    struct lt_job *job;
    const struct lt_options *options;
    struct lt_sorter sorter;
    struct lt_zone zone;   /* of --timezone */
    lt_tags tags_before;   /* tags of the previous row that are not its event's */
    uint64_t untimed;      /* events without a time */
    struct lt_arena arena; /* for the current row */
    struct lt_memory memory;
};

/* Formats that take events as they come need no sorting. False: the event is not in the output. */
static bool write_event(struct timeline *timeline, const struct lt_event *event, enum lt_status *status,
                        struct lt_err *err)
{
    bool inside = false;
    for (unsigned slot = 0; slot < LT_SLOTS; slot++)
        inside |= event->time[slot].set && lt_filter_time(timeline->options, event->time[slot], event->time[slot]);
    if (!inside ||
        !timeline->options->format->event(lt_output_buffer(&timeline->job->output), event, &timeline->memory))
        return false;
    timeline->job->rows++;
    *status = lt_output_flush(&timeline->job->output, err);
    return true;
}

static bool keep_rows(struct timeline *timeline, const struct lt_event *event, enum lt_status *status,
                      struct lt_err *err)
{
    struct lt_row rows[LT_SLOTS];
    size_t count = lt_normalise(event, timeline->options->format->merged, rows), kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct lt_time last = event->last.set ? event->last : rows[i].time;
        if (lt_filter_time(timeline->options, rows[i].time, last))
            rows[kept++] = rows[i];
    }
    *status = lt_sorter_add(&timeline->sorter, rows, kept, err);
    return kept;
}

static bool has_time(const struct lt_event *event)
{
    bool any = false;
    for (unsigned slot = 0; slot < LT_SLOTS; slot++)
        any |= event->time[slot].set;
    return any;
}

static enum lt_status take_event(void *arg, struct lt_event *event, enum lt_fate *fate, struct lt_err *err)
{
    struct timeline *timeline = arg;
    enum lt_status status = LT_OK;
    bool kept = lt_filter_event(timeline->options, event);
    if (kept && !has_time(event)) {
        *fate = LT_UNTIMED;
        timeline->untimed++;
        return LT_OK;
    }
    lt_correct_clock(event, timeline->options->clock_skew);
    if (kept && timeline->options->format->event)
        kept = write_event(timeline, event, &status, err);
    else if (kept)
        kept = keep_rows(timeline, event, &status, err);
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

static void write_row(struct timeline *timeline, const struct lt_row *row)
{
    const struct lt_options *options = timeline->options;
    struct lt_event event;
    struct lt_row shown = *row;
    struct lt_floor floor = {0};
    lt_tags tags = tags_of_row(timeline, row, &floor);
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
}

static enum lt_status write_rows(struct timeline *timeline, struct lt_err *err)
{
    const struct lt_row *row;
    struct lt_job *job = timeline->job;
    enum lt_status status = lt_sorter_finish(&timeline->sorter, err);
    while (status == LT_OK && (status = lt_sorter_next(&timeline->sorter, &row, err)) == LT_OK) {
        write_row(timeline, row);
        job->rows++;
        status = lt_output_flush(&job->output, err);
        if (status == LT_OK && job->rows % POLL_EVERY == 0)
            status = lt_job_poll(job, err);
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

/* Decide what -c means, once all containers are known: a whole name is not taken as a prefix of another container's ID.
 * A typing error must not look like a container without a past. What is named by its whole ID needs no search: logs and
 * databases may mention it or not. */
static enum lt_status resolve_container(struct lt_job *job, struct lt_err *err)
{
    const char *which = job->options->container;
    bool whole = which && lt_is_container_id(lt_str_c(which));
    uint64_t errors;
    if (which && !whole && lt_traces_find(job, LT_TRACES_COUNT, &errors, err) != LT_OK)
        return LT_FATAL;
    enum lt_fit best = whole || !which ? LT_FIT_WHOLE : best_fit(job, which);
    /* A prefix of IDs may be the pattern of a name as well. */
    job->own_options.container_fit = best == LT_FIT_PREFIX ? LT_FIT_PATTERN : best;
    if (best != LT_FIT_NONE)
        return LT_OK;
    lt_show_containers(&job->inventory);
    return lt_fail(err, LT_SKIP, LT_CODE_USAGE, 0, "no container matches '%s'", which);
}

static enum lt_status make_timeline(struct timeline *timeline, struct lt_err *err)
{
    const struct lt_format *format = timeline->options->format;
    if (format->begin)
        format->begin(lt_output_buffer(&timeline->job->output));
    enum lt_status status = lt_job_events(timeline->job, NULL, (struct lt_sink){take_event, timeline}, err);
    return status == LT_OK && format->row ? write_rows(timeline, err) : status;
}

enum lt_status lt_pipeline_run(struct lt_job *job, struct lt_err *err)
{
    struct timeline timeline = {.job = job,
                                .options = job->options,
                                .sorter = {
                                    .memory = job->options->memory,
                                    .files = job->may_spill ? job->temporary : NULL,
                                    .file_error = &job->temporary_error,
                                }};
    if (job->options->timezone && lt_localzone_load(job->options->timezone, &job->arena, &timeline.zone, err) != LT_OK)
        return LT_SKIP;
    lt_show_window(job->options);
    enum lt_status status = resolve_container(job, err);
    if (status != LT_OK)
        return status;
    job->reading.names_only = job->options->format->event;
    status = make_timeline(&timeline, err);
    if (timeline.untimed && !job->options->quiet)
        lt_say("%ju events are in no row, since nothing says when they happened (--stats: untimed)",
               (uintmax_t)timeline.untimed);
    lt_sorter_free(&timeline.sorter);
    lt_arena_free(&timeline.arena);
    lt_memory_free(&timeline.memory);
    return status;
}
