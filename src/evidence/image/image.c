// SPDX-License-Identifier: Apache-2.0
/* A disk image (or block device): one file system, or a disk with a DOS or GPT partition table; never mounted. The only
 * file that includes libtsk, which here does image formats, volumes, and the file systems that evidence/ext4/ext4.c
 * does not read: it would get times of ext4 wrong and gives no device numbers, attributes or journal.
 *
 * libtsk swallows failed reads, so it reads through a function of ours that counts them: any operation during which one
 * failed is reported as incomplete. Its recursive walk stops at depth 128 without saying so and is not used. */
#include "evidence/image/image.h"

#include "evidence/ext4/ext4.h"
#include "evidence/path_index.h"

#include <errno.h>
#include <fcntl.h>
#include <tsk/libtsk.h>
#include <unistd.h>

struct image {
    TSK_IMG_INFO info;   /* must be first: libtsk hands back a pointer to it */
    int fd;              /* raw */
    TSK_IMG_INFO *inner; /* any other format: libtsk's own reader of it */
    struct lt_evidence *evidence;
};

/* A file system that libtsk reads. */
struct image_fs {
    TSK_FS_INFO *tsk;
    struct lt_path_index index; /* libtsk searches a directory from the start for every name */
};

/* A partition, for readers of our own. */
struct partition {
    struct image *image;
    uint64_t offset;
};

static ssize_t read_once(struct image *image, char *buffer, size_t size, TSK_OFF_T offset)
{
    if (image->inner)
        return tsk_img_read(image->inner, offset, buffer, size);
    ssize_t got;
    do
        got = pread(image->fd, buffer, size, offset);
    while (got < 0 && errno == EINTR);
    return got;
}

