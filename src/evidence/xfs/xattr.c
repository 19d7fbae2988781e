// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/xattr.h"

#include <string.h>

enum {
    LOCAL = 0x1, /* flags: the value is beside the name */
    ROOT = 0x2,  /* trusted. */
    SECURE = 0x4,
    PARENT = 0x8, /* the name of the file, for the repair of directories */
    INCOMPLETE = 0x80,
    LEAF_MAGIC = 0xFBEE,
    LEAF5_MAGIC = 0x3BEE,
    NODE_MAGIC = 0xFEBE,
    NODE5_MAGIC = 0x3EBE,
    MAX_LEVEL = 5, /* xfs_da_format.h, XFS_DA_NODE_MAXDEPTH */
};

static const uint32_t VALUE_MAGIC = 0x5841524D; /* "XARM" */
static const uint32_t LINK_MAGIC = 0x58534C4D;  /* "XSLM" */

static bool is_shown(unsigned flags)
{
    return !(flags & (PARENT | INCOMPLETE));
}

enum lt_status lt_xfs_short_xattrs(struct lt_cursor bytes, lt_xfs_each_xattr *each, void *arg, struct lt_err *err)
{
    enum { HEAD = 4, ENTRY = 3 };
    size_t total = (size_t)lt_cursor_be(&bytes, 0, 2), at = HEAD;
    unsigned count = (unsigned)lt_cursor_be(&bytes, 2, 1);
    bytes.len = total < bytes.len ? total : bytes.len;
    for (unsigned i = 0; i < count && !bytes.bad; i++) {
        size_t name = (size_t)lt_cursor_be(&bytes, at, 1), value = (size_t)lt_cursor_be(&bytes, at + 1, 1);
        unsigned flags = (unsigned)lt_cursor_be(&bytes, at + 2, 1);
        if (bytes.bad || ENTRY + name + value > bytes.len - at)
            return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "the extended attributes in the inode break off");
        const unsigned char *text = bytes.ptr + at + ENTRY;
        const struct lt_xfs_xattr xattr = {
            .flags = flags,
            .name = {(const char *)text, name},
            .value = {.ptr = text + name, .len = value},
        };
        if (is_shown(flags))
            each(arg, &xattr);
        at += ENTRY + name + value;
    }
    return bytes.bad ? lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no extended attributes in the inode") : LT_OK;
}

/* Both forms begin with the blocks after and before this one and the magic number; version 5 then has its checks. */
static bool is_kind(const struct lt_xfs *xfs, uint32_t magic, uint32_t old, uint32_t new)
{
    return magic == (xfs->v5 ? new : old);
}

enum lt_status lt_xfs_xattr_block(const struct lt_xfs *xfs, struct lt_cursor bytes, uint64_t ino,
                                  struct lt_xfs_xattr_block *out, struct lt_err *err)
{
    enum { SUM = 12, OWNER = 48, CHECKS = 44, OLD_INFO = 12, LEAF_REST = 20, NODE_REST = 4, HASH = 4 };
    size_t info = OLD_INFO + (xfs->v5 ? CHECKS : 0), pad = xfs->v5 ? 4 : 0;
    uint32_t magic = (uint32_t)lt_cursor_be(&bytes, 8, 2);
    *out = (struct lt_xfs_xattr_block){.leaf = is_kind(xfs, magic, LEAF_MAGIC, LEAF5_MAGIC)};
    out->count = (unsigned)lt_cursor_be(&bytes, info, 2);
    if (!out->leaf && !is_kind(xfs, magic, NODE_MAGIC, NODE5_MAGIC))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no extended attributes");
    if (out->leaf) {
        out->next = (uint32_t)lt_cursor_be(&bytes, 0, 4);
        out->entries = info + LEAF_REST + pad;
    } else {
        out->level = (unsigned)lt_cursor_be(&bytes, info + 2, 2);
        out->entries = info + NODE_REST + pad;
        out->next = (uint32_t)lt_cursor_be(&bytes, out->entries + HASH, 4);
    }
    if (bytes.bad || (!out->leaf && (!out->level || out->level > MAX_LEVEL || !out->count)))
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "impossible values above the extended attributes");
    out->damaged = xfs->v5 && (lt_xfs_sum_wrong(bytes, SUM) || lt_cursor_be(&bytes, OWNER, 8) != ino);
    return LT_OK;
}

/* The name and value of an entry: a value of its own follows the name, or is in other blocks. */
static bool decode_entry(struct lt_cursor bytes, size_t at, unsigned flags, struct lt_xfs_xattr *out)
{
    enum { LOCAL_HEAD = 3, REMOTE_HEAD = 9 };
    *out = (struct lt_xfs_xattr){.flags = flags, .remote = !(flags & LOCAL)};
    size_t head = out->remote ? REMOTE_HEAD : LOCAL_HEAD, length = (size_t)lt_cursor_be(&bytes, at + head - 1, 1);
    size_t value = out->remote ? 0 : (size_t)lt_cursor_be(&bytes, at, 2);
    if (bytes.bad || head + length + value > bytes.len - at)
        return false;
    if (out->remote) {
        out->value_block = (uint32_t)lt_cursor_be(&bytes, at, 4);
        out->value_size = (uint32_t)lt_cursor_be(&bytes, at + 4, 4);
    }
    out->name = (struct lt_str){(const char *)bytes.ptr + at + head, length};
    out->value = (struct lt_cursor){.ptr = bytes.ptr + at + head + length, .len = value};
    return out->value_size <= LT_XFS_MAX_XATTR;
}

