// SPDX-License-Identifier: Apache-2.0
/* What lies on the disks, as a tree: partitions, volumes, file systems, the stores on them; who read it, and what helps
 * where nothing did. */
#include "command/command.h"
#include "command/record.h"
#include "evidence/disks/area.h"
#include "evidence/evidence.h"
#include "model/runtime.h"
#include "run/job.h"

enum { INDENT = 2 };

static const char *const kinds[] = {
    [LT_AREA_IMAGE] = "image",
    [LT_AREA_PARTITION] = "partition",
    [LT_AREA_GROUP] = "group",
    [LT_AREA_VOLUME] = "volume",
};

/* Where the host mounts a file system; "" if that is not known. */
static struct lt_str mount_point(const struct lt_job *job, const struct lt_fs *fs)
{
    lt_each (const struct lt_host, host, &job->inventory.hosts) {
        if (host->root_part == fs)
            return LT_STR("/");
        lt_each (const struct lt_placed, placed, &host->placed)
            if (placed->fs == fs && !placed->bind)
                return placed->at;
    }
    return LT_STR("");
}

/* "docker /var/lib/docker" */
static struct lt_list stores_on(struct lt_job *job, const struct lt_fs *fs)
{
    struct lt_list stores = {0};
    lt_each (const struct lt_root, root, &job->inventory.roots)
        if (root->part == fs)
            lt_list_add_str(&stores, &job->arena,
                            lt_str_format(&job->arena, "%s %.*s", root->runtime->name,
                                          LT_ARG(root->path.len ? root->path : LT_STR("/"))));
    return stores;
}

static const char *state_of(const struct lt_fs *fs)
{
    if (fs->journal.present)
        return fs->journal.replayed ? "dirty, journal replayed" : "dirty, journal not replayed";
    return fs->unclean ? "dirty" : "clean";
}

static void add_fs(struct lt_job *job, struct lt_record *record, const struct lt_fs *fs)
{
    struct lt_list stores = stores_on(job, fs);
    lt_record_name(record, "mounted_at", mount_point(job, fs));
    lt_record_name(record, "last_mounted_at", fs->identity.last_mounted);
    lt_record_time(record, "last_mounted", fs->mounted);
    lt_record_text(record, "features", fs->features);
    lt_record_text(record, "state", lt_str_c(state_of(fs)));
    if (stores.count)
        lt_record_list(record, "stores", stores);
}

/* "  partition at sector 2048", as deep as it lies. */
static struct lt_str title(struct lt_arena *arena, const struct lt_area *area)
{
    struct lt_str name = area->parent ? area->name : lt_str_c(area->evidence->spec);
    struct lt_buf text = {0};
    for (unsigned i = 0; i < area->depth * INDENT; i++)
        lt_buf_char(&text, ' ');
    lt_buf_add(&text, name);
    struct lt_str copy = lt_str_dup(arena, lt_buf_view(&text));
    lt_buf_free(&text);
    return copy;
}

static struct lt_record *describe(struct lt_job *job, const struct lt_area *area)
{
    struct lt_record *record = lt_record_new(&job->arena);
    lt_record_name(record, "evidence", lt_str_c(area->evidence->spec));
    lt_record_int(record, "depth", area->depth);
    lt_record_text(record, "kind", lt_str_c(kinds[area->kind]));
    lt_record_name(record, "title", title(&job->arena, area));
    lt_record_name(record, "name", area->name);
    if (area->kind != LT_AREA_GROUP && area->device.read)
        lt_record_int(record, "size", (int64_t)area->device.size);
    lt_record_text(record, "use", area->use);
    lt_record_name(record, "volume_uuid", area->volume_uuid);
    lt_record_time(record, "created", area->made);
    lt_record_text(record, "holds", area->holds);
    lt_record_name(record, "uuid", area->uuid);
    lt_record_name(record, "label", area->label);
    lt_record_text(record, "detail", area->detail);
    if (area->fs)
        add_fs(job, record, area->fs);
    lt_record_text(record, "read_by", lt_str_c(area->reader));
    lt_record_text(record, "problem", area->problem.set ? lt_str_c(area->problem.text) : LT_STR(""));
    lt_record_text(record, "helps", lt_str_c(area->advice));
    return record;
}

/* The tree is of bounded depth. */
static void list_area(struct lt_job *job, struct lt_list *records, const struct lt_area *area)
{
    lt_list_add(records, &job->arena, describe(job, area));
    lt_each (const struct lt_area, child, &area->children)
        list_area(job, records, child);
}

/* A directory has no disk below that is known. */
static struct lt_record *describe_directory(struct lt_job *job, const struct lt_evidence *evidence)
{
    struct lt_record *record = lt_record_new(&job->arena);
    lt_record_name(record, "evidence", lt_str_c(evidence->spec));
    lt_record_int(record, "depth", 0);
    lt_record_text(record, "kind", LT_STR("directory"));
    lt_record_name(record, "title", lt_str_c(evidence->spec));
    lt_each (const struct lt_fs, fs, &evidence->fs) {
        struct lt_list stores = stores_on(job, fs);
        lt_record_text(record, "read_by", LT_STR("the kernel"));
        if (stores.count)
            lt_record_list(record, "stores", stores);
    }
    return record;
}

static const struct lt_column columns[] = {
    {"WHAT", "title", LT_SHOW_ALL},
    {"SIZE", "size", LT_SHOW_ALL},
    {"FOR", "use", LT_SHOW_KNOWN},
    {"HOLDS", "holds", LT_SHOW_ALL},
    {"LABEL", "label", LT_SHOW_KNOWN},
    {"UUID", "uuid", LT_SHOW_ALL},
    {"MOUNTED AT", "mounted_at", LT_SHOW_KNOWN},
    {"LAST MOUNT", "last_mounted", LT_SHOW_KNOWN},
    {"STATE", "state", LT_SHOW_KNOWN},
    {"READ BY", "read_by", LT_SHOW_ALL},
    {"STORES", "stores", LT_SHOW_KNOWN},
    {"DETAIL", "detail", LT_SHOW_KNOWN},
    {"HELPS", "helps", LT_SHOW_KNOWN},
};

static enum lt_status run_disks(struct lt_job *job, struct lt_err *err)
{
    struct lt_list records = {0};
    lt_each (const struct lt_evidence, evidence, &job->evidence) {
        if (evidence->area)
            list_area(job, &records, evidence->area);
        else if (evidence->fs.count)
            lt_list_add(&records, &job->arena, describe_directory(job, evidence));
    }
    return lt_records_write(job, &records, columns, sizeof columns / sizeof *columns, err);
}

const struct lt_command lt_command_disks = {
    .name = "disks",
    .arguments = "EVIDENCE...",
    .summary = "what lies on the disks: partitions, volumes, file systems, stores; what reads them, or helps",
    .options = LT_OPTIONS_JSON,
    .storeless = true,
    .run = run_disks,
};
