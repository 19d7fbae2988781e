// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/ext4.h"

#include "evidence/ext4/deleted.h"
#include "evidence/ext4/extents.h"
#include "evidence/ext4/features.h"
#include "evidence/ext4/journal.h"
#include "evidence/ext4/list.h"
#include "evidence/ext4/nameless.h"
#include "evidence/ext4/orphans.h"
#include "evidence/ext4/past.h"
#include "evidence/ext4/unowned.h"
#include "evidence/ext4/xattr.h"
#include "evidence/identity.h"

#include <stdlib.h>

enum { MAX_LOST_GROUPS = 1000 };

/* Is this the first time that the damage of the inode is met on the way to a path? */
static bool first_time(struct lt_ext4_reader *reader, uint64_t ino)
{
    if (!reader->flawed) /* zeroed pages cost nothing until they are written */
        reader->flawed = calloc((size_t)reader->volume.super.inodes / 8 + 1, 1);
    return !reader->flawed || lt_ext4_mark(reader->flawed, ino);
}

static enum lt_status ext4_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                                struct lt_err *err)
{
    struct lt_ext4_reader *reader = lt_ext4_reader(fs);
    struct lt_found found;
    struct lt_err problem = {0};
    *out = (struct lt_node){.name = lt_str_basename(path)};
    enum lt_status status = lt_path_find(&reader->index, fs, LT_EXT4_ROOT, lt_ext4_names_of, path, &found, err);
    if (status != LT_OK)
        return status;
    out->ino = found.ino;
    status = lt_ext4_describe_as(reader, arena, found.type, out, &problem);
    if (status == LT_SKIP && !out->mode)
        return lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text);
    if (status == LT_SKIP && first_time(reader, found.ino))
        lt_fs_flaw(fs, path, &problem);
    return LT_OK;
}

static struct lt_time ext4_made(struct lt_fs *fs, struct lt_str path, struct lt_arena *scratch)
{
    struct lt_node root;
    (void)path;
    return ext4_stat(fs, LT_STR(""), scratch, &root, NULL) == LT_OK ? root.time[LT_B] : (struct lt_time){0};
}

static enum lt_status ext4_names(struct lt_fs *fs, const struct lt_dir *dir, lt_each_name *each, void *arg,
                                 struct lt_err *err)
{
    enum lt_status status = lt_ext4_names_of(fs, dir->ino, each, arg, err);
    return status == LT_END ? lt_fail(err, LT_SKIP, LT_CODE_TYPE, 0, "not a directory") : status;
}

static enum lt_status ext4_describe(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                    struct lt_node *node, struct lt_err *err)
{
    (void)dir;
    return lt_ext4_describe(lt_ext4_reader(fs), arena, node, err);
}

/* A collection of attributes. */
struct xattr_job {
    struct lt_ext4_reader *reader;
    struct lt_arena *arena;
    struct lt_list *out;
    struct lt_err *err;
};

/* A large value lies in an inode of its own (feature ea_inode). */
static bool read_value(const struct xattr_job *job, const struct lt_ext4_xattr *xattr, struct lt_str *out)
{
    struct lt_cursor bytes;
    struct lt_ext4_inode inode;
    char *value = lt_arena_alloc(job->arena, xattr->value_size + 1);
    if (lt_ext4_read_inode(job->reader, xattr->value_inode, &bytes, &inode, job->err) != LT_OK)
        return false;
    inode.size = inode.flags & LT_EXT4_EA_INODE_FL ? inode.size : 0;
    ssize_t got = lt_volume_read_file(&job->reader->volume, &inode, value, xattr->value_size, 0, job->err);
    *out = (struct lt_str){value, xattr->value_size};
    return got == (ssize_t)xattr->value_size;
}

static void take_xattr(void *arg, const struct lt_ext4_xattr *disk)
{
    const struct xattr_job *job = arg;
    if (lt_ext4_is_inline_data(disk))
        return;
    struct lt_xattr *xattr = lt_new(job->arena, struct lt_xattr);
    xattr->name = lt_ext4_xattr_name(disk, job->arena);
    if (!xattr->name.len) {
        lt_fail(job->err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "extended attribute with unknown prefix %u", disk->index);
        return;
    }
    if (!disk->value_inode) {
        xattr->value = lt_ext4_xattr_value(disk->index, disk->value, job->arena);
    } else if (!read_value(job, disk, &xattr->value)) {
        lt_fail(job->err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the value of '%.*s' in inode %u",
                LT_ARG(xattr->name), disk->value_inode);
        return;
    }
    lt_list_add(job->out, job->arena, xattr);
}

