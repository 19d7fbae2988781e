// SPDX-License-Identifier: Apache-2.0
#include "run/manifest.h"

#include "base/escape.h"
#include "base/version.h"
#include "clock/localzone.h"
#include "contain/capabilities.h"
#include "evidence/evidence.h"
#include "run/users.h"

#include <inttypes.h>

/* This machine's tz database, as far as the manifest needs it. */
struct zones {
    struct lt_localzone_database database;
    bool asked; /* something in the manifest is from it */
    struct lt_arena *arena;
};

/* `"key": "value"`; without the key if that is NULL. The value is escaped like a name. */
static void put_string(struct lt_buf *out, const char *key, struct lt_str value)
{
    if (key)
        lt_buf_printf(out, "\"%s\": ", key);
    lt_escape_json_name(out, value);
}

static void put_time(struct lt_buf *out, const char *key, struct lt_time time)
{
    if (!time.set)
        return;
    lt_buf_printf(out, "  \"%s\": \"", key);
    lt_time_iso(out, time, 9);
    lt_buf_lit(out, "+00:00\",\n");
}

static void put_number(struct lt_buf *out, const char *key, uint64_t number)
{
    lt_buf_printf(out, "\"%s\": %" PRIu64, key, number);
}

/* What this machine's tz database calls rules that nothing in the evidence names. */
static void put_matches(struct lt_buf *out, struct zones *zones, const struct lt_zone *rules)
{
    struct lt_list names = {0};
    zones->asked = true;
    lt_localzone_names(&zones->database, rules, zones->arena, &names);
    lt_buf_lit(out, ", \"time_zone_matches\": [");
    lt_each (const struct lt_str, name, &names) {
        lt_buf_add(out, name_at ? LT_STR(", ") : LT_STR(""));
        put_string(out, NULL, *name);
    }
    lt_buf_char(out, ']');
}

/* The zones that the evidence gives. Unknown ones are omitted. */
static void put_zone(struct lt_buf *out, struct zones *zones, const struct lt_zone_info *zone)
{
    put_string(out, "time_zone", zone->name);
    lt_buf_lit(out, ", ");
    put_string(out, "time_zone_by", zone->from);
    if (zone->conflict.len) {
        lt_buf_lit(out, ", ");
        put_string(out, "time_zone_conflict", zone->conflict);
    }
    if (zone->unnamed && !lt_zone_is_fixed(&zone->rules))
        put_matches(out, zones, &zone->rules);
}

static void put_zones(struct lt_buf *out, struct zones *zones, const struct lt_root *root)
{
    const char *before = ", \"container_zones\": [";
    if (root->host->zone.from.len) {
        lt_buf_lit(out, ", ");
        put_zone(out, zones, &root->host->zone);
    }
    lt_each (const struct lt_container, container, &root->containers) {
        if (!container->zone.from.len)
            continue;
        lt_buf_printf(out, "%s{", before);
        put_string(out, "container_identifier", container->id);
        lt_buf_lit(out, ", ");
        put_zone(out, zones, &container->zone);
        lt_buf_char(out, '}');
        before = ", ";
    }
    if (strcmp(before, ", ") == 0)
        lt_buf_char(out, ']');
}

static void put_root(struct lt_buf *out, struct zones *zones, const struct lt_root *root)
{
    lt_buf_lit(out, "      {");
    put_string(out, "data_root", root->path.len ? root->path : LT_STR("/"));
    lt_buf_lit(out, ", ");
    put_string(out, "found_as", root->why);
    if (root->settings.len) {
        lt_buf_lit(out, ", ");
        put_string(out, "settings", root->settings);
    }
    if (root->abandoned)
        lt_buf_lit(out, ", \"abandoned\": true");
    lt_buf_lit(out, ", ");
    put_string(out, "hostname", root->host->hostname);
    lt_buf_lit(out, ", ");
    put_string(out, "file_system", root->part->label);
    lt_buf_lit(out, ", ");
    put_number(out, "containers", root->containers.count);
    lt_buf_lit(out, ", ");
    put_number(out, "images", root->images.count);
    lt_buf_lit(out, ", ");
    put_number(out, "layers", root->layers.count);
    lt_buf_lit(out, ", ");
    put_number(out, "volumes", root->volumes.count);
    put_zones(out, zones, root);
    lt_users_put(out, root);
    lt_buf_char(out, '}');
}

