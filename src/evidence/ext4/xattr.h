// SPDX-License-Identifier: Apache-2.0
/* Extended attributes of ext2/3/4, in the inode or in a block of their own. Each function decodes the bytes that it is
 * given and touches nothing else. Facts: linux fs/ext4/xattr.h, xattr.c, acl.c, fs/posix_acl.c (kernel 6.18). */
#ifndef LT_EVIDENCE_EXT4_XATTR_H
#define LT_EVIDENCE_EXT4_XATTR_H

#include "evidence/ext4/layout.h"

enum { LT_EXT4_MAX_XATTR = 64 * 1024 }; /* the kernel hands out no larger value */

/* One attribute as it lies on disk. */
struct lt_ext4_xattr {
    unsigned index;         /* tells the prefix of the name */
    struct lt_str name;     /* without it; borrowed */
    struct lt_cursor value; /* borrowed; empty if an inode of its own holds the value: */
    uint32_t value_inode, value_size;
};

/* Takes one attribute, which is borrowed. */
typedef void lt_ext4_each_xattr(void *arg, const struct lt_ext4_xattr *xattr);

/* Attributes in the inode (lt_ext4_inode.xattrs). LT_SKIP: damaged; those behind the damage are lost. */
enum lt_status lt_ext4_inode_xattrs(struct lt_cursor bytes, lt_ext4_each_xattr *each, void *arg, struct lt_err *err);

/* Attributes in a block of their own. LT_SKIP: as above. */
enum lt_status lt_ext4_block_xattrs(struct lt_cursor block, lt_ext4_each_xattr *each, void *arg, struct lt_err *err);

/* Is the checksum of a block of attributes wrong? `number` is its place on the disk. */
bool lt_ext4_xattrs_damaged(const struct lt_ext4 *ext4, struct lt_cursor block, uint64_t number);

/* Is it the second part of inline data? The kernel shows nobody that as an attribute. */
bool lt_ext4_is_inline_data(const struct lt_ext4_xattr *xattr);

/* Full name as the kernel gives it, in `arena`; "" if the prefix is unknown. */
struct lt_str lt_ext4_xattr_name(const struct lt_ext4_xattr *xattr, struct lt_arena *arena);

/* The value as the kernel gives it, in `arena`. It is the one on the disk, but access control lists are turned from
 * ext4's form into that of the system call. */
struct lt_str lt_ext4_xattr_value(unsigned index, struct lt_cursor value, struct lt_arena *arena);

#endif
