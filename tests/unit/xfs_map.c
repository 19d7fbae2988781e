// SPDX-License-Identifier: Apache-2.0
/* Expectations: linux fs/xfs/libxfs/xfs_format.h (xfs_bmbt_rec, xfs_bmdr_block, xfs_inobt_rec,
 * XFS_INODES_PER_HOLEMASK_BIT). */
#include "evidence/xfs/bmap.h"
#include "evidence/xfs/inobt.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 1024 };

static const struct lt_xfs five = {.v5 = true, .incompat = LT_XFS_INCOMPAT_SPINODES}, four = {0};

static void put_extent(unsigned char *bytes, size_t at, bool unwritten, uint64_t logical, uint64_t block,
                       uint64_t count)
{
    put_be(bytes, at, 8, (uint64_t)unwritten << 63 | logical << 9 | block >> 43);
    put_be(bytes, at + 8, 8, block << 21 | count);
}

static struct lt_xfs_fork fork_of(unsigned char *bytes, size_t size, enum lt_xfs_format format, uint64_t extents)
{
    return (struct lt_xfs_fork){format, extents, {.ptr = bytes, .len = size}};
}

static void test_extents(void **state)
{
    (void)state;
    static const struct {
        uint64_t logical, block, count;
        bool zeros;
    } rows[] = {{0, 0, 2, true},
                {1, 0, 1, true},
                {2, 0x8765432100012, 3, false},
                {4, 0x8765432100014, 1, false},
                {5, 77, 0x1FFFFF, true},
                {0x200003, 77 + 0x1FFFFE, 1, true},
                {0x200004, 0, UINT64_MAX, true}};
    unsigned char bytes[48] = {0};
    put_extent(bytes, 0, false, 2, 0x8765432100012, 3);
    put_extent(bytes, 16, true, 5, 77, 0x1FFFFF);
    struct lt_xfs_fork fork = fork_of(bytes, sizeof bytes, LT_XFS_EXTENTS, 2);
    struct lt_xfs_map_node node;
    assert_int_equal(lt_xfs_map_root(&fork, &node, NULL), LT_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lt_xfs_step step;
        lt_xfs_map_step(&node, rows[i].logical, &step);
        assert_true(!step.down && step.block == rows[i].block && step.count == rows[i].count &&
                    step.zeros == rows[i].zeros);
    }
    fork.extents = 4; /* more than there is room for */
    assert_int_equal(lt_xfs_map_root(&fork, &node, NULL), LT_SKIP);
    fork.extents = 3; /* the third one is empty */
    assert_int_equal(lt_xfs_map_root(&fork, &node, NULL), LT_SKIP);
    put_extent(bytes, 32, false, 0x200003, 9, 1); /* over the second one */
    assert_int_equal(lt_xfs_map_root(&fork, &node, NULL), LT_SKIP);
    assert_int_equal(node.count, 0);
}

/* Keys and pointers share the room of a root; pointers begin behind all keys that there is room for. */
static void test_root_of_btree(void **state)
{
    (void)state;
    unsigned char bytes[4 + 3 * 16 + 5] = {0};
    struct lt_xfs_map_node node;
    struct lt_xfs_step step;
    put_be(bytes, 0, 2, 1);
    put_be(bytes, 2, 2, 2);
    put_be(bytes, 4, 8, 0);
    put_be(bytes, 12, 8, 100);
    put_be(bytes, 4 + 3 * 8, 8, 0x111);
    put_be(bytes, 4 + 4 * 8, 8, 0x222);
    struct lt_xfs_fork fork = fork_of(bytes, sizeof bytes, LT_XFS_BTREE, 50);
    assert_int_equal(lt_xfs_map_root(&fork, &node, NULL), LT_OK);
    lt_xfs_map_step(&node, 99, &step);
    assert_true(step.down && step.block == 0x111 && step.count == 1);
    lt_xfs_map_step(&node, 100, &step);
    assert_true(step.down && step.block == 0x222 && step.count == UINT64_MAX);
    put_be(bytes, 2, 2, 4);
    assert_int_equal(lt_xfs_map_root(&fork, &node, NULL), LT_SKIP);
    put_be(bytes, 2, 2, 2);
    put_be(bytes, 0, 2, 0); /* a leaf is no root */
    assert_int_equal(lt_xfs_map_root(&fork, &node, NULL), LT_SKIP);
    fork.format = LT_XFS_LOCAL;
    assert_int_equal(lt_xfs_map_root(&fork, &node, NULL), LT_SKIP);
}

