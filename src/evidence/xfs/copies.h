// SPDX-License-Identifier: Apache-2.0
/* The copies of the superblock that begin each AG but the first, for when the first one is damaged. The kernel hardly
 * ever writes them: only what never changes is taken from them. Facts: linux fs/xfs/libxfs/xfs_sb.c (6.18);
 * xfsprogs 6.1 mkfs/xfs_mkfs.c, libxfs/topology.c, for where they are made. */
#ifndef LT_EVIDENCE_XFS_COPIES_H
#define LT_EVIDENCE_XFS_COPIES_H

#include "evidence/device.h"
#include "evidence/xfs/layout.h"

/* Find a copy of the superblock that can be believed: its values are possible, its checksum is right, and it belongs to
 * where it lies. `first` is what the damaged superblock says, NULL if it says nothing: what changes from day to day is
 * from there. `*ag` is the AG that has the copy. False: there is none. */
bool lt_xfs_find_copy(const struct lt_device *device, const struct lt_xfs *first, struct lt_xfs *out, uint32_t *ag);

/* Read the superblock at `offset`. LT_SKIP: also if it cannot be read; see lt_xfs_super(). */
enum lt_status lt_xfs_read_super(const struct lt_device *device, uint64_t offset, struct lt_xfs *out,
                                 struct lt_err *err);

#endif
