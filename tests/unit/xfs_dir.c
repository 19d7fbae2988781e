// SPDX-License-Identifier: Apache-2.0
/* Expectations: linux fs/xfs/libxfs/xfs_da_format.h (xfs_dir2_sf_hdr, xfs_dir2_data_entry, xfs_dir2_data_unused,
 * xfs_dir2_block_tail), xfs_dir2_data.c (xfs_dir2_data_make_free(): what is left of an entry). */
#include "evidence/xfs/dirents.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 512, HEAD = 64 };

static const struct lt_xfs five = {.v5 = true, .ftype = true}, four = {0};

/* Names as they come: "name:inode:type" in octal and a blank each, "?" behind it for those in unused space, "/" for
 * those of which half of the inode is lost. */
struct text {
    char bytes[2000];
    size_t len;
};

static void add_name(void *arg, const struct lt_xfs_name *name)
{
    struct text *text = arg;
    int length =
        snprintf(text->bytes + text->len, sizeof text->bytes - text->len, "%.*s:%llu:%o%s%s ", LT_ARG(name->name),
                 (unsigned long long)name->ino, name->type, name->slack ? "?" : "", name->half ? "/" : "");
    assert_in_range(length, 1, sizeof text->bytes - text->len - 1);
    text->len += (size_t)length;
}

static void expect(const struct lt_xfs *xfs, const unsigned char *block, enum lt_status expected, const char *names)
{
    struct text text = {0};
    struct lt_err err = {0};
    assert_int_equal(
        lt_xfs_block_names(xfs, (struct lt_cursor){.ptr = block, .len = BLOCK}, true, add_name, &text, &err), expected);
    assert_int_equal(err.set, expected != LT_OK);
    assert_string_equal(text.bytes, names);
}

/* An entry; where the next one begins. */
static size_t put_entry(unsigned char *block, size_t at, uint64_t ino, const char *name, unsigned type)
{
    size_t length = strlen(name), size = (9 + length + 1 + 2 + 7) / 8 * 8;
    put_be(block, at, 8, ino);
    block[at + 8] = (unsigned char)length;
    memcpy(block + at + 9, name, length);
    block[at + 9 + length] = (unsigned char)type;
    put_be(block, at + size - 2, 2, at);
    return at + size;
}

static void put_unused(unsigned char *block, size_t at, size_t end)
{
    put_be(block, at, 2, 0xFFFF);
    put_be(block, at + 2, 2, end - at);
    put_be(block, end - 2, 2, at);
}

/* "." ".." alpha beta gamma delta, and nothing to the end. */
static size_t make_block(unsigned char block[BLOCK], size_t at[4])
{
    memset(block, 0, BLOCK);
    put_hex(block, 0, "58444433");
    put_be(block, 40, 8, 131);
    size_t next = put_entry(block, put_entry(block, HEAD, 131, ".", 2), 128, "..", 2);
    const char *const names[] = {"alpha", "beta-with-a-longer-name", "gamma", "delta"};
    for (size_t i = 0; i < 4; i++) {
        at[i] = next;
        next = put_entry(block, next, 0x5000000A0 + i, names[i], i == 3 ? 2 : 1);
    }
    put_unused(block, next, BLOCK);
    return next;
}

static void test_names(void **state)
{
    (void)state;
    unsigned char block[BLOCK];
    size_t at[4];
    make_block(block, at);
    put_le(block, 4, 4, ~slow_crc32c(~0u, block, BLOCK));
    struct lt_cursor cursor = {.ptr = block, .len = BLOCK};
    assert_false(lt_xfs_dir_block_damaged(&five, cursor));
    assert_true(lt_xfs_dir_block_owner(&five, cursor) == 131 && !lt_xfs_dir_block_owner(&four, cursor));
    expect(&five, block, LT_OK,
           "alpha:21474836640:100000 beta-with-a-longer-name:21474836641:100000 gamma:21474836642:100000 "
           "delta:21474836643:40000 ");
    block[at[0] + 9] = 'A';
    assert_true(lt_xfs_dir_block_damaged(&five, cursor));
}