/* What became of the journals of the evidence's file systems. */
static void put_journals(struct lt_buf *out, const struct lt_evidence *evidence)
{
    const char *before = "";
    lt_buf_lit(out, "], \"journals\": [");
    lt_each (struct lt_fs, fs, &evidence->fs) {
        const struct lt_journal_summary *journal = &fs->journal;
        if (!journal->present)
            continue;
        lt_buf_printf(out, "%s{", before);
        put_string(out, "file_system", fs->label);
        lt_buf_printf(out, ", \"replayed\": %s, ", journal->replayed ? "true" : "false");
        put_number(out, "transactions", journal->transactions);
        lt_buf_lit(out, ", ");
        put_number(out, "first_sequence", journal->first);
        lt_buf_lit(out, ", ");
        put_number(out, "blocks", journal->blocks);
        lt_buf_lit(out, ", ");
        put_number(out, "revoked_blocks", journal->revoked);
        lt_buf_lit(out, ", ");
        put_number(out, "fast_commits", journal->fast_commits);
        lt_buf_lit(out, ", ");
        put_number(out, "unfinished", journal->unfinished);
        lt_buf_lit(out, ", ");
        put_number(out, "deleted_while_open", journal->orphans);
        lt_buf_lit(out, ", ");
        put_number(out, "being_truncated", journal->truncated);
        lt_buf_char(out, '}');
        before = ", ";
    }
}

/* Whether the kernel may have set access times of the evidence while it was read. */
static void put_atimes(struct lt_buf *out, const struct lt_evidence *evidence)
{
    lt_buf_printf(out, ", \"access_times\": \"%s\"", evidence->atimes_change ? "may have changed" : "kept");
    if (!evidence->atimes_change)
        return;
    lt_buf_lit(out, ", ");
    put_number(out, "opened_without_noatime", evidence->opened);
}

/* Which state of databases was read whose last one may be lost. */
static void put_databases(struct lt_buf *out, const struct lt_evidence *evidence, const char *before)
{
    lt_each (const struct lt_database_copy, copy, &evidence->databases) {
        lt_buf_printf(out, "%s{", before);
        put_string(out, "database", copy->path);
        lt_buf_lit(out, ", ");
        put_number(out, "meta_page", copy->meta_page);
        lt_buf_lit(out, ", ");
        put_number(out, "transaction", copy->transaction);
        lt_buf_char(out, '}');
        before = ", ";
    }
}

/* What stands in for damaged partition tables, superblocks, group descriptors, and meta pages of databases. */
static void put_copies(struct lt_buf *out, const struct lt_evidence *evidence)
{
    const char *before = evidence->table_copy ? ", " : "";
    lt_buf_lit(out, "], \"copies_used\": [");
    if (evidence->table_copy)
        lt_buf_lit(out, "{\"partition_table\": \"at the end of the disk\"}");
    lt_each (struct lt_fs, fs, &evidence->fs) {
        if (!fs->copies.super && !fs->copies.groups)
            continue;
        lt_buf_printf(out, "%s{", before);
        put_string(out, "file_system", fs->label);
        lt_buf_lit(out, ", ");
        put_number(out, "superblock_of_group", fs->copies.super);
        lt_buf_lit(out, ", ");
        put_number(out, "group_descriptors", fs->copies.groups);
        lt_buf_char(out, '}');
        before = ", ";
    }
    put_databases(out, evidence, before);
}

/* `, "key": ["...", ...]` */
static void put_strings(struct lt_buf *out, const char *key, const struct lt_list *strings)
{
    lt_buf_printf(out, ", \"%s\": [", key);
    lt_each (const struct lt_str, string, strings) {
        lt_buf_add(out, string_at ? LT_STR(", ") : LT_STR(""));
        put_string(out, NULL, *string);
    }
    lt_buf_char(out, ']');
}

static void put_evidence(struct lt_buf *out, const struct lt_manifest *manifest, struct zones *zones,
                         const struct lt_evidence *evidence)
{
    lt_buf_lit(out, "    {");
    put_string(out, "path", lt_str_c(evidence->spec));
    lt_buf_printf(out, ", \"kind\": \"%s\", ", evidence->kind ? evidence->kind->name : "unknown");
    put_number(out, "size", evidence->size);
    lt_buf_lit(out, ", ");
    put_number(out, "failed_reads", evidence->failed_reads);
    put_atimes(out, evidence);
    put_strings(out, "files", &evidence->files);
    put_strings(out, "remarks", &evidence->remarks);
    lt_buf_lit(out, ", \"roots\": [");
    const char *before = "\n";
    lt_each (struct lt_root, root, &manifest->inventory->roots) {
        if (root->part->evidence != evidence)
            continue;
        lt_buf_add(out, lt_str_c(before));
        put_root(out, zones, root);
        before = ",\n";
    }
    put_journals(out, evidence);
    put_copies(out, evidence);
    lt_buf_lit(out, "]}");
}

