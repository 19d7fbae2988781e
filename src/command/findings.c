// SPDX-License-Identifier: Apache-2.0
/* What deserves eyes, worst first: findings/findings.h has the rules. Each finding is about one file, container, image
 * or setting, and has all rules that name it, its rows of the timeline, and for a file its SHA-256 and what it equals.
 */
#include "base/escape.h"
#include "command/command.h"
#include "command/record.h"
#include "findings/contents.h"
#include "findings/found.h"
#include "findings/joined.h"
#include "run/job.h"

enum { MOST_ALIKE = 20 }; /* findings of the same rules in one place that the text shows */

static enum lt_status take(void *arg, struct lt_event *event, enum lt_fate *fate, struct lt_err *err)
{
    (void)fate, (void)err;
    lt_founds_take(arg, event);
    return LT_OK;
}

/* --- as records --- */

static struct lt_list row_records(struct lt_arena *arena, const struct lt_found *found)
{
    struct lt_list records = {0};
    lt_each (const struct lt_found_row, row, &found->rows) {
        struct lt_record *record = lt_record_new(arena);
        lt_record_time(record, "datetime", row->time);
        lt_record_time(record, "time_first", row->first);
        lt_record_time(record, "time_last", row->last);
        lt_record_text(record, "timestamp_desc", lt_str_c(row->desc));
        lt_record_text(record, "data_type", lt_str_c(row->data_type));
        if (row->change)
            lt_record_text(record, "change", lt_str_c(lt_change_names[row->change]));
        lt_record_text(record, "text", row->text);
        lt_list_add(&records, arena, record);
    }
    return records;
}

static struct lt_list rule_words(struct lt_arena *arena, const struct lt_found *found)
{
    struct lt_list words = {0};
    lt_set_each (rule, found->rules)
        lt_list_add_str(&words, arena, lt_str_c(lt_find_infos[rule].word));
    return words;
}

static struct lt_record *record_of(struct lt_arena *arena, const struct lt_found *found)
{
    const struct lt_find_info *info = &lt_find_infos[found->worst];
    const struct lt_owner *owner = found->owner;
    struct lt_record *record = lt_record_new(arena);
    lt_record_text(record, "severity", lt_str_c(lt_severity_words[found->severity]));
    lt_record_text(record, "rule", lt_str_c(info->word));
    lt_record_list(record, "rules", rule_words(arena, found));
    lt_record_text(record, "title", lt_str_c(info->title));
    lt_record_text(record, "action", found->action);
    lt_record_text(record, "reason", lt_str_c(info->reason));
    lt_record_text(record, "reference", lt_str_c(info->reference));
    lt_record_name(record, "owner", *lt_record_label(arena, owner));
    if (owner->container) {
        lt_record_name(record, "container_identifier", owner->container->id);
        lt_record_name(record, "container_name", owner->container->name);
    }
    if (owner->image)
        lt_record_name(record, "image_name", lt_owner_image_name(owner));
    if (owner->volume)
        lt_record_name(record, "volume_name", owner->volume->name);
    lt_record_name(record, "path", found->path);
    lt_record_name(record, "evidence_path", found->at);
    lt_record_time(record, "time_first", found->first);
    lt_record_time(record, "time_last", found->last);
    lt_record_text(record, "sha256_hash", found->sha256);
    if (found->sha256.len)
        lt_record_list(record, "equals", found->equals);
    if (found->facts.count)
        lt_record_list(record, "facts", found->facts);
    lt_record_int(record, "row_count", (int64_t)found->row_count);
    lt_record_records(record, "rows", row_records(arena, found));
    lt_record_name(record, "hostname", owner->host->hostname);
    lt_record_name(record, "evidence", lt_str_c(owner->host->evidence->spec));
    return record;
}

/* --- as text --- */

static void put_line(struct lt_buf *out, const char *before, struct lt_str text)
{
    if (!text.len)
        return;
    lt_buf_printf(out, "    %s", before);
    lt_escape_name(out, text, true);
    lt_buf_char(out, '\n');
}

static void put_head(struct lt_buf *out, struct lt_arena *arena, const struct lt_found *found)
{
    const struct lt_find_info *info = &lt_find_infos[found->worst];
    lt_buf_printf(out, "%s: %s: ", lt_severity_words[found->severity], info->title);
    if (found->path.len) {
        lt_escape_name(out, found->path, true);
        lt_buf_add(out, found->owner->bind ? LT_STR(" on the host, by ") : LT_STR(" in "));
    }
    lt_escape_name(out, *lt_record_label(arena, found->owner), true);
    lt_buf_char(out, '\n');
    put_line(out, "", found->action);
    put_line(out, "because ", lt_str_c(info->reason));
    put_line(out, "ATT&CK ", lt_str_c(info->reference));
}

static void put_row(struct lt_buf *out, const struct lt_found_row *row)
{
    lt_buf_lit(out, "    ");
    if (row->time.set) {
        lt_time_iso(out, row->time, 9);
        lt_buf_lit(out, "Z ");
    }
    lt_buf_add(out, lt_str_c(row->desc));
    if (row->first.set && row->last.set && !lt_time_same(row->first, row->last)) {
        lt_buf_lit(out, ", between ");
        lt_time_iso(out, row->first, 9);
        lt_buf_lit(out, "Z and ");
        lt_time_iso(out, row->last, 9);
        lt_buf_char(out, 'Z');
    }
    if (row->text.len) {
        lt_buf_lit(out, ": ");
        lt_escape_name(out, row->text, true);
    }
    lt_buf_char(out, '\n');
}

