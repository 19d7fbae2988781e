// SPDX-License-Identifier: Apache-2.0
/* A disk image (or block device) as evidence: one file system, or a disk with a DOS or GPT partition table. It is never
 * mounted. What is there is found in three steps: the bytes of the image are a device, a partition table makes slices
 * of it, and on each device a reader opens a file system. */
#include "evidence/image/image.h"

#include "evidence/evidence.h"
#include "evidence/filesystems.h"
#include "evidence/image/libtsk.h"
#include "evidence/image/partition.h"
#include "evidence/image/segments.h"
#include "evidence/image/tsk.h"
#include "evidence/magic/magic.h"
#include "evidence/packed/packed.h"
#include "evidence/packed/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct image {
    int fd;
    struct lt_device whole;        /* as it lies on the disk, where it is packed and was unpacked; else not open */
    struct lt_device file;         /* as it lies on the disk, or was unpacked */
    struct lt_packed_disk *packed; /* what reads it, if its format is one of ours */
    struct lt_device unpacked;     /* the bytes inside it; not open where the file is a raw image */
    struct lt_device *disk;        /* which of the two is read */
    struct lt_str pathspec;        /* of the disk: see lt_medium */
    unsigned partitions;           /* found so far */
    struct lt_buf unread;          /* owned; partitions that cannot be read: "swap space at sector 2048, ..." */
    const char *advice;            /* for the first of them that may hold files, static; or NULL */
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

/* libtsk does not tell what a file system is called. */
static void identify(struct lt_fs *fs, const struct lt_device *device)
{
    struct lt_magic magic;
    if (!lt_magic_find(device, &fs->evidence->arena, &magic))
        return;
    fs->identity.uuid = magic.uuid;
    fs->identity.label = magic.label;
}

/* What our readers do not read is left to libtsk. `why` is what the last of them said, and its label is still that of
 * `fs`. */
static bool add_other_fs(struct lt_fs *fs, const struct lt_device *device, const struct lt_fs_reader *reader,
                         const struct lt_err *why)
{
    const struct image *image = fs->evidence->self;
    const char *type;
    struct lt_err failure = {0};
    enum lt_status status = lt_tsk_fs(fs, image->disk, device, &type, &failure);
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
    lt_fs_set_label(fs, type, device);
    if (!ours && strcmp(why->code, LT_CODE_UNSUPPORTED) == 0)
        lt_fs_note(fs, why->code, "read through libtsk, without attributes, device numbers and deleted entries");
    else
        note_error(fs, why);
    identify(fs, device);
    lt_list_add(&fs->evidence->fs, &fs->evidence->arena, fs);
    return true;
}

/* The path specification of the disk. The file that holds it is the analyst's, and no fact about it. */
static struct lt_str name_disk(struct lt_evidence *evidence)
{
    const struct image *image = evidence->self;
    return lt_str_format(&evidence->arena, "{\"__type__\": \"PathSpec\", \"type_indicator\": \"%s\"}",
                         image->packed ? lt_packed_type(image->packed) : lt_tsk_format(&image->file, evidence->spec));
}

/* The path specification of a partition (dfvfs/vfs/gpt_directory.py and tsk_partition_directory.py, 2026-09). */
static struct lt_str name_slice(struct lt_evidence *evidence, const struct lt_device *partition, unsigned number)
{
    const struct image *image = evidence->self;
    if (lt_partition_table(image->disk) == LT_PARTITION_GPT)
        return lt_str_format(&evidence->arena,
                             "{\"__type__\": \"PathSpec\", \"location\": \"/p%u\", \"parent\": %.*s, "
                             "\"type_indicator\": \"GPT\"}",
                             number, LT_ARG(image->pathspec));
    return lt_str_format(&evidence->arena,
                         "{\"__type__\": \"PathSpec\", \"location\": \"/p%u\", \"parent\": %.*s, "
                         "\"start_offset\": %ju, \"type_indicator\": \"TSK_PARTITION\"}",
                         image->partitions, LT_ARG(image->pathspec),
                         (uintmax_t)(partition->start - image->disk->start));
}

