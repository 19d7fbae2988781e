// SPDX-License-Identifier: Apache-2.0
/* The reader of XFS: makes a file system out of a device of bytes. Nothing is loaded ahead; a directory is read when it
 * is listed, and its inodes with it. The map of this folder, from bytes to the listing; a file calls only those above
 * it:
 *
 *   decoders, which see nothing but the bytes of one structure; each has a fuzz target
 *     layout.c        superblock, head of an allocation group's inodes, inodes, heads of btree blocks */
#ifndef LT_EVIDENCE_XFS_XFS_H
#define LT_EVIDENCE_XFS_XFS_H

#include "evidence/filesystems.h"

#endif
