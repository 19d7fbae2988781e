// SPDX-License-Identifier: Apache-2.0
/* A whole log of XFS that lies, on a disk that does: its replay must end, in the time that its size deserves, and make
 * a device that can be read.
 *
 * Input: a byte of options, then the pieces of the disk that are not zero, as disk.h has them. The log has the second
 * half of the disk. */
#include "evidence/xfs/replay.h"

#include "disk.h"

enum {
    V4 = 1,        /* options */
    NO_SUMS = 2,   /* records have no checksums, whatever they say */
    SMALL_LOG = 4, /* a fourth of it, so that records cross its end */
    SIZE = 512 * 1024,
    BLOCK = 4096,
};

static struct lt_xfs make_super(uint8_t options)
{
    uint32_t blocks = SIZE / BLOCK;
    return (struct lt_xfs){
        .v5 = !(options & V4),
        .log_v2 = true,
        .block_size = BLOCK,
        .sector_size = 512,
        .inode_size = 512,
        .block_log = 12,
        .inode_log = 9,
        .inopb_log = 3,
        .ag_log = 7,
        .ag_blocks = blocks,
        .ag_count = 1,
        .blocks = blocks,
        .log_start = blocks / 2,
        .log_blocks = options & SMALL_LOG ? blocks / 8 : blocks / 2,
    };
}

static void drop_sums(struct disk *disk)
{
    static const uint8_t magic[] = {0xFE, 0xED, 0xBA, 0xBE};
    for (size_t at = SIZE / 2; at < SIZE; at += 512)
        if (memcmp(disk->bytes + at, magic, sizeof magic) == 0)
            memset(disk->bytes + at + 32, 0, 4);
}

/* Read in pieces of odd sizes, it is what it is as a whole. */
static void check_device(const struct lt_device *device)
{
    static unsigned char whole[SIZE], part[SIZE];
    PROMISE(device->size == SIZE && lt_device_read(device, 0, whole, SIZE));
    for (size_t at = 0, size = 1; at < SIZE; at += size, size = size * 3 + 7) {
        size = size < SIZE - at ? size : SIZE - at;
        PROMISE(lt_device_read(device, at, part, size) && memcmp(whole + at, part, size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t options = take_byte(&input);
    struct disk disk = make_disk(&input, SIZE);
    if (options & NO_SUMS)
        drop_sums(&disk);
    struct lt_device device = device_of(&disk), replayed;
    struct lt_xfs xfs = make_super(options);
    struct lt_xfs_replay_report report;
    struct lt_err err = {0};
    bool dirty;
    enum lt_status state = lt_xfs_log_dirty(&device, &xfs, &dirty, &err);
    PROMISE(state == LT_OK || err.set);
    enum lt_status status = lt_xfs_replay(&device, &xfs, &replayed, &report);
    PROMISE(status == LT_OK || status == LT_END);
    PROMISE(status != LT_OK || (dirty && report.journal.present));
    PROMISE(status == LT_OK || !report.journal.present || report.problem.set);
    if (status == LT_OK) {
        check_device(&replayed);
        lt_device_close(&replayed);
    }
    free_disk(&disk);
    return 0;
}
