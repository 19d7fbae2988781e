// SPDX-License-Identifier: Apache-2.0
/* Where the kinds of blocks of metadata of version 5 keep when they were written, whose they are, and their checksum.
 * Facts: linux fs/xfs/libxfs/xfs_format.h, xfs_da_format.h, fs/xfs/xfs_buf_item_recover.c,
 * xlog_recover_get_buf_lsn() (kernel 6.18). */
#ifndef LT_EVIDENCE_XFS_STAMP_H
#define LT_EVIDENCE_XFS_STAMP_H

#include "evidence/xfs/layout.h"

/* The LSN of the last transaction that is in a block of metadata. UINT64_MAX: it does not tell, or is not of this file
 * system. */
uint64_t lt_xfs_stamp(const struct lt_xfs *xfs, struct lt_cursor block);

/* Where its checksum is, which counts the whole block; 0: it has none. The inodes of a block have their own. */
size_t lt_xfs_stamp_sum(struct lt_cursor block);

#endif