enum lt_status lt_xfs_leaf_xattrs(const struct lt_xfs_xattr_block *head, struct lt_cursor bytes,
                                  lt_xfs_each_xattr *each, void *arg, struct lt_err *err)
{
    enum { ENTRY = 8 };
    enum lt_status status = LT_OK;
    for (unsigned i = 0; i < head->count && !bytes.bad; i++) {
        size_t entry = head->entries + (size_t)i * ENTRY, at = (size_t)lt_cursor_be(&bytes, entry + 4, 2);
        unsigned flags = (unsigned)lt_cursor_be(&bytes, entry + 6, 1);
        struct lt_xfs_xattr xattr;
        if (bytes.bad)
            status = lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "more extended attributes than a block has room for");
        else if (!decode_entry(bytes, at, flags, &xattr))
            status = lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "an extended attribute reaches over its end");
        else if (is_shown(flags))
            each(arg, &xattr);
    }
    return status;
}

/* Blocks of version 5 that hold a piece of a value or a target: magic number, offset of the piece, its bytes, checksum,
 * and the inode. Before, they hold nothing else. */
static enum lt_status piece(const struct lt_xfs *xfs, uint32_t magic, struct lt_cursor bytes, uint64_t ino,
                            uint32_t offset, struct lt_cursor *out, bool *damaged, struct lt_err *err)
{
    enum { SUM = 12, OWNER = 32, HEAD = 56 };
    *damaged = false;
    *out = bytes;
    if (!xfs->v5)
        return LT_OK;
    size_t size = (size_t)lt_cursor_be(&bytes, 8, 4);
    bool fits = bytes.len >= HEAD && size <= bytes.len - HEAD;
    if (!fits || lt_cursor_be(&bytes, 0, 4) != magic || lt_cursor_be(&bytes, 4, 4) != offset ||
        lt_cursor_be(&bytes, OWNER, 8) != ino)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "a block holds something else than it must");
    *damaged = lt_xfs_sum_wrong(bytes, SUM);
    *out = (struct lt_cursor){.ptr = bytes.ptr + HEAD, .len = size};
    return LT_OK;
}

enum lt_status lt_xfs_value_block(const struct lt_xfs *xfs, struct lt_cursor bytes, uint64_t ino, uint32_t offset,
                                  struct lt_cursor *out, bool *damaged, struct lt_err *err)
{
    return piece(xfs, VALUE_MAGIC, bytes, ino, offset, out, damaged, err);
}

enum lt_status lt_xfs_link_piece(const struct lt_xfs *xfs, struct lt_cursor bytes, uint64_t ino, uint32_t offset,
                                 struct lt_cursor *out, bool *damaged, struct lt_err *err)
{
    return piece(xfs, LINK_MAGIC, bytes, ino, offset, out, damaged, err);
}

struct lt_str lt_xfs_xattr_name(const struct lt_xfs_xattr *xattr, struct lt_arena *arena)
{
    const char *prefix = xattr->flags & ROOT ? "trusted." : xattr->flags & SECURE ? "security." : "user.";
    return lt_str_format(arena, "%s%.*s", prefix, LT_ARG(xattr->name));
}

/* On disk: a count, and for each entry tag, ID and permissions. In the system call's form, which is little-endian,
 * those that need no ID have one of all ones. */
static struct lt_str acl_form(struct lt_cursor disk, struct lt_arena *arena)
{
    enum { USER = 2, GROUP = 8, HEAD = 4, ENTRY = 12, OUT = 8 };
    size_t there = disk.len < HEAD ? 0 : (disk.len - HEAD) / ENTRY, count = (size_t)lt_cursor_be(&disk, 0, 4);
    count = count < there ? count : there;
    unsigned char *out = lt_arena_alloc(arena, HEAD + count * OUT);
    out[0] = 2; /* POSIX_ACL_XATTR_VERSION */
    for (size_t i = 0; i < count; i++) {
        unsigned char *entry = out + HEAD + i * OUT;
        const unsigned char *from = disk.ptr + HEAD + i * ENTRY;
        bool named = from[3] == USER || from[3] == GROUP;
        entry[0] = from[3];
        entry[1] = from[2];
        entry[2] = from[9];
        entry[3] = from[8];
        for (unsigned byte = 0; byte < 4; byte++)
            entry[4 + byte] = named ? from[7 - byte] : 0xFF;
    }
    return (struct lt_str){(const char *)out, HEAD + count * OUT};
}

bool lt_xfs_xattr_acl(const struct lt_xfs_xattr *xattr, struct lt_str value, struct lt_arena *arena,
                      struct lt_str *name, struct lt_str *form)
{
    bool access = lt_str_eq(xattr->name, LT_STR("SGI_ACL_FILE"));
    if (!(xattr->flags & ROOT) || (!access && !lt_str_eq(xattr->name, LT_STR("SGI_ACL_DEFAULT"))))
        return false;
    *name = access ? LT_STR("system.posix_acl_access") : LT_STR("system.posix_acl_default");
    *form = acl_form((struct lt_cursor){.ptr = (const unsigned char *)value.ptr, .len = value.len}, arena);
    return true;
}
