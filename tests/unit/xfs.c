// SPDX-License-Identifier: Apache-2.0
/* Expectations: linux fs/xfs/libxfs/xfs_format.h (xfs_dsb, xfs_agi, xfs_dinode, xfs_legacy_timestamp,
 * XFS_BIGTIME_EPOCH_OFFSET), and the superblock of an image of 320 MiB that mkfs.xfs 6.1 made, as xfs_db shows it. */
#include "evidence/xfs/layout.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SECTOR = 512, INODE = 512 };

static struct lt_cursor cursor_of(const unsigned char *bytes, size_t size)
{
    return (struct lt_cursor){.ptr = bytes, .len = size};
}

static void seal(unsigned char *bytes, size_t size, size_t at)
{
    memset(bytes + at, 0, 4);
    put_le(bytes, at, 4, ~slow_crc32c(~0u, bytes, size));
}

/* blocksize 4096, agblocks 20480, agcount 4, inodesize 512, agblklog 15, features as mkfs.xfs sets them. */
static void make_super(unsigned char bytes[SECTOR])
{
    memset(bytes, 0, SECTOR);
    put_be(bytes, 0, 4, 0x58465342);
    put_be(bytes, 4, 4, 4096);
    put_be(bytes, 8, 8, 81920);
    put_hex(bytes, 32, "8fa82691a1974234858fef81969c5752");
    put_be(bytes, 48, 8, 65542);
    put_be(bytes, 56, 8, 128);
    put_be(bytes, 84, 4, 20480);
    put_be(bytes, 88, 4, 4);
    put_be(bytes, 96, 4, 16384);
    put_be(bytes, 100, 2, 0xB4A5);
    put_be(bytes, 102, 2, 512);
    put_be(bytes, 104, 2, 512);
    memcpy(bytes + 108, "twelve-chars", 12);
    put_hex(bytes, 120, "0c0909030f");
    put_be(bytes, 128, 8, 64);
    put_be(bytes, 136, 8, 61);
    put_be(bytes, 200, 4, 0x18A);
    put_be(bytes, 216, 4, 0xB);
    seal(bytes, SECTOR, 224);
}

static void test_super(void **state)
{
    (void)state;
    unsigned char bytes[SECTOR];
    struct lt_xfs xfs;
    make_super(bytes);
    assert_int_equal(lt_xfs_super(cursor_of(bytes, SECTOR), &xfs, NULL), LT_OK);
    assert_true(xfs.v5 && xfs.ftype && !xfs.damaged && xfs.block_size == 4096 && xfs.dir_block_size == 4096);
    assert_true(xfs.root == 128 && xfs.log_blocks == 16384 && xfs.inodes == 64 && xfs.free_inodes == 61);
    assert_memory_equal(xfs.label, "twelve-chars", 12);
    assert_memory_equal(xfs.uuid, xfs.meta_uuid, 16);
    bytes[300] ^= 1;
    assert_int_equal(lt_xfs_super(cursor_of(bytes, SECTOR), &xfs, NULL), LT_OK);
    assert_true(xfs.damaged);
    put_be(bytes, 216, 4, 0xF);
    put_hex(bytes, 248, "00112233445566778899aabbccddeeff");
    assert_int_equal(lt_xfs_super(cursor_of(bytes, SECTOR), &xfs, NULL), LT_OK);
    assert_memory_equal(xfs.meta_uuid, bytes + 248, 16);
    bytes[0] = 'Y';
    assert_int_equal(lt_xfs_super(cursor_of(bytes, SECTOR), &xfs, NULL), LT_END);
}

/* Numbers of inodes and blocks have their AG in the upper bits: 18 and 15 of them are below it. */
static void test_places(void **state)
{
    (void)state;
    static const struct {
        uint64_t ino, place;
        bool there;
    } rows[] = {{128, 128 * 512, true},
                {(1 << 18) | 762, 20480ull * 4096 + 762 * 512, true},
                {(3 << 18) | (20479 << 3 | 7), 81920ull * 4096 - 512, true},
                {(3 << 18) | (20480 << 3), 0, false},
                {4 << 18, 0, false},
                {UINT64_MAX, 0, false}};
    unsigned char bytes[SECTOR];
    struct lt_xfs xfs;
    make_super(bytes);
    assert_int_equal(lt_xfs_super(cursor_of(bytes, SECTOR), &xfs, NULL), LT_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t place = 0;
        assert_int_equal(lt_xfs_ino_place(&xfs, rows[i].ino, &place), rows[i].there);
        if (rows[i].there)
            assert_true(place == rows[i].place);
    }
    uint64_t place;
    assert_true(lt_xfs_block_place(&xfs, 65542, &place) && place == (2 * 20480ull + 6) * 4096);
    assert_false(lt_xfs_block_place(&xfs, 20480, &place));
}

