// SPDX-License-Identifier: Apache-2.0
/* A raw disk image (or block device): one file system, or a disk with a DOS or GPT partition table, read through libtsk
 * and never mounted. The only file that includes libtsk, which here does images, volumes, directories and file
 * contents; inodes of ext2/3/4 are decoded by parse/ext4.c, since libtsk 4.11 gets their times wrong and gives no
 * device numbers.
 *
 * libtsk swallows failed reads, so the image is opened with a read function of ours that counts them: any operation
 * during which one failed is reported as incomplete. Its recursive walk stops at depth 128 without saying so and is not
 * used. */
#include "image.h"

#include "../base/map.h"
#include "../parse/ext4.h"
#include "evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <tsk/libtsk.h>
#include <unistd.h>

enum { MAX_LINK = 4096 };

struct image {
    TSK_IMG_INFO info; /* must be first: libtsk hands back a pointer to it */
    int fd;
    struct lt_evidence *evidence;
};

struct image_fs {
    struct image *image;
    TSK_FS_INFO *tsk;
    uint64_t offset; /* of the file system in the image */
    bool is_ext;
    struct lt_ext4 ext4;
    /* Inodes of the paths seen by stat: libtsk searches a directory from the start for every name. */
    struct lt_map inodes; /* path -> uint64_t * */
    struct lt_map listed; /* path -> itself: directories whose names are all in `inodes` */
};

static ssize_t image_read(TSK_IMG_INFO *info, TSK_OFF_T offset, char *buffer, size_t size)
{
    struct image *image = (struct image *)info;
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(image->fd, buffer + done, size - done, offset + (TSK_OFF_T)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    if (done < size)
        image->evidence->failed_reads++;
    return done ? (ssize_t)done : -1;
}

static void image_close(TSK_IMG_INFO *info)
{
    (void)info; /* memory and descriptor are ours */
}

static void image_stat(TSK_IMG_INFO *info, FILE *out)
{
    (void)info;
    (void)out;
}

static struct image_fs *state(struct lt_fs *fs)
{
    return fs->self;
}

static const char *tsk_reason(void)
{
    const char *text = tsk_error_get_errno() ? tsk_error_get_errstr() : NULL;
    return text && *text ? text : "no detail";
}

/* Read exactly `size` bytes at `offset` of the file system. */
static bool read_exact(struct image_fs *self, uint64_t offset, void *buffer, size_t size)
{
    if (offset > INT64_MAX - self->offset)
        return false;
    return tsk_img_read(&self->image->info, (TSK_OFF_T)(self->offset + offset), buffer, size) == (ssize_t)size;
}

static enum lt_status read_link(struct image_fs *self, uint64_t ino, size_t size, struct lt_arena *arena,
                                struct lt_str *target, struct lt_err *err)
{
    if (size > MAX_LINK)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "symbolic link of %zu bytes", size);
    char text[MAX_LINK];
    TSK_FS_FILE *file = tsk_fs_file_open_meta(self->tsk, NULL, ino);
    ssize_t got = file ? tsk_fs_file_read(file, 0, text, size, TSK_FS_FILE_READ_FLAG_NONE) : -1;
    tsk_fs_file_close(file);
    if (got != (ssize_t)size)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the link's target (%s)", tsk_reason());
    *target = lt_str_dup(arena, (struct lt_str){text, size});
    return LT_OK;
}

static enum lt_status describe_ext(struct image_fs *self, struct lt_arena *arena, struct lt_node *node,
                                   struct lt_err *err)
{
    const struct lt_ext4 *ext4 = &self->ext4;
    if (node->ino < 1 || node->ino > ext4->inodes)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "inode %ju is outside the file system", (uintmax_t)node->ino);
    uint32_t ino = (uint32_t)node->ino;
    unsigned char desc[1024], inode[LT_EXT4_MAX_INODE];
    if (!read_exact(self, lt_ext4_desc_offset(ext4, ino), desc, ext4->desc_size))
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the group descriptor of inode %u", ino);
    struct lt_cursor cursor = {desc, ext4->desc_size, false};
    if (!read_exact(self, lt_ext4_inode_offset(ext4, cursor, ino), inode, ext4->inode_size))
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read inode %u", ino);
    bool bad_time;
    enum lt_status status = lt_ext4_inode((struct lt_cursor){inode, ext4->inode_size, false}, node, &bad_time, err);
    if (status != LT_OK)
        return status;
    node->target = lt_str_dup(arena, node->target);
    if (S_ISLNK(node->mode) && !node->target.len && node->size)
        status = read_link(self, ino, (size_t)node->size, arena, &node->target, err);
    if (bad_time)
        status = lt_fail(err, LT_SKIP, LT_CODE_BAD_TIME, 0, "inode %u has an impossible time", ino);
    return status;
}

