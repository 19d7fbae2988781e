// SPDX-License-Identifier: Apache-2.0
/* Which inodes a file system has, and which of them are free, by the inode btree of each AG. */
#ifndef LT_EVIDENCE_XFS_CHUNKS_H
#define LT_EVIDENCE_XFS_CHUNKS_H

#include "evidence/xfs/inobt.h"
#include "evidence/xfs/volume.h"

/* The chunk last asked for, so that neighbours cost nothing; and what is wrong with the btrees, so far. */
struct lt_xfs_chunks {
    struct lt_xfs_volume *volume;
    struct lt_xfs_chunk chunk;
    uint32_t ag;
    bool known;
    uint64_t damaged;    /* blocks with a wrong checksum, which were used */
    struct lt_err first; /* the first of them */
};

/* Is the inode free, though its place is one of an inode? False also if the btree cannot be read that far. */
bool lt_xfs_is_free(struct lt_xfs_chunks *chunks, uint64_t ino);

/* Call `each` for all chunks of an AG in the order of their numbers, until it returns anything but LT_OK. LT_SKIP: the
 * btree breaks off, and chunks behind the break are missing. */
enum lt_status lt_xfs_each_chunk(struct lt_xfs_chunks *chunks, uint32_t ag,
                                 enum lt_status (*each)(void *arg, uint32_t ag, const struct lt_xfs_chunk *chunk,
                                                        struct lt_err *err),
                                 void *arg, struct lt_err *err);

#endif
