// SPDX-License-Identifier: Apache-2.0
#include "command/diff_binds.h"

#include "files/binds.h"
#include "model/spans.h"
#include "read/facts.h"
#include "run/job.h"

#include <stdlib.h>

struct taker {
    struct lt_arena *arena;
    struct lt_span span; /* when the container may have run */
    struct lt_list *records;
};

static struct lt_str kept(struct lt_arena *arena, const struct lt_event *event,
                          void (*put)(struct lt_buf *out, const struct lt_event *event))
{
    struct lt_buf text = {0};
    put(&text, event);
    struct lt_str copy = text.len ? lt_str_dup(arena, lt_buf_view(&text)) : LT_STR("/");
    lt_buf_free(&text);
    return copy;
}

static enum lt_change change_of(const struct taker *taker, const struct lt_node *node)
{
    if (node->unallocated)
        return LT_CHANGE_DELETED;
    return lt_span_has(&taker->span, node->time[LT_B]) ? LT_CHANGE_ADDED : LT_CHANGE_MODIFIED;
}

static enum lt_status take(void *arg, struct lt_event *event, enum lt_fate *fate, struct lt_err *err)
{
    struct taker *taker = arg;
    const struct lt_node *node = event->node;
    struct lt_record *record = lt_record_new(taker->arena);
    struct lt_list facts = {0};
    const struct lt_attr *told = lt_event_attr(event, LT_ATTR_FACTS);
    (void)err;
    if (event->kind == LT_KIND_DELETED && node->mode) { /* the other event of the entry has all of this */
        *fate = LT_FILTERED;
        return LT_OK;
    }
    lt_record_name(record, "bind", event->owner->bind->source.len ? event->owner->bind->source : LT_STR("/"));
    lt_record_text(record, "change", lt_str_c(lt_change_names[change_of(taker, node)]));
    lt_record_name(record, "path", kept(taker->arena, event, lt_event_inside));
    lt_record_name(record, "host_path", kept(taker->arena, event, lt_event_path));
    lt_record_time(record, "modified", node->time[LT_M]);
    lt_record_time(record, "changed", node->time[LT_C]);
    lt_record_time(record, "born", node->time[LT_B]);
    if (node->unallocated)
        lt_record_time(record, "time_last", node->deleted.set ? node->deleted : event->dir->changed);
    if (told)
        lt_each (const struct lt_str, fact, &told->items)
            lt_fact_add(&facts, taker->arena, "", *fact);
    if (facts.count)
        lt_record_list(record, "facts", facts);
    lt_list_add(taker->records, taker->arena, record);
    return LT_OK;
}

static int by_path(const void *a, const void *b)
{
    const struct lt_record *const *left = a, *const *right = b;
    return lt_str_cmp(lt_record_get(*left, "host_path")->text, lt_record_get(*right, "host_path")->text);
}

bool lt_diff_has_binds(struct lt_job *job, const struct lt_container *container)
{
    lt_each (const struct lt_mount, mount, &container->mounts)
        if (!mount->own && lt_bind_is_writable(container, mount) && lt_bind_source(container, mount, &job->arena).len)
            return true;
    return false;
}

enum lt_status lt_diff_binds(struct lt_job *job, const struct lt_container *container, struct lt_list *records,
                             struct lt_err *err)
{
    struct taker taker = {.arena = &job->arena, .span = lt_container_span(container), .records = records};
    lt_job_enter(job, container->root, "diff");
    job->product = (struct lt_sink){take, &taker};
    enum lt_status status = lt_walk_binds_of(&job->ctx, &(struct lt_walking){0}, container, err);
    if (records->count)
        qsort(records->items, records->count, sizeof *records->items, by_path);
    return status;
}

void lt_diff_binds_table(struct lt_buf *out, const struct lt_list *records, const struct lt_style *style)
{
    static const struct lt_column columns[] = {
        {"CHANGE", "change", LT_SHOW_ALL},       {"MODIFIED", "modified", LT_SHOW_ALL},
        {"CHANGED", "changed", LT_SHOW_ALL},     {"BORN", "born", LT_SHOW_ALL},
        {"NOT AFTER", "time_last", LT_SHOW_ALL}, {"PATH", "path", LT_SHOW_ALL},
        {"HOST PATH", "host_path", LT_SHOW_ALL}, {"FACTS", "facts", LT_SHOW_ALL},
    };
    lt_buf_lit(out, "\nChanged in what it binds of the host for writing, while it may have run, by it or by others:\n");
    if (records->count)
        lt_records_table(out, records, columns, sizeof columns / sizeof *columns, style, 0);
    else
        lt_buf_lit(out, "nothing\n");
}
