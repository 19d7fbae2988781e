// SPDX-License-Identifier: Apache-2.0
#include "evidence/btrfs/btrfs.h"

#include "evidence/btrfs/log.h"
#include "evidence/btrfs/reader.h"
#include "evidence/identity.h"

#include <stdlib.h>

/* --- finding ----------------------------------------------------------------------------------------------------- */

/* Say that copies were used on the way to a path, because what they are copies of is damaged. */
static void report_copies(struct lt_fs *fs, struct lt_str path)
{
    struct lt_btrfs_volume *volume = &lt_btrfs_reader(fs)->volume;
    struct lt_err problem = {0};
    if (!volume->copied)
        return;
    lt_fail(&problem, LT_SKIP, LT_CODE_DAMAGED, 0, "%s: its copy is used", volume->copy_problem.text);
    if (!lt_map_get(&fs->flawed, path))
        lt_fs_flaw(fs, path, &problem);
    volume->copied = 0;
}

static void report_copies_in(struct lt_fs *fs, const struct lt_dir *dir, struct lt_str name)
{
    struct lt_buf path = {0};
    if (!lt_btrfs_reader(fs)->volume.copied)
        return;
    lt_dir_path(&path, dir);
    if (name.len)
        lt_buf_char(&path, '/');
    lt_buf_add(&path, name);
    report_copies(fs, lt_buf_view(&path));
    lt_buf_free(&path);
}

/* For the index of paths. */
struct index_job {
    const struct lt_btrfs_reader *reader;
    lt_each_name *each;
    void *arg;
};

static void index_name(void *arg, struct lt_str name, struct lt_btrfs_place place, unsigned type)
{
    const struct index_job *job = arg;
    if (lt_fs_is_name(name))
        job->each(job->arg, name, lt_btrfs_handle(job->reader, place), type);
}

static enum lt_status names_of(struct lt_fs *fs, uint64_t handle, lt_each_name *each, void *arg, struct lt_err *err)
{
    struct lt_btrfs_reader *reader = lt_btrfs_reader(fs);
    struct index_job job = {reader, each, arg};
    return lt_btrfs_names(reader, lt_btrfs_place(reader, handle), index_name, &job, err);
}

static enum lt_status find(struct lt_fs *fs, struct lt_str path, struct lt_btrfs_place *out, unsigned *type,
                           struct lt_err *err)
{
    struct lt_btrfs_reader *reader = lt_btrfs_reader(fs);
    struct lt_found found;
    enum lt_status status = lt_path_find(&reader->index, fs, LT_BTRFS_TOP, names_of, path, &found, err);
    if (status != LT_OK)
        return status;
    *out = lt_btrfs_place(reader, found.ino);
    *type = found.type;
    return LT_OK;
}

/* The inode of the directory that holds `path`. */
static uint64_t parent_of(struct lt_fs *fs, struct lt_str path)
{
    struct lt_btrfs_place place = {0};
    unsigned type;
    return find(fs, lt_str_dirname(path), &place, &type, NULL) == LT_OK ? place.ino : 0;
}

static enum lt_status btrfs_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                                 struct lt_err *err)
{
    struct lt_btrfs_place place;
    struct lt_err problem = {0};
    unsigned type;
    *out = (struct lt_node){.name = lt_str_basename(path)};
    enum lt_status status = find(fs, path, &place, &type, err);
    if (status != LT_OK)
        return status;
    uint64_t owner = place.ino == LT_BTRFS_EMPTY_DIR ? parent_of(fs, path) : 0;
    status = lt_btrfs_describe(lt_btrfs_reader(fs), place, owner, type, arena, out, &problem);
    report_copies(fs, path);
    if (status == LT_SKIP && !out->mode)
        return lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text);
    if (status == LT_SKIP && !lt_map_get(&fs->flawed, path))
        lt_fs_flaw(fs, path, &problem);
    return LT_OK;
}

static struct lt_time btrfs_made(struct lt_fs *fs, struct lt_str path, struct lt_arena *scratch)
{
    struct lt_node root;
    (void)path;
    return btrfs_stat(fs, LT_STR(""), scratch, &root, NULL) == LT_OK && root.time[LT_B].sec ? root.time[LT_B]
                                                                                            : (struct lt_time){0};
}

