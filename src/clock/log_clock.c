// SPDX-License-Identifier: Apache-2.0
#include "clock/log_clock.h"

#include "clock/zones.h"

/* The daemon drains a container's pipes after its process has exited. */
static const int64_t DRAIN = 2 * INT64_C(1000000000);

/* If the ctime is this close after the mtime, the last change was a write and not a touch. */
static const int64_t SETTLED = 10000000;

enum { MAX_FILES = 100 };

void lt_log_clock_begin(struct lt_log_clock *log)
{
    memset(log->last, 0, sizeof log->last);
    log->latest = log->previous = (struct lt_time){0};
    log->floor = lt_floor_of_container(log->container, false, (struct lt_time){0});
}

/* The buffer for the next fact of the current line. */
static struct lt_buf *next_fact(struct lt_log_clock *log)
{
    struct lt_buf *text = &log->text[log->count++];
    text->len = 0;
    return text;
}

static struct lt_list facts_of(struct lt_log_clock *log)
{
    for (size_t i = 0; i < log->count; i++) {
        log->facts[i] = lt_buf_view(&log->text[i]);
        log->items[i] = &log->facts[i];
    }
    return (struct lt_list){log->items, log->count, LT_LOG_FACTS};
}

/* Emit a step of the clock between two lines, before the later of them. The text says which, and is freed. */
static enum lt_status emit_step(struct lt_log_clock *log, const struct lt_event *line, struct lt_buf *text,
                                struct lt_err *err)
{
    struct lt_str fact = lt_buf_view(text);
    void *items[] = {&fact};
    const struct lt_attr attr = {.key = LT_ATTR_FACTS, .items = {items, 1, 1}};
    struct lt_event event = *line;
    event.kind = LT_KIND_CLOCK_STEP;
    event.tags = LT_TAG_BIT(clock_step);
    event.attrs = &attr;
    event.attr_count = 1;
    enum lt_status status = lt_emit_one(log->ctx, &event, err);
    lt_buf_free(text);
    return status;
}

static void add_leap(struct lt_buf *text, const char *where, struct lt_time from, struct lt_time to, int64_t by)
{
    lt_buf_printf(text, "log times go %s by %jd.%09jd s, from ", where, (intmax_t)(by / 1000000000),
                  (intmax_t)(by % 1000000000));
    lt_time_iso(text, from, 9);
    lt_buf_lit(text, "Z to ");
    lt_time_iso(text, to, 9);
    lt_buf_char(text, 'Z');
}

static void note_time(struct lt_log_clock *log, struct lt_time now, unsigned stream)
{
    log->previous = log->last[stream] = now;
    if (!log->latest.set || lt_time_cmp(now, log->latest) > 0)
        log->latest = now;
    if (!log->earliest.set || lt_time_cmp(now, log->earliest) < 0)
        log->earliest = now;
}

/* Did the times go ahead because the host's clock was set? They also do when nothing is written for long. But the
 * earlier line may be one that cannot be so old; and no container is silent for years, and not even started again,
 * since no host runs for so long. If so, the reason is appended. */
static bool is_set_ahead(const struct lt_log_clock *log, struct lt_time previous, struct lt_time now,
                         struct lt_buf *reason)
{
    static const int64_t LONGEST = INT64_C(3) * 365 * 86400 * 1000000000;
    struct lt_time started = log->container->started;
    if (!previous.set)
        return false;
    if (lt_time_cmp(previous, log->floor.time) < 0 && lt_time_cmp(now, log->floor.time) >= 0) {
        lt_buf_lit(reason, "; the earlier lies ");
        lt_floor_explain(reason, &log->floor);
        return true;
    }
    if (!started.set || lt_time_cmp(started, previous) > 0 || lt_time_diff(previous, now) < LONGEST)
        return false;
    lt_buf_lit(reason, "; the container was not started in between: the host's clock was behind");
    return true;
}

