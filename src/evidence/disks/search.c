// SPDX-License-Identifier: Apache-2.0
#include "evidence/disks/disks.h"
#include "evidence/disks/unread.h"
#include "evidence/evidence.h"
#include "evidence/filesystems.h"
#include "evidence/image/partition.h"
#include "evidence/image/tsk.h"
#include "evidence/volumes/volumes.h"

/* --- parts of volumes --------------------------------------------------------------------------------------------- */

/* A part that is damaged is no part: something else may be there. */
static bool add_member(struct lt_area *area)
{
    struct lt_arena *arena = &area->evidence->arena;
    for (size_t i = 0; lt_volume_kinds[i]; i++) {
        struct lt_member found = {.kind = lt_volume_kinds[i], .area = area};
        struct lt_err err = {0};
        enum lt_status status = lt_volume_kinds[i]->look(area, &found, &err);
        if (status == LT_SKIP)
            lt_unread_note(area, &err);
        if (status != LT_OK)
            continue;
        struct lt_member *member = lt_new(arena, struct lt_member);
        *member = found;
        area->member = true;
        lt_unread_report(area);
        lt_list_add(&area->disks->members, arena, member);
        return true;
    }
    return false;
}

/* --- file systems ------------------------------------------------------------------------------------------------- */

static void note_error(const struct lt_fs *fs, const struct lt_err *err)
{
    lt_fs_note(fs, err->code, err->text);
}

/* libtsk does not tell what a file system is called. */
static void identify(struct lt_fs *fs, const struct lt_device *device)
{
    struct lt_magic magic;
    if (!lt_magic_find(device, &fs->evidence->arena, &magic))
        return;
    fs->identity.uuid = magic.uuid;
    fs->identity.label = magic.label;
}

static void take_fs(struct lt_area *area, struct lt_fs *fs, const char *name, const char *reader)
{
    lt_list_add(&fs->evidence->fs, &fs->evidence->arena, fs);
    area->fs = fs;
    area->reader = reader;
    area->holds = lt_str_format(&fs->evidence->arena, "%s file system", name);
    area->uuid = fs->identity.uuid;
    area->label = fs->identity.label;
}

/* What our readers do not read is left to libtsk. `why` is what the last of them said, and its label is still that of
 * `fs`. */
static bool add_other_fs(struct lt_area *area, struct lt_fs *fs, const struct lt_fs_reader *reader,
                         const struct lt_err *why)
{
    const char *type;
    struct lt_err failure = {0};
    if (lt_unread_is_boot(area))
        return false;
    enum lt_status status = lt_tsk_fs(fs, &area->disk, &area->reach, &type, &failure);
    if (status == LT_SKIP)
        note_error(fs, &failure);
    if (status != LT_OK) {
        if (strcmp(why->code, LT_CODE_DAMAGED) == 0)
            note_error(fs, why);
        return false;
    }
    bool ours = lt_str_starts(lt_str_c(type), lt_str_c(reader->family));
    /* A read that fails once must not turn right rows into libtsk's. */
    if (ours && strcmp(why->code, LT_CODE_UNREADABLE) == 0) {
        fs->ops->release(fs);
        note_error(fs, why);
        return true;
    }
    lt_fs_set_label(fs, type, &area->reach);
    if (!ours && strcmp(why->code, LT_CODE_UNSUPPORTED) == 0)
        lt_fs_note(fs, why->code, "read through libtsk, without attributes, device numbers and deleted entries");
    else
        note_error(fs, why);
    identify(fs, &area->reach);
    take_fs(area, fs, type, "libtsk");
    return true;
}

static bool add_fs_as(struct lt_area *area, const struct lt_evidence_args *args)
{
    struct lt_fs *fs = lt_new(&area->evidence->arena, struct lt_fs);
    const struct lt_fs_reader *reader;
    struct lt_err why = {0};
    fs->evidence = area->evidence;
    fs->identity = area->identity;
    fs->medium.parent = area->pathspec;
    if (lt_fs_open(fs, &area->reach, args, &reader, &why) != LT_OK)
        return !args->seek_copy && add_other_fs(area, fs, reader, &why);
    fs->medium.type = reader->type;
    take_fs(area, fs, reader->name, "layertime");
    return true;
}

/* False: nobody knows what is there. */
static bool add_fs(struct lt_area *area)
{
    return add_fs_as(area, &area->evidence->args);
}

/* The same where even the start of the file system is lost. What an older file system left behind must not be taken for
 * one, so nothing else may be there. */
static bool add_lost_fs(struct lt_area *area)
{
    struct lt_evidence_args args = area->evidence->args;
    struct lt_magic magic;
    args.seek_copy = true;
    bool other = lt_magic_find(&area->reach, &area->evidence->arena, &magic) && !magic.damaged;
    return !other && add_fs_as(area, &args);
}

