// SPDX-License-Identifier: Apache-2.0
/* One XFS as its kernel would see it: blocks, AGs, inodes, and contents of forks. Changes that wait in the log are in
 * the device already, if it was replayed. Reads go through small caches, so memory does not grow with the file system.
 */
#ifndef LT_EVIDENCE_XFS_VOLUME_H
#define LT_EVIDENCE_XFS_VOLUME_H

#include "evidence/device.h"
#include "evidence/xfs/bmap.h"
#include "evidence/xfs/layout.h"

#include <sys/types.h>

struct lt_xfs_cache {
    unsigned char *bytes;     /* owned; `slots` pieces of `unit` bytes */
    uint64_t *held;           /* owned; number + 1 of the piece in each slot, 0 if none */
    size_t unit, slots, next; /* unit: bytes; next: counts the slots filled so far */
};

struct lt_xfs_volume {
    struct lt_device device;
    struct lt_xfs super;
    uint32_t copy;              /* the AG whose copy of the superblock `super` is; 0: it is the first one */
    struct lt_err bad_super;    /* what is wrong with the first one */
    struct lt_xfs_cache blocks; /* of btrees and attributes */
    struct lt_xfs_cache tables; /* pieces of the disk with inodes in them */
    struct lt_xfs_agi agi;      /* the last one asked for */
    uint64_t agi_number;        /* its number + 1; 0: none */
};

/* An inode whose forks live as long as this. */
struct lt_xfs_held {
    struct lt_xfs_inode inode;
    unsigned char bytes[LT_XFS_MAX_INODE];
    bool trusted; /* its btree of extents holds together: it is followed although a checksum in it is wrong */
};

/* A piece of a fork: `count` blocks from `place` on, in bytes of the device, or that many without data (`zeros`). */
struct lt_xfs_run {
    uint64_t place, count;
    bool zeros;
};

/* Read the superblock of the file system on `device`, which is copied; if it is damaged, a copy. With `seek_copy` that
 * is done even where nothing looks like one. LT_END: none. LT_SKIP: damaged, or unreadable. Close the volume with
 * lt_xfs_volume_close(), also after a failure. */
enum lt_status lt_xfs_volume_open(struct lt_xfs_volume *volume, const struct lt_device *device, bool seek_copy,
                                  struct lt_err *err);
void lt_xfs_volume_close(struct lt_xfs_volume *volume);

/* One block, which has its AG in its upper bits; borrowed until the next call of any function here. NULL: unreadable,
 * or outside of the file system. */
const unsigned char *lt_xfs_volume_block(struct lt_xfs_volume *volume, uint64_t block);

/* The head of the inodes of an AG, borrowed until the next call. NULL: unreadable, or none. If its checksum is wrong,
 * that is said in it. */
const struct lt_xfs_agi *lt_xfs_volume_agi(struct lt_xfs_volume *volume, uint32_t ag);

/* An inode, whose forks are borrowed until the next call of any function here. LT_SKIP: it cannot be read, or is none.
 */
enum lt_status lt_xfs_volume_inode(struct lt_xfs_volume *volume, uint64_t ino, struct lt_xfs_inode *out,
                                   struct lt_err *err);

/* The same with forks of its own. */
enum lt_status lt_xfs_hold_inode(struct lt_xfs_volume *volume, uint64_t ino, struct lt_xfs_held *out,
                                 struct lt_err *err);

/* Where block `logical` of a fork of `held` lies, and how many follow it there: UINT64_MAX of zeros to the end of all
 * forks. LT_SKIP: its extents are damaged or unreadable. */
enum lt_status lt_xfs_volume_map(struct lt_xfs_volume *volume, const struct lt_xfs_held *held,
                                 const struct lt_xfs_fork *fork, uint64_t logical, struct lt_xfs_run *out,
                                 struct lt_err *err);

/* Read `size` bytes at `offset` of a fork; holes are zeros. The number of bytes, -1 on failure. */
ssize_t lt_xfs_read_fork(struct lt_xfs_volume *volume, const struct lt_xfs_held *held, const struct lt_xfs_fork *fork,
                         void *buffer, size_t size, uint64_t offset, struct lt_err *err);

/* Check all extents of the data of `held`. LT_SKIP: a block of their btree is damaged or unreadable; `err` has the
 * first. If that is but a wrong checksum, and the tree still has what it must, held->trusted is set, and the file can
 * be read: its extents are in order, lie in the file system, and are as many as the inode counts. */
enum lt_status lt_xfs_check_map(struct lt_xfs_volume *volume, struct lt_xfs_held *held, struct lt_err *err);

#endif
