// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/xfs.h"

#include "evidence/identity.h"
#include "evidence/xfs/attrs.h"
#include "evidence/xfs/list.h"
#include "evidence/xfs/nameless.h"
#include "evidence/xfs/replay.h"
#include "evidence/xfs/unlinked.h"

#include <stdlib.h>

static enum lt_status xfs_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                               struct lt_err *err)
{
    struct lt_xfs_reader *reader = lt_xfs_reader(fs);
    struct lt_found found;
    struct lt_err problem = {0};
    *out = (struct lt_node){.name = lt_str_basename(path)};
    enum lt_status status =
        lt_path_find(&reader->index, fs, reader->volume.super.root, lt_xfs_names_of, path, &found, err);
    if (status != LT_OK)
        return status;
    out->ino = found.ino;
    status = lt_xfs_describe_as(reader, arena, found.type, out, &problem);
    if (status == LT_SKIP && !out->mode)
        return lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text);
    if (status == LT_SKIP && lt_xfs_mark(reader, &reader->flawed, found.ino))
        lt_fs_flaw(fs, path, &problem);
    return LT_OK;
}

static struct lt_time xfs_made(struct lt_fs *fs, struct lt_str path, struct lt_arena *scratch)
{
    struct lt_node root;
    (void)path;
    return xfs_stat(fs, LT_STR(""), scratch, &root, NULL) == LT_OK ? root.time[LT_B] : (struct lt_time){0};
}

static enum lt_status xfs_names(struct lt_fs *fs, const struct lt_dir *dir, lt_each_name *each, void *arg,
                                struct lt_err *err)
{
    enum lt_status status = lt_xfs_names_of(fs, dir->ino, each, arg, err);
    return status == LT_END ? lt_fail(err, LT_SKIP, LT_CODE_TYPE, 0, "not a directory") : status;
}

static enum lt_status xfs_describe(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                   struct lt_node *node, struct lt_err *err)
{
    (void)dir;
    return lt_xfs_describe(lt_xfs_reader(fs), arena, node, err);
}

/* --- contents --- */

static void xfs_close(struct lt_file *file)
{
    free(file->handle);
    file->handle = NULL;
}

/* A file whose inode or extents hold together is read although a checksum is wrong: `flaw` says so then. If they do
 * not, reading says so. */
static enum lt_status open_inode(struct lt_xfs_reader *reader, uint64_t ino, struct lt_file *out, struct lt_err *flaw,
                                 struct lt_err *err)
{
    struct lt_xfs_held *held = lt_realloc(NULL, sizeof *held); /* its address stays: it points into itself */
    enum lt_status status = lt_xfs_read_inode(reader, ino, held, err);
    out->handle = held;
    if (status == LT_OK && !S_ISREG(held->inode.mode))
        status = lt_fail(err, LT_SKIP, LT_CODE_TYPE, 0, "not a regular file");
    if (status == LT_OK && held->inode.flags & LT_XFS_REALTIME_FL && held->inode.data.extents)
        status = lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "the file's data lies on a realtime device");
    if (status != LT_OK) {
        xfs_close(out);
        return status;
    }
    out->size = held->inode.size;
    struct lt_err problem = {0};
    if (held->inode.damaged)
        lt_fail(flaw, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum in inode %ju", (uintmax_t)ino);
    if (lt_xfs_check_map(&reader->volume, held, &problem) != LT_OK && held->trusted)
        lt_fail(flaw, LT_SKIP, problem.code, 0, "%s", problem.text);
    return LT_OK;
}

static void tell_flaw(struct lt_fs *fs, uint64_t ino, struct lt_str path, const struct lt_err *flaw)
{
    struct lt_xfs_reader *reader = lt_xfs_reader(fs);
    if (flaw->set && lt_xfs_mark(reader, &reader->flawed, ino))
        lt_fs_flaw(fs, path, flaw);
}

