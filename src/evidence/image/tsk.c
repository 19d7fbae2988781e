// SPDX-License-Identifier: Apache-2.0
#include "evidence/image/tsk.h"

#include "evidence/path_index.h"

#include <tsk/libtsk.h>

static const char *tsk_reason(void)
{
    const char *text = tsk_error_get_errno() ? tsk_error_get_errstr() : NULL;
    return text && *text ? text : "no detail";
}

const char *lt_tsk_version(void)
{
    return tsk_version_get_str();
}

/* --- formats of images ------------------------------------------------------------------------------------------ */

/* The format, told by magic numbers alone; "detect" stands for one raw file. libtsk's own guess would try every library
 * on hostile bytes. The first segment of a raw image is told by its name (".001", ".aa"); libtsk finds the others. */
static TSK_IMG_TYPE_ENUM image_type(const struct lt_device *file, const char *spec)
{
    static const struct {
        uint64_t from_end; /* 0: at the start */
        const char *magic;
        size_t length;
        TSK_IMG_TYPE_ENUM type;
    } formats[] = {
        {0, "EVF\x09\x0D\x0A\xFF", 8, TSK_IMG_TYPE_EWF_EWF},
        {0, "KDMV", 4, TSK_IMG_TYPE_VMDK_VMDK},
        {0, "# Disk DescriptorFile", 21, TSK_IMG_TYPE_VMDK_VMDK},
        {0, "conectix", 8, TSK_IMG_TYPE_VHD_VHD},
        {0, "vhdxfile", 8, TSK_IMG_TYPE_VHD_VHD},
        {512, "conectix", 8, TSK_IMG_TYPE_VHD_VHD},
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        char bytes[32];
        if (formats[i].from_end > file->size)
            continue;
        uint64_t at = formats[i].from_end ? file->size - formats[i].from_end : 0;
        if (lt_device_read(file, at, bytes, formats[i].length) &&
            memcmp(bytes, formats[i].magic, formats[i].length) == 0)
            return formats[i].type;
    }
    struct lt_str name = lt_str_c(spec);
    bool segment = lt_str_ends(name, LT_STR(".001")) || lt_str_ends(name, LT_STR(".000")) ||
                   lt_str_ends(name, LT_STR(".aa")) || lt_str_ends(name, LT_STR(".aaa"));
    return segment ? TSK_IMG_TYPE_RAW : TSK_IMG_TYPE_DETECT;
}

static ssize_t read_unpacked(void *arg, uint64_t offset, void *buffer, size_t size)
{
    return tsk_img_read(arg, (TSK_OFF_T)offset, buffer, size);
}

static void close_unpacked(void *arg)
{
    tsk_img_close(arg);
}

enum lt_status lt_tsk_unpack(const struct lt_device *file, const char *spec, struct lt_device *out, struct lt_err *err)
{
    TSK_IMG_TYPE_ENUM type = image_type(file, spec);
    if (type == TSK_IMG_TYPE_DETECT)
        return LT_END;
    TSK_IMG_INFO *info = tsk_img_open_utf8(1, &spec, type, 0);
    if (!info)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot open the %s image (%s)", tsk_img_type_toname(type),
                       tsk_reason());
    *out = (struct lt_device){
        .read = read_unpacked,
        .close = close_unpacked,
        .arg = info,
        .size = (uint64_t)info->size,
        .sector_size = file->sector_size,
        .failed = file->failed,
    };
    return LT_OK;
}

void lt_tsk_files(const struct lt_device *unpacked, struct lt_arena *arena, struct lt_list *files)
{
    const TSK_IMG_INFO *info = unpacked->arg;
    for (int i = 0; i < info->num_img; i++)
        lt_list_add_str(files, arena, lt_str_dup(arena, lt_str_c(info->images[i])));
}

const char *lt_tsk_format(const struct lt_device *file, const char *spec)
{
    switch ((int)image_type(file, spec)) {
    case TSK_IMG_TYPE_EWF_EWF:
        return "EWF";
    case TSK_IMG_TYPE_VMDK_VMDK:
        return "VMDK";
    case TSK_IMG_TYPE_VHD_VHD:
        return "VHDI";
    default:
        return "RAW";
    }
}

/* --- a view of a device ------------------------------------------------------------------------------------------ */

struct lt_tsk {
    TSK_IMG_INFO info; /* must be first: libtsk hands back a pointer to it */
    struct lt_device device;
};

static ssize_t view_read(TSK_IMG_INFO *info, TSK_OFF_T offset, char *buffer, size_t size)
{
    const struct lt_tsk *tsk = (const struct lt_tsk *)info;
    size_t got = lt_device_read_some(&tsk->device, (uint64_t)offset, buffer, size);
    return got ? (ssize_t)got : -1;
}

static void view_close(TSK_IMG_INFO *info)
{
    (void)info; /* memory and device are not libtsk's */
}

