// SPDX-License-Identifier: Apache-2.0
#include "inside/inner_logs.h"

#include "clock/zones.h"
#include "evidence/lines.h"
#include "read/facts.h"

static const int64_t SECOND = 1000000000;

/* Zones lie between these. */
enum { A_MINUTE = 60, WEST = 12 * 3600, EAST = 14 * 3600 };

/* --- the zone --- */

static const struct lt_zone_info *known(const struct lt_container *container)
{
    return container->zone.known ? &container->zone : NULL;
}

static const struct lt_zone_info *zone_of_users(const struct lt_list *users)
{
    const struct lt_zone_info *zone = NULL;
    lt_each (const struct lt_mount_user, user, users)
        zone = zone ? zone : known(user->container);
    return zone;
}

static const struct lt_zone_info *zone_of_layer(struct lt_log_time *self, const struct lt_layer *wanted)
{
    lt_each (struct lt_layer, layer, &wanted->root->layers)
        if (layer == wanted && layer != self->layer)
            lt_zone_of_layer(self->ctx, layer, &self->layer_zone);
    self->layer = wanted;
    return self->layer_zone.known ? &self->layer_zone : NULL;
}

void lt_log_time_begin(struct lt_log_time *self)
{
    const struct lt_owner *owner = self->log->owner;
    const struct lt_list *users = lt_owner_users(owner);
    if (owner->container)
        self->zone = known(owner->container);
    else if (users)
        self->zone = zone_of_users(users);
    else if (owner->layer)
        self->zone = zone_of_layer(self, owner->layer);
}

static struct lt_zone rules_of(const struct lt_log_time *self)
{
    return self->zone ? self->zone->rules : (struct lt_zone){0};
}

/* --- the year --- */

static struct lt_year_survey survey_file(struct lt_log_time *self)
{
    struct lt_stream *stream;
    struct lt_line line;
    struct lt_arena arena = {0};
    struct lt_year_survey survey = {.leap = -1};
    const struct lt_applog_reading reading = {.arena = &arena, .near = self->log->written};
    enum lt_status status = lt_stream_open(self->log->fs, self->log->path, &stream, NULL);
    if (status != LT_OK)
        return survey;
    struct lt_lines lines = {.stream = stream};
    while ((status = lt_lines_next(&lines, &line, NULL)) != LT_END) { /* losses were reported when it was read */
        struct lt_applog_record record = {0};
        if (status == LT_OK && self->format->take(&reading, line.text, &record) && record.time.yearless)
            lt_year_survey_add(&survey, record.time.at);
        lt_arena_reset(&arena);
    }
    lt_stream_close(stream);
    lt_arena_free(&arena);
    return survey;
}

static bool find_year(struct lt_log_time *self)
{
    if (self->years_searched)
        return self->years_known;
    self->years_searched = true; /* once, as it reads the whole file */
    struct lt_year_survey survey = survey_file(self);
    struct lt_zone rules = rules_of(self);
    if (!survey.any || !self->log->written.set)
        return false;
    self->first_year = lt_year_survey_first(&survey, &rules, self->log->written);
    self->years_known = self->first_year >= 1970 && survey.max_year <= LT_MAX_YEARS;
    return self->years_known;
}

/* --- times --- */

/* Nothing in the file is older. Unset: that is not known. */
static struct lt_time beginning(const struct lt_log_time *self)
{
    const struct lt_owner *owner = self->log->owner;
    if (self->previous.set)
        return self->previous;
    if (owner->container)
        return owner->container->created;
    return owner->volume ? owner->volume->created : (struct lt_time){0};
}

static void set_bounds(const struct lt_log_time *self, struct lt_event *event)
{
    const struct lt_inner_log *log = self->log;
    struct lt_time first = beginning(self), last = log->owner->role == LT_ROLE_IMAGE ? log->written : log->changed;
    if (self->next.set && (!last.set || lt_time_cmp(self->next, last) < 0))
        last = self->next;
    if (first.set && last.set && lt_time_cmp(first, last) > 0)
        last.set = false;
    lt_event_bound(event, first, last, log->written);
}

/* The zone turned back its clocks: a local time may be two instants, and only the second comes after the line before.
 */
static void set_local(const struct lt_log_time *self, struct lt_time local, struct lt_event *event)
{
    int64_t found[2];
    struct lt_zone rules = rules_of(self);
    unsigned count = lt_zone_place(&rules, local.sec, found);
    bool later = count == 2 && self->previous.set && self->previous.sec > found[0] + A_MINUTE;
    struct lt_time time = lt_time_at(found[later], local.nsec);
    event->time[0] = time;
    if (!self->zone)
        lt_event_bound(event, lt_time_add(time, -EAST * SECOND), lt_time_add(time, WEST * SECOND), time);
    else if (count == 2 && !later)
        lt_event_bound(event, time, lt_time_at(found[1], local.nsec), time);
}

static void add_fact(struct lt_arena *arena, struct lt_list *facts, struct lt_buf *text)
{
    lt_list_add_str(facts, arena, lt_str_dup(arena, lt_buf_view(text)));
    text->len = 0;
}

/* The zone, and the local time unless that is the row's own. */
static void add_zone(const struct lt_log_time *self, struct lt_time local, struct lt_time placed,
                     struct lt_arena *arena, struct lt_list *facts)
{
    struct lt_buf text = {0};
    if (local.sec != placed.sec) {
        lt_buf_lit(&text, "local time ");
        lt_time_iso(&text, local, 0);
        lt_buf_lit(&text, ", ");
    }
    lt_buf_lit(&text, "zone ");
    if (self->zone)
        lt_zone_describe(&text, self->zone);
    else
        lt_buf_lit(&text, "unknown");
    add_fact(arena, facts, &text);
    if (self->zone && self->zone->conflict.len) {
        lt_buf_printf(&text, "zones disagree: %.*s", LT_ARG(self->zone->conflict));
        add_fact(arena, facts, &text);
    }
    lt_buf_free(&text);
}

/* The local time, with the year if that has to be found. Unset: it is not known. */
static struct lt_time local_of(struct lt_log_time *self, const struct lt_applog_time *time)
{
    if (!time->yearless)
        return time->time;
    int64_t year = lt_years_next(&self->years, time->at);
    if (!find_year(self) || year > LT_MAX_YEARS)
        return (struct lt_time){0};
    return lt_time_at(lt_yearless_local(self->first_year + year, time->at), time->at.nsec);
}

void lt_log_time_set(struct lt_log_time *self, const struct lt_applog_record *record, struct lt_event *event,
                     struct lt_arena *arena, struct lt_list *facts)
{
    struct lt_time written = local_of(self, &record->time);
    if (!written.set) {
        set_bounds(self, event);
    } else if (record->time.zoned) {
        event->time[0] = written;
    } else {
        set_local(self, written, event);
        add_zone(self, written, event->time[0], arena, facts);
    }
    if (written.set && record->time.yearless) {
        event->tags |= LT_TAG_BIT(time_inferred);
        lt_fact_add(facts, arena, "", LT_STR("year by the file's mtime"));
    }
    self->previous = event->first.set ? event->first : event->time[0];
}
