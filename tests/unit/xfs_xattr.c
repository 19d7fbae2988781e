// SPDX-License-Identifier: Apache-2.0
/* Expectations: linux fs/xfs/libxfs/xfs_da_format.h (xfs_attr_sf_hdr, xfs_attr3_leaf_hdr, xfs_attr3_rmt_hdr),
 * fs/xfs/xfs_acl.c, include/uapi/linux/posix_acl_xattr.h. */
#include "evidence/xfs/xattr.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 1024 };

static const struct lt_xfs five = {.v5 = true}, four = {0};

/* Attributes as they come: "name=value" and a blank each; "name@block+size" of remote ones. */
struct text {
    char bytes[2000];
    size_t len;
    struct lt_arena arena;
};

static void add_xattr(void *arg, const struct lt_xfs_xattr *xattr)
{
    struct text *text = arg;
    struct lt_str name = lt_xfs_xattr_name(xattr, &text->arena),
                  value = {(const char *)xattr->value.ptr, xattr->value.len};
    char *at = text->bytes + text->len;
    size_t left = sizeof text->bytes - text->len;
    int length = xattr->remote ? snprintf(at, left, "%.*s@%u+%u ", LT_ARG(name), xattr->value_block, xattr->value_size)
                               : snprintf(at, left, "%.*s=%.*s ", LT_ARG(name), LT_ARG(value));
    text->len += (size_t)length;
}

static void expect_short(const char *hex, enum lt_status expected, const char *names)
{
    unsigned char bytes[200] = {0};
    struct text text = {0};
    put_hex(bytes, 0, hex);
    struct lt_cursor cursor = {.ptr = bytes, .len = strlen(hex) / 2};
    assert_int_equal(lt_xfs_short_xattrs(cursor, add_xattr, &text, NULL), expected);
    assert_string_equal(text.bytes, names);
    lt_arena_free(&text.arena);
}

/* Those of the kernel itself and those that were never finished are not shown. */
static void test_short_form(void **state)
{
    (void)state;
    expect_short("00040000", LT_OK, "");
    expect_short("00090100010100"
                 "6178",
                 LT_OK, "user.a=x ");
    expect_short("00180400"
                 "0101006178"
                 "0101026279"
                 "0101086379"
                 "010180647a",
                 LT_OK, "user.a=x trusted.b=y ");
    expect_short("00ff0200010100617801ff0062", LT_SKIP, "user.a=x ");
    expect_short("00", LT_SKIP, "");
}

static void make_leaf(unsigned char bytes[BLOCK])
{
    memset(bytes, 0, BLOCK);
    put_be(bytes, 0, 4, 5);
    put_hex(bytes, 8, "3bee");
    put_be(bytes, 48, 8, 131);
    put_be(bytes, 56, 2, 2);
    put_be(bytes, 84, 2, 1000);
    bytes[86] = 1 | 4;
    put_be(bytes, 92, 2, 900);
    put_be(bytes, 1000, 2, 3);
    bytes[1002] = 2;
    memcpy(bytes + 1003, "nnvvv", 5);
    put_be(bytes, 900, 4, 7);
    put_be(bytes, 904, 4, 20000);
    bytes[908] = 3;
    memcpy(bytes + 909, "big", 3);
    put_le(bytes, 12, 4, ~slow_crc32c(~0u, bytes, BLOCK));
}

static void test_leaf(void **state)
{
    (void)state;
    unsigned char bytes[BLOCK];
    struct lt_cursor cursor = {.ptr = bytes, .len = BLOCK};
    struct lt_xfs_xattr_block head;
    struct text text = {0};
    make_leaf(bytes);
    assert_int_equal(lt_xfs_xattr_block(&five, cursor, 131, &head, NULL), LT_OK);
    assert_true(head.leaf && head.next == 5 && head.count == 2 && !head.damaged);
    assert_int_equal(lt_xfs_leaf_xattrs(&head, cursor, add_xattr, &text, NULL), LT_OK);
    assert_string_equal(text.bytes, "security.nn=vvv user.big@7+20000 ");
    assert_int_equal(lt_xfs_xattr_block(&five, cursor, 132, &head, NULL), LT_OK);
    assert_true(head.damaged);
    assert_int_equal(lt_xfs_xattr_block(&four, cursor, 131, &head, NULL), LT_SKIP);
    put_be(bytes, 904, 4, 65537); /* larger than any */
    assert_int_equal(lt_xfs_xattr_block(&five, cursor, 131, &head, NULL), LT_OK);
    text.len = 0;
    assert_int_equal(lt_xfs_leaf_xattrs(&head, cursor, add_xattr, &text, NULL), LT_SKIP);
    assert_string_equal(text.bytes, "security.nn=vvv ");
    lt_arena_free(&text.arena);
}

