// SPDX-License-Identifier: Apache-2.0
/* Expectations: linux fs/ext4/fast_commit.h, and commits that Linux 6.18 wrote: after link("app", "app-link"), and
 * after ftruncate() of a file to 5000 bytes. */
#include "evidence/ext4/fast_tags.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 4096 };

static const char linked[] =
    "04001000020000002b0000006170702d6c696e6b0600a4002b000000a4810000a861000022a2076b22a2076b22a2076b0000000000000200"
    "3800000000000800030000000af3020004000000000000000000000002000000340900000200000005000000290700000000000000000000"
    "00000000000000000000000000000000356b25ae0000000000000000000000000000000000000000cedf00002000de8ad4b4f09914097496"
    "3816c87a22a2076b3816c87a00000000000000000800400f03000000400cc9bd";
static const char truncated[] =
    "010010002c00000001000000010000003709000002000c002c00000002000000ffffff7f02000c002c00000001000080feffff7f0600a400"
    "2c000000a48100008813000022a2076b22a2076b22a2076b00000000000001001000000000000800030000000af301000400000000000000"
    "000000000200000036090000000000000000000000000000000000000000000000000000000000000000000000000000e2951fea00000000"
    "00000000000000000000000000000000705400002000388dd4b4f099d4b4f09910ceca7a22a2076b10ceca7a00000000000000000800200f"
    "030000001c5a0097";

static struct lt_cursor block_of(unsigned char block[BLOCK], const char *hex)
{
    memset(block, 0, BLOCK);
    put_hex(block, 0, hex);
    return (struct lt_cursor){.ptr = block, .len = BLOCK};
}

static struct lt_fast_tag next(struct lt_cursor block, size_t *at, enum lt_fast_type type, uint32_t *sum)
{
    struct lt_fast_tag tag;
    assert_int_equal(lt_fast_next(block, at, &tag), LT_OK);
    assert_int_equal(tag.type, type);
    *sum = slow_crc32c(*sum, tag.summed.ptr, tag.summed.len);
    return tag;
}

static void check_end(struct lt_cursor block, size_t *at, uint32_t *sum)
{
    struct lt_fast_tag tag = next(block, at, LT_FAST_TAIL, sum);
    assert_int_equal(tag.sequence, 3);
    assert_int_equal(tag.checksum, *sum);
    assert_int_equal(lt_fast_next(block, at, &tag), LT_END);
}

static void test_link(void **state)
{
    unsigned char bytes[BLOCK];
    struct lt_cursor block = block_of(bytes, linked);
    size_t at = 0;
    uint32_t sum = 0;
    (void)state;
    struct lt_fast_tag tag = next(block, &at, LT_FAST_LINK, &sum);
    assert_true(tag.parent == 2 && tag.ino == 43 && tag.name.len == 8 && memcmp(tag.name.ptr, "app-link", 8) == 0);
    tag = next(block, &at, LT_FAST_INODE, &sum);
    assert_true(tag.ino == 43 && tag.inode.len == 160 && lt_le16(&tag.inode, 0x1A) == 2);
    check_end(block, &at, &sum);
}

static void test_ranges(void **state)
{
    unsigned char bytes[BLOCK];
    struct lt_cursor block = block_of(bytes, truncated);
    size_t at = 0;
    uint32_t sum = 0;
    (void)state;
    struct lt_fast_tag tag = next(block, &at, LT_FAST_ADD_RANGE, &sum);
    assert_true(tag.ino == 44 && tag.logical == 1 && tag.count == 1 && tag.block == 0x937 && !tag.unwritten);
    tag = next(block, &at, LT_FAST_DEL_RANGE, &sum);
    assert_true(tag.ino == 44 && tag.logical == 2 && tag.count == 0x7fffffff);
    tag = next(block, &at, LT_FAST_DEL_RANGE, &sum);
    assert_true(tag.logical == 0x80000001 && tag.count == 0x7ffffffe);
    tag = next(block, &at, LT_FAST_INODE, &sum);
    assert_true(tag.ino == 44 && lt_le32(&tag.inode, 4) == 5000);
    check_end(block, &at, &sum);
}

static void test_extents(void **state)
{
    static const struct {
        uint64_t length;
        uint32_t count;
        bool unwritten;
    } table[] = {{1, 1, false}, {32768, 32768, false}, {32769, 1, true}, {65535, 32767, true}};
    unsigned char bytes[BLOCK];
    struct lt_cursor block = block_of(bytes, truncated);
    struct lt_fast_tag tag;
    (void)state;
    put_le(bytes, 14, 2, 0xABCD);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t at = 0;
        put_le(bytes, 12, 2, table[i].length);
        assert_int_equal(lt_fast_next(block, &at, &tag), LT_OK);
        assert_true(tag.count == table[i].count && tag.unwritten == table[i].unwritten && tag.block == 0xABCD00000937);
    }
}

/* Each type with one byte less than it needs, and what is no type. */
static void test_short(void **state)
{
    static const size_t least[] = {0, 16, 12, 9, 9, 9, 132, 0, 8, 8};
    unsigned char bytes[BLOCK] = {0};
    struct lt_cursor block = {.ptr = bytes, .len = BLOCK};
    struct lt_fast_tag tag;
    (void)state;
    put_le(bytes, 12, 2, 1);
    for (unsigned type = 0; type < 12; type++) {
        bool known = type >= 1 && type <= 9;
        size_t at = 0;
        put_le(bytes, 0, 2, type);
        put_le(bytes, 2, 2, known ? least[type] : 20);
        assert_int_equal(lt_fast_next(block, &at, &tag), known ? LT_OK : LT_SKIP);
        at = 0;
        put_le(bytes, 2, 2, known ? least[type] - 1 : 20);
        assert_int_equal(lt_fast_next(block, &at, &tag), LT_SKIP); /* of a pad that is 65535 bytes */
    }
    put_le(bytes, 0, 4, 3 | 264u << 16); /* a name of 256 bytes */
    size_t at = 0;
    assert_int_equal(lt_fast_next(block, &at, &tag), LT_SKIP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_extents),
        cmocka_unit_test(test_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
