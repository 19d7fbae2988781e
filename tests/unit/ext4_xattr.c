// SPDX-License-Identifier: Apache-2.0
/* Expectations: linux fs/ext4/xattr.h, xattr.c (ext4_xattr_block_csum), acl.c, include/uapi/linux/posix_acl_xattr.h,
 * and an image made by mke2fs 1.47 whose attributes debugfs set and lists. */
#include "evidence/ext4/xattr.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 1024, IN_INODE = 92 };

struct found {
    struct lt_arena arena;
    size_t count;
    struct lt_ext4_xattr disk[8];
    struct lt_str name[8], value[8];
};

static void add(void *arg, const struct lt_ext4_xattr *xattr)
{
    struct found *found = arg;
    assert_true(found->count < 8);
    found->disk[found->count] = *xattr;
    found->name[found->count] = lt_ext4_xattr_name(xattr, &found->arena);
    found->value[found->count++] = lt_ext4_xattr_value(xattr->index, xattr->value, &found->arena);
}

static void put_entry(unsigned char *bytes, size_t at, unsigned index, const char *name, unsigned offset, size_t size)
{
    bytes[at] = (unsigned char)strlen(name);
    bytes[at + 1] = (unsigned char)index;
    put_le(bytes, at + 2, 2, offset);
    put_le(bytes, at + 8, 4, size);
    memcpy(bytes + at + 16, name, strlen(name));
}

/* Attributes in inode 12: user.a and trusted.overlay.opaque. */
static void make_inode(unsigned char bytes[IN_INODE])
{
    memset(bytes, 0, IN_INODE);
    put_hex(bytes, 0x000, "01015400000000000500000000000000610000000e0450000000000001000000000000006f7665726c61792e");
    put_hex(bytes, 0x02C, "6f7061717565");
    put_hex(bytes, 0x050, "7900000076616c7565");
}

/* And its block, number 17: user.big, 200 times "v", and an access control list. */
static void make_block(unsigned char block[BLOCK])
{
    memset(block, 0, BLOCK);
    put_hex(block, 0x002, "02ea010000000100000000000000b18efa72");
    put_hex(block, 0x020, "0301380300000000c800000047850100626967000002140300000000240000001400f103");
    put_hex(block, 0x314, "0100000001000700");
    put_hex(block, 0x31C, "02000500e80300000400050008000100320000001000070020000000");
    memset(block + 0x338, 'v', 200);
}

static void test_in_inode(void **state)
{
    (void)state;
    unsigned char bytes[IN_INODE];
    struct found found = {0};
    make_inode(bytes);
    struct lt_cursor cursor = {.ptr = bytes, .len = IN_INODE};
    assert_int_equal(lt_ext4_inode_xattrs(cursor, add, &found, NULL), LT_OK);
    assert_int_equal(found.count, 2);
    assert_true(lt_str_eq(found.name[0], LT_STR("user.a")) && lt_str_eq(found.value[0], LT_STR("value")));
    assert_true(lt_str_eq(found.name[1], LT_STR("trusted.overlay.opaque")));
    assert_true(lt_str_eq(found.value[1], LT_STR("y")));
    lt_arena_free(&found.arena);
}

/* On disk 4 bytes where an ID says nothing; the system call has 8 everywhere (ACL_UNDEFINED_ID is -1). */
static void test_block(void **state)
{
    (void)state;
    unsigned char block[BLOCK], acl[52] = {0}, big[200];
    struct found found = {0};
    put_hex(acl, 0, "0200000001000700ffffffff02000500e803000004000500ffffffff080001003200000010000700ffffffff");
    put_hex(acl, 44, "20000000ffffffff");
    memset(big, 'v', sizeof big);
    make_block(block);
    struct lt_cursor cursor = {.ptr = block, .len = BLOCK};
    assert_int_equal(lt_ext4_block_xattrs(cursor, add, &found, NULL), LT_OK);
    assert_int_equal(found.count, 2);
    assert_true(lt_str_eq(found.name[0], LT_STR("user.big")));
    assert_true(lt_str_eq(found.value[0], (struct lt_str){(const char *)big, sizeof big}));
    assert_true(lt_str_eq(found.name[1], LT_STR("system.posix_acl_access")));
    assert_true(lt_str_eq(found.value[1], (struct lt_str){(const char *)acl, sizeof acl}));
    lt_arena_free(&found.arena);
}

static void test_checksum(void **state)
{
    (void)state;
    unsigned char block[BLOCK];
    const struct lt_ext4 ext4 = {.checksums = true, .checksum_seed = image_seed()}, without = {0};
    struct lt_cursor cursor = {.ptr = block, .len = BLOCK};
    make_block(block);
    assert_false(lt_ext4_xattrs_damaged(&ext4, cursor, 17));
    assert_true(lt_ext4_xattrs_damaged(&ext4, cursor, 18));
    for (size_t at = 0; at < BLOCK; at += 31) {
        block[at] ^= 0x80;
        assert_true(lt_ext4_xattrs_damaged(&ext4, cursor, 17));
        assert_false(lt_ext4_xattrs_damaged(&without, cursor, 17));
        block[at] ^= 0x80;
    }
}

static void test_no_block(void **state)
{
    (void)state;
    unsigned char block[BLOCK];
    struct found found = {0};
    struct lt_err err = {0};
    make_block(block);
    assert_int_equal(lt_ext4_block_xattrs((struct lt_cursor){.ptr = block, .len = 31}, add, &found, &err), LT_SKIP);
    block[0] = 1;
    lt_err_clear(&err);
    assert_int_equal(lt_ext4_block_xattrs((struct lt_cursor){.ptr = block, .len = BLOCK}, add, &found, &err), LT_SKIP);
    assert_true(err.set && !found.count);
}

