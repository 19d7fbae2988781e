// SPDX-License-Identifier: Apache-2.0
#include "findings/found.h"

#include "parse/rotation.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* --- one finding --- */

void lt_found_rule(struct lt_founds *founds, struct lt_found *found, enum lt_find rule, enum lt_severity severity)
{
    if (!found->rules)
        lt_list_add(&founds->list, founds->arena, found);
    found->rules |= LT_SET_BIT(rule);
    if (severity < found->severity || (severity == found->severity && rule > found->worst))
        return;
    found->severity = severity;
    found->worst = rule;
}

void lt_found_replace(struct lt_found *found, enum lt_find old, enum lt_find rule)
{
    found->rules = (found->rules & ~LT_SET_BIT(old)) | LT_SET_BIT(rule);
    found->severity = LT_SEV_none;
    lt_set_each (one, found->rules)
        if (lt_find_infos[one].severity > found->severity) {
            found->severity = lt_find_infos[one].severity;
            found->worst = (enum lt_find)one;
        }
}

static void add_fact(struct lt_founds *founds, struct lt_found *found, struct lt_str fact)
{
    if (!lt_list_has_str(&found->facts, fact))
        lt_list_add_str(&found->facts, founds->arena, lt_str_dup(founds->arena, fact));
}

void lt_found_fact(struct lt_founds *founds, struct lt_found *found, const char *format, ...)
{
    char text[8192];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    add_fact(founds, found, lt_str_c(text));
}

void lt_found_row(struct lt_founds *founds, struct lt_found *found, const struct lt_found_row *row, bool counts)
{
    if (counts) {
        lt_time_widen(&found->first, &found->last, row->first.set ? row->first : row->time);
        lt_time_widen(&found->first, &found->last, row->last.set ? row->last : row->time);
    }
    if (found->row_count++ >= LT_FOUND_ROWS)
        return;
    struct lt_found_row *kept = lt_new(founds->arena, struct lt_found_row);
    *kept = *row;
    lt_list_add(&found->rows, founds->arena, kept);
}

/* What a row says that its finding does not say already. */
static struct lt_str text_of(struct lt_founds *founds, const struct lt_found *found, const struct lt_event *event)
{
    const struct lt_attr *text = lt_event_attr(event, LT_ATTR_BODY);
    if (!text)
        text = lt_event_attr(event, LT_ATTR_ACTION);
    if (!text || lt_str_eq(text->text, found->action))
        return LT_STR("");
    struct lt_str kept = text->text;
    kept.len = kept.len < LT_FOUND_TEXT ? kept.len : LT_FOUND_TEXT;
    return lt_str_dup(founds->arena, kept);
}

/* Does the time tell when something was done to the file? Birth and ctime are the kernel's; anybody can set the others.
 * A file of the host may be older than the container that wrote to it. */
static bool tells(const struct lt_event *event, unsigned slot)
{
    return event->kind != LT_KIND_FILE || slot == LT_C || (slot == LT_B && !event->owner->bind);
}

static void add_rows(struct lt_founds *founds, struct lt_found *found, const struct lt_event *event)
{
    bool stat = event->kind == LT_KIND_FILE;
    for (unsigned slot = 0; slot < LT_SLOTS; slot++) {
        struct lt_found_row row = {
            .time = event->time[slot],
            .first = event->first,
            .last = event->last,
            .desc = stat ? lt_slot_desc[slot] : lt_kinds[event->kind].desc,
            .data_type = lt_kinds[event->kind].data_type,
            .change = event->change,
            .text = found->row_count < LT_FOUND_ROWS ? text_of(founds, found, event) : LT_STR(""),
        };
        if (row.time.set || (!stat && !slot && (row.first.set || row.last.set)))
            lt_found_row(founds, found, &row, tells(event, slot));
    }
}

/* --- from events --- */

/* Something of a host, by its path: hosts of one evidence may have the same paths. */
static struct lt_str key_of(struct lt_founds *founds, const struct lt_host *host, struct lt_str path)
{
    return lt_str_format(founds->arena, "%p %.*s", (const void *)host, LT_ARG(path));
}

struct lt_found *lt_founds_file(struct lt_founds *founds, const struct lt_owner *owner, struct lt_str at,
                                struct lt_str path)
{
    struct lt_str key = key_of(founds, owner->host, at);
    struct lt_found *found = lt_map_get(&founds->by_key, key);
    if (found)
        return found;
    found = lt_new(founds->arena, struct lt_found);
    found->owner = owner;
    found->at = lt_str_dup(founds->arena, at);
    found->path = lt_str_dup(founds->arena, path);
    lt_map_put(&founds->by_key, founds->arena, key, found);
    return found;
}