static uint16_t btrfs_part_at(struct lt_fs *fs, struct lt_str path)
{
    const struct lt_btrfs_reader *reader = lt_btrfs_reader(fs);
    return lt_btrfs_part(reader, lt_btrfs_subvolume_at(&reader->subvolumes, path));
}

/* --- listing ----------------------------------------------------------------------------------------------------- */

struct names_job {
    lt_each_name *each;
    void *arg;
};

static void take_name(void *arg, struct lt_str name, struct lt_btrfs_place place, unsigned type)
{
    const struct names_job *job = arg;
    if (lt_fs_is_name(name))
        job->each(job->arg, name, place.ino, type);
}

static enum lt_status btrfs_names(struct lt_fs *fs, const struct lt_dir *dir, lt_each_name *each, void *arg,
                                  struct lt_err *err)
{
    struct lt_btrfs_reader *reader = lt_btrfs_reader(fs);
    struct names_job job = {each, arg};
    enum lt_status status = lt_btrfs_names(reader, lt_btrfs_dir(reader, dir), take_name, &job, err);
    report_copies_in(fs, dir, LT_STR(""));
    return status;
}

struct list_job {
    struct lt_btrfs_reader *reader;
    struct lt_arena *arena;
    struct lt_listing *out;
};

/* Until it is described, the mode of a node is what its directory says. */
static void list_name(void *arg, struct lt_str name, struct lt_btrfs_place place, unsigned type)
{
    const struct list_job *job = arg;
    struct lt_node *node = lt_listing_add(job->out, job->arena, name, place.ino);
    node->part = lt_btrfs_part(job->reader, place.subvolume);
    node->mode = type;
}

static void describe_entry(struct lt_btrfs_reader *reader, uint64_t dir, struct lt_arena *arena, struct lt_node *node)
{
    struct lt_btrfs_place place = {&reader->subvolumes.items[node->part], node->ino};
    struct lt_err problem = {0};
    unsigned type = node->mode;
    node->mode = 0;
    if (lt_btrfs_describe(reader, place, dir, type, arena, node, &problem) == LT_OK)
        return;
    struct lt_err *error = lt_new(arena, struct lt_err);
    *error = problem;
    node->error = error;
}

static enum lt_status btrfs_list(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                 struct lt_listing *out, struct lt_err *err)
{
    struct lt_btrfs_reader *reader = lt_btrfs_reader(fs);
    struct list_job job = {reader, arena, out};
    *out = (struct lt_listing){0};
    enum lt_status status = lt_btrfs_names(reader, lt_btrfs_dir(reader, dir), list_name, &job, err);
    lt_listing_sort(out);
    for (size_t i = 0; i < out->count; i++)
        describe_entry(reader, dir->ino, arena, &out->nodes[i]);
    report_copies_in(fs, dir, LT_STR(""));
    return status;
}

static enum lt_status btrfs_describe(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                     struct lt_node *node, struct lt_err *err)
{
    struct lt_btrfs_reader *reader = lt_btrfs_reader(fs);
    enum lt_status status = lt_btrfs_describe(reader, lt_btrfs_entry(reader, dir, node), dir->ino, 0, arena, node, err);
    report_copies_in(fs, dir, node->name);
    return status;
}

static enum lt_status btrfs_xattrs(struct lt_fs *fs, const struct lt_dir *dir, const struct lt_node *node,
                                   struct lt_arena *arena, struct lt_list *out, struct lt_err *err)
{
    struct lt_btrfs_reader *reader = lt_btrfs_reader(fs);
    enum lt_status status = lt_btrfs_xattrs(reader, lt_btrfs_entry(reader, dir, node), arena, out, err);
    report_copies_in(fs, dir, node->name);
    return status;
}

/* --- contents ---------------------------------------------------------------------------------------------------- */

static void btrfs_close(struct lt_file *file)
{
    if (file->handle)
        lt_btrfs_content_free(file->handle);
    free(file->handle);
    file->handle = NULL;
}

