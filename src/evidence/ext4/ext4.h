// SPDX-License-Identifier: Apache-2.0
/* The reader of ext2, ext3 and ext4: makes a file system out of a device of bytes. Nothing is loaded ahead; a directory
 * is read when it is listed, and its inodes with it. The map of this folder, from bytes to the listing; a file calls
 * only those above it:
 *
 *   decoders, which see nothing but the bytes of one structure; each has a fuzz target
 *     layout.c        superblock, group descriptors, inodes
 *     features.c      the names of features
 *     map.c           where the blocks of a file lie: extents, and maps of block numbers
 *     dirents.c       names in a block of a directory, deleted ones included
 *     xattr.c         extended attributes
 *     orphan_block.c  a block of the orphan file
 *     jbd2.c          blocks of the journal
 *     fast_tags.c     fast commits
 *
 *   the file system as its kernel would see it
 *     fast_changes.c  inodes and names that fast commits changed
 *     copies.c        copies of the superblock and group descriptors, for where the first are damaged
 *     volume.c        blocks with the journal's changes in place, groups, inodes, contents of files
 *     extents.c       whether the extent tree of a file holds together though a checksum is wrong
 *     fast_commit.c   replays fast commits into fast_changes.c
 *     journal.c       replays the journal into volume.c, and then the fast commits
 *
 *   what was there before
 *     history.c       what blocks held, by all copies that the journal still has
 *     former_map.c    where the blocks of a file lay in a former state
 *     former.c        former states of inodes, and whose blocks were whose
 *     former_names.c  the names of inodes in former states
 *     reuse.c         that blocks were taken again, by former bitmaps
 *     past.c          all of these, found once; former states as nodes
 *     settled.c       was data of a former state written out?
 *
 *   what the rest of layertime is shown
 *     reader.c        an inode as a node; which inodes count as deleted
 *     list.c          a directory: its names, and those deleted from it
 *     orphans.c       files that were deleted while open, found when the file system is opened
 *     nameless.c      deleted inodes that no directory names any more
 *     former_directories.c  directories of which a former name is all that is left
 *     deleted.c       deleted files, and what of their contents can still be had
 *     unowned.c       blocks that no file owns
 *     ext4.c          opens it all, and gives out files and attributes: the functions of lt_fs_ops */
#ifndef LT_EVIDENCE_EXT4_EXT4_H
#define LT_EVIDENCE_EXT4_EXT4_H

#include "evidence/filesystems.h"

/* Opens a file system on a device, and replays its journal in memory where that is needed, unless told not to. LT_SKIP:
 * it has features that this reader does not know, or its superblock is damaged or cannot be read (LT_CODE_UNREADABLE).
 */
extern const struct lt_fs_reader lt_fs_reader_ext4;

#endif