static void test_node(void **state)
{
    (void)state;
    unsigned char bytes[BLOCK] = {0};
    struct lt_cursor cursor = {.ptr = bytes, .len = BLOCK};
    struct lt_xfs_xattr_block head;
    put_hex(bytes, 8, "febe");
    put_be(bytes, 12, 2, 2);
    put_be(bytes, 14, 2, 1);
    put_be(bytes, 20, 4, 9);
    assert_int_equal(lt_xfs_xattr_block(&four, cursor, 131, &head, NULL), LT_OK);
    assert_true(!head.leaf && head.level == 1 && head.next == 9 && !head.damaged);
    put_be(bytes, 14, 2, 0);
    assert_int_equal(lt_xfs_xattr_block(&four, cursor, 131, &head, NULL), LT_SKIP);
}

static void test_pieces(void **state)
{
    (void)state;
    unsigned char bytes[BLOCK] = {0};
    struct lt_cursor cursor = {.ptr = bytes, .len = BLOCK}, piece;
    bool damaged;
    put_hex(bytes, 0, "5841524d");
    put_be(bytes, 4, 4, 968);
    put_be(bytes, 8, 4, 100);
    put_be(bytes, 32, 8, 131);
    put_le(bytes, 12, 4, ~slow_crc32c(~0u, bytes, BLOCK));
    assert_int_equal(lt_xfs_value_block(&five, cursor, 131, 968, &piece, &damaged, NULL), LT_OK);
    assert_true(piece.ptr == bytes + 56 && piece.len == 100 && !damaged);
    assert_int_equal(lt_xfs_value_block(&five, cursor, 131, 0, &piece, &damaged, NULL), LT_SKIP);
    assert_int_equal(lt_xfs_value_block(&five, cursor, 132, 968, &piece, &damaged, NULL), LT_SKIP);
    assert_int_equal(lt_xfs_link_piece(&five, cursor, 131, 968, &piece, &damaged, NULL), LT_SKIP);
    put_be(bytes, 8, 4, BLOCK);
    assert_int_equal(lt_xfs_value_block(&five, cursor, 131, 968, &piece, &damaged, NULL), LT_SKIP);
    assert_int_equal(lt_xfs_value_block(&four, cursor, 131, 968, &piece, &damaged, NULL), LT_OK);
    assert_true(piece.ptr == bytes && piece.len == BLOCK);
}

/* A user with an ID, and the owner, who has none. */
static void test_acl(void **state)
{
    (void)state;
    unsigned char disk[28], wanted[20];
    struct lt_arena arena = {0};
    struct lt_str name, form;
    put_hex(disk, 0,
            "00000002"
            "00000001ffffffff00060000"
            "00000002000003e800040000");
    put_hex(wanted, 0,
            "02000000"
            "01000600ffffffff"
            "02000400e8030000");
    struct lt_xfs_xattr xattr = {.flags = 2, .name = LT_STR("SGI_ACL_FILE")};
    struct lt_str value = {(const char *)disk, sizeof disk};
    assert_true(lt_xfs_xattr_acl(&xattr, value, &arena, &name, &form));
    assert_true(lt_str_eq(name, LT_STR("system.posix_acl_access")) && form.len == sizeof wanted);
    assert_memory_equal(form.ptr, wanted, sizeof wanted);
    xattr.name = LT_STR("SGI_ACL_DEFAULT");
    assert_true(lt_xfs_xattr_acl(&xattr, value, &arena, &name, &form));
    assert_true(lt_str_eq(name, LT_STR("system.posix_acl_default")));
    xattr.flags = 0; /* a user's own */
    assert_false(lt_xfs_xattr_acl(&xattr, value, &arena, &name, &form));
    lt_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_form), cmocka_unit_test(test_leaf), cmocka_unit_test(test_node),
        cmocka_unit_test(test_pieces),     cmocka_unit_test(test_acl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