struct lt_found *lt_founds_add(struct lt_founds *founds, enum lt_find rule, const struct lt_owner *owner)
{
    struct lt_found *found = lt_new(founds->arena, struct lt_found);
    found->owner = owner;
    lt_found_rule(founds, found, rule, lt_find_infos[rule].severity);
    return found;
}

/* A write sets mtime and ctime at once. */
static struct lt_time last_write(const struct lt_node *node)
{
    bool same = node->time[LT_M].set && lt_time_same(node->time[LT_M], node->time[LT_C]);
    return same ? node->time[LT_M] : (struct lt_time){0};
}

static struct lt_found *file_of(struct lt_founds *founds, const struct lt_event *event)
{
    struct lt_buf at = {0}, path = {0};
    lt_event_path(&at, event);
    if (event->owner->bind)
        lt_buf_add(&path, lt_buf_view(&at));
    else
        lt_event_inside(&path, event);
    struct lt_found *found = lt_founds_file(founds, event->owner, lt_buf_view(&at), lt_buf_view(&path));
    lt_buf_free(&at);
    lt_buf_free(&path);
    if (event->kind == LT_KIND_FILE && !event->node->unallocated) {
        found->readable = S_ISREG(event->node->mode);
        found->size = event->node->size;
        found->birth = event->node->time[LT_B];
        found->written = last_write(event->node);
    }
    return found;
}

static void add_facts(struct lt_founds *founds, struct lt_found *found, const struct lt_event *event)
{
    const struct lt_attr *facts = lt_event_attr(event, LT_ATTR_FACTS), *action = lt_event_attr(event, LT_ATTR_ACTION);
    if (action && !found->action.len)
        found->action = lt_str_dup(founds->arena, action->text);
    if (facts)
        lt_each (const struct lt_str, fact, &facts->items)
            add_fact(founds, found, *fact);
}

static void take_finding(struct lt_founds *founds, const struct lt_event *event, lt_finds rules, const char *unsure)
{
    struct lt_found *found;
    if (lt_event_is_file(event)) {
        found = file_of(founds, event);
    } else {
        found = lt_new(founds->arena, struct lt_found);
        found->owner = event->owner;
        found->at = lt_str_dup(founds->arena, event->where.file);
    }
    lt_set_each (rule, rules)
        lt_found_rule(founds, found, (enum lt_find)rule, lt_find_severity((enum lt_find)rule, event));
    add_facts(founds, found, event);
    if (unsure)
        add_fact(founds, found, lt_str_c(unsure));
    add_rows(founds, found, event);
}

static void keep_image_file(struct lt_founds *founds, const struct lt_event *event)
{
    struct lt_image_file *file = lt_new(founds->arena, struct lt_image_file);
    *file = (struct lt_image_file){
        .owner = event->owner,
        .dir = event->dir,
        .name = lt_str_dup(founds->arena, event->node->name),
        .ino = event->node->ino,
        .size = event->node->size,
    };
    lt_list_add(&founds->image_files, founds->arena, file);
}

/* The file of a log whose lines were seen before. A packed one was born when it was packed. */
static void take_output_file(struct lt_founds *founds, const struct lt_event *event, bool alone)
{
    struct lt_buf path = {0};
    struct lt_str name = event->node->name;
    lt_event_path(&path, event);
    struct lt_output_log *log = lt_map_get(&founds->output_at, key_of(founds, event->owner->host, lt_buf_view(&path)));
    lt_buf_free(&path);
    if (!log || lt_rotation_packing(&name).len)
        return;
    log->found = file_of(founds, event);
    if (alone)
        add_rows(founds, log->found, event);
}

/* A line of what a container printed, by the engine's clock. There are millions, those of a file one after the other.
 */
static void take_output_line(struct lt_founds *founds, const struct lt_event *event)
{
    const struct lt_host *host = event->owner->host;
    struct lt_output_log *log = founds->outputs.count ? founds->outputs.items[founds->outputs.count - 1] : NULL;
    if (!log || log->host != host || !lt_str_eq(log->path, event->where.file))
        log = lt_map_get(&founds->output_at, key_of(founds, host, event->where.file));
    if (log && log->offset <= event->where.offset)
        return;
    if (!log) {
        log = lt_new(founds->arena, struct lt_output_log);
        log->host = host;
        log->path = lt_str_dup(founds->arena, event->where.file);
        lt_map_put(&founds->output_at, founds->arena, key_of(founds, host, log->path), log);
        lt_list_add(&founds->outputs, founds->arena, log);
    }
    log->first = event->time[0];
    log->offset = event->where.offset;
}