static enum lt_status open_place(struct lt_btrfs_reader *reader, struct lt_btrfs_place place, struct lt_file *out,
                                 struct lt_err *err)
{
    struct lt_node node = {0};
    struct lt_arena scratch = {0};
    struct lt_err problem = {0};
    enum lt_status status = lt_btrfs_describe(reader, place, 0, 0, &scratch, &node, &problem);
    lt_arena_free(&scratch);
    if (status != LT_OK && !node.mode)
        return lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text);
    if (!S_ISREG(node.mode))
        return lt_fail(err, LT_SKIP, LT_CODE_TYPE, 0, "not a regular file");
    struct lt_btrfs_content *content = lt_realloc(NULL, sizeof *content);
    *content = (struct lt_btrfs_content){0};
    out->handle = content;
    out->size = node.size;
    return lt_btrfs_content_open(content, &reader->volume, &place.subvolume->tree, place.ino, err);
}

static enum lt_status btrfs_open(struct lt_fs *fs, struct lt_str path, struct lt_file *out, struct lt_err *err)
{
    struct lt_btrfs_place place;
    unsigned type;
    enum lt_status status = find(fs, path, &place, &type, err);
    if (status == LT_OK)
        status = open_place(lt_btrfs_reader(fs), place, out, err);
    report_copies(fs, path);
    return status;
}

static enum lt_status btrfs_open_entry(struct lt_fs *fs, const struct lt_dir *dir, const struct lt_node *node,
                                       struct lt_file *out, struct lt_err *err)
{
    struct lt_btrfs_reader *reader = lt_btrfs_reader(fs);
    enum lt_status status = open_place(reader, lt_btrfs_entry(reader, dir, node), out, err);
    report_copies_in(fs, dir, node->name);
    return status;
}

static ssize_t btrfs_read(struct lt_file *file, void *buffer, size_t size, uint64_t offset, struct lt_err *err)
{
    if (offset >= file->size)
        return 0;
    size = size < file->size - offset ? size : (size_t)(file->size - offset);
    return lt_btrfs_content_read(file->handle, buffer, size, offset, err) ? (ssize_t)size : -1;
}

/* --- opening ----------------------------------------------------------------------------------------------------- */

static enum lt_status check_features(const struct lt_btrfs_super *super, struct lt_err *err)
{
    uint64_t unknown = super->incompat & ~(uint64_t)LT_BTRFS_INCOMPAT_KNOWN;
    if (!unknown)
        return LT_OK;
    return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0,
                   "the btrfs file system has features that are not known (%#jx): mount it read-only and give the "
                   "directory",
                   (uintmax_t)unknown);
}

/* The chunks that hold the chunk tree are in the superblock. */
static enum lt_status read_first_chunks(struct lt_btrfs_volume *volume, struct lt_err *err)
{
    enum { KEY = 17 };
    struct lt_str rest = volume->super.array;
    while (rest.len) {
        struct lt_cursor bytes = {.ptr = (const unsigned char *)rest.ptr, .len = rest.len};
        struct lt_btrfs_key key = lt_btrfs_key(&bytes, 0);
        size_t used = 0;
        bytes = (struct lt_cursor){.ptr = bytes.ptr + (rest.len < KEY ? rest.len : KEY),
                                   .len = rest.len < KEY ? 0 : rest.len - KEY};
        if (key.type != LT_BTRFS_CHUNK)
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the superblock holds something that is no chunk");
        if (lt_btrfs_add_chunk(volume, bytes, key.offset, &used, err) != LT_OK)
            return LT_SKIP;
        rest = lt_str_skip(rest, KEY + used);
    }
    return LT_OK;
}

struct chunk_job {
    struct lt_btrfs_volume *volume;
    struct lt_err *err;
    bool failed;
};

static bool take_chunk(void *arg, const struct lt_btrfs_item *item)
{
    struct chunk_job *job = arg;
    size_t used;
    if (item->key.type == LT_BTRFS_CHUNK &&
        lt_btrfs_add_chunk(job->volume, item->data, item->key.offset, &used, job->err) != LT_OK)
        job->failed = true;
    return true;
}

