// SPDX-License-Identifier: Apache-2.0
/* Expectations: linux fs/ext4/ext4.h (ext4_dir_entry_2, ext4_rec_len_from_disk), fs/ext4/namei.c (dx_root, dx_node,
 * ext4_dirblock_csum, ext4_dx_csum), fs/ext4/inline.c, and blocks of images made by mke2fs 1.47 with what debugfs lists
 * for them. */
#include "evidence/ext4/dirents.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 1024, FIRST = 1, INDEXED = 2, SLACK = 4, DIR_INO = 12 };

static const struct lt_ext4 plain = {.inodes = 32, .block_size = BLOCK};

/* Names as they come: "name:inode" and a blank each, "?" behind it for those in the slack. */
struct text {
    char bytes[2000];
    size_t len;
};

static void add_name(void *arg, const struct lt_ext4_name *name)
{
    struct text *text = arg;
    int length = snprintf(text->bytes + text->len, sizeof text->bytes - text->len, "%.*s:%u%s ", LT_ARG(name->name),
                          name->ino, name->slack ? "?" : "");
    assert_in_range(length, 1, sizeof text->bytes - text->len - 1);
    text->len += (size_t)length;
}

static enum lt_status names(const struct lt_ext4 *ext4, const unsigned char *block, size_t size, int how,
                            struct text *text)
{
    struct lt_err err = {0};
    *text = (struct text){0};
    enum lt_status status = lt_ext4_block_names(ext4, (struct lt_cursor){.ptr = block, .len = size}, how & FIRST,
                                                how & INDEXED, how & SLACK, add_name, text, &err);
    assert_int_equal(err.set, status != LT_OK);
    return status;
}

static void expect(const struct lt_ext4 *ext4, const unsigned char *block, int how, const char *expected)
{
    struct text text;
    assert_int_equal(names(ext4, block, BLOCK, how, &text), LT_OK);
    assert_string_equal(text.bytes, expected);
}

static void put_entry(unsigned char *block, size_t at, uint32_t ino, unsigned size, const char *name)
{
    put_le(block, at, 4, ino);
    put_le(block, at + 4, 2, size);
    block[at + 6] = (unsigned char)strlen(name);
    block[at + 7] = 1;
    memcpy(block + at + 8, name, strlen(name));
}

static struct lt_ext4 with_checksums(void)
{
    struct lt_ext4 ext4 = plain;
    ext4.checksums = true;
    ext4.checksum_seed = image_seed();
    return ext4;
}

static bool damaged(const unsigned char *block)
{
    struct lt_ext4 ext4 = with_checksums();
    return lt_ext4_block_damaged(&ext4, (struct lt_cursor){.ptr = block, .len = BLOCK}, inode_seed(DIR_INO));
}

/* Directory /d of an image with metadata_csum, from which debugfs removed beta (inode 14) and gamma (16). */
static void make_block(unsigned char block[BLOCK])
{
    memset(block, 0, BLOCK);
    put_hex(block, 0x000, "0c0000000c0001022e000000020000000c0002022e2e00000d0000001c000501616c7068610000000e000000");
    put_hex(block, 0x02C, "0c000401626574610f000000c003050164656c746100000010000000b003050167616d6d61");
    put_hex(block, 0x3F8, "0c0000dea3dbf451");
}

static void test_real_block(void **state)
{
    (void)state;
    unsigned char block[BLOCK];
    struct lt_ext4 ext4 = with_checksums();
    make_block(block);
    expect(&ext4, block, FIRST, "alpha:13 delta:15 ");
    expect(&ext4, block, FIRST | SLACK, "alpha:13 beta:14? delta:15 gamma:16? ");
    assert_false(damaged(block));
    uint32_t self, parent;
    lt_ext4_dots((struct lt_cursor){.ptr = block, .len = BLOCK}, &self, &parent);
    assert_int_equal(self, 12);
    assert_int_equal(parent, 2);
}