static bool add_fs_as(struct lt_evidence *evidence, const struct lt_device *device,
                      const struct lt_fs_identity *identity, const struct lt_evidence_args *args)
{
    const struct image *image = evidence->self;
    struct lt_fs *fs = lt_new(&evidence->arena, struct lt_fs);
    const struct lt_fs_reader *reader;
    struct lt_err why = {0};
    fs->evidence = evidence;
    fs->identity = *identity;
    fs->medium.parent = image->partitions ? name_slice(evidence, device, identity->partition) : image->pathspec;
    if (lt_fs_open(fs, device, args, &reader, &why) != LT_OK)
        return !args->seek_copy && add_other_fs(fs, device, reader, &why);
    fs->medium.type = reader->type;
    lt_list_add(&evidence->fs, &evidence->arena, fs);
    return true;
}

/* From a device to a file system. `identity` is what its partition is called. False: nobody knows what is there. */
static bool add_fs(struct lt_evidence *evidence, const struct lt_device *device, const struct lt_fs_identity *identity)
{
    return add_fs_as(evidence, device, identity, &evidence->args);
}

/* The same where even the start of the file system is lost. What an older file system left behind must not be taken for
 * one, so nothing else may be there. */
static bool add_lost_fs(struct lt_evidence *evidence, const struct lt_device *device,
                        const struct lt_fs_identity *identity)
{
    struct lt_evidence_args args = evidence->args;
    struct lt_magic magic;
    args.seek_copy = true;
    bool other = lt_magic_find(device, &evidence->arena, &magic) && !magic.damaged;
    return !other && add_fs_as(evidence, device, identity, &args);
}

/* --- what cannot be read ----------------------------------------------------------------------------------------- */

/* "partition at sector 2048 (Linux (0x83))". `size` is what the table says. */
static struct lt_str name_partition(struct lt_arena *arena, const struct lt_device *partition, uint64_t size,
                                    const char *description)
{
    bool told = *description, cut = partition->size && partition->size < size;
    return lt_str_format(arena, "partition %.*s%s%s%s%s", LT_ARG(partition->place), told ? " (" : "", description,
                         told ? ")" : "", cut ? ", cut off by the end of the image," : "");
}

static const char *code_of(const struct lt_magic *magic)
{
    return magic->damaged ? LT_CODE_DAMAGED : LT_CODE_UNSUPPORTED;
}

/* Keep a partition for the summary, with what is in it. */
static void remember_partition(struct image *image, const struct lt_device *partition, const struct lt_magic *magic)
{
    lt_buf_printf(&image->unread, "%s%s %.*s", image->unread.len ? ", " : "", magic->name, LT_ARG(partition->place));
    if (!image->advice)
        image->advice = magic->advice;
}

static void report_partition(struct lt_evidence *evidence, const struct lt_device *partition, struct lt_str name)
{
    struct lt_arena *arena = &evidence->arena;
    struct lt_magic magic = {.name = "something unknown"};
    struct lt_err err = {0};
    if (!partition->size) {
        magic.name = "a partition that is cut off";
        lt_fail(&err, LT_SKIP, LT_CODE_TRUNCATED, 0, "%.*s begins behind the end of the image", LT_ARG(name));
    } else if (lt_magic_find(partition, arena, &magic)) {
        lt_fail(&err, LT_SKIP, code_of(&magic), 0, "%.*s holds %s", LT_ARG(name),
                lt_magic_text(&magic, true, arena).ptr);
    } else {
        lt_fail(&err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "%.*s holds no file system that is known", LT_ARG(name));
    }
    remember_partition(evidence->self, partition, &magic);
    lt_evidence_note(evidence, &err);
}

static void add_partition(void *arg, const struct lt_device *partition, uint64_t size, const char *description)
{
    struct lt_evidence *evidence = arg;
    struct image *image = evidence->self;
    struct lt_fs_identity identity = {0};
    const char *type;
    image->partitions++;
    lt_partition_identify(image->disk, partition, &evidence->arena, &identity, &type);
    if (partition->size && (add_fs(evidence, partition, &identity) || add_lost_fs(evidence, partition, &identity)))
        return;
    struct lt_device exact = lt_device_slice(partition, 0, size, partition->place);
    report_partition(evidence, &exact,
                     name_partition(&evidence->arena, partition, size, *description ? description : type));
}

