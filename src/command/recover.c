// SPDX-License-Identifier: Apache-2.0
/* Deleted files whose contents may still be on the disk: which file each was, whose, and what of it is left. */
#include "command/recover.h"
#include "command/record.h"
#include "evidence/mounted.h"
#include "run/traces.h"
#include "timeline/choice.h"
#include "timeline/filter.h"
#include "timeline/pipeline.h"

/* A search of one file system. */
struct search {
    struct lt_job *job;
    struct lt_gone_owners owners;
    const struct lt_host *host;
    struct lt_fs *fs;
    struct lt_str at;        /* where the host mounts it, "" for its root */
    struct lt_str base;      /* the directory of it that is mounted there, "" for all of it */
    struct lt_list searched; /* of struct lt_fs *: each once, though hosts may share it */
    struct lt_recover_keeper keeper;
    struct lt_list records;
};

static const char *const source_words[] = {
    [LT_MAP_NONE] = "none", [LT_MAP_JOURNAL] = "journal", [LT_MAP_HOME] = "home",
    [LT_MAP_LEAF] = "leaf", [LT_MAP_ORPHAN] = "orphan",
};

static const char *const lost_words[] = {
    [LT_LOST_USED] = "used by another file",
    [LT_LOST_LATER] = "used later by another file",
    [LT_LOST_SHARED] = "still used by the file",
    [LT_LOST_ZEROS] = "all zeros",
    [LT_LOST_MAP] = "place unknown",
};

/* --- the record --- */

/* The parts that are lost, as "0-4095 used by another file". */
static struct lt_list lost_parts(struct lt_arena *arena, const struct lt_deleted *file)
{
    struct lt_list parts = {0};
    for (size_t i = 0; i < file->lost_count; i++) {
        const struct lt_lost *lost = &file->lost[i];
        if (lost->size)
            lt_list_add_str(&parts, arena,
                            lt_str_format(arena, "%ju-%ju %s", (uintmax_t)lost->offset,
                                          (uintmax_t)(lost->offset + lost->size - 1), lost_words[lost->why]));
    }
    return parts;
}

/* Where it lies, in bytes of its file system: "4096 bytes at 168644608". */
static struct lt_list extents(struct lt_arena *arena, const struct lt_deleted *file)
{
    struct lt_list parts = {0};
    for (size_t i = 0; i < file->extent_count; i++)
        lt_list_add_str(
            &parts, arena,
            lt_str_format(arena, "%ju bytes at %ju", (uintmax_t)file->extents[i].size, (uintmax_t)file->extents[i].at));
    return parts;
}

static void add_owner(struct lt_record *record, const struct lt_owner *owner)
{
    lt_record_text(record, "layer_role", lt_str_c(lt_role_names[owner->role]));
    if (owner->layer)
        lt_record_name(record, "layer_identifier", lt_layer_name(owner->layer));
    if (owner->container) {
        lt_record_name(record, "container_identifier", owner->container->id);
        lt_record_name(record, "container_name", owner->container->name);
    }
    if (owner->image) {
        lt_record_name(record, "image_identifier", owner->image->id);
        lt_record_name(record, "image_name", lt_image_name(owner->image));
    }
    if (owner->volume)
        lt_record_name(record, "volume_name", owner->volume->name);
}

static void add_times(struct lt_record *record, const struct lt_node *node)
{
    lt_record_time(record, "modified", node->time[LT_M]);
    lt_record_time(record, "accessed", node->time[LT_A]);
    lt_record_time(record, "changed", node->time[LT_C]);
    lt_record_time(record, "born", node->time[LT_B]);
    lt_record_time(record, "deleted", node->deleted);
}

static uint64_t lost_bytes(const struct lt_deleted *file)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < file->lost_count; i++)
        lost += file->lost[i].size;
    return lost;
}

/* What can be had of it: all, a part, or only what its inode was. */
static const char *extent_of(const struct lt_deleted *file)
{
    uint64_t lost = lost_bytes(file);
    if (file->complete)
        return "whole";
    if (file->size_unknown && !lost)
        return "all blocks";
    return file->source == LT_MAP_NONE || lost >= file->node->size ? "metadata" : "part";
}

