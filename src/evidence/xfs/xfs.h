// SPDX-License-Identifier: Apache-2.0
/* The reader of XFS: makes a file system out of a device of bytes. Nothing is loaded ahead; a directory is read when it
 * is listed, and its inodes with it. The map of this folder, from bytes to the listing; a file calls only those above
 * it:
 *
 *   decoders, which see nothing but the bytes of one structure; each has a fuzz target
 *     layout.c    superblock, head of an allocation group's inodes, inodes, heads of btree blocks
 *     bmap.c      where the blocks of a fork lie: extents and their btree
 *     inobt.c     which inodes there are, and which are free
 *     dirents.c   names in a directory, deleted ones included
 *     xattr.c     extended attributes, and pieces of values and links
 *     stamp.c     when blocks of metadata were written, and where their checksums are
 *     log.c       blocks of the log: records and their operations
 *     log_join.c  transactions, put together from operations
 *     log_items.c what the items of a transaction change
 *
 *   the log, replayed in memory
 *     changed.c   a device of which some sectors were changed in memory
 *     log_ring.c  the log on its device: what of it counts, and its records
 *     apply.c     puts transactions in place
 *     replay.c    makes a device with the changes of the log in place
 *
 *   the file system as its kernel would see it
 *     copies.c    copies of the superblock, for where the first one is damaged
 *     volume.c    blocks, allocation groups, inodes, contents of forks
 *     chunks.c    looks up inodes in the inode btree
 *
 *   what the rest of layertime is shown
 *     reader.c    an inode as a node, also one that was freed
 *     attrs.c     the extended attributes of an inode
 *     list.c      a directory: its names, and those deleted from it
 *     unlinked.c  files that were deleted while open, found when the file system is opened
 *     nameless.c  deleted inodes that no directory names any more
 *     xfs.c       opens it all, and gives out files: the functions of lt_fs_ops */
#ifndef LT_EVIDENCE_XFS_XFS_H
#define LT_EVIDENCE_XFS_XFS_H

#include "evidence/filesystems.h"

/* Opens a file system on a device, and replays its log in memory where that is needed, unless told not to. LT_SKIP: it
 * has features that this reader does not know, or its superblock is damaged or cannot be read (LT_CODE_UNREADABLE). */
extern const struct lt_fs_reader lt_fs_reader_xfs;

#endif
