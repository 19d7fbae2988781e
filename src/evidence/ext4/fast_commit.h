// SPDX-License-Identifier: Apache-2.0
/* Replay of fast commits in memory: small changes that ext4 notes behind the ring of its journal (feature fast_commit).
 * After linux fs/ext4/fast_commit.c (kernel 6.18). */
#ifndef LT_EVIDENCE_EXT4_FAST_COMMIT_H
#define LT_EVIDENCE_EXT4_FAST_COMMIT_H

#include "evidence/ext4/volume.h"

/* Reads block `index` of the area into a buffer of one block; false if there is none. */
typedef bool lt_fast_read(void *arg, uint32_t index, unsigned char *block);

/* Apply the fast commits that belong to the transaction `sequence` to the volume, as a kernel does on mount, and count
 * them. Times of directories are left alone: a kernel sets them to the time of the mount. LT_SKIP: not all of them
 * could be applied, and `err` says why. The changes go into volume->fast, which must be NULL before, and are freed with
 * it. */
enum lt_status lt_fast_replay(struct lt_ext4_volume *volume, lt_fast_read *read, void *arg, uint32_t sequence,
                              uint64_t *commits, struct lt_err *err);

#endif