static void test_block_of_btree(void **state)
{
    (void)state;
    unsigned char bytes[BLOCK] = {0};
    struct lt_cursor cursor = {.ptr = bytes, .len = BLOCK};
    struct lt_xfs_map_node node;
    bool damaged;
    put_hex(bytes, 0, "424d413300000001");
    put_be(bytes, 56, 8, 131);
    put_extent(bytes, 72, false, 8, 9, 10);
    put_le(bytes, 64, 4, ~slow_crc32c(~0u, bytes, BLOCK));
    assert_int_equal(lt_xfs_map_block(&five, cursor, 131, 0, &node, &damaged, NULL), LT_OK);
    assert_true(!damaged && node.count == 1 && lt_xfs_map_entry(&node, 0).block == 9);
    assert_int_equal(lt_xfs_map_block(&five, cursor, 132, 0, &node, &damaged, NULL), LT_OK);
    assert_true(damaged);
    assert_int_equal(lt_xfs_map_block(&five, cursor, 131, 1, &node, &damaged, NULL), LT_SKIP);
    assert_int_equal(lt_xfs_map_block(&four, cursor, 131, 0, &node, &damaged, NULL), LT_SKIP);
    put_be(bytes, 6, 2, 60); /* 59 fit */
    assert_int_equal(lt_xfs_map_block(&five, cursor, 131, 0, &node, &damaged, NULL), LT_SKIP);
}

static void put_record(unsigned char *bytes, size_t at, uint32_t start, unsigned holes, uint64_t free)
{
    put_be(bytes, at, 4, start);
    put_be(bytes, at + 4, 2, holes);
    put_be(bytes, at + 8, 8, free);
}

static void test_inodes(void **state)
{
    (void)state;
    unsigned char bytes[BLOCK] = {0};
    struct lt_cursor cursor = {.ptr = bytes, .len = BLOCK};
    struct lt_xfs_inobt leaf;
    put_hex(bytes, 0, "4941423300000002ffffffff00000009");
    put_record(bytes, 56, 128, 0, 0x8000000000000001);
    put_record(bytes, 72, 192, 0xFF00, UINT64_MAX); /* the second half is not there */
    put_be(bytes, 48, 4, 3);
    put_le(bytes, 52, 4, ~slow_crc32c(~0u, bytes, BLOCK));
    assert_int_equal(lt_xfs_inobt(&five, cursor, 3, 0, &leaf, NULL), LT_OK);
    assert_true(!leaf.damaged && leaf.count == 2 && leaf.right == 9);
    struct lt_xfs_chunk whole = lt_xfs_inobt_chunk(&five, &leaf, 0), half = lt_xfs_inobt_chunk(&five, &leaf, 1);
    assert_true(whole.start == 128 && whole.there == UINT64_MAX && whole.free == 0x8000000000000001);
    assert_true(half.start == 192 && half.there == UINT32_MAX && half.free == UINT32_MAX);
    assert_int_equal(lt_xfs_inobt_find(&leaf, 127), 2);
    assert_int_equal(lt_xfs_inobt_find(&leaf, 191), 0);
    assert_int_equal(lt_xfs_inobt_find(&leaf, 192), 1);
    assert_int_equal(lt_xfs_inobt(&five, cursor, 2, 0, &leaf, NULL), LT_SKIP); /* of another AG */
    put_record(bytes, 72, 191, 0, 0);
    assert_int_equal(lt_xfs_inobt(&five, cursor, 3, 0, &leaf, NULL), LT_SKIP);
}

static void test_inode_node(void **state)
{
    (void)state;
    unsigned char bytes[BLOCK] = {0};
    struct lt_xfs_inobt node;
    size_t most = (BLOCK - 16) / 8;
    put_hex(bytes, 0, "4941425400010002");
    put_be(bytes, 16, 4, 64);
    put_be(bytes, 20, 4, 6400);
    put_be(bytes, 16 + most * 4, 4, 11);
    put_be(bytes, 20 + most * 4, 4, 12);
    assert_int_equal(lt_xfs_inobt(&four, (struct lt_cursor){.ptr = bytes, .len = BLOCK}, 0, 1, &node, NULL), LT_OK);
    assert_int_equal(lt_xfs_inobt_child(&node, lt_xfs_inobt_find(&node, 6399)), 11);
    assert_int_equal(lt_xfs_inobt_child(&node, lt_xfs_inobt_find(&node, 6400)), 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_extents), cmocka_unit_test(test_root_of_btree), cmocka_unit_test(test_block_of_btree),
        cmocka_unit_test(test_inodes),  cmocka_unit_test(test_inode_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