/* --- partitions --------------------------------------------------------------------------------------------------- */

/* The path specification of a partition (dfvfs/vfs/gpt_directory.py and tsk_partition_directory.py, 2026-09). */
static struct lt_str name_slice(const struct lt_area *area, const struct lt_area *disk)
{
    struct lt_arena *arena = &area->evidence->arena;
    if (lt_partition_table(&disk->device) == LT_PARTITION_GPT)
        return lt_str_format(arena,
                             "{\"__type__\": \"PathSpec\", \"location\": \"/p%u\", \"parent\": %.*s, "
                             "\"type_indicator\": \"GPT\"}",
                             area->identity.partition, LT_ARG(disk->pathspec));
    return lt_str_format(arena,
                         "{\"__type__\": \"PathSpec\", \"location\": \"/p%u\", \"parent\": %.*s, "
                         "\"start_offset\": %ju, \"type_indicator\": \"TSK_PARTITION\"}",
                         disk->partitions, LT_ARG(disk->pathspec),
                         (uintmax_t)(area->device.start - disk->device.start));
}

static bool is_nested(const struct lt_area *disk)
{
    return disk->kind != LT_AREA_IMAGE;
}

static void add_partition(void *arg, const struct lt_device *partition, uint64_t size, const char *description)
{
    struct lt_area *disk = arg;
    struct lt_arena *arena = &disk->evidence->arena;
    struct lt_str place = is_nested(disk)
                              ? lt_str_format(arena, "%.*s %.*s", LT_ARG(partition->place), LT_ARG(disk->device.place))
                              : partition->place;
    struct lt_area *area = lt_area_new(disk, LT_AREA_PARTITION, lt_str_format(arena, "partition %.*s", LT_ARG(place)));
    const char *type;
    disk->partitions++;
    if (!area)
        return;
    area->reach = *partition;
    area->reach.place = place;
    area->device = lt_device_slice(&area->reach, 0, size, place);
    area->disk = disk->disk;
    area->size = size;
    area->identity.disk = is_nested(disk) ? disk->number : 0;
    lt_partition_identify(&disk->device, partition, arena, &area->identity, &type);
    area->type = lt_str_c(type);
    area->use = lt_str_c(*description ? description : type);
    area->pathspec = name_slice(area, disk);
    lt_disks_search(area);
}

/* Does a partition begin with something that is known, if the DOS table counts in sectors of `size` bytes? */
static bool fits(const struct lt_area *area, uint64_t size)
{
    uint64_t starts[LT_PARTITION_SLOTS];
    size_t count = lt_partition_starts(&area->device, starts);
    for (size_t i = 0; i < count; i++) {
        struct lt_device partition = lt_device_slice(&area->device, starts[i] * size, UINT64_MAX, LT_STR(""));
        struct lt_magic magic;
        if (lt_magic_find(&partition, &area->evidence->arena, &magic) && (magic.advice || magic.uuid.len))
            return true;
    }
    return false;
}

/* Nothing in a DOS table tells the size of its sectors. */
static void guess_sectors(struct lt_area *area)
{
    enum { LARGE = 4096 };
    if (lt_partition_table(&area->device) == LT_PARTITION_DOS && !fits(area, LT_SECTOR) && fits(area, LARGE))
        area->device.sector_size = area->reach.sector_size = area->disk.sector_size = LARGE;
}

static void add_partitions(struct lt_area *area)
{
    struct lt_err err = {0};
    guess_sectors(area);
    enum lt_partition_table promised = lt_partition_table(&area->device);
    if (is_nested(area) && promised == LT_PARTITION_NONE)
        return;
    enum lt_status status = lt_tsk_partitions(area->evidence, &area->device, promised, add_partition, area, &err);
    if (area->partitions)
        area->holds = promised == LT_PARTITION_GPT   ? LT_STR("GPT")
                      : promised == LT_PARTITION_DOS ? LT_STR("DOS partition table")
                                                     : LT_STR("partition table");
    if (status == LT_OK)
        return;
    if (area->partitions)
        lt_evidence_note(area->evidence, &err);
    else
        area->problem = err;
}

/* --- all of them -------------------------------------------------------------------------------------------------- */

/* A file system may begin with a boot sector that looks like a partition table, so it is asked for first; and a disk of
 * an array may begin with the file system on that, so volumes come before. */
void lt_disks_search(struct lt_area *area)
{
    if (!area->reach.read)
        area->reach = area->device;
    if (!area->device.size && area->kind != LT_AREA_IMAGE) {
        lt_unread_name(area);
        return;
    }
    if (add_member(area) || add_fs(area))
        return;
    if (area->kind != LT_AREA_PARTITION)
        add_partitions(area);
    if (area->partitions || add_lost_fs(area) || area->kind == LT_AREA_IMAGE)
        return;
    lt_unread_name(area);
}
