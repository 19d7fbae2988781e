// SPDX-License-Identifier: Apache-2.0
/* Extended attributes in an inode or in a block, all hostile: names and values lie inside, and what the kernel would
 * hand out for them has a known prefix and, for an access control list, the form of the system call.
 *
 * Input: a byte of options, then the bytes. */
#include "evidence/ext4/xattr.h"

#include "fuzz.h"

#include <string.h>

enum { BLOCK = 1, CHECKSUMS = 2 };

struct attributes {
    struct lt_cursor bytes;
    struct lt_arena arena;
    size_t count;
};

/* linux include/uapi/linux/posix_acl_xattr.h: version 2, then entries of 8 bytes: tag, permissions, ID. */
static void check_acl(struct lt_cursor disk, struct lt_str value)
{
    PROMISE(value.len >= 4 && value.len % 8 == 4 && memcmp(value.ptr, "\2\0\0\0", 4) == 0);
    PROMISE(value.len - 4 <= (disk.len - 4) * 2);
    size_t from = 4;
    for (size_t at = 4; at < value.len; at += 8) {
        PROMISE(memcmp(value.ptr + at, disk.ptr + from, 4) == 0);
        unsigned tag = disk.ptr[from] | (unsigned)disk.ptr[from + 1] << 8;
        bool named = tag == 2 || tag == 8;
        PROMISE(memcmp(value.ptr + at + 4, named ? (const char *)disk.ptr + from + 4 : "\xFF\xFF\xFF\xFF", 4) == 0);
        from += named ? 8 : 4;
    }
}

static void check_xattr(void *arg, const struct lt_ext4_xattr *xattr)
{
    struct attributes *all = arg;
    const unsigned char *name = (const unsigned char *)xattr->name.ptr, *start = all->bytes.ptr;
    PROMISE(name >= start + 16 && name + xattr->name.len <= start + all->bytes.len && xattr->name.len <= 255);
    PROMISE(++all->count <= all->bytes.len / 16);
    if (xattr->value_inode)
        PROMISE(!xattr->value.len && xattr->value_size <= LT_EXT4_MAX_XATTR);
    else
        PROMISE(xattr->value.len == xattr->value_size && xattr->value.ptr >= start &&
                xattr->value.ptr + xattr->value.len <= start + all->bytes.len);
    lt_arena_reset(&all->arena);
    struct lt_str full = lt_ext4_xattr_name(xattr, &all->arena);
    PROMISE(!full.len || memchr(full.ptr, '.', full.len));
    struct lt_str value = lt_ext4_xattr_value(xattr->index, xattr->value, &all->arena);
    if ((xattr->index == 2 || xattr->index == 3) && xattr->value.len >= 4)
        check_acl(xattr->value, value);
    else
        PROMISE(value.len == xattr->value.len && (!value.len || memcmp(value.ptr, xattr->value.ptr, value.len) == 0));
    PROMISE(!lt_ext4_is_inline_data(xattr) || (xattr->index == 7 && xattr->name.len == 4));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t options = take_byte(&input);
    struct lt_str rest = take_rest(&input);
    struct attributes all = {.bytes = {.ptr = (const unsigned char *)rest.ptr, .len = rest.len}};
    const struct lt_ext4 ext4 = {.checksums = options & CHECKSUMS};
    struct lt_err err = {0};
    enum lt_status status = options & BLOCK ? lt_ext4_block_xattrs(all.bytes, check_xattr, &all, &err)
                                            : lt_ext4_inode_xattrs(all.bytes, check_xattr, &all, &err);
    PROMISE(status == LT_OK || (status == LT_SKIP && err.set));
    PROMISE(!lt_ext4_xattrs_damaged(&ext4, all.bytes, options) || options & CHECKSUMS);
    lt_arena_free(&all.arena);
    return 0;
}
