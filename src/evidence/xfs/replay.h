// SPDX-License-Identifier: Apache-2.0
/* Replay of the log of XFS in memory: a device that has in place what waits in the log. What the kernel does to the
 * disk on mount is done here only to our view of it. As in linux fs/xfs/xfs_log_recover.c, xfs_buf_item_recover.c,
 * xfs_inode_item_recover.c and xfs_icreate_item.c (kernel 6.18): learn which buffers were freed, then put the
 * transactions in place, in the order of their commits, where the disk is not newer.
 *
 * Unlike the kernel, it leaves alone what a mount would go on to do with transactions of its own: intents that were not
 * done (see lt_xfs_replay_report), and files that were deleted while open. */
#ifndef LT_EVIDENCE_XFS_REPLAY_H
#define LT_EVIDENCE_XFS_REPLAY_H

#include "evidence/device.h"
#include "evidence/fs.h"
#include "evidence/xfs/layout.h"

struct lt_xfs_replay_report {
    struct lt_journal_summary journal; /* `present` only if there was something to replay */
    struct lt_err problem; /* set: the log could not be replayed, or not all of it; the newest changes may be missing */
    struct lt_err missing; /* set: work was under way that changes what is in files or attributes, and is not done */
};

/* Does the log hold changes that must be replayed? LT_SKIP: that cannot be told; `err` says why. */
enum lt_status lt_xfs_log_dirty(const struct lt_device *device, const struct lt_xfs *xfs, bool *dirty,
                                struct lt_err *err);

/* Make `*replayed` the file system on `device`, which is copied and must live as long, with the changes of its log.
 * `xfs` is its superblock as it lies; the log may hold a newer one. Close `*replayed` with lt_device_close(). LT_END:
 * there is nothing to replay, or nothing of it could be; then there is nothing to close, and report->problem may say
 * why. */
enum lt_status lt_xfs_replay(const struct lt_device *device, const struct lt_xfs *xfs, struct lt_device *replayed,
                             struct lt_xfs_replay_report *report);

#endif
