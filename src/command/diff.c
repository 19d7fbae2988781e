// SPDX-License-Identifier: Apache-2.0
/* What a container changed, as `docker diff` shows it, with times. Docker compares what the container sees with what it
 * would see without its rw layer (moby pkg/archive/changes.go addChanges, 20.10 to 28.x):
 *
 *   A  added                  D  deleted; of a directory only its own name
 *   C  changed, or a directory in which something changed; contents of files are not compared
 *
 * With -v, entries of the rw layer in which Docker would see no difference are listed too, files of it that are gone
 * (diff_freed.h), and what changed in what the container binds of the host (diff_binds.h). */
#include "base/escape.h"
#include "command/command.h"
#include "command/diff_binds.h"
#include "command/diff_freed.h"
#include "command/pick.h"
#include "command/record.h"
#include "command/recover.h"
#include "files/walked.h"
#include "overlay/change.h"
#include "read/facts.h"
#include "run/job.h"
#include "run/terminal.h"

#include <stdlib.h>

enum { ADDED = 'A', CHANGED = 'C', DELETED = 'D', UNLISTED = 0 };

struct entry {
    struct lt_str path;
    char kind;
    enum lt_change change;
    struct lt_time time, first, last, copied_up;
    enum lt_confidence confidence;
    const struct lt_hidden *hides;
    struct lt_list facts; /* of struct lt_str * */
};

struct diff {
    struct lt_arena *arena;
    struct lt_map by_path;
    struct lt_list entries; /* of struct entry * */
};

static struct entry *entry_at(struct diff *diff, struct lt_str path)
{
    struct entry *entry = lt_map_get(&diff->by_path, path);
    if (entry)
        return entry;
    entry = lt_new(diff->arena, struct entry);
    entry->path = lt_str_dup(diff->arena, path);
    lt_map_put(&diff->by_path, diff->arena, entry->path, entry);
    lt_list_add(&diff->entries, diff->arena, entry);
    return entry;
}

static char kind_of(const struct lt_event *event)
{
    if (event->kind == LT_KIND_DELETED)
        return DELETED;
    bool from_elsewhere = event->change == LT_CHANGE_RENAMED && S_ISDIR(event->node->mode);
    if (!event->hides || from_elsewhere)
        return ADDED;
    return lt_runtime_differs(event->node, event->hides) ? CHANGED : UNLISTED;
}

/* The time that best shows when the entry was changed: the mtime of changed contents, unless a process set it. */
static void set_time(struct entry *entry, const struct lt_event *event)
{
    bool set_by_hand = event->tags & (LT_TAG_BIT(time_anomaly) | LT_TAG_BIT(time_set));
    enum lt_slot slot = LT_B;
    if (event->change == LT_CHANGE_MODIFIED && !set_by_hand)
        slot = LT_M;
    else if (event->change == LT_CHANGE_METADATA || event->change == LT_CHANGE_RENAMED ||
             event->change == LT_CHANGE_MODIFIED)
        slot = LT_C;
    slot = event->node->time[slot].set ? slot : LT_C;
    entry->time = event->node->time[slot];
    entry->confidence = slot == LT_M ? LT_CLAIMED : LT_EXACT;
}

static void copy_facts(struct diff *diff, struct entry *entry, const struct lt_event *event)
{
    const struct lt_attr *facts = lt_event_attr(event, LT_ATTR_FACTS);
    if (facts)
        lt_each (const struct lt_str, fact, &facts->items)
            lt_fact_add(&entry->facts, diff->arena, "", *fact);
    if (!event->hides)
        return;
    struct lt_hidden *hides = lt_new(diff->arena, struct lt_hidden);
    *hides = *event->hides;
    entry->hides = lt_event_hides(event) ? hides : NULL;
}

static enum lt_status take(void *arg, struct lt_event *event, enum lt_fate *fate, struct lt_err *err)
{
    struct diff *diff = arg;
    bool change = event->change != LT_CHANGE_NONE && !event->node->unallocated;
    (void)err;
    if (!change) {
        *fate = LT_FILTERED;
        return LT_OK;
    }
    struct lt_buf path = {0};
    lt_event_inside(&path, event);
    struct entry *entry = entry_at(diff, lt_buf_view(&path));
    lt_buf_free(&path);
    if (event->kind == LT_KIND_COPIED_UP) {
        entry->copied_up = event->time[0];
        return LT_OK;
    }
    entry->kind = kind_of(event);
    entry->change = event->change;
    copy_facts(diff, entry, event);
    if (event->kind == LT_KIND_DELETED) {
        entry->time = event->time[0];
        entry->first = event->first;
        entry->last = event->last;
        entry->confidence = event->first.set || event->last.set ? LT_BOUNDED : LT_EXACT;
    } else {
        set_time(entry, event);
    }
    return LT_OK;
}

/* A directory counts as changed if something in it differs, unless it is new itself. */
static void mark_parents(struct diff *diff)
{
    for (size_t i = 0; i < diff->entries.count; i++) {
        const struct entry *entry = diff->entries.items[i];
        for (struct lt_str path = lt_str_dirname(entry->path); entry->kind && path.len; path = lt_str_dirname(path)) {
            struct entry *parent = entry_at(diff, path);
            if (parent->kind)
                break;
            parent->kind = CHANGED;
        }
    }
}

static int by_path(const void *a, const void *b)
{
    const struct entry *const *left = a, *const *right = b;
    return lt_str_cmp((*left)->path, (*right)->path);
}

