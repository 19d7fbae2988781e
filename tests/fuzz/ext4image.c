// SPDX-License-Identifier: Apache-2.0
/* A whole ext2/3/4 file system that lies: opened, its journal replayed, walked, every file read a little, every
 * attribute and deleted inode looked at. It must end, in the time that its size deserves, and keep the promises of
 * evidence.h.
 *
 * Input: a byte of options, the size in KiB (2 bytes), then the pieces of the image that are not zero: where (2 bytes,
 * in units of 64 bytes), length - 1, the bytes. image.py in tests/fuzz makes such inputs. */
#include "evidence/ext4/ext4.h"
#include "evidence/ext4/fast_tags.h"

#include "disk.h"
#include "look.h"

#include <string.h>

enum {
    NO_CHECKSUMS = 1, /* options: without metadata_csum, whatever the superblock says */
    NO_JOURNAL = 2,
    CUT_SHORT = 4,  /* the image ends after three quarters of what the input says */
    SEALED = 8,     /* fast commits that lie in one block of 1 KiB get the right checksums */
    SEEK_COPY = 16, /* of the superblock, though nothing looks like one */
    MOST_KIB = 4096,
};

/* The checksum of a commit ends the tail that it is in. */
static void seal_commit(uint8_t *bytes, size_t size)
{
    struct lt_cursor block = {.ptr = bytes, .len = size};
    struct lt_fast_tag tag;
    uint32_t sum = 0;
    for (size_t at = 0; lt_fast_next(block, &at, &tag) == LT_OK;) {
        sum = lt_crc32c(sum, tag.summed.ptr, tag.summed.len);
        if (tag.type != LT_FAST_TAIL)
            continue;
        uint8_t *end = bytes + (tag.summed.ptr - bytes) + tag.summed.len;
        for (unsigned i = 0; i < 4; i++)
            end[i] = (uint8_t)(sum >> (8 * i));
        return;
    }
}

static struct disk make_image(struct input *input, uint8_t options)
{
    size_t size = (1 + take_number(input, 2) % MOST_KIB) * 1024;
    struct disk image = make_disk(input, options & CUT_SHORT ? size / 4 * 3 : size);
    enum { BLOCK = 1024 };
    for (size_t at = 0; options & SEALED && at + BLOCK <= image.size; at += BLOCK)
        seal_commit(image.bytes + at, BLOCK);
    enum { RO_COMPAT = LT_EXT4_SUPER_OFFSET + 0x64, METADATA_CSUM = 0x04 /* of the second byte */ };
    if (options & NO_CHECKSUMS && image.size > RO_COMPAT + 1)
        image.bytes[RO_COMPAT + 1] &= (uint8_t)~METADATA_CSUM;
    return image;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t options = take_byte(&input);
    struct disk image = make_image(&input, options);
    struct lt_device device = device_of(&image);
    struct lt_evidence evidence = {0};
    struct lt_fs fs = {.evidence = &evidence, .label = LT_STR("image")};
    struct lt_err err = {0};
    const struct lt_evidence_args args = {.no_journal = options & NO_JOURNAL, .seek_copy = options & SEEK_COPY};
    enum lt_status status = lt_fs_reader_ext4.open(&fs, &device, &args, &err);
    PROMISE(status == LT_OK || ((status == LT_END || status == LT_SKIP) && err.set));
    if (status == LT_OK) {
        PROMISE(fs.ops && (!fs.journal.replayed || fs.journal.present));
        look_at_all(&fs);
        fs.ops->release(&fs);
    }
    lt_arena_free(&evidence.arena);
    free_disk(&image);
    return 0;
}
