// SPDX-License-Identifier: Apache-2.0
/* Blocks of the log of XFS. Each function decodes the bytes that it is given and touches nothing else. Facts: linux
 * fs/xfs/libxfs/xfs_log_format.h, fs/xfs/xfs_log.c, xfs_log_recover.c (kernel 6.18). Integers are big-endian, but
 * checksums little-endian; what the data of operations holds is in log_items.h.
 *
 * The log is a ring of blocks of 512 bytes, whatever the sectors of the disk. It is written round by round; a round is
 * a cycle. The first word of each block is the number of its cycle, and the word that was there is kept in the header
 * of its record. A record is a header of one block or more and its data; its data are operations, and those of one
 * transaction may be in several records. */
#ifndef LT_EVIDENCE_XFS_LOG_H
#define LT_EVIDENCE_XFS_LOG_H

#include "base/cursor.h"
#include "base/err.h"

enum {
    LT_XFS_LOG_BLOCK = 512,
    LT_XFS_LOG_MAX_DATA = 256 * 1024, /* bytes of a record; XLOG_MAX_RECORD_BSIZE */
    LT_XFS_LOG_SPAN = 32 * 1024,      /* bytes whose words one block of the header keeps; XLOG_HEADER_CYCLE_SIZE */
    LT_XFS_LOG_MAX_HEADS = LT_XFS_LOG_MAX_DATA / LT_XFS_LOG_SPAN,
    LT_XFS_LOG_BUFFERS = 8, /* records that may be on their way to the disk at once; XLOG_MAX_ICLOGS */
};

/* The header of a record. */
struct lt_xfs_log_record {
    uint32_t cycle, operations;
    uint32_t size;          /* bytes of the buffer that it was written from */
    uint32_t length;        /* bytes of its data */
    uint32_t heads, blocks; /* of the header, and of header and data */
    uint64_t lsn, tail;     /* its own place, and that of the oldest record that is still needed: see LT_XFS_LSN */
    uint32_t sum;           /* checksum, 0: none */
    bool wide;              /* version 2: the header may have more than one block */
    bool foreign;           /* its items are not little-endian: a host of another kind wrote it */
    unsigned char uuid[16];
};

/* A log sequence number is a cycle and a block of the log. They compare as numbers. */
#define LT_XFS_LSN_BLOCK(lsn) ((uint32_t)(lsn))
#define LT_XFS_LSN_CYCLE(lsn) ((uint32_t)((lsn) >> 32))

/* The cycle that a block of the log was written in. 0: it was never written. */
uint32_t lt_xfs_log_cycle(struct lt_cursor block);

/* Does a block begin a record? */
bool lt_xfs_log_is_record(struct lt_cursor block);

/* Decode the first block of a record. LT_SKIP: it is none, or one that cannot be. */
enum lt_status lt_xfs_log_record(struct lt_cursor block, struct lt_xfs_log_record *out, struct lt_err *err);

/* Is the checksum of a record wrong? `bytes` are its `blocks` as they lie in the log. False where there is none. */
bool lt_xfs_log_record_damaged(const struct lt_xfs_log_record *record, struct lt_cursor bytes);

/* Put the first words of the blocks of data back that the cycles have taken the place of. `bytes` as above; `*out` are
 * the data in them. */
void lt_xfs_log_restore(const struct lt_xfs_log_record *record, unsigned char *bytes, struct lt_cursor *out);

/* oh_flags */
enum {
    LT_XFS_OP_START = 0x1,
    LT_XFS_OP_COMMIT = 0x2,
    LT_XFS_OP_CONTINUES = 0x4, /* the region goes on in the next record */
    LT_XFS_OP_CONTINUED = 0x8, /* it began in an earlier one, */
    LT_XFS_OP_END = 0x10,      /* and ends here */
    LT_XFS_OP_UNMOUNT = 0x20,
};

/* An operation: a region of an item of a transaction, or part of one. */
struct lt_xfs_log_op {
    uint32_t transaction;
    unsigned flags;
    struct lt_cursor data; /* borrowed */
};

/* The operation at `*at` in the data of a record (0: the first); `*at` is moved behind it. LT_END: there are no more.
 * LT_SKIP: what is there is none. */
enum lt_status lt_xfs_log_next_op(struct lt_cursor data, size_t *at, struct lt_xfs_log_op *out, struct lt_err *err);

#endif