static void test_impossible_supers(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        unsigned count;
        uint64_t value;
    } table[] = {{4, 4, 4095},   {4, 4, 0},          {8, 8, 81921},    {8, 8, 61440},   {84, 4, 0},
                 {84, 4, 32769}, {88, 4, 0},         {88, 4, 5},       {102, 2, 513},   {102, 2, 8192},
                 {104, 2, 128},  {120, 1, 17},       {123, 1, 4},      {124, 1, 32},    {124, 1, 14},
                 {192, 1, 5},    {8, 8, UINT64_MAX}, {100, 2, 0xB4A3}, {100, 2, 0x94A5}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        unsigned char bytes[SECTOR];
        struct lt_xfs xfs;
        struct lt_err err = {0};
        make_super(bytes);
        put_be(bytes, table[i].at, table[i].count, table[i].value);
        assert_int_equal(lt_xfs_super(cursor_of(bytes, SECTOR), &xfs, &err), LT_SKIP);
        assert_true(err.set);
    }
}

static const struct lt_xfs five = {.v5 = true, .inode_size = INODE}, four = {.inode_size = 256};

static void make_inode(unsigned char bytes[INODE], unsigned version)
{
    memset(bytes, 0, INODE);
    put_hex(bytes, 0, "494e81a4");
    bytes[4] = (unsigned char)version;
    bytes[5] = 2;
    put_be(bytes, 8, 4, 1000);
    put_be(bytes, 12, 4, 70000);
    put_be(bytes, 16, 4, 3);
    put_be(bytes, 56, 8, 123456789012);
    put_be(bytes, 76, 4, 5);
    put_be(bytes, 80, 2, 6);
    put_be(bytes, 152, 8, 131);
    if (version == 3)
        seal(bytes, INODE, 100);
}

static void test_inode(void **state)
{
    (void)state;
    unsigned char bytes[INODE];
    struct lt_xfs_inode inode;
    make_inode(bytes, 3);
    assert_int_equal(lt_xfs_inode(&five, cursor_of(bytes, INODE), 131, &inode, NULL), LT_OK);
    assert_true(inode.mode == 0100644 && inode.uid == 1000 && inode.gid == 70000 && inode.nlink == 3);
    assert_true(inode.size == 123456789012 && inode.data.extents == 5 && !inode.attr.bytes.len);
    assert_true(inode.data.bytes.ptr == bytes + 176 && inode.data.bytes.len == INODE - 176 && !inode.damaged);
    assert_int_equal(lt_xfs_inode(&five, cursor_of(bytes, INODE), 132, &inode, NULL), LT_OK);
    assert_true(inode.misplaced);
    bytes[82] = 20; /* in units of 8 bytes */
    assert_int_equal(lt_xfs_inode(&five, cursor_of(bytes, INODE), 131, &inode, NULL), LT_OK);
    assert_true(inode.damaged && inode.data.bytes.len == 160 && inode.attr.bytes.ptr == bytes + 336 &&
                inode.attr.bytes.len == INODE - 336 && inode.attr.extents == 6);
    bytes[82] = 43;
    assert_int_equal(lt_xfs_inode(&five, cursor_of(bytes, INODE), 131, &inode, NULL), LT_SKIP);
    bytes[82] = 0;
    bytes[4] = 2;
    assert_int_equal(lt_xfs_inode(&five, cursor_of(bytes, INODE), 131, &inode, NULL), LT_SKIP);
    assert_int_equal(lt_xfs_inode(&four, cursor_of(bytes, 256), 131, &inode, NULL), LT_OK);
    assert_true(inode.data.bytes.ptr == bytes + 100 && inode.data.bytes.len == 156 && !inode.time[LT_B].set);
    bytes[4] = 1; /* links had 16 bits */
    put_be(bytes, 6, 2, 77);
    assert_int_equal(lt_xfs_inode(&four, cursor_of(bytes, 256), 131, &inode, NULL), LT_OK);
    assert_int_equal(inode.nlink, 77);
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        bool bigtime;
        uint64_t bytes;
        int64_t sec;
        uint32_t nsec;
        bool bad;
    } rows[] = {{false, 0, 0, 0, false},
                {false, 0xFFFFFFFF3B9AC9FF, -1, 999999999, false},
                {false, 0x8000000000000001, -2147483648, 1, false},
                {false, 0x000000003B9ACA00, 0, 0, true},
                {true, 0, -2147483648, 0, false},
                {true, 2147483648000000000, 0, 0, false},
                {true, UINT64_MAX, 16299260425, 709551615, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned char bytes[INODE];
        struct lt_xfs_inode inode;
        make_inode(bytes, 3);
        put_be(bytes, 40, 8, rows[i].bytes);
        put_be(bytes, 120, 8, rows[i].bigtime ? 8 : 0);
        assert_int_equal(lt_xfs_inode(&five, cursor_of(bytes, INODE), 131, &inode, NULL), LT_OK);
        assert_int_equal(inode.bad_time, rows[i].bad);
        assert_true(inode.time[LT_M].set == !rows[i].bad);
        assert_true(inode.time[LT_M].sec == rows[i].sec && inode.time[LT_M].nsec == rows[i].nsec);
    }
}