static void add_partitions(struct lt_evidence *evidence)
{
    struct image *image = evidence->self;
    struct lt_err err = {0};
    enum lt_partition_table promised = lt_partition_table(image->disk);
    if (lt_tsk_partitions(evidence, image->disk, promised, add_partition, evidence, &err) == LT_OK)
        return;
    if (image->partitions)
        lt_evidence_note(evidence, &err);
    else
        lt_buf_add(&image->unread, lt_str_c(err.text));
}

/* Bytes that nobody knows, for who looks them up. */
static enum lt_status fail_unknown(const struct lt_device *bytes, struct lt_err *err)
{
    enum { SHOWN = 16 };
    unsigned char first[SHOWN];
    char hex[2 * SHOWN + 1] = "";
    size_t size = bytes->size < SHOWN ? (size_t)bytes->size : SHOWN;
    if (!size)
        return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "an empty file");
    if (!lt_device_read(bytes, 0, first, size))
        return lt_fail(err, LT_SKIP, LT_CODE_UNREADABLE, 0, "the start of the image cannot be read");
    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", first[i]);
    return lt_fail(
        err, LT_SKIP, LT_CODE_UNSUPPORTED, 0,
        "no file system, partitions or format of images that is known; perhaps it is encrypted or damaged. It "
        "begins with the bytes %s",
        hex);
}

/* Is the image less than the disk? libtsk knows neither the parent of a snapshot nor the log of a VHDX. */
static bool is_partial(struct lt_evidence *evidence, struct lt_magic *magic)
{
    const struct image *image = evidence->self;
    return image->disk != &image->file && !image->packed && lt_magic_find(&image->file, &evidence->arena, magic) &&
           magic->lacks;
}

static void report_partial(struct lt_evidence *evidence)
{
    struct lt_magic magic;
    struct lt_err err = {0};
    if (!is_partial(evidence, &magic))
        return;
    lt_fail(&err, LT_SKIP, LT_CODE_MISSING, 0, "%s is not read, so rows are missing or wrong: %s", magic.lacks,
            lt_magic_text(&magic, true, &evidence->arena).ptr);
    lt_evidence_note(evidence, &err);
}

/* Why a packed image cannot be opened. `why` is what libtsk says, which is longer than it helps. */
static enum lt_status fail_packed(struct lt_evidence *evidence, const struct lt_err *why, struct lt_err *err)
{
    const struct image *image = evidence->self;
    struct lt_magic magic;
    if (!lt_magic_find(&image->file, &evidence->arena, &magic))
        return lt_fail(err, LT_SKIP, why->code, 0, "%s", why->text);
    return lt_fail(err, LT_SKIP, why->code, 0, "%s (%s)", lt_magic_text(&magic, true, &evidence->arena).ptr, why->text);
}

/* Why nothing of the image can be read: what it is, or else what its partitions hold. */
static enum lt_status fail_image(struct lt_evidence *evidence, struct lt_err *err)
{
    const struct image *image = evidence->self;
    struct lt_magic magic;
    struct lt_err nothing = {0};
    if (image->disk != &image->file && !image->disk->size) {
        lt_fail(&nothing, LT_SKIP, LT_CODE_DAMAGED, 0, "it can be opened, but holds nothing");
        return fail_packed(evidence, &nothing, err);
    }
    bool known = is_partial(evidence, &magic) || lt_magic_find(image->disk, &evidence->arena, &magic);
    if (known && (magic.advice || !image->unread.len))
        return lt_fail(err, LT_SKIP, code_of(&magic), 0, "%s", lt_magic_text(&magic, true, &evidence->arena).ptr);
    if (!image->unread.len)
        return fail_unknown(image->disk, err);
    return lt_fail(err, LT_SKIP, LT_CODE_UNSUPPORTED, 0, "no partition can be read: %.*s%s%s", LT_ARG(image->unread),
                   image->advice ? ". For the first that may hold files: " : "", image->advice ? image->advice : "");
}

/* --- the kind of evidence ---------------------------------------------------------------------------------------- */