static int by_xattr(const void *a, const void *b)
{
    const struct lt_xattr *const *left = a, *const *right = b;
    return lt_str_cmp((*left)->name, (*right)->name);
}

static void block_xattrs(struct xattr_job *job, uint64_t number)
{
    struct lt_ext4_volume *volume = &job->reader->volume;
    const unsigned char *bytes = lt_volume_block(volume, number);
    if (!bytes) {
        lt_fail(job->err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the extended attributes in block %ju",
                (uintmax_t)number);
        return;
    }
    /* A copy, because values are read while it is in use. */
    struct lt_str copy = lt_str_dup(job->arena, (struct lt_str){(const char *)bytes, volume->super.block_size});
    struct lt_cursor block = {.ptr = (const unsigned char *)copy.ptr, .len = copy.len};
    if (lt_ext4_xattrs_damaged(&volume->super, block, number))
        lt_fail(job->err, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum of the extended attributes in block %ju",
                (uintmax_t)number);
    lt_ext4_block_xattrs(block, take_xattr, job, job->err);
}

static enum lt_status ext4_xattrs(struct lt_fs *fs, const struct lt_dir *dir, const struct lt_node *node,
                                  struct lt_arena *arena, struct lt_list *out, struct lt_err *err)
{
    struct lt_ext4_reader *reader = lt_ext4_reader(fs);
    struct lt_err problem = {0};
    struct xattr_job job = {reader, arena, out, &problem};
    struct lt_ext4_inode inode;
    struct lt_cursor bytes;
    unsigned char copy[LT_EXT4_MAX_INODE];
    (void)dir;
    if (lt_ext4_read_inode(reader, node->ino, &bytes, &inode, err) != LT_OK)
        return LT_SKIP;
    if (inode.xattrs.len) {
        memcpy(copy, inode.xattrs.ptr, inode.xattrs.len);
        inode.xattrs.ptr = copy;
        lt_ext4_inode_xattrs(inode.xattrs, take_xattr, &job, &problem);
    }
    if (inode.xattr_block)
        block_xattrs(&job, inode.xattr_block);
    if (out->count)
        qsort(out->items, out->count, sizeof *out->items, by_xattr);
    return problem.set ? lt_fail(err, LT_SKIP, problem.code, 0, "%s", problem.text) : LT_OK;
}

/* An open file. */
struct handle {
    struct lt_ext4_inode inode;
    struct lt_ext4_inline data; /* only with LT_EXT4_INLINE_FL */
};

static void ext4_close(struct lt_file *file)
{
    free(file->handle);
    file->handle = NULL;
}

static enum lt_status open_inode(struct lt_ext4_reader *reader, uint64_t ino, struct lt_file *out, struct lt_err *err)
{
    struct lt_ext4_inode inode;
    struct lt_cursor bytes;
    enum lt_status status = lt_ext4_read_inode(reader, ino, &bytes, &inode, err);
    if (status != LT_OK)
        return status;
    if (!S_ISREG(inode.mode))
        return lt_fail(err, LT_SKIP, LT_CODE_TYPE, 0, "not a regular file");
    if (inode.flags & LT_EXT4_ENCRYPT_FL)
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "the file is encrypted");
    struct handle *handle = lt_realloc(NULL, sizeof *handle);
    *handle = (struct handle){.inode = inode};
    out->handle = handle;
    out->size = inode.size;
    if (!(inode.flags & LT_EXT4_INLINE_FL))
        return LT_OK;
    status = lt_ext4_read_inline(&inode, &handle->data, err);
    if (status == LT_OK && handle->data.len < inode.size)
        status = lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "inline data of inode %u break off", inode.ino);
    if (status != LT_OK)
        ext4_close(out);
    return status;
}

/* A file whose extents hold together is read although a checksum is wrong. If they do not, reading says so. */
static void check_content(struct lt_fs *fs, struct lt_file *file, struct lt_str path)
{
    struct lt_ext4_reader *reader = lt_ext4_reader(fs);
    struct handle *handle = file->handle;
    struct lt_err problem = {0};
    enum lt_status status = lt_extents_check(&reader->volume, &handle->inode, &problem);
    if (status != LT_OK && handle->inode.trusted && first_time(reader, handle->inode.ino))
        lt_fs_flaw(fs, path, &problem);
}

