// SPDX-License-Identifier: Apache-2.0
/* A disk image (or block device) as evidence. It is never mounted. This file makes a device of the bytes of the image;
 * evidence/disks/ finds what is on that. */
#include "evidence/image/image.h"

#include "evidence/disks/disks.h"
#include "evidence/disks/unread.h"
#include "evidence/evidence.h"
#include "evidence/image/libtsk.h"
#include "evidence/image/segments.h"
#include "evidence/image/tsk.h"
#include "evidence/magic/magic.h"
#include "evidence/packed/packed.h"
#include "evidence/packed/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

struct image {
    int fd;
    struct lt_device whole;        /* as it lies on the disk, where it is packed and was unpacked; else not open */
    struct lt_device file;         /* as it lies on the disk, or was unpacked */
    struct lt_packed_disk *packed; /* what reads it, if its format is one of ours */
    struct lt_device unpacked;     /* the bytes inside it; not open where the file is a raw image */
    struct lt_device *disk;        /* which of the two is read */
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

/* The path specification of the disk. The file that holds it is the analyst's, and no fact about it. */
static struct lt_str name_disk(struct lt_evidence *evidence)
{
    const struct image *image = evidence->self;
    return lt_str_format(&evidence->arena, "{\"__type__\": \"PathSpec\", \"type_indicator\": \"%s\"}",
                         image->packed ? lt_packed_type(image->packed) : lt_tsk_format(&image->file, evidence->spec));
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

/* Why nothing of the image can be read. */
static enum lt_status fail_image(struct lt_evidence *evidence, struct lt_err *err)
{
    const struct image *image = evidence->self;
    struct lt_magic magic;
    struct lt_err nothing = {0};
    if (image->disk != &image->file && !image->disk->size) {
        lt_fail(&nothing, LT_SKIP, LT_CODE_DAMAGED, 0, "it can be opened, but holds nothing");
        return fail_packed(evidence, &nothing, err);
    }
    return lt_unread_fail(evidence->area, is_partial(evidence, &magic) ? &magic : NULL, err);
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
    lt_disks_search(lt_area_image(evidence, image->disk, name_disk(evidence)));
    return LT_OK;
}

static enum lt_status image_settle(struct lt_evidence *evidence, struct lt_err *err)
{
    if (!lt_area_is_read(evidence->area) && !lt_area_is_elsewhere(evidence->area))
        return fail_image(evidence, err);
    report_partial(evidence);
    return LT_OK;
}

static void image_close(struct lt_evidence *evidence)
{
    struct image *image = evidence->self;
    if (!image)
        return;
    lt_packed_close(image->packed);
    lt_device_close(&image->unpacked);
    lt_device_close(&image->file);
    lt_device_close(&image->whole);
}

const struct lt_evidence_kind lt_evidence_image = {
    .name = "image",
    .summary =
        "disk image (raw, split raw, E01, qcow2, VDI, VMDK, VHD, VHDX) or block device: file systems, in DOS/GPT "
        "partitions and on volumes",
    .bid = image_bid,
    .open = image_open,
    .find = image_find,
    .settle = image_settle,
    .close = image_close,
};

const char *lt_image_version(void)
{
    return lt_tsk_version();
}
