// SPDX-License-Identifier: Apache-2.0
/* Expectations: linux fs/ext4/ext4_extents.h, fs/ext4/extents.c (ext4_valid_extent_entries), fs/ext4/indirect.c
 * (ext4_block_to_path), and a tree made by mke2fs 1.47 with what debugfs ("ex") says about it. */
#include "evidence/ext4/map.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 1024, ROOT = -1 };

static struct lt_cursor cursor_of(const unsigned char *bytes, size_t size)
{
    return (struct lt_cursor){.ptr = bytes, .len = size};
}

static void make_head(unsigned char *node, unsigned entries, unsigned max, unsigned depth)
{
    put_le(node, 0, 2, 0xF30A);
    put_le(node, 2, 2, entries);
    put_le(node, 4, 2, max);
    put_le(node, 6, 2, depth);
}

static void put_extent(unsigned char *node, size_t i, uint32_t first, unsigned length, uint64_t block)
{
    put_le(node, 12 + i * 12, 4, first);
    put_le(node, 12 + i * 12 + 4, 2, length);
    put_le(node, 12 + i * 12 + 6, 2, block >> 32);
    put_le(node, 12 + i * 12 + 8, 4, block);
}

static void put_index(unsigned char *node, size_t i, uint32_t first, uint64_t block)
{
    put_le(node, 12 + i * 12, 4, first);
    put_le(node, 12 + i * 12 + 4, 4, block);
    put_le(node, 12 + i * 12 + 8, 2, block >> 32);
}

struct step {
    uint64_t logical, block, count;
    bool unwritten;
};

/* What a leaf says, row by row. */
static void expect_steps(const unsigned char *node, size_t size, int depth, const struct step *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct lt_ext4_step step;
        assert_int_equal(lt_ext4_extent_step(cursor_of(node, size), depth, rows[i].logical, &step, NULL), LT_OK);
        if (step.down || step.depth || step.block != rows[i].block || step.count != rows[i].count ||
            step.unwritten != rows[i].unwritten)
            fail_msg("row %zu: block %ju, count %ju", i, (uintmax_t)step.block, (uintmax_t)step.count);
    }
}

static void refuse(const unsigned char *node, size_t size, int depth, uint64_t logical)
{
    struct lt_ext4_step step;
    struct lt_err err = {0};
    assert_int_equal(lt_ext4_extent_step(cursor_of(node, size), depth, logical, &step, &err), LT_SKIP);
    assert_true(err.set);
}

/* File of inode 12: blocks 2, 5, 7, 20, 22, then 30 to 39 reserved with fallocate, 100. The tree in the inode has one
 * index to the block 23. */
static void make_leaf(unsigned char leaf[BLOCK])
{
    memset(leaf, 0, BLOCK);
    put_hex(leaf, 0x000, "0af3080054000000000000000200000001000000110000000500000001000000120000000700000001000000");
    put_hex(leaf, 0x02C, "140000001400000001000000150000001600000001000000160000001e000000058000001e00000023000000");
    put_hex(leaf, 0x058, "0580000027000000640000000100000018");
    put_hex(leaf, 0x3FC, "93e829aa");
}

static void test_real_tree(void **state)
{
    (void)state;
    static const struct step rows[] = {
        {0, 0, 2, false},  {1, 0, 1, false},   {2, 17, 1, false},  {3, 0, 2, false},    {4, 0, 1, false},
        {5, 18, 1, false}, {6, 0, 1, false},   {7, 20, 1, false},  {8, 0, 12, false},   {20, 21, 1, false},
        {21, 0, 1, false}, {22, 22, 1, false}, {23, 0, 7, false},  {30, 30, 5, true},   {33, 33, 2, true},
        {35, 39, 5, true}, {39, 43, 1, true},  {40, 0, 60, false}, {100, 24, 1, false}, {101, 0, UINT64_MAX, false},
    };
    unsigned char body[60] = {0}, leaf[BLOCK];
    struct lt_ext4_step step;
    put_hex(body, 0x000, "0af3010004000100000000000200000017000000000000000500000001000000120000000700000001000000");
    put_hex(body, 0x02C, "14000000140000000100000015");
    assert_int_equal(lt_ext4_extent_step(cursor_of(body, sizeof body), ROOT, 5, &step, NULL), LT_OK);
    assert_true(step.down && step.block == 23 && step.depth == 1 && step.count == UINT64_MAX);
    assert_int_equal(lt_ext4_extent_step(cursor_of(body, sizeof body), ROOT, 0, &step, NULL), LT_OK);
    assert_true(!step.down && !step.block && step.count == 2); /* before the first block of the tree */
    make_leaf(leaf);
    expect_steps(leaf, BLOCK, 0, rows, sizeof rows / sizeof *rows);
}