static ssize_t image_read(TSK_IMG_INFO *info, TSK_OFF_T offset, char *buffer, size_t size)
{
    struct image *image = (struct image *)info;
    size_t done = 0;
    while (done < size) {
        ssize_t got = read_once(image, buffer + done, size - done, offset + (TSK_OFF_T)done);
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

static bool read_partition(void *arg, uint64_t offset, void *buffer, size_t size)
{
    const struct partition *partition = arg;
    if (offset > INT64_MAX - partition->offset)
        return false;
    return image_read(&partition->image->info, (TSK_OFF_T)(partition->offset + offset), buffer, size) == (ssize_t)size;
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

static enum lt_status describe(struct image_fs *self, struct lt_arena *arena, struct lt_node *node, struct lt_err *err)
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

/* See lt_names_of. */
static enum lt_status names_of(struct lt_fs *fs, uint64_t ino, lt_each_name *each, void *arg, struct lt_err *err)
{
    struct image_fs *self = state(fs);
    uint64_t failed = fs->evidence->failed_reads;
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
    if (fs->evidence->failed_reads != failed)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "a read failed: names may be missing");
    return LT_OK;
}

/* The same for the index, which may ask for what is no directory. */
static enum lt_status indexed_names(struct lt_fs *fs, uint64_t ino, lt_each_name *each, void *arg, struct lt_err *err)
{
    struct lt_arena scratch = {0};
    struct lt_node node = {.ino = ino};
    enum lt_status status = describe(state(fs), &scratch, &node, err);
    lt_arena_free(&scratch);
    if (status == LT_OK && !S_ISDIR(node.mode))
        return LT_END;
    return status == LT_OK ? names_of(fs, ino, each, arg, err) : status;
}

static enum lt_status find_inode(struct lt_fs *fs, struct lt_str path, uint64_t *ino, struct lt_err *err)
{
    return lt_path_find(&state(fs)->index, fs, state(fs)->tsk->root_inum, indexed_names, path, ino, err);
}

static enum lt_status image_fs_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
                                    struct lt_err *err)
{
    *out = (struct lt_node){.name = lt_str_basename(path)};
    enum lt_status status = find_inode(fs, path, &out->ino, err);
    return status == LT_OK ? describe(state(fs), arena, out, err) : status;
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
    enum lt_status status = names_of(fs, dir->ino, list_name, &job, err);
    for (size_t i = 0; i < out->count; i++) {
        struct lt_err problem = {0};
        if (describe(state(fs), arena, &out->nodes[i], &problem) == LT_OK)
            continue;
        struct lt_err *error = lt_new(arena, struct lt_err);
        *error = problem;
        out->nodes[i].error = error;
    }
    lt_listing_sort(out);
    return status;
}

static enum lt_status image_fs_names(struct lt_fs *fs, const struct lt_dir *dir, lt_each_name *each, void *arg,
                                     struct lt_err *err)
{
    return names_of(fs, dir->ino, each, arg, err);
}

static enum lt_status image_fs_describe(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                        struct lt_node *node, struct lt_err *err)
{
    (void)dir;
    return describe(state(fs), arena, node, err);
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
    .names = image_fs_names,
    .describe = image_fs_describe,
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

static void note_error(struct lt_evidence *evidence, const struct lt_fs *fs, const struct lt_err *err)
{
    note(evidence, err->code, err->text, fs);
}

/* Let libtsk read the file system at `offset`, if it knows it. */
static bool add_tsk_fs(struct lt_evidence *evidence, struct image *image, uint64_t offset, struct lt_fs *fs)
{
    TSK_FS_INFO *tsk = tsk_fs_open_img(&image->info, (TSK_OFF_T)offset, TSK_FS_TYPE_DETECT);
    if (!tsk)
        return false;
    struct image_fs *self = lt_new(&evidence->arena, struct image_fs);
    self->tsk = tsk;
    fs->ops = &image_ops;
    fs->self = self;
    return true;
}

static bool add_fs(struct lt_evidence *evidence, struct image *image, uint64_t offset, const char *where)
{
    struct partition *partition = lt_new(&evidence->arena, struct partition);
    struct lt_device device = {.read = read_partition, .arg = partition};
    struct lt_fs *fs = lt_new(&evidence->arena, struct lt_fs);
    struct lt_err problem = {0};
    *partition = (struct partition){image, offset};
    device.size = offset < evidence->size ? evidence->size - offset : 0;
    *fs = (struct lt_fs){.evidence = evidence};
    fs->label = lt_str_format(&evidence->arena, "ext2/3/4 file system%s", where);
    enum lt_status status = lt_ext4_open(fs, &device, evidence->args.no_journal, &problem);
    if (status != LT_OK) {
        if (!add_tsk_fs(evidence, image, offset, fs)) {
            if (strcmp(problem.code, LT_CODE_DAMAGED) == 0)
                note_error(evidence, fs, &problem);
            return false;
        }
        /* A read that fails once must not turn right rows into libtsk's. */
        if (TSK_FS_TYPE_ISEXT(state(fs)->tsk->ftype) && strcmp(problem.code, LT_CODE_UNREADABLE) == 0) {
            tsk_fs_close(state(fs)->tsk);
            note_error(evidence, fs, &problem);
            return true;
        }
        const char *type = tsk_fs_type_toname(state(fs)->tsk->ftype);
        fs->label = lt_str_format(&evidence->arena, "%s file system%s", type, where);
        if (status == LT_SKIP)
            note_error(evidence, fs, &problem);
    }
    lt_list_add(&evidence->fs, &evidence->arena, fs);
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

/* The format, told by magic numbers alone, "detect" standing for one raw file: libtsk's own guess would try every
 * library on hostile bytes. A first segment of a raw image is told by its name (".001", ".aa"): libtsk finds the
 * others. */
static TSK_IMG_TYPE_ENUM image_type(struct image *image, off_t size, const char *spec)
{
    static const struct {
        off_t offset; /* negative: from the end */
        const char *magic;
        size_t length;
        TSK_IMG_TYPE_ENUM type;
    } formats[] = {
        {0, "EVF\x09\x0D\x0A\xFF", 8, TSK_IMG_TYPE_EWF_EWF},
        {0, "KDMV", 4, TSK_IMG_TYPE_VMDK_VMDK},
        {0, "# Disk DescriptorFile", 21, TSK_IMG_TYPE_VMDK_VMDK},
        {0, "conectix", 8, TSK_IMG_TYPE_VHD_VHD},
        {-512, "conectix", 8, TSK_IMG_TYPE_VHD_VHD},
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        char bytes[32];
        off_t at = formats[i].offset < 0 ? size + formats[i].offset : 0;
        ssize_t got = at < 0 ? 0 : read_once(image, bytes, formats[i].length, at);
        image->evidence->failed_reads += got < 0;
        if (got == (ssize_t)formats[i].length && memcmp(bytes, formats[i].magic, formats[i].length) == 0)
            return formats[i].type;
    }
    struct lt_str name = lt_str_c(spec);
    bool segment = lt_str_ends(name, LT_STR(".001")) || lt_str_ends(name, LT_STR(".000")) ||
                   lt_str_ends(name, LT_STR(".aa")) || lt_str_ends(name, LT_STR(".aaa"));
    return segment ? TSK_IMG_TYPE_RAW : TSK_IMG_TYPE_DETECT;
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
    TSK_IMG_TYPE_ENUM type = image_type(image, size, evidence->spec);
    if (type != TSK_IMG_TYPE_DETECT) {
        const char *name = evidence->spec;
        image->inner = tsk_img_open_utf8(1, &name, type, 0);
        if (!image->inner)
            return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot open the %s image (%s)",
                           tsk_img_type_toname(type), tsk_reason());
        size = image->inner->size;
    }
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
        if (lt_ext4_serves(fs))
            lt_ext4_close(fs);
        else
            tsk_fs_close(state(fs)->tsk);
    if (image->info.tag)
        tsk_img_close(&image->info);
    if (image->inner)
        tsk_img_close(image->inner);
    if (image->fd >= 0)
        close(image->fd);
}

const struct lt_evidence_kind lt_evidence_image = {
    .name = "image",
    .summary = "disk image (raw, split raw, E01, VMDK, VHD) or block device: one file system, or DOS/GPT partitions",
    .bid = image_bid,
    .open = image_open,
    .close = image_close_evidence,
};

const char *lt_image_version(void)
{
    return tsk_version_get_str();
}
