// SPDX-License-Identifier: Apache-2.0
/* Transactions put together from the operations of the log. Those of several transactions may be mixed, a region of an
 * item may be cut into several operations, and only what was committed counts. Facts: linux fs/xfs/xfs_log_recover.c,
 * xlog_recover_process_ophdr() and what it calls (kernel 6.18). */
#ifndef LT_EVIDENCE_XFS_LOG_JOIN_H
#define LT_EVIDENCE_XFS_LOG_JOIN_H

#include "base/arena.h"
#include "evidence/xfs/log.h"

enum {
    LT_XFS_MAX_OPEN = 256,    /* transactions under way at once; of kernels since 2.6.39 there are a few */
    LT_XFS_MAX_REGIONS = 257, /* of an item: its description and its data; XLOG_MAX_REGIONS_IN_ITEM */
};

/* Bytes that transactions under way may have together. A checkpoint of the kernel takes at most a quarter of the log,
 * which has 2 GiB at most (xfs_log_priv.h, XLOG_CIL_BLOCKING_SPACE_LIMIT). */
#define LT_XFS_MAX_PENDING ((size_t)512 * 1024 * 1024)

/* An item of a transaction: what was changed, and how. */
struct lt_xfs_log_item {
    struct lt_xfs_log_item *next;
    unsigned type;             /* as it says: one of enum lt_xfs_item, or unknown */
    unsigned count, wanted;    /* of regions: how many there are, and how many it says */
    struct lt_cursor *regions; /* the first one describes the item */
};

/* A transaction that was committed. Kernels that collect them in memory call it a checkpoint. */
struct lt_xfs_log_transaction {
    uint64_t lsn;                  /* of the record in which it begins */
    struct lt_xfs_log_item *items; /* in their order; of the last one regions may be missing */
};

struct lt_xfs_log_join;

/* Begin. `commit` is called for each transaction, in the order in which they were committed; what it is given is
 * borrowed until it returns. Free the result with lt_xfs_log_join_free(). */
struct lt_xfs_log_join *lt_xfs_log_join_new(void (*commit)(void *arg, const struct lt_xfs_log_transaction *),
                                            void *arg);

/* Take the operations of a record, whose data are restored. LT_SKIP: they do not hold together, or need too much
 * memory; what follows cannot be read either. */
enum lt_status lt_xfs_log_join_record(struct lt_xfs_log_join *join, const struct lt_xfs_log_record *record,
                                      struct lt_cursor data, struct lt_err *err);

/* Transactions that began and were not committed are lost. */
void lt_xfs_log_join_free(struct lt_xfs_log_join *join);

#endif