static enum lt_status xfs_open(struct lt_fs *fs, struct lt_str path, struct lt_file *out, struct lt_err *err)
{
    struct lt_xfs_reader *reader = lt_xfs_reader(fs);
    struct lt_found found;
    struct lt_err flaw = {0};
    enum lt_status status =
        lt_path_find(&reader->index, fs, reader->volume.super.root, lt_xfs_names_of, path, &found, err);
    if (status == LT_OK)
        status = open_inode(reader, found.ino, out, &flaw, err);
    if (status == LT_OK)
        tell_flaw(fs, found.ino, path, &flaw);
    return status;
}

static enum lt_status xfs_open_entry(struct lt_fs *fs, const struct lt_dir *dir, const struct lt_node *node,
                                     struct lt_file *out, struct lt_err *err)
{
    struct lt_buf path = {0};
    struct lt_err flaw = {0};
    const struct lt_event at = {.dir = dir, .node = node};
    enum lt_status status = open_inode(lt_xfs_reader(fs), node->ino, out, &flaw, err);
    if (flaw.set) {
        lt_event_path(&path, &at);
        tell_flaw(fs, node->ino, lt_buf_view(&path), &flaw);
        lt_buf_free(&path);
    }
    return status;
}

static ssize_t xfs_read(struct lt_file *file, void *buffer, size_t size, uint64_t offset, struct lt_err *err)
{
    const struct lt_xfs_held *held = file->handle;
    if (offset >= held->inode.size)
        return 0;
    size = size < held->inode.size - offset ? size : (size_t)(held->inode.size - offset);
    return lt_xfs_read_fork(&lt_xfs_reader(file->fs)->volume, held, &held->inode.data, buffer, size, offset, err);
}

/* --- the file system --- */

static void xfs_release(struct lt_fs *fs)
{
    struct lt_xfs_reader *reader = lt_xfs_reader(fs);
    lt_xfs_volume_close(&reader->volume);
    lt_device_close(&reader->replayed);
    free(reader->dir_block);
    free(reader->unlinked.items);
}

static const struct lt_fs_ops xfs_ops = {
    .stat = xfs_stat,
    .made = xfs_made,
    .list = lt_xfs_list,
    .names = xfs_names,
    .describe = xfs_describe,
    .xattrs = lt_xfs_xattrs,
    .orphans = lt_xfs_orphans,
    .open = xfs_open,
    .open_entry = xfs_open_entry,
    .read = xfs_read,
    .close = xfs_close,
    .release = xfs_release,
};

/* An unknown feature could change anything. It is a note, too: who opens file systems may leave errors of one that
 * nobody can read to what knows it by its magic number. */
static enum lt_status check_features(struct lt_fs *fs, const struct lt_xfs *super, struct lt_err *err)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } later[] = {{0x100, "metadir "}, {0x200, "zoned "}, {0x400, "zone_gaps "}};
    struct lt_buf names = {0};
    uint32_t unknown = super->incompat & ~(uint32_t)LT_XFS_INCOMPAT_KNOWN;
    if (!unknown)
        return LT_OK;
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        lt_buf_add(&names, unknown & later[i].bit ? lt_str_c(later[i].name) : LT_STR(""));
    lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "the file system has features that are not known: %.*s(%#x)",
            LT_ARG(lt_buf_view(&names)), unknown);
    lt_buf_free(&names);
    lt_fs_note(fs, LT_CODE_UNSUPPORTED, err->text);
    return LT_SKIP;
}

static void check_super(struct lt_fs *fs)
{
    const struct lt_xfs_volume *volume = &lt_xfs_reader(fs)->volume;
    struct lt_arena *arena = &fs->evidence->arena;
    fs->copies.super = volume->copy;
    struct lt_str used = LT_STR("");
    if (volume->copy)
        used = lt_str_format(arena, ": its copy in AG %u is used", volume->copy);
    if (volume->bad_super.set)
        lt_fs_note(fs, LT_CODE_DAMAGED, lt_str_format(arena, "%s%.*s", volume->bad_super.text, LT_ARG(used)).ptr);
    if (volume->super.incompat & LT_XFS_INCOMPAT_NEEDSREPAIR)
        lt_fs_note(fs, LT_CODE_DAMAGED, "a repair of the file system was begun, and not finished");
    if (volume->super.unfinished && !volume->copy) /* mkfs.xfs leaves copies marked so */
        lt_fs_note(fs, LT_CODE_DAMAGED, "mkfs did not finish the file system");
    if (volume->super.blocks > volume->device.size >> volume->super.block_log)
        lt_fs_note(fs, LT_CODE_TRUNCATED, "the image ends before the file system does");
}

