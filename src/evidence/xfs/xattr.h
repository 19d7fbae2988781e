// SPDX-License-Identifier: Apache-2.0
/* Extended attributes of XFS: the short form in an inode, and blocks. Each function decodes the bytes that it is given
 * and touches nothing else. Facts: linux fs/xfs/libxfs/xfs_da_format.h, xfs_attr_leaf.c, xfs_attr_remote.c,
 * fs/xfs/xfs_acl.c, xfs_xattr.c (kernel 6.18). */
#ifndef LT_EVIDENCE_XFS_XATTR_H
#define LT_EVIDENCE_XFS_XATTR_H

#include "evidence/xfs/layout.h"

enum { LT_XFS_MAX_XATTR = 64 * 1024 }; /* xfs_da_format.h, XFS_XATTR_SIZE_MAX */

/* One attribute as it lies on disk. */
struct lt_xfs_xattr {
    unsigned flags;         /* tell the prefix of the name */
    struct lt_str name;     /* without it; borrowed */
    struct lt_cursor value; /* borrowed; empty if blocks of its own hold the value: */
    bool remote;
    uint32_t value_block, value_size; /* in the fork of the attributes; bytes */
};

/* Takes one attribute, which is borrowed. */
typedef void lt_xfs_each_xattr(void *arg, const struct lt_xfs_xattr *xattr);

/* Call `each` for the attributes in the inode that the kernel shows. LT_SKIP: damaged; those behind the damage are
 * lost. */
enum lt_status lt_xfs_short_xattrs(struct lt_cursor bytes, lt_xfs_each_xattr *each, void *arg, struct lt_err *err);

/* The head of a block of the fork of attributes: a leaf of the btree of names, or a node of it. */
struct lt_xfs_xattr_block {
    bool leaf;
    uint32_t next;  /* of a leaf: the block in the fork that goes on; 0: the last one. Of a node: its first child */
    unsigned level; /* of a node, from 1 */
    unsigned count;
    size_t entries; /* where they begin */
    bool damaged;   /* a wrong checksum, or another inode's */
};

/* LT_SKIP: it is neither. */
enum lt_status lt_xfs_xattr_block(const struct lt_xfs *xfs, struct lt_cursor bytes, uint64_t ino,
                                  struct lt_xfs_xattr_block *out, struct lt_err *err);

/* Call `each` for the attributes of a leaf that the kernel shows. LT_SKIP: some are damaged, and are lost. */
enum lt_status lt_xfs_leaf_xattrs(const struct lt_xfs_xattr_block *head, struct lt_cursor bytes,
                                  lt_xfs_each_xattr *each, void *arg, struct lt_err *err);

/* The part of a value that a block holds, which is at `offset` in the value. LT_SKIP: it is no such block, or one of
 * another value. `*damaged`: its checksum is wrong. */
enum lt_status lt_xfs_value_block(const struct lt_xfs *xfs, struct lt_cursor bytes, uint64_t ino, uint32_t offset,
                                  struct lt_cursor *out, bool *damaged, struct lt_err *err);

/* The part of a symbolic link's target that an extent holds, which is at `offset` in the target. As above. */
enum lt_status lt_xfs_link_piece(const struct lt_xfs *xfs, struct lt_cursor bytes, uint64_t ino, uint32_t offset,
                                 struct lt_cursor *out, bool *damaged, struct lt_err *err);

/* Full name as the kernel gives it, in `arena`. */
struct lt_str lt_xfs_xattr_name(const struct lt_xfs_xattr *xattr, struct lt_arena *arena);

/* Is the attribute an access control list, which the kernel also shows under a name of its own? Then "access" or
 * "default" and its value in the form of the system call are written, in `arena`. */
bool lt_xfs_xattr_acl(const struct lt_xfs_xattr *xattr, struct lt_str value, struct lt_arena *arena,
                      struct lt_str *name, struct lt_str *form);

#endif