static void put_found(struct lt_buf *out, struct lt_arena *arena, const struct lt_found *found)
{
    put_head(out, arena, found);
    lt_set_each (rule, found->rules & ~LT_SET_BIT(found->worst))
        put_line(out, "also ", lt_str_c(lt_find_infos[rule].title));
    put_line(out, "SHA-256 ", found->sha256);
    lt_each (const struct lt_str, equal, &found->equals)
        put_line(out, "equals ", *equal);
    lt_each (const struct lt_str, fact, &found->facts)
        put_line(out, "", *fact);
    put_line(out, "at ", found->at);
    lt_each (const struct lt_found_row, row, &found->rows)
        put_row(out, row);
    if (found->row_count > found->rows.count)
        lt_buf_printf(out, "    and %zu more rows\n", found->row_count - found->rows.count);
}

/* --- the command --- */

/* Read the files of one store that were found. */
static enum lt_status read_files(struct lt_job *job, struct lt_founds *founds, struct lt_err *err)
{
    lt_each (struct lt_found, found, &founds->list) {
        if (found->owner->root != job->ctx.root)
            continue;
        lt_contents_of(&job->ctx, founds, found);
        if (lt_job_poll(job, err) != LT_OK)
            return LT_FATAL;
    }
    return LT_OK;
}

/* What the events show, and then what only contents and comparisons do. */
static enum lt_status find(struct lt_job *job, struct lt_founds *founds, struct lt_err *err)
{
    enum lt_status status = lt_job_events(job, (struct lt_sink){take, founds}, err);
    lt_joined_inventory(&job->inventory, founds);
    lt_contents_begin(founds);
    lt_each (struct lt_root, root, &job->inventory.roots) {
        if (status != LT_OK)
            return status;
        lt_job_enter(job, root, "findings");
        lt_joined_contents(&job->ctx, founds);
        status = read_files(job, founds, err);
    }
    lt_founds_sort(founds);
    return status;
}

/* Findings that the same rules name in the same place. */
struct likes {
    size_t all, told;
};

static struct likes *likes_of(struct lt_arena *arena, struct lt_map *map, const struct lt_found *found)
{
    const struct lt_str *label = lt_record_label(arena, found->owner);
    struct lt_str key = lt_str_format(arena, "%u %jx %jx %.*s", found->worst, (uintmax_t)lt_set_low(found->rules),
                                      (uintmax_t)lt_set_high(found->rules), LT_ARG(*label));
    struct likes *likes = lt_map_get(map, key);
    if (likes)
        return likes;
    likes = lt_new(arena, struct likes);
    lt_map_put(map, arena, key, likes);
    return likes;
}

/* What was installed in a container can be thousands of programs, which would bury all that comes after them. */
static void put_or_count(struct lt_buf *out, struct lt_arena *arena, const struct lt_found *found, struct likes *likes)
{
    if (++likes->told <= MOST_ALIKE)
        put_found(out, arena, found);
    else
        lt_buf_printf(out, "%s: %s: and %zu more in the same place, which --json lists\n",
                      lt_severity_words[found->severity], lt_find_infos[found->worst].title, likes->all - MOST_ALIKE);
}

static enum lt_status write_text(struct lt_job *job, const struct lt_founds *founds, struct lt_err *err)
{
    struct lt_buf *out = lt_output_buffer(&job->output);
    struct lt_map map = {0};
    enum lt_status status = LT_OK;
    lt_each (const struct lt_found, found, &founds->list)
        likes_of(&job->arena, &map, found)->all++;
    lt_each (const struct lt_found, found, &founds->list) {
        struct likes *likes = likes_of(&job->arena, &map, found);
        if (status != LT_OK || likes->told > MOST_ALIKE)
            continue;
        if (found_at)
            lt_buf_char(out, '\n');
        put_or_count(out, &job->arena, found, likes);
        status = lt_output_flush(&job->output, err);
    }
    job->rows += founds->list.count;
    return status;
}

static enum lt_status write_json(struct lt_job *job, const struct lt_founds *founds, struct lt_err *err)
{
    struct lt_list records = {0};
    lt_each (const struct lt_found, found, &founds->list)
        lt_list_add(&records, &job->arena, record_of(&job->arena, found));
    return lt_records_write(job, &records, NULL, 0, err);
}

static enum lt_status run_findings(struct lt_job *job, struct lt_err *err)
{
    struct lt_founds founds = {.arena = &job->arena};
    enum lt_status status = find(job, &founds, err);
    if (status != LT_OK)
        return status;
    return job->options->json ? write_json(job, &founds, err) : write_text(job, &founds, err);
}

const struct lt_command lt_command_findings = {
    .name = "findings",
    .arguments = "EVIDENCE...",
    .summary = "what deserves eyes, worst first: with its rows, the reason, hashes, and what a file equals",
    .options = LT_OPTIONS_JSON | LT_OPTIONS_FILES,
    .run = run_findings,
};