static void view_stat(TSK_IMG_INFO *info, FILE *out)
{
    (void)info;
    (void)out;
}

enum lt_status lt_tsk_open(const struct lt_device *device, struct lt_arena *arena, struct lt_tsk **out,
                           struct lt_err *err)
{
    struct lt_tsk *tsk = lt_new(arena, struct lt_tsk);
    tsk->device = *device;
    *out = NULL;
    if (!tsk_img_open_external(&tsk->info, (TSK_OFF_T)device->size, device->sector_size, view_read, view_close,
                               view_stat))
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot open the image (%s)", tsk_reason());
    *out = tsk;
    return LT_OK;
}

void lt_tsk_close(struct lt_tsk *tsk)
{
    if (tsk)
        tsk_img_close(&tsk->info);
}

/* --- partition tables -------------------------------------------------------------------------------------------- */

/* libtsk refuses a table with a partition that begins behind the end of the image, so that nothing of an image that is
 * cut off could be read. Here it may look for tables where nothing is, which is no failure. */
static TSK_VS_INFO *open_cut_table(struct lt_tsk *tsk, TSK_VS_TYPE_ENUM type)
{
    TSK_OFF_T size = tsk->info.size;
    uint64_t *failed = tsk->device.failed;
    tsk->info.size = INT64_MAX / 2;
    tsk->device.failed = NULL;
    TSK_VS_INFO *table = tsk_vs_open(&tsk->info, 0, type);
    tsk->info.size = size;
    tsk->device.failed = failed;
    return table;
}

/* When libtsk guesses, it takes no GPT that is damaged at the start of the disk. When it is told, it takes the copy at
 * the end. */
static TSK_VS_INFO *open_table(struct lt_tsk *tsk, enum lt_partition_table promised, bool *damaged)
{
    TSK_VS_INFO *table = tsk_vs_open(&tsk->info, 0, TSK_VS_TYPE_DETECT), *copy = NULL;
    *damaged = false;
    if (!table && promised == LT_PARTITION_DOS)
        return open_cut_table(tsk, TSK_VS_TYPE_DOS);
    if (promised != LT_PARTITION_GPT || (table && table->vstype == TSK_VS_TYPE_GPT))
        return table;
    copy = tsk_vs_open(&tsk->info, 0, TSK_VS_TYPE_GPT);
    *damaged = copy;
    if (!copy)
        copy = open_cut_table(tsk, TSK_VS_TYPE_GPT);
    if (!copy)
        return table;
    tsk_vs_close(table);
    return copy;
}

bool lt_tsk_partitions(struct lt_tsk *tsk, enum lt_partition_table promised, struct lt_arena *arena,
                       lt_each_partition *each, void *arg)
{
    bool damaged;
    TSK_VS_INFO *table = open_table(tsk, promised, &damaged);
    for (TSK_PNUM_T i = 0; table && i < table->part_count; i++) {
        const TSK_VS_PART_INFO *part = tsk_vs_part_get(table, i);
        if (!part || !(part->flags & TSK_VS_PART_FLAG_ALLOC))
            continue;
        struct lt_str place = lt_str_format(arena, "at sector %ju", (uintmax_t)part->start);
        uint64_t offset = (uint64_t)table->offset + part->start * table->block_size;
        struct lt_device partition = lt_device_slice(&tsk->device, offset, UINT64_MAX, place);
        partition.sector_size = table->block_size;
        each(arg, &partition, (uint64_t)part->len * table->block_size, part->desc ? part->desc : "");
    }
    tsk_vs_close(table);
    return !damaged;
}

/* --- file systems ------------------------------------------------------------------------------------------------ */

struct reader {
    TSK_FS_INFO *info;
    struct lt_path_index index; /* libtsk searches a directory from the start for every name */
};

