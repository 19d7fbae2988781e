// SPDX-License-Identifier: Apache-2.0
/* A whole XFS that lies: opened, walked, every file read a little, every attribute and deleted inode looked at. It must
 * end, in the time that its size deserves, and keep the promises of evidence.h.
 *
 * Input: a byte of options, the size in units of 16 KiB (2 bytes), then the pieces of the image that are not zero:
 * where (3 bytes, in units of 64 bytes), length - 1, the bytes. xfsimage.py in tests/fuzz makes such inputs. */
#include "base/crc32c.h"
#include "base/cursor.h"
#include "evidence/xfs/xfs.h"

#include "disk.h"
#include "look.h"

enum {
    SEALED = 1,    /* options: all checksums are made right */
    CUT_SHORT = 2, /* the image ends after three quarters of what the input says */
    SEEK_COPY = 4, /* of the superblock, though nothing looks like one */
    NO_JOURNAL = 8,
    LARGE_UNIT = 16 * 1024,
    MOST_UNITS = 4096,
    SECTOR = 512,
};

/* What begins with a magic number, or has one at byte 8: how long it is (0: a block), and where its checksum is. */
static const struct {
    unsigned char magic[4];
    unsigned at, size, sum;
} forms[] = {
    {"XFSB", 0, SECTOR, 224}, {"XAGI", 0, SECTOR, 312}, {"IAB3", 0, 0, 52},     {"BMA3", 0, 0, 64},
    {"XDB3", 0, 0, 4},        {"XDD3", 0, 0, 4},        {"XARM", 0, 0, 12},     {"XSLM", 0, 0, 12},
    {"IN", 0, SECTOR, 100},   {"\x3b\xee", 8, 0, 12},   {"\x3e\xbe", 8, 0, 12},
};

static void seal(struct disk *image, size_t at, size_t size, size_t sum)
{
    size_t behind = sum + 4;
    if (size > image->size - at || size < behind)
        return;
    unsigned char *bytes = image->bytes + at;
    memset(bytes + sum, 0, 4);
    uint32_t crc = ~lt_crc32c(~0u, bytes, size);
    for (unsigned i = 0; i < 4; i++)
        bytes[sum + i] = (unsigned char)(crc >> (8 * i));
}

/* Only what is there: pages that nobody touches cost nothing. */
static void seal_piece(struct disk *image, size_t at, uint32_t block_size)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms && image->size - at >= SECTOR; i++) {
        size_t length = forms[i].magic[2] ? 4 : 2;
        if (memcmp(image->bytes + at + forms[i].at, forms[i].magic, length) == 0)
            seal(image, at, forms[i].size ? forms[i].size : block_size, forms[i].sum);
    }
}

static struct disk make_image(struct input *input, uint8_t options)
{
    size_t whole = (1 + take_number(input, 2) % MOST_UNITS) * LARGE_UNIT;
    size_t size = options & CUT_SHORT ? whole / 4 * 3 : whole;
    struct disk disk = {mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), size};
    PROMISE(disk.bytes != MAP_FAILED);
    struct input again = *input;
    while (input->len > 4) {
        size_t at = (size_t)take_number(input, 3) * UNIT, length = (size_t)take_byte(input) + 1;
        length = length < input->len ? length : input->len;
        if (at < size)
            memcpy(disk.bytes + at, input->ptr, length < size - at ? length : size - at);
        input->ptr += length;
        input->len -= length;
    }
    struct lt_cursor super = {.ptr = disk.bytes, .len = SECTOR};
    uint32_t block_size = (uint32_t)lt_cursor_be(&super, 4, 4);
    while (options & SEALED && again.len > 4) {
        size_t at = (size_t)take_number(&again, 3) * UNIT, length = (size_t)take_byte(&again) + 1;
        if (at % SECTOR == 0 && at < size)
            seal_piece(&disk, at, block_size);
        again.ptr += length < again.len ? length : again.len;
        again.len -= length < again.len ? length : again.len;
    }
    return disk;
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
    enum lt_status status = lt_fs_reader_xfs.open(&fs, &device, &args, &err);
    PROMISE(status == LT_OK || ((status == LT_END || status == LT_SKIP) && err.set));
    if (status == LT_OK) {
        PROMISE(fs.ops && (!fs.journal.replayed || fs.journal.present));
        look_at_all(&fs);
        fs.ops->release(&fs);
    }
    lt_arena_free(&evidence.arena);
    munmap(image.bytes, image.size);
    return 0;
}
