// SPDX-License-Identifier: Apache-2.0
/* The reader of btrfs: makes a file system out of a device of bytes. All subvolumes are seen, each at its path below
 * the top. The map of this folder, from bytes to files; a file calls only those above it:
 *
 *   layout.c      decoders: superblock, chunks, heads of nodes, checksums
 *   items.c       decoders: inodes, roots, names, attributes, extents
 *   lzo.c         extents that are packed with LZO
 *   volume.c      the superblock and its copies, logical addresses, nodes that were checked
 *   changes.c     items that a log changes, in memory
 *   tree.c        the items of a tree in order, with those changes
 *   content.c     what is in a file
 *   subvolumes.c  subvolumes and snapshots, and their paths
 *   replay.c      for the replay of a log: the tree with what was changed so far
 *   replay_names.c    names that a log adds and removes
 *   replay_extents.c  extents that a log adds, in place of others
 *   log.c         replays the logs of all subvolumes
 *   reader.c      inodes as nodes; names and attributes
 *   btrfs.c       opens it all: the functions of lt_fs_ops */
#ifndef LT_EVIDENCE_BTRFS_BTRFS_H
#define LT_EVIDENCE_BTRFS_BTRFS_H

#include "evidence/filesystems.h"

/* Opens a file system on one device. What lies on other devices alone, or in stripes over several, is an error where it
 * is met. LT_SKIP: it has features that this reader does not know, or what describes it is damaged or cannot be read
 * (LT_CODE_UNREADABLE). */
extern const struct lt_fs_reader lt_fs_reader_btrfs;

#endif