/* A log is only appended to, line by line in each stream. Its times go back only if the host's clock was set back. */
static enum lt_status check_step(struct lt_log_clock *log, const struct lt_event *line, unsigned stream,
                                 struct lt_err *err)
{
    struct lt_time before = log->last[stream], previous = log->previous, now = line->time[0];
    struct lt_buf text = {0}, reason = {0};
    note_time(log, now, stream);
    if (before.set && lt_time_cmp(now, before) < 0) {
        if (log->container->created.set && lt_time_cmp(before, log->container->created) >= 0)
            log->floor = lt_floor_of_container(log->container, true, (struct lt_time){0});
        add_leap(&text, "back", before, now, lt_time_diff(now, before));
        return emit_step(log, line, &text, err);
    }
    if (!is_set_ahead(log, previous, now, &reason))
        return LT_OK;
    add_leap(&text, "ahead", previous, now, lt_time_diff(previous, now));
    lt_buf_add(&text, lt_buf_view(&reason));
    lt_buf_free(&reason);
    return emit_step(log, line, &text, err);
}

/* A line older than the container, after others that are not: the host started again with a clock that was behind. What
 * is older than its image is tagged with all such times. */
static void check_begin(struct lt_log_clock *log, struct lt_event *line)
{
    struct lt_time now = line->time[0];
    if (lt_time_cmp(now, log->floor.time) >= 0)
        return;
    struct lt_floor lowest = lt_floor_of_container(log->container, false, (struct lt_time){0});
    if (lt_time_cmp(now, lowest.time) < 0)
        return;
    line->tags |= LT_TAG_BIT(time_anomaly);
    lt_floor_explain(next_fact(log), &log->floor);
}

static void check_end(struct lt_log_clock *log, struct lt_event *line)
{
    const struct lt_container *container = log->container;
    if (!container->finished.set ||
        (container->started.set && lt_time_cmp(container->started, container->finished) > 0))
        return; /* it is running, or was when the host lost power */
    int64_t late = lt_time_diff(container->finished, line->time[0]);
    if (late <= DRAIN)
        return;
    line->tags |= LT_TAG_BIT(time_anomaly);
    lt_buf_printf(next_fact(log), "%jd s after %s", (intmax_t)(late / 1000000000),
                  log->end_field ? log->end_field : "State.FinishedAt");
}

/* "application time 2026-11-24T02:46:04.123+09:00": the time as written, and what it was resolved by. */
static void add_time_fact(struct lt_log_clock *log, const struct lt_apptime *app, const int32_t *offset)
{
    struct lt_buf *text = next_fact(log);
    struct lt_time local = app->time;
    unsigned digits = 0;
    for (int64_t unit = app->unit; unit < 1000000000; unit *= 10)
        digits++;
    local.sec += app->has_zone ? app->offset : 0;
    lt_buf_lit(text, "application time ");
    lt_time_iso(text, local, digits);
    if (offset)
        lt_time_zone(text, *offset);
    if (!app->has_zone)
        lt_buf_add(text, offset ? LT_STR(" by the container's zone") : LT_STR(" in an unknown zone"));
    if (!app->has_zone && offset && log->container->zone.conflict.len)
        lt_buf_lit(text, ", about which its files disagree");
    if (app->no_day)
        lt_buf_lit(text, ", on the day closest to the line's");
}

/* The instant of an application's time, by the zone of its container. Unset if the zone is unknown. If the time occurs
 * twice, `*last` is the second instant; otherwise it is unset. */
static struct lt_time instant_of(const struct lt_apptime *app, const struct lt_zone_info *zone, struct lt_time *last)
{
    int64_t found[2];
    *last = (struct lt_time){0};
    if (app->has_zone)
        return app->time;
    if (!zone->known)
        return *last;
    if (lt_zone_place(&zone->rules, app->time.sec, found) == 2)
        *last = lt_time_at(found[1], app->time.nsec);
    return lt_time_at(found[0], app->time.nsec);
}

/* Which of two times is nearer to `time`? */
static struct lt_time nearer(struct lt_time time, struct lt_time early, struct lt_time late)
{
    return lt_time_diff(early, time) <= lt_time_diff(time, late) ? early : late;
}

static enum lt_status emit_app_time(struct lt_log_clock *log, const struct lt_event *line, struct lt_time time,
                                    struct lt_time last, struct lt_err *err)
{
    struct lt_event event = *line;
    struct lt_attr attrs[LT_ATTRS];
    memcpy(attrs, line->attrs, line->attr_count * sizeof *attrs);
    attrs[line->attr_count] = (struct lt_attr){.key = LT_ATTR_FACTS, .items = facts_of(log)};
    event.kind = LT_KIND_APP_TIME;
    event.time[0] = time;
    if (last.set)
        lt_event_bound(&event, time, last, nearer(line->time[0], time, last));
    event.attrs = attrs;
    event.attr_count++;
    return lt_emit_one(log->ctx, &event, err);
}

