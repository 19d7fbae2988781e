// SPDX-License-Identifier: Apache-2.0
/* Directories of XFS: the short form in an inode, and blocks of data. Each function decodes the bytes that it is given
 * and touches nothing else. A directory's index, which lies behind its data, is not needed to list it. Facts: linux
 * fs/xfs/libxfs/xfs_da_format.h, xfs_dir2_data.c, xfs_dir2_sf.c (kernel 6.18). */
#ifndef LT_EVIDENCE_XFS_DIRENTS_H
#define LT_EVIDENCE_XFS_DIRENTS_H

#include "evidence/xfs/layout.h"

/* Where data of directories end, in bytes: the index begins (xfs_da_format.h, XFS_DIR2_LEAF_OFFSET). */
#define LT_XFS_DIR_DATA_END (UINT64_C(32) << 30)

/* One name. */
struct lt_xfs_name {
    struct lt_str name; /* borrowed */
    uint64_t ino;
    unsigned type; /* S_IFMT bits; 0: the directory does not say */
    bool slack;    /* deleted: it lies in unused space */
    bool half;     /* of a deleted one: the upper 32 bits of the inode are lost, and are 0 here */
};

/* Takes one name, which is borrowed. */
typedef void lt_xfs_each_name(void *arg, const struct lt_xfs_name *name);

/* Call `each` for every name of a directory in short form, `bytes` long as its inode says. It has no "." and "..", and
 * no slack. LT_SKIP: it breaks off, and names may be missing. */
enum lt_status lt_xfs_short_names(const struct lt_xfs *xfs, struct lt_cursor bytes, lt_xfs_each_name *each, void *arg,
                                  struct lt_err *err);

/* Call `each` for every name of a block of data except "." and "..", and with `slack` also for those in unused space.
 * There the kernel leaves all of an entry but its first four bytes, until another entry needs the space. LT_SKIP: the
 * chain of entries is broken, and names behind the break may be missing. */
enum lt_status lt_xfs_block_names(const struct lt_xfs *xfs, struct lt_cursor block, bool slack, lt_xfs_each_name *each,
                                  void *arg, struct lt_err *err);

/* Is the checksum of a block of data wrong? */
bool lt_xfs_dir_block_damaged(const struct lt_xfs *xfs, struct lt_cursor block);

/* The inode of the directory that the block says to belong to; 0 in version 4, where none does. */
uint64_t lt_xfs_dir_block_owner(const struct lt_xfs *xfs, struct lt_cursor block);

#endif