static void test_wrong_checksum(void **state)
{
    (void)state;
    static const size_t places[] = {0, 5, 0x20, 0x100, 0x3F3, 0x3FC, 0x3FF};
    unsigned char block[BLOCK];
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        make_block(block);
        block[places[i]] ^= 1;
        assert_true(damaged(block));
    }
    make_block(block);
    put_le(block, 0x3F8, 4, 0); /* a block without the tail has no checksum at all */
    assert_true(damaged(block));
    assert_false(lt_ext4_block_damaged(&plain, (struct lt_cursor){.ptr = block, .len = BLOCK}, 0));
}

/* The same of revision 0, where the length of a name has 16 bits; debugfs removed alpha (13). */
static void test_without_filetype(void **state)
{
    (void)state;
    unsigned char block[BLOCK] = {0};
    put_hex(block, 0x000, "0c0000000c0001002e000000020000001c0002002e2e00000d00000010000500616c7068610000000e000000");
    put_hex(block, 0x02C, "0c000400626574610f0000001000050064656c746100000010000000bc03050067616d6d61");
    expect(&plain, block, FIRST, "beta:14 delta:15 gamma:16 ");
    expect(&plain, block, FIRST | SLACK, "alpha:13? beta:14 delta:15 gamma:16 ");
    block[0x2F] = 1; /* a type, or the high byte of a length that needs none */
    expect(&plain, block, FIRST, "beta:14 delta:15 gamma:16 ");
}

/* What was the first entry of a block cannot be merged with one before: only its inode is gone. */
static void test_slack_without_inode(void **state)
{
    (void)state;
    unsigned char block[BLOCK] = {0};
    put_entry(block, 0, 0, 24, "gone");
    put_entry(block, 12, 21, 12, "old");
    put_entry(block, 24, 22, BLOCK - 24, "here");
    put_entry(block, 36, 0, 16, "lost");
    expect(&plain, block, SLACK, "gone:0? old:21? here:22 lost:0? ");
    expect(&plain, block, 0, "here:22 ");
}

/* Bytes that cannot have been an entry. */
static void test_implausible_slack(void **state)
{
    (void)state;
    static const struct {
        uint32_t ino;
        unsigned size, type;
        const char *name;
    } table[] = {
        {33, 12, 1, "ino"}, {14, 8, 1, "size"}, {14, 13, 1, "size"}, {14, 1024, 1, "size"}, {14, 12, 8, "typ"},
        {14, 12, 1, "a/b"}, {14, 12, 2, "."},   {14, 12, 2, ".."},   {14, 12, 1, ""},
    };
    unsigned char block[BLOCK];
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        memset(block, 0, BLOCK);
        put_entry(block, 0, 13, BLOCK, "live");
        put_entry(block, 12, table[i].ino, table[i].size, table[i].name);
        block[12 + 7] = (unsigned char)table[i].type;
        put_entry(block, 40, 15, 16, "real");
        expect(&plain, block, SLACK, "live:13 real:15? ");
    }
    memset(block, 0, BLOCK);
    put_entry(block, 0, 13, BLOCK, "live");
    put_entry(block, BLOCK - 12, 14, 12, "abcd"); /* a name may reach to the very end */
    expect(&plain, block, SLACK, "live:13 abcd:14? ");
    block[BLOCK - 12 + 6] = 5;
    expect(&plain, block, SLACK, "live:13 ");
}

static void test_broken_chains(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        unsigned count, value;
    } table[] = {
        {40 + 4, 2, 0}, {40 + 4, 2, 4}, {40 + 4, 2, 14}, {40 + 4, 2, BLOCK}, {40 + 6, 1, 200}, {40 + 4, 2, 65535},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        unsigned char block[BLOCK] = {0};
        struct text text;
        put_entry(block, 0, 13, 40, "before");
        put_entry(block, 40, 14, 40, "broken");
        put_entry(block, 80, 15, BLOCK - 80, "behind");
        put_le(block, table[i].at, table[i].count, table[i].value);
        assert_int_equal(names(&plain, block, BLOCK, 0, &text), LT_SKIP);
        assert_string_equal(text.bytes, "before:13 ");
    }
}

