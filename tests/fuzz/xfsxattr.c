// SPDX-License-Identifier: Apache-2.0
/* Extended attributes of XFS in an inode or in a block, and pieces of values and links. What is handed out lies in the
 * bytes.
 *
 * Input: a byte of options, an offset (2 bytes), the bytes. */
#include "evidence/xfs/xattr.h"

#include "fuzz.h"

enum { V5 = 1, SHORT = 2, VALUE = 4, LINK = 8 };

struct attributes {
    struct lt_cursor bytes;
    struct lt_arena arena;
};

static bool is_inside(struct lt_cursor bytes, const void *ptr, size_t len)
{
    const unsigned char *start = ptr;
    return !len || (start >= bytes.ptr && len <= bytes.len && start + len <= bytes.ptr + bytes.len);
}

static void check_xattr(void *arg, const struct lt_xfs_xattr *xattr)
{
    struct attributes *all = arg;
    struct lt_str name, form, full = lt_xfs_xattr_name(xattr, &all->arena);
    PROMISE(is_inside(all->bytes, xattr->name.ptr, xattr->name.len) &&
            is_inside(all->bytes, xattr->value.ptr, xattr->value.len));
    PROMISE(full.len >= 5); /* "user." */
    PROMISE(xattr->remote || !xattr->value_size);
    PROMISE(xattr->value_size <= LT_XFS_MAX_XATTR);
    struct lt_str value = {(const char *)xattr->value.ptr, xattr->value.len};
    if (lt_xfs_xattr_acl(xattr, value, &all->arena, &name, &form))
        PROMISE(lt_str_starts(name, LT_STR("system.posix_acl_")) && form.len % 8 == 4 && form.len <= 4 + value.len);
}

static void check_block(const struct lt_xfs *xfs, struct attributes *all, struct lt_err *err)
{
    struct lt_xfs_xattr_block head;
    if (lt_xfs_xattr_block(xfs, all->bytes, 7, &head, err) != LT_OK)
        return;
    PROMISE(head.leaf ? !head.level : head.level && head.count);
    if (head.leaf)
        lt_xfs_leaf_xattrs(&head, all->bytes, check_xattr, all, err);
}

static void check_piece(const struct lt_xfs *xfs, struct lt_cursor bytes, uint32_t offset, bool link)
{
    struct lt_cursor piece;
    struct lt_err err = {0};
    bool damaged;
    enum lt_status status = link ? lt_xfs_link_piece(xfs, bytes, 7, offset, &piece, &damaged, &err)
                                 : lt_xfs_value_block(xfs, bytes, 7, offset, &piece, &damaged, &err);
    PROMISE(status == LT_OK || (status == LT_SKIP && err.set));
    PROMISE(status != LT_OK || is_inside(bytes, piece.ptr, piece.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t options = take_byte(&input);
    uint32_t offset = (uint32_t)take_number(&input, 2);
    struct lt_str rest = take_rest(&input);
    const struct lt_xfs xfs = {.v5 = options & V5};
    struct attributes all = {.bytes = {.ptr = (const unsigned char *)rest.ptr, .len = rest.len}};
    struct lt_err err = {0};
    if (options & (VALUE | LINK))
        check_piece(&xfs, all.bytes, offset, options & LINK);
    else if (options & SHORT)
        lt_xfs_short_xattrs(all.bytes, check_xattr, &all, &err);
    else
        check_block(&xfs, &all, &err);
    lt_arena_free(&all.arena);
    return 0;
}
