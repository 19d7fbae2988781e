// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/xattr.h"

#include <string.h>

enum {
    BLOCK_HEAD = 32,
    BLOCK_CHECKSUM = 16,
    ENTRY = 16,
    INDEX_SYSTEM = 7,
    INDEX_ACCESS = 2,  /* access control list */
    INDEX_DEFAULT = 3, /* the list for what is created in a directory */
};

static const uint32_t BLOCK_MAGIC = 0xEA020000;

/* Entries from `at` on; offsets of values count from the start of `bytes`. */
static enum lt_status entries(struct lt_cursor bytes, size_t at, lt_ext4_each_xattr *each, void *arg,
                              struct lt_err *err)
{
    while (at + 4 <= bytes.len && lt_le32(&bytes, at)) {
        size_t name_len = bytes.ptr[at], size = lt_le32(&bytes, at + 8), offset = lt_le16(&bytes, at + 2);
        struct lt_ext4_xattr xattr = {
            .index = bytes.ptr[at + 1],
            .name = {(const char *)bytes.ptr + at + ENTRY, name_len},
            .value_inode = lt_le32(&bytes, at + 4),
            .value_size = (uint32_t)size,
        };
        bool inside = xattr.value_inode ? size <= LT_EXT4_MAX_XATTR : offset <= bytes.len && size <= bytes.len - offset;
        if (at + ENTRY + name_len > bytes.len || !inside)
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "an extended attribute reaches over its end");
        if (!xattr.value_inode)
            xattr.value = (struct lt_cursor){.ptr = bytes.ptr + offset, .len = size};
        each(arg, &xattr);
        at += (ENTRY + name_len + 3) & ~(size_t)3;
    }
    return LT_OK;
}

enum lt_status lt_ext4_inode_xattrs(struct lt_cursor bytes, lt_ext4_each_xattr *each, void *arg, struct lt_err *err)
{
    return entries(bytes, 0, each, arg, err);
}

enum lt_status lt_ext4_block_xattrs(struct lt_cursor block, lt_ext4_each_xattr *each, void *arg, struct lt_err *err)
{
    if (block.len < BLOCK_HEAD || lt_le32(&block, 0) != BLOCK_MAGIC)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no extended attributes where the inode points to");
    return entries(block, BLOCK_HEAD, each, arg, err);
}

bool lt_ext4_xattrs_damaged(const struct lt_ext4 *ext4, struct lt_cursor block, uint64_t number)
{
    static const unsigned char zeros[4] = {0};
    unsigned char place[8];
    if (!ext4->checksums || block.len < BLOCK_HEAD)
        return false;
    for (unsigned i = 0; i < sizeof place; i++)
        place[i] = (unsigned char)(number >> (8 * i));
    uint32_t crc = lt_crc32c(ext4->checksum_seed, place, sizeof place);
    crc = lt_crc32c(crc, block.ptr, BLOCK_CHECKSUM);
    crc = lt_crc32c(crc, zeros, sizeof zeros);
    crc = lt_crc32c(crc, block.ptr + BLOCK_CHECKSUM + 4, block.len - BLOCK_CHECKSUM - 4);
    return crc != lt_le32(&block, BLOCK_CHECKSUM);
}

bool lt_ext4_is_inline_data(const struct lt_ext4_xattr *xattr)
{
    return xattr->index == INDEX_SYSTEM && lt_str_eq(xattr->name, LT_STR("data"));
}

struct lt_str lt_ext4_xattr_name(const struct lt_ext4_xattr *xattr, struct lt_arena *arena)
{
    static const char *const prefixes[] = {
        NULL,        "user.",   "system.posix_acl_access", "system.posix_acl_default", "trusted.", NULL,
        "security.", "system.", "system.richacl",
    };
    const char *prefix = xattr->index < sizeof prefixes / sizeof *prefixes ? prefixes[xattr->index] : NULL;
    return prefix ? lt_str_format(arena, "%s%.*s", prefix, LT_ARG(xattr->name)) : LT_STR("");
}

/* On disk only entries for named users and groups have an ID. In the system call's form all have one. */
static struct lt_str acl_value(struct lt_cursor value, struct lt_arena *arena)
{
    enum { USER = 2, GROUP = 8, SHORT = 4, LONG = 8 };
    unsigned char *out = lt_arena_alloc(arena, 4 + value.len * 2);
    size_t size = 4;
    out[0] = 2; /* POSIX_ACL_XATTR_VERSION */
    for (size_t at = 4; at + SHORT <= value.len;) {
        unsigned tag = lt_le16(&value, at);
        bool named = tag == USER || tag == GROUP;
        if (named && at + LONG > value.len)
            break;
        memcpy(out + size, value.ptr + at, 4);
        memset(out + size + 4, 0xFF, 4);
        if (named)
            memcpy(out + size + 4, value.ptr + at + 4, 4);
        size += 8;
        at += named ? LONG : SHORT;
    }
    return (struct lt_str){(const char *)out, size};
}

struct lt_str lt_ext4_xattr_value(unsigned index, struct lt_cursor value, struct lt_arena *arena)
{
    if ((index == INDEX_ACCESS || index == INDEX_DEFAULT) && value.len >= 4)
        return acl_value(value, arena);
    return lt_str_dup(arena, (struct lt_str){(const char *)value.ptr, value.len});
}