static struct reader *state(struct lt_fs *fs)
{
    return fs->self;
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

/* libtsk means "unknown" by 0. */
static struct lt_time tsk_time(time_t sec, uint32_t nsec)
{
    return sec && nsec < 1000000000 ? lt_time_at(sec, nsec) : (struct lt_time){0};
}

static enum lt_status describe(struct reader *self, struct lt_arena *arena, struct lt_node *node, struct lt_err *err)
{
    TSK_FS_FILE *file = tsk_fs_file_open_meta(self->info, NULL, node->ino);
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
        node->major = UINT32_MAX; /* libtsk gives no device number: never take one for a whiteout */
    if (S_ISLNK(node->mode) && meta->link)
        node->target = lt_str_dup(arena, lt_str_c(meta->link));
    tsk_fs_file_close(file);
    return LT_OK;
}

static unsigned name_type(TSK_FS_NAME_TYPE_ENUM type)
{
    return type == TSK_FS_NAME_TYPE_DIR ? S_IFDIR : type == TSK_FS_NAME_TYPE_REG ? S_IFREG : 0;
}

/* See lt_names_of. */
static enum lt_status names_of(struct lt_fs *fs, uint64_t ino, lt_each_name *each, void *arg, struct lt_err *err)
{
    struct reader *self = state(fs);
    uint64_t failed = fs->evidence->failed_reads;
    tsk_error_reset();
    TSK_FS_DIR *dir = tsk_fs_dir_open_meta(self->info, ino);
    if (!dir)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot read the directory (%s)", tsk_reason());
    size_t count = tsk_fs_dir_getsize(dir);
    for (size_t i = 0; i < count; i++) {
        const TSK_FS_NAME *entry = tsk_fs_dir_get_name(dir, i);
        /* libtsk adds a directory of its own to the root, for inodes without a name. */
        if (!entry || !(entry->flags & TSK_FS_NAME_FLAG_ALLOC) || entry->meta_addr == TSK_FS_ORPHANDIR_INUM(self->info))
            continue;
        struct lt_str name = lt_str_c(entry->name);
        if (!lt_str_eq(name, LT_STR(".")) && !lt_str_eq(name, LT_STR("..")))
            each(arg, name, entry->meta_addr, name_type(entry->type));
    }
    tsk_fs_dir_close(dir);
    if (fs->evidence->failed_reads != failed)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "a read failed: names may be missing");
    return LT_OK;
}

/* The same for the index, which may ask about something that is no directory. */
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
    struct lt_found found;
    enum lt_status status =
        lt_path_find(&state(fs)->index, fs, state(fs)->info->root_inum, indexed_names, path, &found, err);
    *ino = found.ino;
    return status;
}

static enum lt_status reader_stat(struct lt_fs *fs, struct lt_str path, struct lt_arena *arena, struct lt_node *out,
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

static void list_name(void *arg, struct lt_str name, uint64_t ino, unsigned type)
{
    (void)type;
    struct list_job *job = arg;
    lt_listing_add(job->out, job->arena, name, ino);
}

static enum lt_status reader_list(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
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

static enum lt_status reader_names(struct lt_fs *fs, const struct lt_dir *dir, lt_each_name *each, void *arg,
                                   struct lt_err *err)
{
    return names_of(fs, dir->ino, each, arg, err);
}

static enum lt_status reader_describe(struct lt_fs *fs, const struct lt_dir *dir, struct lt_arena *arena,
                                      struct lt_node *node, struct lt_err *err)
{
    (void)dir;
    return describe(state(fs), arena, node, err);
}

static enum lt_status reader_open(struct lt_fs *fs, struct lt_str path, struct lt_file *out, struct lt_err *err)
{
    struct lt_arena scratch = {0};
    struct lt_node node;
    enum lt_status status = reader_stat(fs, path, &scratch, &node, err);
    lt_arena_free(&scratch);
    if (status != LT_OK)
        return status;
    if (!S_ISREG(node.mode))
        return lt_fail(err, LT_SKIP, LT_CODE_TYPE, 0, "not a regular file");
    tsk_error_reset();
    out->handle = tsk_fs_file_open_meta(state(fs)->info, NULL, node.ino);
    if (!out->handle)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "cannot open (%s)", tsk_reason());
    out->size = node.size;
    return LT_OK;
}

static ssize_t reader_read(struct lt_file *file, void *buffer, size_t size, uint64_t offset, struct lt_err *err)
{
    tsk_error_reset();
    ssize_t got = tsk_fs_file_read(file->handle, (TSK_OFF_T)offset, buffer, size, TSK_FS_FILE_READ_FLAG_NONE);
    if (got < 0)
        lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "read fails at offset %ju (%s)", (uintmax_t)offset, tsk_reason());
    return got;
}

static void reader_close(struct lt_file *file)
{
    tsk_fs_file_close(file->handle);
    file->handle = NULL;
}

static void reader_release(struct lt_fs *fs)
{
    tsk_fs_close(state(fs)->info);
}

static const struct lt_fs_ops reader_ops = {
    .stat = reader_stat,
    .list = reader_list,
    .names = reader_names,
    .describe = reader_describe,
    .open = reader_open,
    .read = reader_read,
    .close = reader_close,
    .release = reader_release,
};

enum lt_status lt_tsk_fs(struct lt_tsk *tsk, struct lt_fs *fs, const struct lt_device *device, const char **type)
{
    TSK_OFF_T offset = (TSK_OFF_T)(device->start - tsk->device.start);
    TSK_FS_INFO *info = NULL;
    if (device->arg == tsk->device.arg)
        info = tsk_fs_open_img(&tsk->info, offset, TSK_FS_TYPE_DETECT);
    if (!info)
        return LT_END;
    struct reader *self = lt_new(&fs->evidence->arena, struct reader);
    self->info = info;
    fs->ops = &reader_ops;
    fs->self = self;
    *type = tsk_fs_type_toname(info->ftype);
    fs->medium.type = TSK_FS_TYPE_ISEXT(info->ftype) ? "EXT" : "TSK";
    return LT_OK;
}