/* What cannot be read of the chunk tree is missed where something lies in such a chunk. */
static enum lt_status read_chunks(struct lt_fs *fs, struct lt_btrfs_volume *volume, struct lt_err *err)
{
    const struct lt_btrfs_tree tree = {.number = LT_BTRFS_CHUNK_TREE, .root = volume->super.chunk_root};
    const struct lt_btrfs_key first = {0}, last = {UINT64_MAX, UINT64_MAX, UINT8_MAX};
    struct lt_err problem = {0};
    struct chunk_job job = {volume, &problem, false};
    if (read_first_chunks(volume, err) != LT_OK)
        return LT_SKIP;
    if (lt_btrfs_items(volume, &tree, first, last, take_chunk, &job, &problem) != LT_OK || job.failed)
        lt_fs_note(fs, problem.code, problem.text);
    return LT_OK;
}

/* What was written with fsync() since the last commit waits in logs. */
static void replay_logs(struct lt_fs *fs, struct lt_btrfs_reader *reader, bool no_journal)
{
    static const char *const lost = "the log was not replayed: the newest changes may be missing";
    struct lt_arena *arena = &fs->evidence->arena;
    struct lt_err problem = {0};
    if (!reader->volume.super.log_root.at)
        return;
    fs->journal.present = true;
    fs->journal.replayed = !no_journal && lt_btrfs_replay_logs(&reader->volume, &reader->subvolumes, arena,
                                                               &reader->changes, &problem) == LT_OK;
    fs->lagging = !fs->journal.replayed;
    if (fs->lagging)
        lt_fs_note(fs, LT_CODE_JOURNAL, problem.set ? lt_str_format(arena, "%s (%s)", lost, problem.text).ptr : lost);
}

static enum lt_status read_trees(struct lt_fs *fs, struct lt_btrfs_reader *reader, bool no_journal, struct lt_err *err)
{
    struct lt_err problem = {0};
    struct lt_arena *arena = &fs->evidence->arena;
    reader->roots = (struct lt_btrfs_tree){.number = LT_BTRFS_ROOT_TREE, .root = reader->volume.super.root};
    enum lt_status status =
        lt_btrfs_subvolumes_read(&reader->subvolumes, &reader->volume, &reader->roots, arena, &problem);
    if (status != LT_OK && !lt_btrfs_subvolume(&reader->subvolumes, LT_BTRFS_FS_TREE))
        return lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text);
    if (status != LT_OK)
        lt_fs_note(fs, problem.code, problem.text);
    replay_logs(fs, reader, no_journal);
    lt_btrfs_subvolumes_place(&reader->subvolumes, &reader->volume, arena);
    return LT_OK;
}

static void tell_subvolumes(struct lt_fs *fs)
{
    const struct lt_btrfs_subvolumes *subvolumes = &lt_btrfs_reader(fs)->subvolumes;
    struct lt_arena *arena = &fs->evidence->arena;
    for (size_t i = 1; i < subvolumes->count; i++) {
        const struct lt_btrfs_subvolume *item = &subvolumes->items[i];
        struct lt_subvolume *told = lt_new(arena, struct lt_subvolume);
        *told = (struct lt_subvolume){item->tree.number, item->path, item->tree.number == subvolumes->by_default};
        if (item->placed)
            lt_list_add(&fs->subvolumes, arena, told);
    }
}

/* A subvolume that has a name, but no place, is lost with all that is in it. */
static void check_subvolumes(struct lt_fs *fs)
{
    const struct lt_btrfs_subvolumes *subvolumes = &lt_btrfs_reader(fs)->subvolumes;
    for (size_t i = 1; i < subvolumes->count; i++) {
        const struct lt_btrfs_subvolume *item = &subvolumes->items[i];
        const struct lt_btrfs_subvolume *above = item->named ? lt_btrfs_subvolume(subvolumes, item->parent) : NULL;
        if (!item->placed && !item->deleted && !(above && above->deleted))
            lt_fs_note(fs, LT_CODE_DAMAGED,
                       lt_str_format(&fs->evidence->arena, "no directory holds subvolume %ju: it is not read",
                                     (uintmax_t)item->tree.number)
                           .ptr);
    }
}