static mode_t type_of(TSK_FS_META_TYPE_ENUM type)
{
    switch (type) {
    case TSK_FS_META_TYPE_DIR:
        return S_IFDIR;
    case TSK_FS_META_TYPE_LNK:
        return S_IFLNK;
    case TSK_FS_META_TYPE_CHR:
        return S_IFCHR;
    case TSK_FS_META_TYPE_BLK:
        return S_IFBLK;
    case TSK_FS_META_TYPE_FIFO:
        return S_IFIFO;
    case TSK_FS_META_TYPE_SOCK:
        return S_IFSOCK;
    default:
        return S_IFREG;
    }
}

/* 0 is libtsk's "unknown". */
static struct lt_time tsk_time(time_t sec, uint32_t nsec)
{
    return sec && nsec < 1000000000 ? lt_time_at(sec, nsec) : (struct lt_time){0};
}

/* File systems other than ext2/3/4, as far as libtsk tells. */
static enum lt_status describe_other(struct image_fs *self, struct lt_arena *arena, struct lt_node *node,
                                     struct lt_err *err)
{
    TSK_FS_FILE *file = tsk_fs_file_open_meta(self->tsk, NULL, node->ino);
    const TSK_FS_META *meta = file ? file->meta : NULL;
    if (!meta) {
        tsk_fs_file_close(file);
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read inode %ju (%s)", (uintmax_t)node->ino,
                       tsk_reason());
    }
    node->mode = type_of(meta->type) | ((uint32_t)meta->mode & 07777);
    node->size = (uint64_t)meta->size;
    node->uid = meta->uid;
    node->gid = meta->gid;
    node->nlink = (uint32_t)meta->nlink;
    node->time[LT_M] = tsk_time(meta->mtime, meta->mtime_nano);
    node->time[LT_A] = tsk_time(meta->atime, meta->atime_nano);
    node->time[LT_C] = tsk_time(meta->ctime, meta->ctime_nano);
    node->time[LT_B] = tsk_time(meta->crtime, meta->crtime_nano);
    if (S_ISCHR(node->mode) || S_ISBLK(node->mode))
        node->major = UINT32_MAX; /* libtsk tells no device number: never a whiteout by mistake */
    if (S_ISLNK(node->mode) && meta->link)
        node->target = lt_str_dup(arena, lt_str_c(meta->link));
    tsk_fs_file_close(file);
    return LT_OK;
}

static enum lt_status describe(struct lt_fs *fs, struct lt_arena *arena, struct lt_node *node, struct lt_err *err)
{
    struct image_fs *self = state(fs);
    return self->is_ext ? describe_ext(self, arena, node, err) : describe_other(self, arena, node, err);
}

/* Call `each` for every allocated name of a directory but "." and "..". */
static enum lt_status each_name(struct image_fs *self, uint64_t ino,
                                void (*each)(void *arg, struct lt_str name, uint64_t ino), void *arg,
                                struct lt_err *err)
{
    uint64_t failed = self->image->evidence->failed_reads;
    tsk_error_reset();
    TSK_FS_DIR *dir = tsk_fs_dir_open_meta(self->tsk, ino);
    if (!dir)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the directory (%s)", tsk_reason());
    size_t count = tsk_fs_dir_getsize(dir);
    for (size_t i = 0; i < count; i++) {
        const TSK_FS_NAME *entry = tsk_fs_dir_get_name(dir, i);
        /* libtsk adds a directory of its own to the root, for inodes without a name. */
        if (!entry || !(entry->flags & TSK_FS_NAME_FLAG_ALLOC) || entry->meta_addr == TSK_FS_ORPHANDIR_INUM(self->tsk))
            continue;
        struct lt_str name = lt_str_c(entry->name);
        if (!lt_str_eq(name, LT_STR(".")) && !lt_str_eq(name, LT_STR("..")))
            each(arg, name, entry->meta_addr);
    }
    tsk_fs_dir_close(dir);
    if (self->image->evidence->failed_reads != failed)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "a read failed: names may be missing");
    return LT_OK;
}

struct index_job {
    struct image_fs *self;
    struct lt_arena *arena;
    struct lt_str dir;
};

static void index_name(void *arg, struct lt_str name, uint64_t ino)
{
    struct index_job *job = arg;
    uint64_t *value = lt_new(job->arena, uint64_t);
    *value = ino;
    lt_map_put(&job->self->inodes, job->arena, lt_path_join(job->arena, job->dir, name), value);
}

/* Learn the inodes of all names in the directory `path`. LT_END: it is no directory. On LT_SKIP some may be known
 * still. */
