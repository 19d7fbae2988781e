// SPDX-License-Identifier: Apache-2.0
/* Puts transactions of the log of XFS in place, in memory. As linux fs/xfs/xfs_log_recover.c,
 * xlog_recover_commit_trans(), and the files of the items: xfs_buf_item_recover.c, xfs_inode_item_recover.c,
 * xfs_icreate_item.c (kernel 6.18). Twice it goes through all transactions: first it learns which buffers were freed,
 * then it puts in place what is not older than the disk. */
#ifndef LT_EVIDENCE_XFS_APPLY_H
#define LT_EVIDENCE_XFS_APPLY_H

#include "base/list.h"
#include "evidence/xfs/changed.h"
#include "evidence/xfs/layout.h"
#include "evidence/xfs/log_items.h"

enum { LT_XFS_INTENT_KINDS = (LT_XFS_ITEM_LAST - LT_XFS_ITEM_EFI + 2) / 2 };

/* All is zero at first but `xfs` and `changed`. Give it back with lt_xfs_apply_free(). */
struct lt_xfs_apply {
    struct lt_xfs xfs;          /* the log may bring a newer superblock: then this is it */
    struct lt_changed *changed; /* borrowed */
    struct lt_arena arena;      /* of all that follows */
    struct lt_map cancelled;    /* by place and size: how often, as unsigned * */
    struct lt_map touched;      /* by place: struct touched * (apply.c) */
    struct lt_list in_order;    /* the same */
    struct lt_list owners;      /* places of inodes whose btrees get their owner anew: uint64_t * */
    struct lt_map intents;      /* by kind and number: whether they are under way, as bool * */
    uint64_t intent_count;
    uint64_t open[LT_XFS_INTENT_KINDS]; /* intents under way, by kind; see lt_xfs_apply_intents() */
    uint64_t lsn;                       /* of the transaction */
    uint64_t transactions, revoked;     /* put in place; buffers and inodes left out because they were freed */
    uint64_t broken;                    /* items that could not be put in place, */
    struct lt_err first_broken;         /* and the first of them */
    bool full;                          /* there is no room for more changes */
    unsigned char buffer[LT_XFS_MAX_BLOCK];
};

/* Learn which buffers a transaction frees. */
void lt_xfs_apply_cancels(struct lt_xfs_apply *apply, const struct lt_xfs_log_transaction *transaction);

/* Put a transaction in place. All must have been asked for what they free. Does nothing once apply->full is set. */
void lt_xfs_apply(struct lt_xfs_apply *apply, const struct lt_xfs_log_transaction *transaction);

/* What is left to do at the end: give blocks of btrees whose inodes changed places their owners, and make the checksums
 * of all buffers that were put in place anew. */
void lt_xfs_apply_end(struct lt_xfs_apply *apply);

/* How many intents of a kind (LT_XFS_ITEM_EFI...) no transaction did. */
uint64_t lt_xfs_apply_intents(const struct lt_xfs_apply *apply, unsigned kind);

void lt_xfs_apply_free(struct lt_xfs_apply *apply);

#endif