static void add_map(struct lt_record *record, const struct lt_deleted *file)
{
    lt_record_text(record, "method", LT_STR("deleted"));
    lt_record_text(record, "map", lt_str_c(source_words[file->source]));
    if (file->source == LT_MAP_JOURNAL)
        lt_record_int(record, "transaction", file->transaction);
    lt_record_bool(record, "complete", file->complete);
    lt_record_text(record, "left", lt_str_c(extent_of(file)));
    lt_record_list(record, "lost", lost_parts(record->arena, file));
    lt_record_list(record, "extents", extents(record->arena, file));
    if (file->size_unknown)
        lt_record_bool(record, "size_unknown", true);
    if (file->lives)
        lt_record_bool(record, "lives", true);
    if (file->older)
        lt_record_bool(record, "older", true);
}

/* The path on the host. A path that is not whole stays as it is: "name", "directory/name". */
static struct lt_str host_path(const struct search *search, const struct lt_deleted *file)
{
    struct lt_arena *arena = &search->job->arena;
    struct lt_str path = lt_str_dup(arena, file->path), rest;
    if (!path.len || path.ptr[0] != '/' || !lt_path_behind(path, search->base, &rest))
        return path;
    return lt_str_format(arena, "%.*s%.*s", LT_ARG(search->at), LT_ARG(rest));
}

/* Do -c and --path let it pass? */
static bool is_wanted(const struct search *search, struct lt_str path, const struct lt_whose *whose)
{
    const struct lt_options *options = search->job->options;
    const struct lt_container *container = whose->owner->container;
    const char *pattern = options->choice.path;
    if (options->container && !(container && lt_filter_container(options, container)))
        return false;
    return !pattern || lt_choice_path(pattern, path) || lt_choice_path(pattern, whose->inside);
}

static struct lt_record *describe(const struct search *search, const struct lt_deleted *file, struct lt_str path,
                                  const struct lt_whose *whose)
{
    struct lt_record *record = lt_record_new(&search->job->arena);
    lt_record_name(record, "path", path);
    lt_record_name(record, "filename", whose->inside);
    if (path.len && file->inferred)
        lt_record_text(record, "confidence", LT_STR("inferred"));
    add_owner(record, whose->owner);
    lt_record_int(record, "inode", (int64_t)file->node->ino);
    lt_record_int(record, "generation", file->generation);
    lt_record_int(record, "size", (int64_t)file->node->size);
    lt_record_int(record, "mode", file->node->mode & 07777);
    lt_record_int(record, "owner_identifier", file->node->uid);
    lt_record_int(record, "group_identifier", file->node->gid);
    add_times(record, file->node);
    add_map(record, file);
    lt_record_name(record, "evidence", lt_str_c(search->fs->evidence->spec));
    lt_record_name(record, "hostname", search->host->hostname);
    return record;
}

/* Hash the contents, and keep them if the user wants that. Of what is left of a file in part, the hash says nothing. */
static enum lt_status take_contents(struct search *search, const struct lt_deleted *file, const struct lt_whose *whose,
                                    struct lt_record *record, struct lt_err *err)
{
    struct lt_buf sha256 = {0};
    struct lt_arena *arena = &search->job->arena;
    uint64_t left_out = search->keeper.left_out;
    struct lt_str kept = LT_STR("");
    enum lt_status status = lt_recover_hash(&search->keeper, file, &sha256, err);
    bool affordable = left_out == search->keeper.left_out;
    if (status == LT_OK && affordable && !search->job->options->list)
        status = lt_recover_keep(&search->keeper, file, whose, lt_buf_view(&sha256), &kept, err);
    if (!file->lost_count)
        lt_record_text(record, "sha256", lt_str_dup(arena, lt_buf_view(&sha256)));
    lt_record_name(record, "file", kept);
    lt_buf_free(&sha256);
    return status;
}

static enum lt_status take(void *arg, const struct lt_deleted *file, struct lt_err *err)
{
    struct search *search = arg;
    struct lt_str path = host_path(search, file);
    struct lt_whose whose = lt_whose_is(&search->owners, search->host, path);
    enum lt_status status = lt_job_poll(search->job, err);
    if (status != LT_OK || !is_wanted(search, path, &whose))
        return status;
    struct lt_record *record = describe(search, file, path, &whose);
    if (file->source != LT_MAP_NONE && lost_bytes(file) < file->node->size)
        status = take_contents(search, file, &whose, record, err);
    lt_list_add(&search->records, &search->job->arena, record);
    return status;
}

/* --- the search --- */