static void put_placed(struct lt_buf *out, const struct lt_placed *placed)
{
    lt_buf_lit(out, "{");
    put_string(out, "mount_point", placed->at);
    lt_buf_lit(out, ", ");
    put_string(out, "device", placed->device);
    lt_buf_lit(out, ", ");
    put_string(out, "evidence", placed->fs ? lt_str_c(placed->fs->evidence->spec) : LT_STR(""));
    lt_buf_lit(out, ", ");
    put_string(out, "file_system", placed->fs ? placed->fs->label : LT_STR(""));
    lt_buf_lit(out, ", ");
    put_string(out, "told_by", placed->from);
    lt_buf_char(out, '}');
}

/* What was shown of what containers bind: see files/binds.h. */
static void put_bound(struct lt_buf *out, const struct lt_bound *bound)
{
    lt_buf_lit(out, "{");
    put_string(out, "source", bound->source.len ? bound->source : LT_STR("/"));
    lt_buf_lit(out, ", ");
    put_number(out, "entries", bound->entries);
    lt_buf_lit(out, ", ");
    put_number(out, "shown", bound->shown);
    lt_buf_lit(out, ", ");
    put_number(out, "left_out", bound->left_out);
    if (bound->why) {
        lt_buf_lit(out, ", ");
        put_string(out, "left_out_because", lt_str_c(bound->why));
    }
    lt_buf_char(out, '}');
}

/* The hosts with stores, and how their file systems were put together. */
static void put_hosts(struct lt_buf *out, const struct lt_inventory *inventory)
{
    const char *before = "\n";
    lt_buf_lit(out, "  \"hosts\": [");
    lt_each (const struct lt_host, host, &inventory->hosts) {
        if (!host->roots.count)
            continue;
        lt_buf_printf(out, "%s    {", before);
        put_string(out, "hostname", host->hostname);
        lt_buf_lit(out, ", ");
        put_string(out, "machine_identifier", host->machine_id);
        lt_buf_lit(out, ", ");
        put_string(out, "within", host->within);
        lt_buf_printf(out, ", \"collected\": %s, \"mounts\": [", host->collected ? "true" : "false");
        lt_each (const struct lt_placed, placed, &host->placed) {
            lt_buf_add(out, placed_at ? LT_STR(", ") : LT_STR(""));
            put_placed(out, placed);
        }
        lt_buf_lit(out, "], \"binds\": [");
        lt_each (const struct lt_bound, bound, &host->bound) {
            lt_buf_add(out, bound_at ? LT_STR(", ") : LT_STR(""));
            put_bound(out, bound);
        }
        lt_buf_lit(out, "]}");
        before = ",\n";
    }
    lt_buf_lit(out, "\n  ],\n");
}

static void put_counts(struct lt_buf *out, const struct lt_report *report)
{
    lt_buf_lit(out, "  \"sources\": {");
    lt_each (const struct lt_source_counts, source, &report->sources) {
        const struct lt_counts *counts = &source->counts;
        lt_buf_printf(out, "%s\n    \"%s\": {", source_at ? "," : "", source->source);
        put_number(out, "seen", counts->seen);
        lt_buf_lit(out, ", ");
        put_number(out, "emitted", counts->emitted);
        lt_buf_lit(out, ", ");
        put_number(out, "filtered", counts->filtered);
        lt_buf_lit(out, ", ");
        put_number(out, "deduplicated", counts->deduplicated);
        lt_buf_lit(out, ", ");
        put_number(out, "failed", counts->failed);
        lt_buf_lit(out, ", ");
        put_number(out, "untimed", counts->untimed);
        lt_buf_char(out, '}');
    }
    lt_buf_lit(out, "\n  },\n");
}

/* What --profile left out. */
static void put_left_out(struct lt_buf *out, const struct lt_list *left_out)
{
    if (!left_out->count)
        return;
    lt_buf_lit(out, "  \"left_out\": {");
    lt_each (const struct lt_left_out, item, left_out) {
        lt_buf_add(out, item_at ? LT_STR(", ") : LT_STR(""));
        put_number(out, item->words, item->events);
    }
    lt_buf_lit(out, "},\n");
}

static void put_output(struct lt_buf *out, const struct lt_manifest *manifest)
{
    const struct lt_options *options = manifest->options;
    static const char *const forms[] = {"table", "json", "jsonl", "csv"};
    const char *format = forms[options->table];
    if (options->command->options & LT_OPTIONS_ROWS)
        format = options->format->name;
    else if (options->command->options & LT_OPTIONS_BYTES)
        format = "bytes";
    lt_buf_lit(out, "  \"output\": {");
    put_string(out, "path", lt_str_c(options->output ? options->output : "-"));
    lt_buf_printf(out, ", \"format\": \"%s\", ", format);
    put_number(out, "rows", manifest->rows);
    lt_buf_lit(out, ", ");
    put_number(out, "bytes", manifest->bytes);
    if (manifest->sha256.len) {
        lt_buf_lit(out, ", ");
        put_string(out, "sha256", manifest->sha256);
    }
    lt_buf_lit(out, "}\n");
}