static void test_checksum(void **state)
{
    (void)state;
    unsigned char leaf[BLOCK];
    const struct lt_ext4 ext4 = {.checksums = true}, without = {0};
    make_leaf(leaf);
    assert_false(lt_ext4_extent_damaged(&ext4, cursor_of(leaf, BLOCK), inode_seed(12)));
    assert_true(lt_ext4_extent_damaged(&ext4, cursor_of(leaf, BLOCK), inode_seed(13)));
    leaf[0x300] = 1; /* behind the entries in use: covered all the same */
    assert_true(lt_ext4_extent_damaged(&ext4, cursor_of(leaf, BLOCK), inode_seed(12)));
    assert_false(lt_ext4_extent_damaged(&without, cursor_of(leaf, BLOCK), inode_seed(12)));
    make_leaf(leaf);
    put_le(leaf, 4, 2, 85); /* no room for a checksum behind 85 entries */
    assert_true(lt_ext4_extent_damaged(&ext4, cursor_of(leaf, BLOCK), inode_seed(12)));
}

/* Up to 32768 blocks are written, more are unwritten ones (ext4_ext_is_unwritten). */
static void test_longest_extents(void **state)
{
    (void)state;
    static const struct step rows[] = {
        {0, 100, 32768, false},
        {32767, 32867, 1, false},
        {32768, 0x123400000005, 32767, true},
        {65534, 0x123400000005 + 32766, 1, true},
        {65535, 0, 0xFFFFFFFF - 65535, false},
        {0xFFFFFFFF, 7, 1, false},
        {0x100000000, 0, UINT64_MAX, false},
    };
    unsigned char node[60] = {0};
    make_head(node, 3, 4, 0);
    put_extent(node, 0, 0, 32768, 100);
    put_extent(node, 1, 32768, 65535, 0x123400000005);
    put_extent(node, 2, 0xFFFFFFFF, 1, 7);
    expect_steps(node, sizeof node, ROOT, rows, sizeof rows / sizeof *rows);
}

static void test_no_extents(void **state)
{
    (void)state;
    static const struct step rows[] = {{0, 0, UINT64_MAX, false}, {77, 0, UINT64_MAX, false}};
    unsigned char node[60] = {0};
    make_head(node, 0, 4, 0);
    expect_steps(node, sizeof node, ROOT, rows, 2);
}

static void test_index(void **state)
{
    (void)state;
    static const struct {
        uint64_t logical, block, count;
    } rows[] = {{10, 0x700000001, 20}, {29, 0x700000001, 1}, {30, 0xFFFF00000002, 70}, {100, 3, UINT64_MAX}};
    unsigned char node[60] = {0};
    make_head(node, 3, 4, 2);
    put_index(node, 0, 10, 0x700000001);
    put_index(node, 1, 30, 0xFFFF00000002);
    put_index(node, 2, 100, 3);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lt_ext4_step step;
        assert_int_equal(lt_ext4_extent_step(cursor_of(node, 60), 2, rows[i].logical, &step, NULL), LT_OK);
        assert_true(step.down && step.depth == 2 && !step.unwritten);
        assert_true(step.block == rows[i].block && step.count == rows[i].count);
    }
}