/* One alone: the upper half of its inode is overwritten. */
static void test_deleted(void **state)
{
    (void)state;
    unsigned char block[BLOCK];
    size_t at[4];
    make_block(block, at);
    put_unused(block, at[1], at[2]);
    expect(&five, block, LT_OK,
           "alpha:21474836640:100000 beta-with-a-longer-name:161:100000?/ gamma:21474836642:100000 "
           "delta:21474836643:40000 ");
}

/* Two in a row: the second one was joined to the first, and is whole but for its tag. */
static void test_joined(void **state)
{
    (void)state;
    unsigned char block[BLOCK];
    size_t at[4];
    make_block(block, at);
    put_unused(block, at[1], at[3]);
    expect(&five, block, LT_OK,
           "alpha:21474836640:100000 beta-with-a-longer-name:161:100000?/ gamma:21474836642:100000? "
           "delta:21474836643:40000 ");
}

/* A shorter name took the start of the space: of the first name no more than its end is left, which is nothing. */
static void test_used_again(void **state)
{
    (void)state;
    unsigned char block[BLOCK];
    size_t at[4];
    make_block(block, at);
    size_t next = put_entry(block, at[1], 200, "x", 1);
    put_unused(block, next, at[3]);
    expect(&five, block, LT_OK,
           "alpha:21474836640:100000 x:200:100000 gamma:21474836642:100000? delta:21474836643:40000 ");
}

/* A block that is the whole directory: its index lies behind the entries. */
static void test_whole_directory(void **state)
{
    (void)state;
    unsigned char block[BLOCK];
    size_t at[4], next = make_block(block, at);
    put_hex(block, 0, "58444233");
    put_be(block, BLOCK - 8, 4, 6);
    put_unused(block, next, BLOCK - 8 - 6 * 8);
    expect(&five, block, LT_OK,
           "alpha:21474836640:100000 beta-with-a-longer-name:21474836641:100000 gamma:21474836642:100000 "
           "delta:21474836643:40000 ");
    put_be(block, BLOCK - 8, 4, 1000);
    expect(&five, block, LT_SKIP, "");
}

static void test_broken(void **state)
{
    (void)state;
    unsigned char block[BLOCK];
    size_t at[4];
    make_block(block, at);
    block[at[2] + 8] = 0; /* a name without a byte */
    expect(&five, block, LT_SKIP, "alpha:21474836640:100000 beta-with-a-longer-name:21474836641:100000 ");
    make_block(block, at);
    put_unused(block, at[1], at[2]);
    put_be(block, at[1] + 2, 2, 4);
    expect(&five, block, LT_SKIP, "alpha:21474836640:100000 ");
    block[0] = 'Y';
    expect(&five, block, LT_SKIP, "");
}

static void expect_short(const struct lt_xfs *xfs, const char *hex, enum lt_status expected, const char *names)
{
    unsigned char bytes[200];
    struct text text = {0};
    put_hex(bytes, 0, hex);
    struct lt_cursor cursor = {.ptr = bytes, .len = strlen(hex) / 2};
    assert_int_equal(lt_xfs_short_names(xfs, cursor, add_name, &text, NULL), expected);
    assert_string_equal(text.bytes, names);
}

static void test_short_form(void **state)
{
    (void)state;
    expect_short(&five, "000000000080", LT_OK, "");
    expect_short(&five, "02000000008001006061010000008303007062626202000000a0", LT_OK, "a:131:100000 bbb:160:40000 ");
    expect_short(&five, "0101000000010000008001006061070000000100000083", LT_OK, "a:4294967427:120000 ");
    expect_short(&four, "0100000000800100606100000083", LT_OK, "a:131:0 ");
    expect_short(&five, "03000000008001006061010000008303007062626202000000a0", LT_SKIP, "a:131:100000 bbb:160:40000 ");
    expect_short(&five, "01000000008001006061010000008303", LT_SKIP, "a:131:100000 ");
    expect_short(&five, "0100000000800000600100000083", LT_SKIP, "");
    expect_short(&five, "00", LT_SKIP, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),      cmocka_unit_test(test_deleted),         cmocka_unit_test(test_joined),
        cmocka_unit_test(test_used_again), cmocka_unit_test(test_whole_directory), cmocka_unit_test(test_broken),
        cmocka_unit_test(test_short_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