static void identify(struct lt_fs *fs)
{
    const struct lt_xfs *super = &lt_xfs_reader(fs)->volume.super;
    struct lt_arena *arena = &fs->evidence->arena;
    fs->identity.uuid = lt_uuid_text(arena, super->uuid);
    fs->identity.label = lt_label_text(arena, (const unsigned char *)super->label, sizeof super->label);
}

static void look_at_log(struct lt_fs *fs)
{
    struct lt_xfs_volume *volume = &lt_xfs_reader(fs)->volume;
    struct lt_err problem = {0};
    enum lt_status status = lt_xfs_log_dirty(&volume->device, &volume->super, &fs->lagging, &problem);
    fs->journal.present = fs->lagging |= status != LT_OK;
    if (status != LT_OK)
        lt_fs_note(fs, LT_CODE_JOURNAL, problem.text);
    else if (fs->lagging)
        lt_fs_note(fs, LT_CODE_JOURNAL, "the log was not replayed: the newest changes may be missing");
}

/* Open the file system anew with the changes of the log in place, if there are any. The superblock may be one of them.
 */
static enum lt_status replay_log(struct lt_fs *fs, bool seek_copy, struct lt_err *err)
{
    struct lt_xfs_reader *reader = lt_xfs_reader(fs);
    struct lt_xfs_replay_report report;
    struct lt_xfs_volume before = reader->volume;
    enum lt_status status = lt_xfs_replay(&before.device, &before.super, &reader->replayed, &report);
    fs->journal = report.journal;
    fs->lagging = report.problem.set;
    if (report.problem.set)
        lt_fs_note(fs, report.problem.code, report.problem.text);
    if (report.missing.set)
        lt_fs_note(fs, report.missing.code, report.missing.text);
    if (status != LT_OK)
        return LT_OK;
    lt_xfs_volume_close(&reader->volume);
    status = lt_xfs_volume_open(&reader->volume, &reader->replayed, seek_copy, err);
    return status == LT_OK ? check_features(fs, &reader->volume.super, err) : LT_SKIP;
}

static enum lt_status open_volume(struct lt_fs *fs, const struct lt_device *device, const struct lt_evidence_args *args,
                                  struct lt_err *err)
{
    struct lt_xfs_reader *reader = lt_xfs_reader(fs);
    enum lt_status status = lt_xfs_volume_open(&reader->volume, device, args->seek_copy, err);
    if (status == LT_OK)
        status = check_features(fs, &reader->volume.super, err);
    if (status != LT_OK)
        return status;
    check_super(fs); /* now: the log may bring a whole one */
    if (!args->no_journal)
        return replay_log(fs, args->seek_copy, err);
    look_at_log(fs);
    return LT_OK;
}

static enum lt_status xfs_open_fs(struct lt_fs *fs, const struct lt_device *device, const struct lt_evidence_args *args,
                                  struct lt_err *err)
{
    struct lt_err problem = {0};
    struct lt_xfs_reader *reader = lt_new(&fs->evidence->arena, struct lt_xfs_reader);
    fs->self = reader;
    enum lt_status status = open_volume(fs, device, args, &problem);
    if (status != LT_OK) {
        lt_xfs_volume_close(&reader->volume);
        lt_device_close(&reader->replayed);
        fs->self = NULL;
        fs->journal = (struct lt_journal_summary){0};
        return lt_fail(err, status, problem.code, problem.sys, "%s", problem.text);
    }
    fs->ops = &xfs_ops;
    fs->by_inode = true;
    reader->chunks.volume = &reader->volume;
    reader->arena = &fs->evidence->arena;
    reader->dir_block = lt_pages(reader->volume.super.dir_block_size);
    identify(fs);
    lt_xfs_look_at_ags(fs);
    return LT_OK;
}

const struct lt_fs_reader lt_fs_reader_xfs = {
    .name = "XFS",
    .type = "XFS",
    .family = "xfs",
    .open = xfs_open_fs,
};
