// SPDX-License-Identifier: Apache-2.0
/* What blocks held before: the copies of all transactions that the journal still has, also of those that are in place
 * long since. The disk must not have been changed by a replay; ours is one in memory. */
#ifndef LT_EVIDENCE_EXT4_HISTORY_H
#define LT_EVIDENCE_EXT4_HISTORY_H

#include "evidence/ext4/journal.h"
#include "evidence/window.h"

struct lt_ext4_history {
    struct lt_ext4_volume *volume;
    struct lt_ext4_inode inode; /* of the journal */
    struct lt_jbd2 journal;
    struct lt_ext4_copy *copies;    /* owned; by block, the newest first */
    struct lt_ext4_revoke *revokes; /* owned; by block, the newest first */
    size_t copy_count, copy_cap, revoke_count, revoke_cap;
    uint32_t oldest, newest;   /* transactions, if there are copies */
    uint32_t first, span;      /* transactions first .. first + span - 1 can be in the journal */
    uint32_t *times;           /* owned; when each of these ended, in seconds since 1970; 0: not known */
    unsigned char *block;      /* owned; a buffer of one block */
    struct lt_window *windows; /* owned; two, as the journal and what lies in place are read in turns */
};

/* Read the whole journal. A file system without one has no copies. LT_SKIP: the journal cannot be read, or not all of
 * it. Free it with lt_history_free(), also then. */
enum lt_status lt_history_open(struct lt_ext4_history *history, struct lt_ext4_volume *volume, struct lt_err *err);
void lt_history_free(struct lt_ext4_history *history);

/* The first copy of a block not before `block`, as an index; copy_count if there is none. */
size_t lt_history_find(const struct lt_ext4_history *history, uint64_t block);

/* What a block holds at home, where the disk is not replayed. Its number is that of the newest transaction that must be
 * in it. */
struct lt_ext4_copy lt_history_home(const struct lt_ext4_history *history, uint64_t block);

/* The newest copy of a block that was made in transaction `sequence` or before, and that was not given up until then.
 * NULL: none. */
const struct lt_ext4_copy *lt_history_at(const struct lt_ext4_history *history, uint64_t block, uint32_t sequence);

/* Did a transaction after `sequence` write the block? */
bool lt_history_written_after(const struct lt_ext4_history *history, uint64_t block, uint32_t sequence);

/* When that transaction ended, in seconds since 1970; 0: not known. */
uint32_t lt_history_time(const struct lt_ext4_history *history, uint32_t sequence);

/* Read one block. False: it cannot be read. */
bool lt_history_read(const struct lt_ext4_history *history, const struct lt_ext4_copy *copy, unsigned char *out);

/* Read what a block holds at home. The kernel may have written it since any transaction that the journal still has to
 * bring in. False: it cannot be read, or is one of those copies: then it tells nothing more. */
bool lt_history_read_home(const struct lt_ext4_history *history, uint64_t block, unsigned char *out);

#endif