/* Does a layer below have contents that the container deleted or replaced? Of a directory, those of its files. */
static bool has_contents_below(const struct entry *entry)
{
    bool gone = entry->change == LT_CHANGE_DELETED || entry->change == LT_CHANGE_RENAMED ||
                entry->change == LT_CHANGE_REPLACED || entry->change == LT_CHANGE_MODIFIED;
    bool directory = entry->change == LT_CHANGE_DELETED && entry->hides && S_ISDIR(entry->hides->mode);
    return directory || (gone && entry->hides && S_ISREG(entry->hides->mode));
}

static struct lt_record *record_of(struct diff *diff, const struct entry *entry)
{
    struct lt_record *record = lt_record_new(diff->arena);
    lt_record_name(record, "kind", lt_str_dup(diff->arena, (struct lt_str){&entry->kind, entry->kind ? 1 : 0}));
    lt_record_name(record, "path", entry->path);
    if (entry->change)
        lt_record_text(record, "change", lt_str_c(lt_change_names[entry->change]));
    lt_record_time(record, "time", entry->time);
    lt_record_time(record, "time_first", entry->first);
    lt_record_time(record, "time_last", entry->last);
    if (entry->time.set)
        lt_record_text(record, "confidence", lt_str_c(lt_confidence_names[entry->confidence]));
    lt_record_time(record, "copied_up", entry->copied_up);
    if (entry->hides) {
        lt_record_name(record, "hides_layer", lt_layer_name(entry->hides->layer));
        lt_record_int(record, "hides_size", (int64_t)entry->hides->size);
        lt_record_int(record, "hides_mode", entry->hides->mode & 07777);
        lt_record_time(record, "hides_modified", entry->hides->modified);
    }
    if (entry->facts.count)
        lt_record_list(record, "facts", entry->facts);
    if (has_contents_below(entry))
        lt_record_text(record, "content", LT_STR(LT_HIDDEN_WHOLE));
    return record;
}

static const struct lt_column columns[] = {
    {"KIND", "kind", LT_SHOW_ALL},
    {"CHANGE", "change", LT_SHOW_ALL},
    {"TIME", "time", LT_SHOW_ALL},
    {"CONFIDENCE", "confidence", LT_SHOW_ALL},
    {"NOT BEFORE", "time_first", LT_SHOW_ALL},
    {"NOT AFTER", "time_last", LT_SHOW_ALL},
    {"PATH", "path", LT_SHOW_ALL},
    {"HIDES", "hides_layer", LT_SHOW_CUT},
    {"CONTENT", "content", LT_SHOW_KNOWN},
    {"FACTS", "facts", LT_SHOW_ALL},
};

static enum lt_status write_lines(struct lt_job *job, const struct diff *diff, struct lt_err *err)
{
    struct lt_buf *out = lt_output_buffer(&job->output);
    lt_each (const struct entry, entry, &diff->entries) {
        if (!entry->kind)
            continue;
        lt_buf_printf(out, "%c ", entry->kind);
        lt_escape_name(out, entry->path, true);
        lt_buf_char(out, '\n');
        job->rows++;
    }
    return lt_output_flush(&job->output, err);
}

static enum lt_status write_diff(struct lt_job *job, struct diff *diff, const struct lt_container *container,
                                 struct lt_err *err)
{
    struct lt_list records = {0}, binds = {0};
    enum lt_status status = LT_OK;
    bool is_text = job->options->table == LT_TABLE_TEXT, verbose = job->options->verbose;
    bool has_binds = lt_diff_has_binds(job, container);
    if (diff->entries.count)
        qsort(diff->entries.items, diff->entries.count, sizeof *diff->entries.items, by_path);
    if (has_binds && !verbose && !job->options->quiet)
        lt_say("the container binds files of the host for writing: -v shows what changed there");
    if (is_text && !verbose)
        return write_lines(job, diff, err);
    lt_each (const struct entry, entry, &diff->entries)
        if (entry->kind || verbose)
            lt_list_add(&records, diff->arena, record_of(diff, entry));
    if (verbose)
        status = lt_diff_freed(job, container, &records, err);
    if (status == LT_OK && has_binds && verbose)
        status = lt_diff_binds(job, container, &binds, err);
    if (!is_text)
        lt_each (const struct lt_record, record, &binds)
            lt_list_add(&records, diff->arena, record);
    if (status == LT_OK)
        status = lt_records_write(job, &records, columns, sizeof columns / sizeof *columns, err);
    if (status != LT_OK || !is_text || !has_binds || !verbose)
        return status;
    struct lt_style style = lt_terminal_style(job->options);
    lt_diff_binds_table(lt_output_buffer(&job->output), &binds, &style);
    job->rows += binds.count;
    return lt_output_flush(&job->output, err);
}

static enum lt_status run_diff(struct lt_job *job, struct lt_err *err)
{
    const struct lt_container *container;
    struct diff diff = {.arena = &job->arena};
    enum lt_status status = lt_pick_container(job, job->options->operands[0], &container, err);
    if (status != LT_OK)
        return status;
    lt_job_enter(job, container->rw ? container->rw->root : container->root, "diff"); /* its store may be another */
    job->product = (struct lt_sink){take, &diff};
    lt_report_blind(&job->ctx);
    if (container->rw)
        status = lt_walk_layer(&job->ctx, &(struct lt_walking){0}, container->rw, err);
    else
        lt_skip(&job->ctx, container->path, LT_CODE_MISSING, "the container's rw layer is not known");
    mark_parents(&diff);
    return status == LT_OK ? write_diff(job, &diff, container, err) : status;
}

const struct lt_command lt_command_diff = {
    .name = "diff",
    .arguments = "CONTAINER EVIDENCE...",
    .summary = "what a container added, changed and deleted, as docker diff; with -v when and how",
    .operands = 1,
    .options = LT_OPTIONS_JSON | LT_OPTIONS_FILES,
    .run = run_diff,
};