static void test_impossible_nodes(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        unsigned value;
    } table[] = {{0, 0xF30B}, {2, 5}, {4, 5}, {4, 0xFFFF}, {6, 6}, {6, 1}};
    unsigned char node[60];
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        memset(node, 0, sizeof node);
        make_head(node, 1, 4, 0);
        put_extent(node, 0, 0, 1, 9);
        put_le(node, table[i].at, 2, table[i].value);
        refuse(node, sizeof node, 0, 0);
    }
    memset(node, 0, sizeof node);
    make_head(node, 1, 4, 1);
    refuse(node, sizeof node, 0, 0); /* a node of another level than the one above says */
    refuse(node, sizeof node, 2, 0);
    for (size_t size = 0; size < sizeof node; size++)
        refuse(node, size, ROOT, 0);
}

/* ext4_valid_extent_entries(): in order, and none over the other; and at block 0 there is no data. */
static void test_impossible_extents(void **state)
{
    (void)state;
    static const uint32_t second[] = {0, 5, 9, 10, 14};
    for (size_t i = 0; i < sizeof second / sizeof *second; i++) {
        unsigned char node[60] = {0};
        make_head(node, 2, 4, 0);
        put_extent(node, 0, 10, 5, 100);
        put_extent(node, 1, second[i], 1, 200);
        refuse(node, sizeof node, ROOT, 12);
    }
    unsigned char node[60] = {0};
    make_head(node, 1, 4, 0);
    put_extent(node, 0, 0, 5, 0);
    refuse(node, sizeof node, ROOT, 0);
    refuse(node, sizeof node, ROOT, 3);
    make_head(node, 2, 4, 1);
    put_index(node, 0, 10, 5);
    put_index(node, 1, 10, 6);
    refuse(node, sizeof node, ROOT, 10);
}

/* ext4_block_to_path() for blocks of 1 KiB: 256 numbers each. */
static void test_block_paths(void **state)
{
    (void)state;
    static const struct {
        uint64_t logical;
        unsigned root, levels;
        uint64_t index[3];
    } table[] = {
        {0, 0, 0, {0}},
        {11, 11, 0, {0}},
        {12, 12, 1, {0}},
        {267, 12, 1, {255}},
        {268, 13, 2, {0, 0}},
        {268 + 257, 13, 2, {1, 1}},
        {65803, 13, 2, {255, 255}},
        {65804, 14, 3, {0, 0, 0}},
        {65804 + 65536 * 3 + 256 * 2 + 1, 14, 3, {3, 2, 1}},
        {16843019, 14, 3, {255, 255, 255}},
    };
    struct lt_ext4_path path;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        assert_int_equal(lt_ext4_block_path(1024, table[i].logical, &path, NULL), LT_OK);
        assert_int_equal(path.root, table[i].root);
        assert_int_equal(path.levels, table[i].levels);
        assert_memory_equal(path.index, table[i].index, path.levels * sizeof *path.index);
        for (unsigned level = 0; level <= path.levels; level++)
            assert_int_equal(path.span[level], 1u << (8 * (path.levels - level)));
    }
    struct lt_err err = {0};
    assert_int_equal(lt_ext4_block_path(1024, 16843020, &path, &err), LT_SKIP);
    assert_true(err.set);
}

/* The farthest block of a map with blocks of 64 KiB: its number has more than 32 bits. */
static void test_large_blocks(void **state)
{
    (void)state;
    struct lt_ext4_path path;
    uint64_t per_block = 16384, end = 12 + per_block + per_block * per_block + per_block * per_block * per_block;
    assert_int_equal(lt_ext4_block_path(65536, end - 1, &path, NULL), LT_OK);
    assert_true(path.index[0] == 16383 && path.index[1] == 16383 && path.index[2] == 16383);
    assert_true(path.span[0] == UINT64_C(1) << 42);
    assert_int_equal(lt_ext4_block_path(65536, end, &path, NULL), LT_SKIP);
    assert_int_equal(lt_ext4_block_path(65536, UINT64_MAX, &path, NULL), LT_SKIP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_tree),
        cmocka_unit_test(test_checksum),
        cmocka_unit_test(test_longest_extents),
        cmocka_unit_test(test_no_extents),
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_impossible_nodes),
        cmocka_unit_test(test_impossible_extents),
        cmocka_unit_test(test_block_paths),
        cmocka_unit_test(test_large_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