static void test_prefixes(void **state)
{
    (void)state;
    static const char *const names[] = {
        NULL,
        "user.x",
        "system.posix_acl_accessx", /* the name behind the prefix is always empty */
        "system.posix_acl_defaultx",
        "trusted.x",
        NULL,
        "security.x",
        "system.x",
        "system.richaclx",
        NULL,
    };
    struct lt_arena arena = {0};
    for (unsigned index = 0; index < sizeof names / sizeof *names; index++) {
        struct lt_ext4_xattr xattr = {.index = index, .name = LT_STR("x")};
        assert_true(lt_str_eq(lt_ext4_xattr_name(&xattr, &arena), lt_str_c(names[index])));
    }
    assert_int_equal(lt_ext4_xattr_name(&(struct lt_ext4_xattr){.index = 255}, &arena).len, 0);
    lt_arena_free(&arena);
}

/* Attributes that reach over the end: those before them are told. */
static void test_damage(void **state)
{
    (void)state;
    static const struct {
        unsigned offset, size, name_len;
    } table[] = {{96, 5, 1}, {100, 1, 1}, {101, 0, 1}, {0, 101, 1}, {0, 0xFFFFFFFF, 1}, {0xFFFF, 0xFFFFFFFF, 1},
                 {0, 0, 70}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        unsigned char bytes[100] = {0};
        struct found found = {0};
        struct lt_err err = {0};
        put_entry(bytes, 0, 1, "good", 90, 4);
        put_entry(bytes, 20, 1, "b", table[i].offset, table[i].size);
        bytes[20] = (unsigned char)table[i].name_len;
        struct lt_cursor cursor = {.ptr = bytes, .len = sizeof bytes};
        assert_int_equal(lt_ext4_inode_xattrs(cursor, add, &found, &err), LT_SKIP);
        assert_true(err.set && found.count == 1 && lt_str_eq(found.name[0], LT_STR("user.good")));
        lt_arena_free(&found.arena);
    }
}

/* A value may begin at byte 0 and end with the last one; the list may fill the space without an end mark. */
static void test_limits(void **state)
{
    (void)state;
    unsigned char bytes[40] = {0};
    struct found found = {0};
    put_entry(bytes, 0, 1, "all", 0, sizeof bytes);
    put_entry(bytes, 20, 1, "end", sizeof bytes, 0);
    struct lt_cursor cursor = {.ptr = bytes, .len = sizeof bytes};
    assert_int_equal(lt_ext4_inode_xattrs(cursor, add, &found, NULL), LT_OK);
    assert_int_equal(found.count, 2);
    assert_int_equal(found.value[0].len, sizeof bytes);
    assert_int_equal(found.value[1].len, 0);
    lt_arena_free(&found.arena);
}

/* Feature ea_inode: the value lies in an inode, its offset means nothing. */
static void test_value_inode(void **state)
{
    (void)state;
    unsigned char bytes[60] = {0};
    struct found found = {0};
    struct lt_err err = {0};
    put_entry(bytes, 0, 1, "big", 0xFFFF, LT_EXT4_MAX_XATTR);
    put_le(bytes, 4, 4, 77);
    struct lt_cursor cursor = {.ptr = bytes, .len = sizeof bytes};
    assert_int_equal(lt_ext4_inode_xattrs(cursor, add, &found, NULL), LT_OK);
    assert_int_equal(found.count, 1);
    assert_true(found.disk[0].value_inode == 77 && found.disk[0].value_size == LT_EXT4_MAX_XATTR);
    assert_int_equal(found.disk[0].value.len, 0);
    put_le(bytes, 8, 4, LT_EXT4_MAX_XATTR + 1);
    assert_int_equal(lt_ext4_inode_xattrs(cursor, add, &found, &err), LT_SKIP);
    lt_arena_free(&found.arena);
}

static void test_inline_data(void **state)
{
    (void)state;
    assert_true(lt_ext4_is_inline_data(&(struct lt_ext4_xattr){.index = 7, .name = LT_STR("data")}));
    assert_false(lt_ext4_is_inline_data(&(struct lt_ext4_xattr){.index = 1, .name = LT_STR("data")}));
    assert_false(lt_ext4_is_inline_data(&(struct lt_ext4_xattr){.index = 7, .name = LT_STR("dat")}));
}

/* A list that breaks off in the middle of an entry ends before it; what is no list at all stays as it is. */
static void test_broken_acl(void **state)
{
    (void)state;
    unsigned char disk[14] = {1};
    struct lt_arena arena = {0};
    put_hex(disk, 4, "0100070002000500e803");
    struct lt_str value = lt_ext4_xattr_value(2, (struct lt_cursor){.ptr = disk, .len = sizeof disk}, &arena);
    assert_int_equal(value.len, 12);
    value = lt_ext4_xattr_value(3, (struct lt_cursor){.ptr = disk, .len = 4}, &arena);
    assert_int_equal(value.len, 4);
    assert_int_equal(value.ptr[0], 2);
    value = lt_ext4_xattr_value(2, (struct lt_cursor){.ptr = disk, .len = 3}, &arena);
    assert_true(value.len == 3 && value.ptr[0] == 1);
    value = lt_ext4_xattr_value(1, (struct lt_cursor){.ptr = disk, .len = sizeof disk}, &arena);
    assert_int_equal(value.len, sizeof disk);
    lt_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_inode),   cmocka_unit_test(test_block),       cmocka_unit_test(test_checksum),
        cmocka_unit_test(test_no_block),   cmocka_unit_test(test_prefixes),    cmocka_unit_test(test_damage),
        cmocka_unit_test(test_limits),     cmocka_unit_test(test_value_inode), cmocka_unit_test(test_inline_data),
        cmocka_unit_test(test_broken_acl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