static int image_bid(const char *spec, const struct stat *status)
{
    (void)spec;
    return S_ISREG(status->st_mode) || S_ISBLK(status->st_mode) ? 50 : 0;
}

static enum lt_status image_open(struct lt_evidence *evidence, struct lt_err *err)
{
    struct image *image = lt_new(&evidence->arena, struct image);
    evidence->self = image;
    lt_segments_find(evidence->spec, &evidence->arena, &evidence->files);
    enum lt_status status = open_file(image, evidence, err);
    if (status == LT_OK)
        image->packed = lt_packed_find(evidence, &image->file, true);
    return status;
}

/* Does a partition begin with something that is known, if the DOS table counts in sectors of `size` bytes? */
static bool fits(struct lt_evidence *evidence, uint64_t size)
{
    const struct image *image = evidence->self;
    uint64_t starts[LT_PARTITION_SLOTS];
    size_t count = lt_partition_starts(image->disk, starts);
    for (size_t i = 0; i < count; i++) {
        struct lt_device partition = lt_device_slice(image->disk, starts[i] * size, UINT64_MAX, LT_STR(""));
        struct lt_magic magic;
        if (lt_magic_find(&partition, &evidence->arena, &magic) && (magic.advice || magic.uuid.len))
            return true;
    }
    return false;
}

/* Nothing in a DOS table tells the size of its sectors. */
static void guess_sectors(struct lt_evidence *evidence)
{
    enum { LARGE = 4096 };
    const struct image *image = evidence->self;
    if (lt_partition_table(image->disk) == LT_PARTITION_DOS && !fits(evidence, LT_SECTOR) && fits(evidence, LARGE))
        image->disk->sector_size = LARGE;
}

/* From the file to the device in it, if it is one of a format. LT_END: it is raw. */
static enum lt_status unpack(struct lt_evidence *evidence, struct lt_err *err)
{
    struct image *image = evidence->self;
    struct lt_device plain;
    enum lt_status status = lt_packed_unpack(evidence, &image->file, &plain, err);
    if (status == LT_OK) {
        image->whole = image->file;
        image->file = plain;
        image->packed = lt_packed_find(evidence, &image->file, false);
        return image->packed ? lt_packed_open(image->packed, &image->unpacked, err) : LT_END;
    }
    if (status == LT_END && image->packed)
        return lt_packed_open(image->packed, &image->unpacked, err);
    return status == LT_END ? lt_tsk_unpack(evidence, &image->file, &image->unpacked, err) : status;
}

static enum lt_status image_find(struct lt_evidence *evidence, struct lt_err *err)
{
    struct image *image = evidence->self;
    struct lt_err why = {0};
    enum lt_status status = unpack(evidence, &why);
    if (status == LT_FATAL)
        return lt_fail(err, status, why.code, 0, "%s", why.text);
    if (status == LT_SKIP)
        return fail_packed(evidence, &why, err);
    image->disk = status == LT_END ? &image->file : &image->unpacked;
    evidence->size = evidence->held = image->disk->size;
    image->pathspec = name_disk(evidence);
    guess_sectors(evidence);
    /* A file system may begin with a boot sector that looks like a partition table, so it is asked for first. */
    if (!add_fs(evidence, image->disk, &(struct lt_fs_identity){0}))
        add_partitions(evidence);
    if (!evidence->fs.count && (image->partitions || !add_lost_fs(evidence, image->disk, &(struct lt_fs_identity){0})))
        return fail_image(evidence, err);
    report_partial(evidence);
    return LT_OK;
}

static void image_close(struct lt_evidence *evidence)
{
    struct image *image = evidence->self;
    if (!image)
        return;
    lt_buf_free(&image->unread);
    lt_packed_close(image->packed);
    lt_device_close(&image->unpacked);
    lt_device_close(&image->file);
    lt_device_close(&image->whole);
}

const struct lt_evidence_kind lt_evidence_image = {
    .name = "image",
    .summary = "disk image (raw, split raw, E01, qcow2, VDI, VMDK, VHD, VHDX) or block device: one file system, or "
               "DOS/GPT partitions",
    .bid = image_bid,
    .open = image_open,
    .find = image_find,
    .close = image_close,
};

const char *lt_image_version(void)
{
    return lt_tsk_version();
}