static enum lt_status check_application(struct lt_log_clock *log, const struct lt_event *line, struct lt_str body,
                                        struct lt_err *err)
{
    const struct lt_zone_info *zone = &log->container->zone;
    struct lt_apptime app;
    struct lt_time last;
    if (!lt_apptime_find(body, line->time[0], &app))
        return LT_OK;
    if (!log->clock.count)
        log->where = line->where;
    lt_appclock_add(&log->clock, &app, line->time[0]);
    if (app.no_day && !app.has_zone && zone->known)
        lt_apptime_place(&app, lt_time_at(line->time[0].sec + lt_zone_offset(&zone->rules, line->time[0].sec), 0));
    struct lt_time time = instant_of(&app, zone, &last);
    int32_t offset = app.has_zone ? app.offset : time.set ? (int32_t)(app.time.sec - time.sec) : 0;
    add_time_fact(log, &app, time.set ? &offset : NULL);
    return log->ctx->reading->app_times && time.set ? emit_app_time(log, line, time, last, err) : LT_OK;
}

enum lt_status lt_log_clock_line(struct lt_log_clock *log, struct lt_event *line, unsigned stream, struct lt_str body,
                                 struct lt_list *facts, struct lt_err *err)
{
    log->count = 0;
    enum lt_status status = check_step(log, line, stream, err);
    if (status == LT_OK) {
        check_begin(log, line);
        check_end(log, line);
        status = check_application(log, line, body, err);
    }
    *facts = facts_of(log);
    return status;
}

static void add_text(struct lt_ctx *ctx, struct lt_list *list, struct lt_str text)
{
    lt_list_add_str(list, ctx->scratch, lt_str_dup(ctx->scratch, text));
}

/* The last line of a file in `bytes`, the end of that file. "" if the last line has no newline. */
static struct lt_str last_line(struct lt_str bytes)
{
    if (!lt_str_ends(bytes, LT_STR("\n")))
        return LT_STR("");
    bytes.len--;
    const char *start = bytes.len ? memrchr(bytes.ptr, '\n', bytes.len) : NULL;
    return start ? lt_str_skip(bytes, (size_t)(start + 1 - bytes.ptr)) : bytes;
}

static void measure_file(struct lt_log_clock *log, struct lt_str path, const struct lt_node *node)
{
    struct lt_time written = node->time[LT_M], changed = node->time[LT_C];
    struct lt_file file;
    struct lt_apptime app;
    char bytes[4096];
    int64_t apart = written.set && changed.set ? lt_time_diff(written, changed) : INT64_MAX;
    if (apart < 0 || apart > SETTLED || lt_file_open(log->container->rw->root->fs, path, &file, NULL) != LT_OK)
        return;
    uint64_t from = file.size > sizeof bytes ? file.size - sizeof bytes : 0;
    ssize_t got = lt_file_read(&file, bytes, sizeof bytes, from, NULL);
    lt_file_close(&file);
    struct lt_str line = got > 0 ? last_line((struct lt_str){bytes, (size_t)got}) : LT_STR("");
    if (!lt_apptime_find(line, written, &app))
        return;
    if (!log->where.file.len)
        log->where = (struct lt_where){.file = path, .field = "mtime"};
    lt_appclock_add(&log->files, &app, written);
}

static void measure_directory(struct lt_log_clock *log, struct lt_str path, unsigned depth)
{
    struct lt_listing listing;
    if (lt_fs_list(log->container->rw->root->fs, path, log->ctx->scratch, &listing, NULL) == LT_END)
        return;
    for (size_t i = 0; i < listing.count && i < MAX_FILES; i++) {
        const struct lt_node *node = &listing.nodes[i];
        struct lt_str child = lt_path_join(log->ctx->scratch, path, node->name);
        if (S_ISREG(node->mode) && node->size)
            measure_file(log, child, node);
        else if (S_ISDIR(node->mode) && !depth)
            measure_directory(log, child, depth + 1);
    }
}

void lt_log_clock_files(struct lt_log_clock *log)
{
    const struct lt_layer *rw = log->container->rw;
    if (rw && rw->content.len)
        measure_directory(log, lt_path_join(log->ctx->scratch, rw->content, LT_STR("var/log")), 0);
}

