// SPDX-License-Identifier: Apache-2.0
/* Where the log begins and ends. Expectations: linux fs/xfs/xfs_log_recover.c, xlog_find_head(), xlog_verify_head(),
 * xlog_verify_tail() (kernel 6.18), whose comments draw the cases. */
#include "evidence/xfs/changed.h"
#include "evidence/xfs/log_ring.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = LT_XFS_LOG_BLOCK, BLOCKS = 1000, PLACE = 8 * 4096, EACH = 10 /* blocks of a record */ };

static const struct lt_xfs super = {.v5 = true,
                                    .log_v2 = true,
                                    .block_size = 4096,
                                    .sector_size = 512,
                                    .inode_size = 512,
                                    .block_log = 12,
                                    .inode_log = 9,
                                    .inopb_log = 3,
                                    .ag_log = 10,
                                    .ag_blocks = 1000,
                                    .ag_count = 1,
                                    .blocks = 1000,
                                    .log_start = 8,
                                    .log_blocks = BLOCKS / 8,
                                    .uuid = "0123456789abcde"};

struct disk {
    unsigned char bytes[PLACE + BLOCKS * BLOCK];
};

static ssize_t read_disk(void *arg, uint64_t offset, void *buffer, size_t size)
{
    const struct disk *disk = arg;
    memcpy(buffer, disk->bytes + offset, size);
    return (ssize_t)size;
}

static struct lt_device device_of(struct disk *disk)
{
    return (struct lt_device){.read = read_disk, .arg = disk, .size = sizeof disk->bytes};
}

static unsigned char *block_of(struct disk *disk, uint32_t number)
{
    return disk->bytes + PLACE + (size_t)(number % BLOCKS) * BLOCK;
}

/* A record of EACH blocks that names that tail. Behind the end of the ring it goes on at the start, in the next cycle.
 */
static void put_record(struct disk *disk, uint32_t at, uint32_t cycle, uint64_t tail, uint32_t operations)
{
    unsigned char bytes[EACH * BLOCK] = {0};
    put_be(bytes, 0, 4, 0xFEEDBABE);
    put_be(bytes, 4, 4, cycle);
    put_be(bytes, 8, 4, 2);
    put_be(bytes, 12, 4, (EACH - 1) * BLOCK);
    put_be(bytes, 16, 8, (uint64_t)cycle << 32 | at);
    put_be(bytes, 24, 8, tail);
    put_be(bytes, 40, 4, operations);
    put_be(bytes, 300, 4, 1);
    memcpy(bytes + 304, super.uuid, 16);
    put_be(bytes, 320, 4, LT_XFS_LOG_SPAN);
    for (uint32_t i = 1; i < EACH; i++)
        put_be(bytes, (size_t)i * BLOCK, 4, cycle + (at + i >= BLOCKS));
    uint32_t crc = ~slow_crc32c(slow_crc32c(~0u, bytes, 328), bytes + BLOCK, sizeof bytes - BLOCK);
    put_le(bytes, 32, 4, crc);
    for (uint32_t i = 0; i < EACH; i++)
        memcpy(block_of(disk, at + i), bytes + (size_t)i * BLOCK, BLOCK);
}

/* Records from block `from` up to `to` of one cycle. */
static void fill(struct disk *disk, uint32_t from, uint32_t to, uint32_t cycle, uint64_t tail)
{
    for (; from < to; from += EACH)
        put_record(disk, from, cycle, tail, 5);
}

static uint64_t lsn(uint32_t cycle, uint32_t block)
{
    return (uint64_t)cycle << 32 | block;
}

/* What is found. */
static struct lt_xfs_ring look(struct disk *disk, enum lt_status wanted)
{
    struct lt_device device = device_of(disk);
    struct lt_xfs_ring ring;
    struct lt_err err = {0};
    assert_int_equal(lt_xfs_ring_open(&ring, &device, &super, &err), wanted);
    assert_int_equal(err.set, wanted != LT_OK);
    lt_xfs_ring_close(&ring);
    return ring;
}

static void expect(struct disk *disk, uint32_t tail, uint32_t head)
{
    struct lt_xfs_ring ring = look(disk, LT_OK);
    assert_true(ring.dirty);
    assert_int_equal(ring.tail, tail);
    assert_int_equal(ring.head, head);
    assert_false(ring.damage.set);
}