/* What fenced the run; see layertime(1). */
static void put_sandbox(struct lt_buf *out, const struct lt_options *options, const struct lt_contained *contained)
{
    const char *entered = contained->late ? "after the stores were found" : "before the first read", *before = "";
    if (!contained->entered)
        entered = options->no_sandbox ? "never: --no-sandbox" : "never";
    lt_buf_printf(out, "  \"sandbox\": {\"entered\": \"%s\", \"no_new_privs\": %s, ", entered,
                  contained->no_new_privs ? "true" : "false");
    put_number(out, "landlock", (uint64_t)contained->landlock);
    lt_buf_printf(out, ", \"seccomp\": %s, \"libraries_apart\": %s, \"capabilities\": ",
                  contained->filtered ? "true" : "false", contained->apart ? "true" : "false");
    lt_buf_add(out, contained->dropped ? LT_STR("[") : LT_STR("\"as given\""));
    for (unsigned i = 0; contained->dropped && i < 64; i++) {
        if (!(contained->capabilities >> i & 1) || !lt_capability_name(i))
            continue;
        lt_buf_printf(out, "%s\"%s\"", before, lt_capability_name(i));
        before = ", ";
    }
    lt_buf_add(out, contained->dropped ? LT_STR("], ") : LT_STR(", "));
    put_string(out, "lacks", lt_buf_view(&contained->lacks));
    lt_buf_lit(out, "},\n");
}

/* The zone of --timezone, which is this machine's. */
static void put_timezone(struct lt_buf *out, const struct lt_options *options, struct zones *zones)
{
    struct lt_zone rules;
    struct lt_str file = LT_STR("");
    if (!options->timezone)
        return;
    lt_localzone_load(options->timezone, zones->arena, &rules, &file, NULL);
    zones->asked |= file.len > 0;
    lt_buf_lit(out, "  ");
    put_string(out, "timezone", lt_str_c(options->timezone));
    lt_buf_lit(out, ",\n");
}

/* This machine's tz database, if anything above is from it. */
static void put_database(struct lt_buf *out, const struct zones *zones)
{
    if (!zones->asked)
        return;
    lt_buf_lit(out, "  \"tz_database\": {");
    put_string(out, "path", zones->database.path);
    lt_buf_lit(out, ", ");
    put_string(out, "version", zones->database.version);
    lt_buf_lit(out, "},\n");
}

void lt_manifest_put(struct lt_buf *out, const struct lt_manifest *manifest)
{
    struct lt_arena arena = {0};
    struct zones zones = {.arena = &arena, .database = lt_localzone_database(&arena)};
    lt_buf_lit(out, "{\n  \"version\": \"" LT_VERSION "\",\n  \"arguments\": [");
    for (int i = 1; i < manifest->argc; i++) {
        lt_buf_add(out, i > 1 ? LT_STR(", ") : LT_STR(""));
        put_string(out, NULL, lt_str_c(manifest->argv[i]));
    }
    lt_buf_lit(out, "],\n");
    put_time(out, "started", manifest->started);
    put_time(out, "finished", manifest->finished);
    put_time(out, "since", manifest->options->since);
    put_time(out, "until", manifest->options->until);
    put_timezone(out, manifest->options, &zones);
    lt_buf_printf(out, "  \"clock_skew_nanoseconds\": %" PRId64 ",\n", manifest->options->clock_skew);
    lt_buf_lit(out, "  \"evidence\": [\n");
    lt_each (struct lt_evidence, evidence, manifest->evidence) {
        put_evidence(out, manifest, &zones, evidence);
        lt_buf_add(out, evidence_at + 1 < manifest->evidence->count ? LT_STR(",\n") : LT_STR("\n"));
    }
    lt_buf_lit(out, "  ],\n");
    put_database(out, &zones);
    put_hosts(out, manifest->inventory);
    put_counts(out, manifest->report);
    put_left_out(out, manifest->left_out);
    lt_buf_printf(out, "  \"errors\": %" PRIu64 ",\n", manifest->report->failures);
    lt_buf_printf(out, "  \"balanced\": %s,\n", lt_report_balanced(manifest->report) ? "true" : "false");
    put_sandbox(out, manifest->options, manifest->contained);
    put_output(out, manifest);
    lt_buf_lit(out, "}\n");
    lt_arena_free(&arena);
}
