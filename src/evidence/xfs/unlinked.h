// SPDX-License-Identifier: Apache-2.0
/* Files that were deleted while a process had them open, and so were not freed when the power failed: each AG has 64
 * lists of them (linux fs/xfs/xfs_inode.c, xfs_iunlink(); 6.18). A kernel frees them when it mounts the file system, so
 * to the rest of the reader they are deleted, though the inode btree calls them used. */
#ifndef LT_EVIDENCE_XFS_UNLINKED_H
#define LT_EVIDENCE_XFS_UNLINKED_H

#include "evidence/xfs/reader.h"

/* Look at the heads of the inodes of all AGs: fill reader->unlinked of `fs`, and set fs->entries. What is wrong with
 * the heads or the lists becomes a note of the evidence. */
void lt_xfs_look_at_ags(struct lt_fs *fs);

#endif