/* 64 KiB do not fit into 16 bits: 65535 and 0 both mean the whole block, and the two low bits the bits 16 and 17. */
static void test_blocks_of_64k(void **state)
{
    (void)state;
    enum { LARGE = 65536 };
    static const unsigned whole[] = {65535, 0};
    unsigned char *block = calloc(1, LARGE);
    assert_non_null(block);
    struct text text;
    for (size_t i = 0; i < 2; i++) {
        put_entry(block, 0, 13, whole[i], "one");
        assert_int_equal(names(&plain, block, LARGE, 0, &text), LT_OK);
        assert_string_equal(text.bytes, "one:13 ");
    }
    put_entry(block, 0, 13, 12, "one");
    put_entry(block, 12, 14, LARGE - 12, "two");
    assert_int_equal(names(&plain, block, LARGE, 0, &text), LT_OK);
    assert_string_equal(text.bytes, "one:13 two:14 ");
    put_entry(block, 12, 14, 65533, "two"); /* 65532 + 65536: beyond the end */
    assert_int_equal(names(&plain, block, LARGE, 0, &text), LT_SKIP);
    free(block);
}

/* The root of the hash tree of a directory with 8200 files, as e2fsck -D made it. */
static void make_root(unsigned char block[BLOCK])
{
    memset(block, 0, BLOCK);
    put_hex(block, 0x000, "0c0000000c0001022e00000002000000f40302022e2e000000000000010801007b000200c9000000f23322a1");
    put_hex(block, 0x02C, "ca");
    put_hex(block, 0x3FC, "d0e93a9c");
}

/* An inner node of it. */
static void make_node(unsigned char block[BLOCK])
{
    memset(block, 0, BLOCK);
    put_hex(block, 0x005, "0400007e004a007f0000003ef2eba180000000126a98a381000000d2ef0ca582000000a8d503a6830000003a");
    put_hex(block, 0x031, "3c62a7840000001a30b6a885000000c474e9a986000000a6371cab8700000010380eac880000003c1c1ead89");
    put_hex(block, 0x05D, "0000005e5008af8a000000689a37b08b000000b8c770b18c00000034c6f2b28d000000a03c4db48e00000086");
    put_hex(block, 0x089, "558bb58f000000c641d7b69000000026e38db8910000009e92d6b992000000001f3ebb93000000c8988dbc94");
    put_hex(block, 0x0B5, "00000098f9c3bd95000000d2e1adbe960000000c8fc7bf97000000284abcc098000000e2681bc29900000046");
    put_hex(block, 0x0E1, "4a1ec39a0000008a1aa3c49b0000001623f4c59c000000124c40c79d00000080886dc89e000000d0f7dec99f");
    put_hex(block, 0x10D, "00000078dbd6caa0000000acaab8cba1000000cacf1ecda200000052f1b3cea3000000dc95fccfa4000000ae");
    put_hex(block, 0x139, "e48ed1a50000003a2c0ad3a60000004ef9fad3a70000003ae116d5a8000000da136dd6a90000008ed1f4d7aa");
    put_hex(block, 0x165, "000000de7e62d9ab0000007e71a1daac000000b49e0fdcad000000207f9bddae000000221aaedeaf0000008a");
    put_hex(block, 0x191, "8112e0b0000000981843e1b1000000142589e2b2000000f8aa9ee3b30000008201afe4b4000000ce6526e6b5");
    put_hex(block, 0x1BD, "00000080402be7b6000000fe8088e8b70000008eb72aeab800000064a152ebb90000007e4adfecba00000090");
    put_hex(block, 0x1E9, "bc23eebb000000a05d98efbc00000020d4a9f0bd000000761801f2be00000010c04bf3bf000000b23d88f4c0");
    put_hex(block, 0x215, "000000d654fdf5c1000000f4aa33f7c200000006b197f8c3000000525e81f9c4000000c42117fbc5000000d6");
    put_hex(block, 0x241, "6163fcc60000008e88eefdc7000000aa54fcfec8");
    put_hex(block, 0x3FC, "9034a48f");
}