static enum lt_status index_directory(struct lt_fs *fs, struct lt_str path, uint64_t ino, struct lt_err *err)
{
    struct image_fs *self = state(fs);
    struct lt_arena *arena = &fs->evidence->arena;
    if (lt_map_get(&self->listed, path))
        return LT_OK;
    struct index_job job = {self, arena, lt_str_dup(arena, path)};
    struct lt_node node = {.ino = ino};
    enum lt_status status = describe(fs, arena, &node, err);
    if (!S_ISDIR(node.mode))
        return status == LT_OK ? LT_END : status;
    status = each_name(self, ino, index_name, &job, err);
    if (status == LT_OK)
        lt_map_put(&self->listed, arena, job.dir, self);
    return status;
}

/* Inode of `path`, found from the root down. */
static enum lt_status find_inode(struct lt_fs *fs, struct lt_str path, uint64_t *ino, struct lt_err *err)
{
    struct image_fs *self = state(fs);
    *ino = self->tsk->root_inum;
    for (size_t end = 0; end < path.len;) {
        struct lt_err problem = {0};
        enum lt_status status = index_directory(fs, (struct lt_str){path.ptr, end}, *ino, &problem);
        do
            end++;
        while (end < path.len && path.ptr[end] != '/');
        const uint64_t *found = lt_map_get(&self->inodes, (struct lt_str){path.ptr, end});
        if (!found && status == LT_SKIP)
            return lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text);
        if (!found)
            return LT_END;
        *ino = *found;
    }
    return LT_OK;
}

static enum lt_status image_fs_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                                    struct lt_err *err)
{
    *out = (struct lt_node){.name = lt_str_basename(path)};
    enum lt_status status = find_inode(fs, path, &out->ino, err);
    return status == LT_OK ? describe(fs, arena, out, err) : status;
}

struct list_job {
    struct lt_arena *arena;
    struct lt_listing *out;
};

static void list_name(void *arg, struct lt_str name, uint64_t ino)
{
    struct list_job *job = arg;
    lt_listing_add(job->out, job->arena, name, ino);
}

static enum lt_status image_fs_list(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                    struct lt_listing *out, struct lt_err *err)
{
    *out = (struct lt_listing){0};
    struct list_job job = {arena, out};
    enum lt_status status = each_name(state(fs), dir->ino, list_name, &job, err);
    for (size_t i = 0; i < out->count; i++) {
        struct lt_err problem = {0};
        if (describe(fs, arena, &out->nodes[i], &problem) == LT_OK)
            continue;
        struct lt_err *error = lt_new(arena, struct lt_err);
        *error = problem;
        out->nodes[i].error = error;
    }
    lt_listing_sort(out);
    return status;
}

static enum lt_status image_fs_open(struct lt_fs *fs, struct lt_str path, struct lt_file *out, struct lt_err *err)
{
    struct lt_arena scratch = {0};
    struct lt_node node;
    enum lt_status status = image_fs_stat(fs, path, &scratch, &node, err);
    lt_arena_free(&scratch);
    if (status != LT_OK)
        return status;
    if (!S_ISREG(node.mode))
        return lt_fail(err, LT_SKIP, LT_CODE_TYPE, 0, "not a regular file");
    tsk_error_reset();
    out->handle = tsk_fs_file_open_meta(state(fs)->tsk, NULL, node.ino);
    if (!out->handle)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot open (%s)", tsk_reason());
    out->size = node.size;
    return LT_OK;
}

static ssize_t image_fs_read(struct lt_file *file, void *buffer, size_t size, uint64_t offset, struct lt_err *err)
{
    tsk_error_reset();
    ssize_t got = tsk_fs_file_read(file->handle, (TSK_OFF_T)offset, buffer, size, TSK_FS_FILE_READ_FLAG_NONE);
    if (got < 0)
        lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "read fails at offset %ju (%s)", (uintmax_t)offset, tsk_reason());
    return got;
}

static void image_fs_close(struct lt_file *file)
{
    tsk_fs_file_close(file->handle);
    file->handle = NULL;
}

static const struct lt_fs_ops image_ops = {
    .stat = image_fs_stat,
    .list = image_fs_list,
    .open = image_fs_open,
    .read = image_fs_read,
    .close = image_fs_close,
};

static void note(struct lt_evidence *evidence, const char *code, const char *text, const struct lt_fs *fs)
{
    struct lt_err err = {0};
    lt_fail(&err, LT_SKIP, code, 0, "%.*s: %s", LT_ARG(fs->label), text);
    lt_evidence_note(evidence, &err);
}