/* Large counters move the number of attributes to where that of extents was; devices have 14 and 18 bits. */
static void test_counters_and_devices(void **state)
{
    (void)state;
    unsigned char bytes[INODE];
    struct lt_xfs_inode inode;
    make_inode(bytes, 3);
    put_be(bytes, 24, 8, 0x123456789A);
    put_be(bytes, 76, 4, 0xABCDE);
    put_be(bytes, 120, 8, 0x10);
    bytes[82] = 20;
    assert_int_equal(lt_xfs_inode(&five, cursor_of(bytes, INODE), 131, &inode, NULL), LT_OK);
    assert_true(inode.data.extents == 0x123456789A && inode.attr.extents == 0xABCDE);
    put_hex(bytes, 2, "21b0");
    put_be(bytes, 176, 4, 259 << 18 | 70000);
    assert_int_equal(lt_xfs_inode(&five, cursor_of(bytes, INODE), 131, &inode, NULL), LT_OK);
    assert_true(inode.major == 259 && inode.minor == 70000);
}

static void test_agi(void **state)
{
    (void)state;
    unsigned char bytes[SECTOR] = {0};
    struct lt_xfs_agi agi;
    put_hex(bytes, 0, "58414749");
    put_be(bytes, 8, 4, 2);
    put_be(bytes, 16, 4, 640);
    put_be(bytes, 20, 4, 3);
    put_be(bytes, 24, 4, 1);
    put_be(bytes, 28, 4, 20);
    put_be(bytes, 40 + 4 * 63, 4, 0xFFFFFFFF);
    seal(bytes, SECTOR, 312);
    assert_int_equal(lt_xfs_agi(&five, cursor_of(bytes, SECTOR), &agi, NULL), LT_OK);
    assert_true(agi.ag == 2 && agi.inodes == 640 && agi.free == 20 && agi.root == 3 && agi.level == 1 && !agi.damaged);
    assert_true(agi.unlinked[63] == LT_XFS_NO_INODE && !agi.unlinked[0]);
    bytes[400] = 1;
    assert_int_equal(lt_xfs_agi(&five, cursor_of(bytes, SECTOR), &agi, NULL), LT_OK);
    assert_true(agi.damaged);
    assert_int_equal(lt_xfs_agi(&five, cursor_of(bytes, 200), &agi, NULL), LT_SKIP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_super), cmocka_unit_test(test_places), cmocka_unit_test(test_impossible_supers),
        cmocka_unit_test(test_inode), cmocka_unit_test(test_times),  cmocka_unit_test(test_counters_and_devices),
        cmocka_unit_test(test_agi),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