static int setup(void **state)
{
    *state = calloc(1, sizeof(struct disk));
    return !*state;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void never_written(void **state)
{
    assert_false(look(*state, LT_OK).dirty);
}

static void unmounted(void **state)
{
    struct disk *disk = *state;
    fill(disk, 0, 500, 1, lsn(1, 0));
    put_record(disk, 500, 1, lsn(1, 500), 1);
    expect(disk, 500, 510);
    block_of(disk, 501)[9] = LT_XFS_OP_UNMOUNT;
    assert_false(look(disk, LT_OK).dirty);
    fill(disk, 510, 520, 1, lsn(1, 510)); /* mounted again */
    expect(disk, 510, 520);
}

static void first_round(void **state)
{
    struct disk *disk = *state;
    fill(disk, 0, 500, 1, lsn(1, 40));
    expect(disk, 40, 500);
}

static void later_rounds(void **state)
{
    struct disk *disk = *state;
    for (uint32_t head = 0; head < BLOCKS; head += 170) {
        fill(disk, 0, BLOCKS, 4, lsn(3, 500));
        fill(disk, 0, head, 5, lsn(4, 700));
        if (head)
            expect(disk, 700, head);
    }
}

/* The last record goes from the end of the ring to its start. */
static void around_the_end(void **state)
{
    struct disk *disk = *state;
    fill(disk, 4, BLOCKS, 4, lsn(4, 404));
    expect(disk, 404, 4);
}

/* Only some blocks of the last record reached the disk. */
static void half_a_record(void **state)
{
    struct disk *disk = *state;
    for (uint32_t whole = 0; whole < EACH; whole++) {
        fill(disk, 0, BLOCKS, 4, lsn(4, 500));
        fill(disk, 0, 500, 5, lsn(4, 700));
        for (uint32_t i = whole; i < EACH; i++)
            put_be(block_of(disk, 490 + i), 0, 4, 4);
        expect(disk, 700, 490);
    }
}

/* A record that was written later reached the disk earlier. */
static void hole(void **state)
{
    struct disk *disk = *state;
    fill(disk, 0, BLOCKS, 4, lsn(4, 500));
    fill(disk, 0, 500, 5, lsn(4, 700));
    fill(disk, 510, 530, 5, lsn(4, 700));
    expect(disk, 700, 500);
}

/* One of the last eight records has a wrong checksum: it and what follows do not count. */
static void torn(void **state)
{
    struct disk *disk = *state;
    for (uint32_t at = 430; at < 500; at += EACH) {
        fill(disk, 0, BLOCKS, 4, lsn(4, 500));
        fill(disk, 0, 500, 5, lsn(4, 700));
        block_of(disk, at + 3)[100] ^= 1;
        expect(disk, 700, at);
    }
}

/* Before those it is damage: what lies before it is used. */
static void damaged(void **state)
{
    struct disk *disk = *state;
    fill(disk, 0, BLOCKS, 4, lsn(4, 500));
    fill(disk, 0, 500, 5, lsn(5, 0));
    block_of(disk, 203)[100] ^= 1;
    struct lt_xfs_ring ring = look(disk, LT_OK);
    assert_int_equal(ring.head, 200);
    assert_true(ring.dirty && ring.damage.set);
    fill(disk, 0, 500, 5, lsn(5, 100));
    block_of(disk, 103)[100] ^= 1;
    look(disk, LT_SKIP);
}

/* The tail was written over by records that are lost: it begins with the first whole record. */
static void tail_written_over(void **state)
{
    struct disk *disk = *state;
    fill(disk, 0, BLOCKS, 4, lsn(4, 500));
    fill(disk, 0, 500, 5, lsn(4, 510));
    memset(block_of(disk, 510) + 4, 0xAA, (size_t)25 * BLOCK);
    for (uint32_t at = 510; at < 535; at++)
        put_be(block_of(disk, at), 0, 4, 4);
    expect(disk, 540, 500);
}

static void of_another_file_system(void **state)
{
    struct disk *disk = *state;
    fill(disk, 0, 500, 1, lsn(1, 0));
    block_of(disk, 490)[304] ^= 1;
    look(disk, LT_SKIP);
}

static void elsewhere(void **state)
{
    struct lt_device device = device_of(*state);
    struct lt_xfs_ring ring;
    for (unsigned kind = 0; kind < 3; kind++) {
        struct lt_err err = {0};
        struct lt_xfs xfs = super;
        xfs.log_start = kind == 0 ? 0 : 8;
        xfs.log_blocks = kind == 1 ? UINT32_MAX : xfs.log_blocks + kind;
        assert_int_equal(lt_xfs_ring_open(&ring, &device, &xfs, &err), LT_SKIP);
        assert_true(err.set && !ring.dirty);
        lt_xfs_ring_close(&ring);
    }
}

/* ---- sectors that were changed ----------------------------------------------------------------------------------- */

static void changes(void **state)
{
    struct disk *disk = *state;
    struct lt_changed changed = {.device = device_of(disk)};
    unsigned char sectors[3 * 512], wanted[8 * 512], got[8 * 512];
    for (size_t i = 0; i < sizeof wanted; i++)
        disk->bytes[i] = wanted[i] = (unsigned char)(i / 7);
    memset(sectors, 'x', sizeof sectors);
    memcpy(wanted + 512, sectors, sizeof sectors);
    memcpy(wanted + 6 * 512, "yy", 2);
    memset(wanted + 6 * 512 + 2, 'x', 510);
    assert_true(lt_changed_write(&changed, 512, sectors, sizeof sectors));
    memcpy(sectors, "yy", 2);
    assert_true(lt_changed_write(&changed, 6 * 512, sectors, 512));
    for (unsigned settled = 0; settled < 2; settled++) {
        assert_true(lt_changed_read(&changed, 0, got, sizeof got));
        assert_memory_equal(got, wanted, sizeof got);
        lt_changed_settle(&changed);
    }
    for (size_t from = 0; from < 2000; from += 111) {
        assert_int_equal(lt_changed_device_read(&changed, from, got, 1999), 1999);
        assert_memory_equal(got, wanted + from, 1999);
    }
    assert_int_equal(lt_changed_units(&changed, 512), 4);
    assert_int_equal(lt_changed_units(&changed, 1024), 3);
    assert_int_equal(lt_changed_units(&changed, 4096), 1);
    lt_changed_free(&changed);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(never_written),          TEST(unmounted), TEST(first_round), TEST(later_rounds), TEST(around_the_end),
        TEST(half_a_record),          TEST(hole),      TEST(torn),        TEST(damaged),      TEST(tail_written_over),
        TEST(of_another_file_system), TEST(elsewhere), TEST(changes),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
