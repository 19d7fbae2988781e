// SPDX-License-Identifier: Apache-2.0
/* Replay of an ext3/ext4 journal in memory. What the kernel does to the disk on mount is done here only to our view of
 * it. As in linux fs/jbd2/recovery.c (kernel 6.18): find the last complete transaction, collect what was revoked, then
 * take the newest copy of every block. */
#ifndef LT_EVIDENCE_EXT4_JOURNAL_H
#define LT_EVIDENCE_EXT4_JOURNAL_H

#include "evidence/ext4/jbd2.h"
#include "evidence/ext4/volume.h"
#include "evidence/fs.h"

/* An older state of a block: what `source` holds, a block of the disk as it lies. */
struct lt_ext4_copy {
    uint64_t block, source;
    uint32_t sequence; /* of its transaction */
    bool escaped;      /* its first four bytes are the journal's magic number, and lie there as zeros */
    bool home;         /* not from the journal: the block itself, without the changes that wait there */
};

/* From that transaction back a copy of the block says nothing: the block was freed. */
struct lt_ext4_revoke {
    uint64_t block;
    uint32_t sequence;
};

/* Bring both into the order of their blocks, the newest transaction of each first. Within one transaction the order
 * does not matter: copies of a block cannot differ. */
void lt_journal_sort(struct lt_ext4_copy *copies, size_t copy_count, struct lt_ext4_revoke *revokes,
                     size_t revoke_count);

/* Replay the journal of a file system that needs it into `volume`, and fill `summary` with what was done. LT_SKIP: it
 * could not be replayed, or not all of it; `err` says why. Then the newest changes may be missing. */
enum lt_status lt_journal_replay(struct lt_ext4_volume *volume, struct lt_journal_summary *summary, struct lt_err *err);

/* Find the journal of the file system: its inode and its superblock. LT_SKIP: it has none of its own, or it is damaged.
 */
enum lt_status lt_journal_find(struct lt_ext4_volume *volume, struct lt_ext4_inode *inode, struct lt_jbd2 *journal,
                               struct lt_err *err);

/* Where block `number` of the journal with that inode lies on the disk; 0: nowhere, and `err` may say why. */
uint64_t lt_journal_place(struct lt_ext4_volume *volume, const struct lt_ext4_inode *inode, uint32_t number,
                          struct lt_err *err);

#endif