static enum lt_status ext4_open(struct lt_fs *fs, struct lt_str path, struct lt_file *out, struct lt_err *err)
{
    struct lt_ext4_reader *reader = lt_ext4_reader(fs);
    struct lt_found found;
    struct lt_cursor bytes;
    struct lt_err problem = {0};
    enum lt_status status = lt_path_find(&reader->index, fs, LT_EXT4_ROOT, lt_ext4_names_of, path, &found, err);
    if (status != LT_OK)
        return status;
    if (lt_volume_inode(&reader->volume, found.ino, &bytes, NULL) == LT_OK &&
        lt_ext4_inode_damaged(&reader->volume.super, bytes, (uint32_t)found.ino) && first_time(reader, found.ino)) {
        lt_fail(&problem, LT_SKIP, LT_CODE_DAMAGED, 0, "wrong checksum in inode %ju", (uintmax_t)found.ino);
        lt_fs_flaw(fs, path, &problem);
    }
    status = open_inode(reader, found.ino, out, err);
    if (status == LT_OK)
        check_content(fs, out, path);
    return status;
}

static enum lt_status ext4_open_entry(struct lt_fs *fs, const struct lt_dir *dir, const struct lt_node *node,
                                      struct lt_file *out, struct lt_err *err)
{
    struct lt_buf path = {0};
    const struct lt_event at = {.dir = dir, .node = node};
    enum lt_status status = open_inode(lt_ext4_reader(fs), node->ino, out, err);
    if (status == LT_OK) {
        lt_event_path(&path, &at);
        check_content(fs, out, lt_buf_view(&path));
        lt_buf_free(&path);
    }
    return status;
}

static ssize_t ext4_read(struct lt_file *file, void *buffer, size_t size, uint64_t offset, struct lt_err *err)
{
    const struct handle *handle = file->handle;
    if (!(handle->inode.flags & LT_EXT4_INLINE_FL))
        return lt_volume_read_file(&lt_ext4_reader(file->fs)->volume, &handle->inode, buffer, size, offset, err);
    if (offset >= handle->data.len)
        return 0;
    size = size < handle->data.len - offset ? size : handle->data.len - (size_t)offset;
    memcpy(buffer, handle->data.bytes + offset, size);
    return (ssize_t)size;
}

/* An unknown feature could change anything. */
static enum lt_status check_features(const struct lt_ext4 *super, struct lt_err *err)
{
    uint32_t unknown = super->incompat & ~(uint32_t)LT_EXT4_INCOMPAT_KNOWN;
    if (!unknown)
        return LT_OK;
    return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0,
                   "the file system has features that are not known (%#x): it is read through libtsk, without journal, "
                   "attributes and deleted entries",
                   unknown);
}

static void check_super(struct lt_fs *fs)
{
    const struct lt_ext4_volume *volume = &lt_ext4_reader(fs)->volume;
    if (!volume->bad_super.set)
        return;
    fs->copies.super = volume->super.group;
    struct lt_str used = fs->copies.super ? lt_str_format(&fs->evidence->arena, ": its copy in group %ju is used",
                                                          (uintmax_t)fs->copies.super)
                                          : LT_STR("");
    lt_fs_note(fs, LT_CODE_DAMAGED,
               lt_str_format(&fs->evidence->arena, "%s%.*s", volume->bad_super.text, LT_ARG(used)).ptr);
}

static void check_groups(struct lt_fs *fs)
{
    struct lt_ext4_volume *volume = &lt_ext4_reader(fs)->volume;
    uint64_t groups = lt_ext4_groups(&volume->super), damaged = 0, lost = 0, first = UINT64_MAX;
    for (uint64_t number = 0; number < groups; number++) {
        const struct lt_ext4_group *group = lt_volume_group(volume, number);
        lost += !group;
        damaged += group && group->damaged;
        fs->copies.groups += group && group->from_copy;
        if (first == UINT64_MAX && (!group || group->damaged))
            first = number;
        if (lost > MAX_LOST_GROUPS)
            break; /* the image is cut short, or lies about its size */
    }
    if (!lost && !damaged)
        return;
    struct lt_str text =
        lt_str_format(&fs->evidence->arena,
                      "%ju group descriptors are damaged, and of %ju of them copies are used; %ju "
                      "cannot be read; the first is that of group %ju",
                      (uintmax_t)damaged, (uintmax_t)fs->copies.groups, (uintmax_t)lost, (uintmax_t)first);
    lt_fs_note(fs, LT_CODE_DAMAGED, text.ptr);
}