/* Nodes of the hash tree are one long entry to those who know no hash trees; what lies in it are no names. */
static void test_hash_tree(void **state)
{
    (void)state;
    unsigned char block[BLOCK];
    struct lt_ext4 ext4 = with_checksums();
    make_root(block);
    expect(&ext4, block, FIRST | INDEXED | SLACK, "");
    assert_false(damaged(block));
    put_entry(block, 0x100, 14, 12, "abc"); /* behind the entries in use: no name, and not covered by the checksum */
    expect(&ext4, block, FIRST | INDEXED | SLACK, "");
    assert_false(damaged(block));
    expect(&ext4, block, FIRST | SLACK, "abc:14? "); /* of a directory without a hash tree it would be one */
    block[0x24] ^= 1;
    assert_true(damaged(block));
    make_node(block);
    expect(&ext4, block, INDEXED | SLACK, "");
    assert_false(damaged(block));
    block[0x240] ^= 1;
    assert_true(damaged(block));
}

/* Limit and count tell a node from a leaf all of whose entries were removed. */
static void test_empty_leaf(void **state)
{
    (void)state;
    unsigned char block[BLOCK] = {0};
    put_entry(block, 0, 0, BLOCK, "");
    put_entry(block, 12, 14, 12, "abc");
    expect(&plain, block, INDEXED | SLACK, "abc:14? ");
    put_le(block, 8, 2, (BLOCK - 8) / 8); /* the limit of a node without checksums */
    put_le(block, 10, 2, 2);
    expect(&plain, block, INDEXED | SLACK, "");
    put_le(block, 10, 2, (BLOCK - 8) / 8 + 1); /* more entries than there is room for */
    expect(&plain, block, INDEXED | SLACK, "abc:14? ");
}

/* Directory /d of an image with inline_data: the inode of the parent, then the entries. */
static void test_inline(void **state)
{
    (void)state;
    unsigned char bytes[60] = {0};
    struct text text = {0};
    put_hex(bytes, 0, "020000000d0000000c000302737562000e0000000c0003016f6e65000f000000200005017468726565");
    struct lt_cursor cursor = {.ptr = bytes + 4, .len = sizeof bytes - 4};
    assert_int_equal(lt_ext4_inline_names(cursor, add_name, &text, NULL), LT_OK);
    assert_string_equal(text.bytes, "sub:13 one:14 three:15 ");
    text.len = 0;
    put_le(bytes, 0x1C, 4, 0); /* a removed entry */
    put_le(bytes, 0x10, 4, 0);
    assert_int_equal(lt_ext4_inline_names(cursor, add_name, &text, NULL), LT_OK);
    assert_string_equal(text.bytes, "sub:13 ");
    put_le(bytes, 0x14, 2, 3);
    struct lt_err err = {0};
    assert_int_equal(lt_ext4_inline_names(cursor, add_name, &text, &err), LT_SKIP);
    assert_true(err.set);
    cursor.len = 0;
    assert_int_equal(lt_ext4_inline_names(cursor, add_name, &text, NULL), LT_OK);
}

static void test_no_dots(void **state)
{
    (void)state;
    unsigned char block[BLOCK];
    uint32_t self, parent;
    make_block(block);
    block[12 + 9] = 'x';
    lt_ext4_dots((struct lt_cursor){.ptr = block, .len = BLOCK}, &self, &parent);
    assert_int_equal(self, 12);
    assert_int_equal(parent, 0);
    block[4] = 16;
    lt_ext4_dots((struct lt_cursor){.ptr = block, .len = BLOCK}, &self, &parent);
    assert_int_equal(self, 0);
    lt_ext4_dots((struct lt_cursor){.ptr = block, .len = 10}, &self, &parent);
    assert_int_equal(self | parent, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_block),        cmocka_unit_test(test_wrong_checksum),
        cmocka_unit_test(test_without_filetype),  cmocka_unit_test(test_slack_without_inode),
        cmocka_unit_test(test_implausible_slack), cmocka_unit_test(test_broken_chains),
        cmocka_unit_test(test_blocks_of_64k),     cmocka_unit_test(test_hash_tree),
        cmocka_unit_test(test_empty_leaf),        cmocka_unit_test(test_inline),
        cmocka_unit_test(test_no_dots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