static void check_super(struct lt_fs *fs)
{
    const struct lt_btrfs_volume *volume = &lt_btrfs_reader(fs)->volume;
    const struct lt_btrfs_super *super = &volume->super;
    const char *unverified = lt_btrfs_unverified(super->sum_type);
    struct lt_arena *arena = &fs->evidence->arena;
    if (volume->super_copy)
        lt_fs_note(
            fs, LT_CODE_DAMAGED,
            lt_str_format(arena, "%s: copy %u of it is used", volume->super_problem.text, volume->super_copy).ptr);
    if (super->devices > 1)
        lt_fs_note(fs, LT_CODE_MISSING,
                   lt_str_format(arena,
                                 "it is on %ju devices, and this is one: what lies on the others alone is not read",
                                 (uintmax_t)super->devices)
                       .ptr);
    else if (super->total_bytes > volume->device.size)
        lt_fs_note(fs, LT_CODE_TRUNCATED, "the image ends before the file system does");
    if (unverified)
        lt_fs_note(fs, LT_CODE_UNSUPPORTED,
                   lt_str_format(arena, "its checksums (%s) are not verified", unverified).ptr);
}

/* Copies that were used to find the trees. */
static void check_copies(struct lt_fs *fs)
{
    struct lt_btrfs_volume *volume = &lt_btrfs_reader(fs)->volume;
    if (volume->copied)
        lt_fs_note(fs, LT_CODE_DAMAGED,
                   lt_str_format(&fs->evidence->arena, "%s: its copy is used", volume->copy_problem.text).ptr);
    volume->copied = 0;
}

static void btrfs_release(struct lt_fs *fs)
{
    struct lt_btrfs_reader *reader = lt_btrfs_reader(fs);
    lt_each (struct lt_btrfs_changes, changes, &reader->changes)
        lt_btrfs_changes_free(changes);
    lt_btrfs_subvolumes_free(&reader->subvolumes);
    lt_btrfs_volume_close(&reader->volume);
}

static const struct lt_fs_ops btrfs_ops = {
    .stat = btrfs_stat,
    .list = btrfs_list,
    .names = btrfs_names,
    .describe = btrfs_describe,
    .xattrs = btrfs_xattrs,
    .made = btrfs_made,
    .part_at = btrfs_part_at,
    .open = btrfs_open,
    .open_entry = btrfs_open_entry,
    .read = btrfs_read,
    .close = btrfs_close,
    .release = btrfs_release,
};

static enum lt_status btrfs_open_fs(struct lt_fs *fs, const struct lt_device *device,
                                    const struct lt_evidence_args *args, struct lt_err *err)
{
    struct lt_btrfs_reader *reader = lt_new(&fs->evidence->arena, struct lt_btrfs_reader);
    struct lt_btrfs_volume *volume = &reader->volume;
    enum lt_status status = lt_btrfs_volume_open(volume, device, args->seek_copy, err);
    if (status == LT_OK)
        status = check_features(&volume->super, err);
    if (status == LT_OK)
        status = read_chunks(fs, volume, err);
    if (status == LT_OK)
        status = read_trees(fs, reader, args->no_journal, err);
    if (status != LT_OK) {
        lt_btrfs_subvolumes_free(&reader->subvolumes);
        lt_btrfs_volume_close(volume);
        return status;
    }
    fs->ops = &btrfs_ops;
    fs->self = reader;
    fs->identity.uuid = lt_uuid_text(&fs->evidence->arena, volume->super.fsid);
    fs->identity.label = lt_label_text(&fs->evidence->arena, volume->super.label, sizeof volume->super.label);
    check_super(fs);
    check_subvolumes(fs);
    tell_subvolumes(fs);
    check_copies(fs);
    return LT_OK;
}

const struct lt_fs_reader lt_fs_reader_btrfs = {
    .name = "btrfs",
    .type = "BTRFS",
    .family = "btrfs",
    .open = btrfs_open_fs,
};
