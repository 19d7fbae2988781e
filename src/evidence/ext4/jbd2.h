// SPDX-License-Identifier: Apache-2.0
/* Blocks of an ext3/ext4 journal. Each function decodes one block and touches nothing else; all integers are
 * big-endian. Facts: linux include/linux/jbd2.h, fs/jbd2/recovery.c, commit.c, fs/ext4/fast_commit.h (kernel 6.18). */
#ifndef LT_EVIDENCE_EXT4_JBD2_H
#define LT_EVIDENCE_EXT4_JBD2_H

#include "base/cursor.h"
#include "base/err.h"

enum lt_jbd2_type {
    LT_JBD2_NONE, /* no block of the journal, or one of another transaction */
    LT_JBD2_DESCRIPTOR,
    LT_JBD2_COMMIT,
    LT_JBD2_SUPER_V1,
    LT_JBD2_SUPER_V2,
    LT_JBD2_REVOKE,
};

struct lt_jbd2 {
    uint32_t block_size;
    uint32_t blocks;     /* of the journal file */
    uint32_t first, end; /* the ring of blocks is first .. end - 1 */
    uint32_t start;      /* block where recovery starts, 0: the journal is empty */
    uint32_t sequence;   /* transaction expected there */
    uint32_t fast_first; /* first block of the fast commits, 0 without them */
    uint32_t seed;       /* where checksums start */
    bool wide;           /* 64bit: block numbers of 64 bits */
    bool csum1, csum2, csum3, async_commit;
};

/* A tag of a descriptor block: one block of the file system that follows in the journal. */
struct lt_jbd2_tag {
    uint64_t block;
    uint32_t checksum; /* csum2: the low 16 bits, csum3: all */
    bool escaped;      /* its first four bytes are the magic number, which the journal replaces by zeros */
};

/* Numbers of transactions wrap around. */
static inline bool lt_jbd2_is_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

/* The block of the ring that `number` means: behind the last one the first follows. */
static inline uint32_t lt_jbd2_wrap(const struct lt_jbd2 *journal, uint32_t number)
{
    return number >= journal->end ? number - (journal->end - journal->first) : number;
}

/* Decode the journal's superblock, from at least 1024 bytes. LT_SKIP: none, damaged, or with unknown features. */
enum lt_status lt_jbd2_super(struct lt_cursor block, struct lt_jbd2 *out, struct lt_err *err);

/* The kind of a block, if it belongs to the transaction `sequence`. */
enum lt_jbd2_type lt_jbd2_type(struct lt_cursor block, uint32_t sequence);

/* If it is a commit block of any transaction, the number of that. */
bool lt_jbd2_is_commit(struct lt_cursor block, uint32_t *sequence);

/* The transaction that a block of the journal says to belong to. */
uint32_t lt_jbd2_sequence(struct lt_cursor block);

/* Is the checksum wrong: of a descriptor or revoke block, and of a commit block? False where there are no checksums. */
bool lt_jbd2_block_damaged(const struct lt_jbd2 *journal, struct lt_cursor block);
bool lt_jbd2_commit_damaged(const struct lt_jbd2 *journal, struct lt_cursor block);

/* Time of a commit block, seconds since 1970. In a journal it never runs backwards. */
uint64_t lt_jbd2_commit_time(struct lt_cursor block);

/* The old checksum over all blocks of a transaction (csum1), as stored in its commit block. False if there is none. */
bool lt_jbd2_commit_sum(struct lt_cursor block, uint32_t *sum);

/* Add a block to that checksum, which starts with ~0: CRC-32 of the most significant bit first. */
uint32_t lt_jbd2_add_sum(uint32_t sum, struct lt_cursor block);

/* The tag at `*at` in a descriptor block (0: the first); `*at` is moved behind it. LT_END: there are no more. */
enum lt_status lt_jbd2_next_tag(const struct lt_jbd2 *journal, struct lt_cursor block, size_t *at,
                                struct lt_jbd2_tag *out);

/* Is the checksum in a tag wrong for its block? `data` is the block as it lies in the journal. */
bool lt_jbd2_data_damaged(const struct lt_jbd2 *journal, const struct lt_jbd2_tag *tag, uint32_t sequence,
                          struct lt_cursor data);

/* The block number at `*at` in a revoke block (0: the first); `*at` is moved behind it. LT_END: there are no more. */
enum lt_status lt_jbd2_next_revoke(const struct lt_jbd2 *journal, struct lt_cursor block, size_t *at, uint64_t *out);

#endif
