// SPDX-License-Identifier: Apache-2.0
/* The logs of subvolumes: what fsync() wrote since the last commit, which a kernel takes over when it mounts the file
 * system. Private to evidence/btrfs/. */
#ifndef LT_EVIDENCE_BTRFS_LOG_H
#define LT_EVIDENCE_BTRFS_LOG_H

#include "evidence/btrfs/subvolumes.h"

/* Replay all logs into changes of their subvolumes, which live in `arena` and are appended to `all` (struct
 * lt_btrfs_changes *), to be freed by the caller. Times that a kernel sets when it replays, as it removes names, are
 * left as they were. LT_SKIP: a log cannot be read, and of that subvolume nothing is changed. */
enum lt_status lt_btrfs_replay_logs(struct lt_btrfs_volume *volume, struct lt_btrfs_subvolumes *subvolumes,
                                    struct lt_arena *arena, struct lt_list *all, struct lt_err *err);

#endif