/* First, what deleted records tell of the layers of containers that are gone. */
static enum lt_status learn(void *arg, const struct lt_deleted *file, struct lt_err *err)
{
    struct search *search = arg;
    enum lt_status status = lt_job_poll(search->job, err);
    if (status == LT_OK)
        lt_whose_learn(&search->owners, search->host, host_path(search, file), file);
    return status;
}

static enum lt_status search_fs(struct search *search, struct lt_err *err)
{
    struct lt_err problem = {0};
    if (!search->fs->ops->deleted || lt_list_has(&search->searched, search->fs))
        return LT_OK;
    lt_list_add(&search->searched, &search->job->arena, search->fs);
    enum lt_status status = search->fs->ops->deleted(search->fs, learn, search, &problem);
    if (status == LT_OK || status == LT_SKIP) {
        lt_err_clear(&problem); /* the same again */
        status = search->fs->ops->deleted(search->fs, take, search, &problem);
    }
    if (status == LT_SKIP) {
        lt_skip_error(&search->job->ctx, search->at, &problem);
        return LT_OK;
    }
    if (status != LT_OK && err)
        *err = problem;
    return status;
}

static enum lt_status search_host(struct search *search, struct lt_err *err)
{
    enum lt_status status = LT_OK;
    lt_each (const struct lt_mount_point, mount, &search->host->mounts) {
        search->fs = lt_mounted_part(mount->fs, LT_STR(""), &search->job->arena, &search->base);
        search->at = lt_str_eq(mount->at, LT_STR("/")) ? LT_STR("") : mount->at;
        status = search_fs(search, err);
        if (status != LT_OK)
            return status;
    }
    return status;
}

static const struct lt_column columns[] = {
    {"DELETED", "deleted", LT_SHOW_ALL},
    {"ROLE", "layer_role", LT_SHOW_ALL},
    {"CONTAINER", "container_name", LT_SHOW_ALL},
    {"LEFT", "left", LT_SHOW_ALL},
    {"MAP", "map", LT_SHOW_ALL},
    {"SIZE", "size", LT_SHOW_ALL},
    {"EVIDENCE", "evidence", LT_SHOW_DIFFERS},
    {"INODE", "inode", LT_SHOW_ALL},
    {"PATH", "path", LT_SHOW_ALL},
};

/* What may be read if the user does not say: as much as the evidence has. */
static uint64_t limit_of(const struct lt_job *job)
{
    uint64_t size = 0;
    lt_each (const struct lt_evidence, evidence, &job->evidence)
        size += evidence->size;
    return job->options->limit ? job->options->limit : size;
}

static enum lt_status write_records(struct search *search, struct lt_err *err)
{
    struct lt_job *job = search->job;
    size_t count = sizeof columns / sizeof *columns;
    enum lt_status status = lt_records_write(job, &search->records, columns, count, err);
    if (status != LT_OK || job->options->list)
        return status;
    lt_records_csv(lt_output_buffer(&job->listing), &search->records, columns, count, job->options->raw_csv);
    return lt_output_flush(&job->listing, err);
}

static enum lt_status run_recover(struct lt_job *job, struct lt_err *err)
{
    struct search search = {.job = job, .keeper = {.job = job, .left = limit_of(job)}};
    uint64_t errors;
    search.owners.inventory = &job->inventory;
    enum lt_status status = lt_traces_find(job, LT_TRACES_COUNT, &errors, err); /* names of those that are gone */
    if (status == LT_OK)
        status = lt_resolve_container(job, err);
    if (status != LT_OK)
        return status;
    lt_each (struct lt_host, host, &job->inventory.hosts) {
        if (!host->roots.count)
            continue;
        lt_job_enter(job, host->roots.items[0], "recover");
        search.host = host;
        status = search_host(&search, err);
        if (status != LT_OK)
            return status;
    }
    job->in_vain = !search.searched.count;
    if (job->in_vain && !job->options->quiet)
        lt_say("deleted files can be found in images of ext2, ext3 and ext4 alone, and none of these is given");
    job->limited = search.keeper.left_out;
    if (job->limited && !job->options->quiet)
        lt_say("--limit is reached: the contents of %ju files were left out", (uintmax_t)search.keeper.left_out);
    return write_records(&search, err);
}

const struct lt_command lt_command_recover = {
    .name = "recover",
    .arguments = "EVIDENCE...",
    .summary = "deleted files whose contents are still there: which each was, whose, and what of it is lost",
    .options = LT_OPTIONS_JSON | LT_OPTIONS_CHOSEN | LT_OPTIONS_TREE,
    .run = run_recover,
};
