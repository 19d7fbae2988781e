// SPDX-License-Identifier: Apache-2.0
/* The log of XFS on its device: where the part of it begins and ends that must be replayed, and its records. As linux
 * fs/xfs/xfs_log_recover.c does it (kernel 6.18), which may be asked in doubt: xlog_find_head(), xlog_find_tail(),
 * xlog_verify_head(), xlog_verify_tail(). */
#ifndef LT_EVIDENCE_XFS_LOG_RING_H
#define LT_EVIDENCE_XFS_LOG_RING_H

#include "evidence/device.h"
#include "evidence/xfs/layout.h"
#include "evidence/xfs/log.h"

/* The log, and what of it counts. */
struct lt_xfs_ring {
    const struct lt_device *device; /* borrowed */
    struct lt_err *err;             /* borrowed: what could not be read */
    uint64_t place;                 /* in bytes */
    uint32_t blocks;                /* of 512 bytes */
    uint32_t most;                  /* blocks that a record can have */
    uint32_t reach;                 /* blocks that may be on their way to the disk at once */
    unsigned char uuid[LT_XFS_UUID];
    uint32_t tail, head;              /* blocks: the oldest record that is needed, and where the next one would begin */
    uint64_t first, last;             /* LSN of the oldest record that is needed, and of the last one */
    bool dirty;                       /* there are changes that must be replayed */
    struct lt_err damage;             /* set: what lies behind `head` should have been part of it */
    unsigned char *bytes;             /* owned; the record that was read last */
    unsigned char *window;            /* owned; blocks that were read together, */
    uint32_t window_at, window_count; /* and which they are */
};

/* Find out what of the log counts. LT_SKIP: that cannot be told; `err` says why. Close it with lt_xfs_ring_close(),
 * also after a failure. */
enum lt_status lt_xfs_ring_open(struct lt_xfs_ring *ring, const struct lt_device *device, const struct lt_xfs *xfs,
                                struct lt_err *err);

/* Read the record that begins at block `at`; its blocks are in ring->bytes until the next call. LT_SKIP: there is none
 * of this file system, it cannot be read, or its checksum is wrong. */
enum lt_status lt_xfs_ring_record(struct lt_xfs_ring *ring, uint32_t at, struct lt_xfs_log_record *out,
                                  struct lt_err *err);

/* How many blocks it is from one block forward to another. */
uint32_t lt_xfs_ring_distance(const struct lt_xfs_ring *ring, uint32_t from, uint32_t to);

void lt_xfs_ring_close(struct lt_xfs_ring *ring);

#endif