static void read_super(struct lt_evidence *evidence, struct lt_fs *fs)
{
    struct image_fs *self = fs->self;
    unsigned char bytes[LT_EXT4_SUPER_SIZE];
    struct lt_err err = {0};
    if (!TSK_FS_TYPE_ISEXT(self->tsk->ftype))
        return;
    if (!read_exact(self, LT_EXT4_SUPER_OFFSET, bytes, sizeof bytes) ||
        lt_ext4_super((struct lt_cursor){bytes, sizeof bytes, false}, &self->ext4, &err) != LT_OK) {
        note(evidence, LT_CODE_DAMAGED, err.set ? err.text : "cannot read the superblock", fs);
        return;
    }
    self->is_ext = true;
    if (self->ext4.needs_recovery)
        note(evidence, LT_CODE_JOURNAL, "the journal was not replayed: the newest changes may be missing", fs);
    if (self->ext4.blocks > (evidence->size - self->offset) / self->ext4.block_size)
        note(evidence, LT_CODE_TRUNCATED, "the image ends before the file system does", fs);
}

static bool add_fs(struct lt_evidence *evidence, struct image *image, uint64_t offset, const char *where)
{
    TSK_FS_INFO *tsk = tsk_fs_open_img(&image->info, (TSK_OFF_T)offset, TSK_FS_TYPE_DETECT);
    if (!tsk)
        return false;
    struct image_fs *self = lt_new(&evidence->arena, struct image_fs);
    *self = (struct image_fs){.image = image, .tsk = tsk, .offset = offset};
    struct lt_fs *fs = lt_new(&evidence->arena, struct lt_fs);
    struct lt_str label = lt_str_format(&evidence->arena, "%s file system%s", tsk_fs_type_toname(tsk->ftype), where);
    *fs = (struct lt_fs){.ops = &image_ops, .evidence = evidence, .label = label, .self = self};
    lt_list_add(&evidence->fs, &evidence->arena, fs);
    read_super(evidence, fs);
    return true;
}

static void add_partitions(struct lt_evidence *evidence, struct image *image, TSK_VS_INFO *volumes)
{
    for (TSK_PNUM_T i = 0; i < volumes->part_count; i++) {
        const TSK_VS_PART_INFO *part = tsk_vs_part_get(volumes, i);
        if (!part || !(part->flags & TSK_VS_PART_FLAG_ALLOC))
            continue;
        char where[64];
        snprintf(where, sizeof where, " at sector %ju", (uintmax_t)part->start);
        uint64_t offset = (uint64_t)volumes->offset + part->start * volumes->block_size;
        if (add_fs(evidence, image, offset, where))
            continue;
        struct lt_err err = {0};
        lt_fail(&err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "partition%s (%s) holds no file system that libtsk knows", where,
                part->desc ? part->desc : "no description");
        lt_evidence_note(evidence, &err);
    }
}

static int image_bid(const char *spec, const struct stat *status)
{
    (void)spec;
    return S_ISREG(status->st_mode) || S_ISBLK(status->st_mode) ? 50 : 0;
}

static enum lt_status image_open(struct lt_evidence *evidence, struct lt_err *err)
{
    struct image *image = lt_new(&evidence->arena, struct image);
    evidence->self = image;
    image->evidence = evidence;
    image->fd = open(evidence->spec, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    off_t size = image->fd < 0 ? -1 : lseek(image->fd, 0, SEEK_END);
    if (size < 0)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot open the image");
    evidence->size = (uint64_t)size;
    if (!tsk_img_open_external(&image->info, size, 512, image_read, image_close, image_stat))
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot open the image (%s)", tsk_reason());
    /* A file system may begin with a boot sector that looks like a partition table, so it is asked for first. */
    if (!add_fs(evidence, image, 0, "")) {
        TSK_VS_INFO *volumes = tsk_vs_open(&image->info, 0, TSK_VS_TYPE_DETECT);
        if (volumes)
            add_partitions(evidence, image, volumes);
        tsk_vs_close(volumes);
    }
    if (evidence->fs.count)
        return LT_OK;
    return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0,
                   "no file system that libtsk %s knows, neither at its start nor in a partition (XFS, btrfs, LVM and "
                   "compressed images: mount or unpack first and pass the result)",
                   tsk_version_get_str());
}

static void image_close_evidence(struct lt_evidence *evidence)
{
    struct image *image = evidence->self;
    if (!image)
        return;
    lt_each (struct lt_fs, fs, &evidence->fs)
        tsk_fs_close(state(fs)->tsk);
    if (image->info.tag)
        tsk_img_close(&image->info);
    if (image->fd >= 0)
        close(image->fd);
}

const struct lt_evidence_kind lt_evidence_image = {
    .name = "image",
    .summary = "raw disk image or block device: one file system, or DOS/GPT partitions",
    .bid = image_bid,
    .open = image_open,
    .close = image_close_evidence,
};

const char *lt_image_version(void)
{
    return tsk_version_get_str();
}