/* The times from which programs may count elapsed time. */
static void add_beginnings(struct lt_log_clock *log)
{
    const struct lt_time began[] = {log->container->created, log->container->started, log->earliest};
    for (size_t i = 0; i < sizeof began / sizeof *began; i++) {
        lt_appclock_began(&log->clock, began[i]);
        lt_appclock_began(&log->files, began[i]);
    }
}

/* Append a fact for each span of a clock. Returns the verdict on its main span. */
static enum lt_appclock_verdict add_clock_facts(struct lt_log_clock *log, const struct lt_appclock *clock,
                                                const char *before, struct lt_list *facts)
{
    const struct lt_zone_info *zone = &log->container->zone;
    const struct lt_appclock_span *most = lt_appclock_main(clock);
    enum lt_appclock_verdict verdict = LT_APPCLOCK_UNKNOWN;
    for (size_t i = 0; i < clock->count; i++) {
        const struct lt_appclock_span *span = &clock->spans[i];
        struct lt_buf text = {0};
        int32_t expected = lt_zone_offset(&zone->rules, span->last.sec);
        lt_buf_add(&text, lt_str_c(before));
        lt_appclock_describe(&text, span, zone->known ? &expected : NULL);
        if (span == most)
            verdict = lt_appclock_judge(span, zone->known ? &expected : NULL);
        add_text(log->ctx, facts, lt_buf_view(&text));
        lt_buf_free(&text);
    }
    if (clock->others)
        add_text(log->ctx, facts,
                 lt_str_format(log->ctx->scratch, "%s%ju lines with other times", before, (uintmax_t)clock->others));
    return verdict;
}

static void add_zone_facts(const struct lt_log_clock *log, struct lt_list *facts)
{
    const struct lt_zone_info *zone = &log->container->zone;
    struct lt_buf text = {0};
    if (zone->from.len) {
        lt_buf_lit(&text, "the container's zone is ");
        lt_zone_describe(&text, zone);
        add_text(log->ctx, facts, lt_buf_view(&text));
    }
    if (zone->conflict.len)
        add_text(log->ctx, facts, lt_str_format(log->ctx->scratch, "zones disagree: %.*s", LT_ARG(zone->conflict)));
    lt_buf_free(&text);
}

enum lt_status lt_log_clock_end(struct lt_log_clock *log, struct lt_err *err)
{
    static const char *const verdicts[] = {
        [LT_APPCLOCK_UNKNOWN] = "application clock",
        [LT_APPCLOCK_CONFIRMED] = "zone confirmed",
        [LT_APPCLOCK_UTC] = "application logs in UTC",
        [LT_APPCLOCK_WRONG] = "zone wrong",
        [LT_APPCLOCK_OFF] = "clock off",
    };
    const struct lt_appclock_span *most = lt_appclock_main(log->clock.count ? &log->clock : &log->files);
    struct lt_list facts = {0};
    if (!most)
        return LT_OK;
    add_zone_facts(log, &facts);
    add_beginnings(log);
    enum lt_appclock_verdict verdict = add_clock_facts(log, &log->clock, "", &facts);
    enum lt_appclock_verdict by_files = add_clock_facts(log, &log->files, "/var/log: ", &facts);
    if (!log->clock.count)
        verdict = by_files;
    const struct lt_attr attrs[] = {{.key = LT_ATTR_ACTION, .text = lt_str_c(verdicts[verdict])},
                                    {.key = LT_ATTR_FACTS, .items = facts}};
    struct lt_event event = {
        .kind = LT_KIND_APP_CLOCK,
        .owner = &log->container->log_owner,
        .where = log->where,
        .attrs = attrs,
        .attr_count = 2,
        .tags = LT_TAG_BIT(app_clock) | (verdict >= LT_APPCLOCK_WRONG ? LT_TAG_BIT(time_anomaly) : 0),
    };
    lt_event_bound(&event, most->first, most->last, (struct lt_time){0});
    return lt_emit_one(log->ctx, &event, err);
}

void lt_log_clock_free(struct lt_log_clock *log)
{
    for (size_t i = 0; i < LT_LOG_FACTS; i++)
        lt_buf_free(&log->text[i]);
}