static void replay_journal(struct lt_fs *fs, bool no_journal)
{
    struct lt_ext4_volume *volume = &lt_ext4_reader(fs)->volume;
    struct lt_err problem = {0};
    bool journaled = volume->super.compat & LT_EXT4_COMPAT_HAS_JOURNAL;
    fs->lagging = journaled ? volume->super.needs_recovery && no_journal : !volume->super.clean;
    if (!volume->super.needs_recovery)
        return;
    fs->journal.present = true;
    if (no_journal)
        lt_fs_note(fs, LT_CODE_JOURNAL, "the journal was not replayed: the newest changes may be missing");
    else if (lt_journal_replay(volume, &fs->journal, &problem) != LT_OK)
        lt_fs_note(fs, LT_CODE_JOURNAL, problem.text);
}

static void identify(struct lt_fs *fs)
{
    const struct lt_ext4 *super = &lt_ext4_reader(fs)->volume.super;
    struct lt_arena *arena = &fs->evidence->arena;
    fs->identity.uuid = lt_uuid_text(arena, super->uuid);
    fs->identity.label = lt_label_text(arena, super->label, sizeof super->label);
    fs->identity.last_mounted = lt_label_text(arena, super->last_mounted, sizeof super->last_mounted);
    fs->mounted = super->mount_time ? lt_time_at(super->mount_time, 0) : (struct lt_time){0};
    fs->features = lt_ext4_features(super, arena);
    fs->unclean = super->needs_recovery || !super->clean;
}

static void ext4_release(struct lt_fs *fs)
{
    struct lt_ext4_reader *reader = lt_ext4_reader(fs);
    lt_ext4_past_free(reader->past);
    lt_volume_close(&reader->volume);
    free(reader->named);
    free(reader->flawed);
    free(reader->orphans.items);
    free(reader->orphans.dirs);
}

static const struct lt_fs_ops ext4_ops = {
    .stat = ext4_stat,
    .made = ext4_made,
    .list = lt_ext4_list,
    .names = ext4_names,
    .describe = ext4_describe,
    .xattrs = ext4_xattrs,
    .orphans = lt_ext4_orphans,
    .former = lt_ext4_former,
    .deleted = lt_ext4_deleted,
    .deleted_if = lt_ext4_deleted_if,
    .read_deleted = lt_ext4_read_deleted,
    .unowned = lt_ext4_unowned,
    .read_unowned = lt_ext4_read_unowned,
    .place = lt_ext4_place,
    .open = ext4_open,
    .open_entry = ext4_open_entry,
    .read = ext4_read,
    .close = ext4_close,
    .release = ext4_release,
};

static enum lt_status ext4_open_fs(struct lt_fs *fs, const struct lt_device *device,
                                   const struct lt_evidence_args *args, struct lt_err *err)
{
    struct lt_ext4_reader *reader = lt_new(&fs->evidence->arena, struct lt_ext4_reader);
    struct lt_ext4_volume *volume = &reader->volume;
    enum lt_status status = lt_volume_open(volume, device, args->seek_copy, err);
    if (status == LT_OK)
        status = check_features(&volume->super, err);
    if (status != LT_OK) {
        lt_volume_close(volume);
        return status;
    }
    fs->ops = &ext4_ops;
    fs->by_inode = true;
    fs->self = reader;
    if (volume->super.blocks > device->size / volume->super.block_size)
        lt_fs_note(fs, LT_CODE_TRUNCATED, "the image ends before the file system does");
    check_super(fs); /* now: the journal may bring a whole one */
    replay_journal(fs, args->no_journal);
    status = check_features(&volume->super, err); /* the journal may have brought a newer superblock */
    if (status != LT_OK) {
        fs->journal = (struct lt_journal_summary){.present = true};
        lt_volume_close(volume);
        return status;
    }
    identify(fs);
    fs->entries = volume->super.inodes - (volume->super.free_inodes % (volume->super.inodes + 1));
    check_groups(fs);
    lt_ext4_find_orphans(fs);
    /* Zeroed pages cost nothing until they are written, however many inodes a hostile superblock claims. */
    reader->named = calloc((size_t)volume->super.inodes / 8 + 1, 1);
    return LT_OK;
}

const struct lt_fs_reader lt_fs_reader_ext4 = {
    .name = "ext2/3/4",
    .type = "EXT",
    .family = "ext",
    .open = ext4_open_fs,
};
