// SPDX-License-Identifier: Apache-2.0
/* A disk image (or block device) as evidence: one file system, or a disk with a DOS or GPT partition table. It is never
 * mounted. What is there is found in three steps: the bytes of the image are a device, a partition table makes slices
 * of it, and on each device a reader opens a file system. */
#include "evidence/image/image.h"

#include "evidence/evidence.h"
#include "evidence/filesystems.h"
#include "evidence/image/partition.h"
#include "evidence/image/tsk.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct image {
    int fd;
    struct lt_device file;     /* as it lies on the disk */
    struct lt_device unpacked; /* the bytes inside it; not open where the file is a raw image */
    struct lt_device *disk;    /* which of the two is read */
    struct lt_tsk *tsk;
};

static ssize_t read_file(void *arg, uint64_t offset, void *buffer, size_t size)
{
    const struct image *image = arg;
    ssize_t got;
    do
        got = pread(image->fd, buffer, size, (off_t)offset);
    while (got < 0 && errno == EINTR);
    return got;
}

static void close_file(void *arg)
{
    const struct image *image = arg;
    close(image->fd);
}

/* From a path to a device. */
static enum lt_status open_file(struct image *image, struct lt_evidence *evidence, struct lt_err *err)
{
    image->fd = open(evidence->spec, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (image->fd < 0)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot open the image");
    image->file = (struct lt_device){
        .read = read_file,
        .close = close_file,
        .arg = image,
        .sector_size = LT_SECTOR,
        .failed = &evidence->failed_reads,
    };
    off_t size = lseek(image->fd, 0, SEEK_END);
    if (size < 0)
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, errno, "cannot open the image");
    image->file.size = (uint64_t)size;
    return LT_OK;
}

static void note_error(const struct lt_fs *fs, const struct lt_err *err)
{
    lt_fs_note(fs, err->code, err->text);
}

/* What our readers do not read is left to libtsk. `why` is what the last of them said, and its label is still that of
 * `fs`. */
static bool add_other_fs(struct lt_fs *fs, const struct lt_device *device, const struct lt_fs_reader *reader,
                         const struct lt_err *why)
{
    const struct image *image = fs->evidence->self;
    const char *type;
    if (lt_tsk_fs(image->tsk, fs, device, &type) != LT_OK) {
        if (strcmp(why->code, LT_CODE_DAMAGED) == 0)
            note_error(fs, why);
        return false;
    }
    /* A read that fails once must not turn right rows into libtsk's. */
    if (lt_str_starts(lt_str_c(type), lt_str_c(reader->family)) && strcmp(why->code, LT_CODE_UNREADABLE) == 0) {
        fs->ops->release(fs);
        note_error(fs, why);
        return true;
    }
    lt_fs_set_label(fs, type, device);
    note_error(fs, why);
    lt_list_add(&fs->evidence->fs, &fs->evidence->arena, fs);
    return true;
}

/* From a device to a file system. `identity` is what its partition is called. False: nobody knows what is there. */
static bool add_fs(struct lt_evidence *evidence, const struct lt_device *device, const struct lt_fs_identity *identity)
{
    struct lt_fs *fs = lt_new(&evidence->arena, struct lt_fs);
    const struct lt_fs_reader *reader;
    struct lt_err why = {0};
    fs->evidence = evidence;
    fs->identity = *identity;
    if (lt_fs_open(fs, device, &reader, &why) != LT_OK)
        return add_other_fs(fs, device, reader, &why);
    lt_list_add(&evidence->fs, &evidence->arena, fs);
    return true;
}

static void add_partition(void *arg, const struct lt_device *partition, const char *description)
{
    struct lt_evidence *evidence = arg;
    const struct image *image = evidence->self;
    struct lt_fs_identity identity = {0};
    struct lt_err err = {0};
    lt_partition_identify(image->disk, partition, &evidence->arena, &identity);
    if (add_fs(evidence, partition, &identity))
        return;
    lt_fail(&err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "partition %.*s (%s) holds no file system that libtsk knows",
            LT_ARG(partition->place), description);
    lt_evidence_note(evidence, &err);
}

/* POSIX and GNU tar have the same five bytes (POSIX pax, ustar Interchange Format). */
static bool is_tar(const struct lt_device *bytes)
{
    enum { AT = 257, LENGTH = 5 };
    char magic[LENGTH];
    return lt_device_read(bytes, AT, magic, LENGTH) && memcmp(magic, "ustar", LENGTH) == 0;
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
    return open_file(image, evidence, err);
}

static enum lt_status image_find(struct lt_evidence *evidence, struct lt_err *err)
{
    struct image *image = evidence->self;
    enum lt_status status = lt_tsk_unpack(&image->file, evidence->spec, &image->unpacked, err);
    if (status == LT_SKIP)
        return LT_SKIP;
    image->disk = status == LT_END ? &image->file : &image->unpacked;
    evidence->size = image->disk->size;
    if (lt_tsk_open(image->disk, &evidence->arena, &image->tsk, err) != LT_OK)
        return LT_SKIP;
    /* A file system may begin with a boot sector that looks like a partition table, so it is asked for first. */
    if (!add_fs(evidence, image->disk, &(struct lt_fs_identity){0}))
        lt_tsk_partitions(image->tsk, &evidence->arena, add_partition, evidence);
    if (evidence->fs.count)
        return LT_OK;
    if (is_tar(image->disk))
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0,
                       "a tar archive (saved images, an OCI layout, a collection): not read yet. Unpack a collection, "
                       "and pass the directory");
    return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0,
                   "no file system that libtsk %s knows, neither at its start nor in a partition (XFS, btrfs, LVM and "
                   "compressed images: mount or unpack first and pass the result)",
                   lt_tsk_version());
}

static void image_close(struct lt_evidence *evidence)
{
    struct image *image = evidence->self;
    if (!image)
        return;
    lt_tsk_close(image->tsk);
    lt_device_close(&image->unpacked);
    lt_device_close(&image->file);
}

const struct lt_evidence_kind lt_evidence_image = {
    .name = "image",
    .summary = "disk image (raw, split raw, E01, VMDK, VHD) or block device: one file system, or DOS/GPT partitions",
    .bid = image_bid,
    .open = image_open,
    .find = image_find,
    .close = image_close,
};

const char *lt_image_version(void)
{
    return lt_tsk_version();
}
