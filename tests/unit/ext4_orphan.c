// SPDX-License-Identifier: Apache-2.0
/* Expectations: linux fs/ext4/orphan.c, and a block that Linux 6.18 wrote to an image made by mke2fs 1.47: the orphan
 * file is inode 12, the block is number 1090, and inodes 13 to 15 were open. */
#include "evidence/ext4/orphan_block.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 1024, NUMBER = 1090, FILE_INODE = 12 };

static struct lt_cursor make_block(unsigned char block[BLOCK])
{
    memset(block, 0, BLOCK);
    put_hex(block, 0, "0d0000000e0000000f");
    put_hex(block, BLOCK - 8, "04ca100bf4ab7440");
    return (struct lt_cursor){.ptr = block, .len = BLOCK};
}

static void test_checksum(void **state)
{
    unsigned char bytes[BLOCK];
    struct lt_cursor block = make_block(bytes);
    const struct lt_ext4 sums = {.checksums = true}, plain = {0};
    (void)state;
    assert_false(lt_ext4_orphans_damaged(&sums, block, NUMBER, inode_seed(FILE_INODE)));
    assert_true(lt_ext4_orphans_damaged(&sums, block, NUMBER + 1, inode_seed(FILE_INODE)));
    assert_true(lt_ext4_orphans_damaged(&sums, block, NUMBER, inode_seed(FILE_INODE + 1)));
    assert_false(lt_ext4_orphans_damaged(&plain, block, NUMBER + 1, 0));
    for (size_t at = 0; at < BLOCK; at++) {
        bytes[at] ^= 1;
        assert_true(lt_ext4_orphans_damaged(&sums, block, NUMBER, inode_seed(FILE_INODE)));
        assert_int_equal(lt_ext4_orphans_damaged(&plain, block, NUMBER, 0), at >= BLOCK - 8 && at < BLOCK - 4);
        bytes[at] ^= 1;
    }
}

static void test_inodes(void **state)
{
    unsigned char bytes[BLOCK];
    struct lt_cursor block = make_block(bytes);
    const uint32_t expected[] = {13, 14, 15, 7, UINT32_MAX};
    size_t at = 0, found = 0;
    (void)state;
    put_le(bytes, 400, 4, 7);
    put_le(bytes, BLOCK - 12, 4, UINT32_MAX); /* the last one before the tail */
    for (uint32_t ino; lt_ext4_next_orphan(block, &at, &ino) == LT_OK; found++) {
        assert_true(found < 5);
        assert_int_equal(ino, expected[found]);
    }
    assert_int_equal(found, 5);
}

static void test_short(void **state)
{
    unsigned char bytes[BLOCK];
    struct lt_cursor block = make_block(bytes);
    const struct lt_ext4 plain = {0};
    (void)state;
    for (block.len = 0; block.len < 12; block.len++) {
        size_t at = 0;
        uint32_t ino;
        assert_true(lt_ext4_orphans_damaged(&plain, block, NUMBER, 0));
        assert_int_equal(lt_ext4_next_orphan(block, &at, &ino), LT_END);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checksum),
        cmocka_unit_test(test_inodes),
        cmocka_unit_test(test_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