static void take_output(struct lt_founds *founds, const struct lt_event *event, bool alone)
{
    const unsigned claims = LT_IS_CLAIM | LT_BY_APP;
    enum lt_role role = event->owner->role;
    if (!event->owner->container || (role != LT_ROLE_LOG && role != LT_ROLE_CONFIG))
        return;
    if (event->kind == LT_KIND_FILE && S_ISREG(event->node->mode) && !event->node->unallocated)
        take_output_file(founds, event, alone);
    else if (role == LT_ROLE_LOG && event->where.has_offset && event->time[0].set &&
             !(lt_kinds[event->kind].flags & claims))
        take_output_line(founds, event);
}

/* A container of which only traces are left. What these are is told together. */
static void take_trace(struct lt_founds *founds, const struct lt_event *event)
{
    const struct lt_container *container = event->owner->container;
    struct lt_str at = lt_str_format(founds->arena, "removed container %.*s", LT_ARG(container->id));
    struct lt_found *found = lt_founds_file(founds, event->owner, at, LT_STR(""));
    found->at = LT_STR("");
    lt_found_rule(founds, found, LT_FIND_container_removed, lt_find_infos[LT_FIND_container_removed].severity);
    add_rows(founds, found, event);
}

static bool is_trace(const struct lt_owner *owner)
{
    const struct lt_container *container = owner->container;
    return container && !owner->bind && container->root &&
           lt_map_get(&container->root->removed_by_id, container->id) == container;
}

/* Images of the steps of a build never had a name: one without a name has lost it only if a record says when. */
static void take_naming(struct lt_founds *founds, const struct lt_event *event)
{
    const struct lt_attr *names = lt_event_attr(event, LT_ATTR_NAMES);
    struct lt_naming *naming = lt_new(founds->arena, struct lt_naming);
    bool dangling = event->tags & LT_TAG_BIT(dangling);
    *naming = (struct lt_naming){
        .image = event->owner->image,
        .time = event->time[0],
        .named = !dangling,
        .lost = dangling && names && names->items.count,
    };
    lt_list_add(&founds->namings, founds->arena, naming);
}

/* Keep a log whose contents may tell more. `alone`: no rule has kept its rows. */
static void keep_log(struct lt_founds *founds, const struct lt_event *event, bool alone)
{
    struct lt_found *found = file_of(founds, event);
    lt_list_add(&founds->logs, founds->arena, found);
    if (!alone)
        return;
    add_facts(founds, found, event);
    add_rows(founds, found, event);
}

void lt_founds_take(struct lt_founds *founds, const struct lt_event *event)
{
    const char *unsure;
    lt_finds rules = lt_findings_of(event, &unsure);
    if (event->kind == LT_KIND_FILE && event->owner->role == LT_ROLE_IMAGE && S_ISREG(event->node->mode) &&
        event->node->size && !event->node->unallocated)
        keep_image_file(founds, event);
    if (rules)
        take_finding(founds, event, rules, unsure);
    if (lt_event_is_file(event) && lt_is_own_log(event))
        keep_log(founds, event, !rules);
    take_output(founds, event, !rules);
    if (is_trace(event->owner))
        take_trace(founds, event);
    if ((event->kind == LT_KIND_IMAGE_REGISTERED || event->kind == LT_KIND_IMAGE_TAGGED) && event->owner->image &&
        event->time[0].set)
        take_naming(founds, event);
}

/* --- their order --- */

static int by_time(struct lt_time a, struct lt_time b)
{
    if (a.set != b.set)
        return a.set ? -1 : 1;
    return a.set ? lt_time_cmp(a, b) : 0;
}

static int worst_first(const void *a, const void *b)
{
    const struct lt_found *left = *(const struct lt_found *const *)a, *right = *(const struct lt_found *const *)b;
    int order = by_time(left->first, right->first);
    if (left->severity != right->severity)
        return left->severity > right->severity ? -1 : 1;
    if (order || (order = lt_str_cmp(left->at, right->at)) || (order = lt_str_cmp(left->path, right->path)))
        return order;
    return left->worst < right->worst ? -1 : left->worst > right->worst;
}

void lt_founds_sort(struct lt_founds *founds)
{
    if (founds->list.count)
        qsort(founds->list.items, founds->list.count, sizeof *founds->list.items, worst_first);
}
