// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/journal.h"

#include "evidence/ext4/fast_commit.h"

#include <stdlib.h>

enum { MAX_BLOCKS = 16 * 1024 * 1024 }; /* of a journal; mke2fs makes at most 10,240,000 */

struct replay {
    struct lt_ext4_volume *volume;
    struct lt_journal_summary *summary;
    struct lt_err *err;
    struct lt_ext4_inode inode; /* of the journal */
    struct lt_jbd2 journal;
    unsigned char *block, *data; /* buffers of one block each */
    uint32_t end;                /* first transaction that is not complete */
    struct lt_ext4_revoke *revokes;
    size_t revoke_count, revoke_cap;
    struct lt_ext4_copy *copies;
    size_t copy_count, copy_cap;
};

static struct lt_cursor cursor_of(const struct replay *replay, const unsigned char *bytes)
{
    return (struct lt_cursor){.ptr = bytes, .len = replay->journal.block_size};
}

uint64_t lt_journal_place(struct lt_ext4_volume *volume, const struct lt_ext4_inode *inode, uint32_t number,
                          struct lt_err *err)
{
    struct lt_ext4_run run;
    return lt_volume_map(volume, inode, number, &run, err) == LT_OK && !run.zeros ? run.block : 0;
}

static uint64_t place_of(struct replay *replay, uint32_t number)
{
    return lt_journal_place(replay->volume, &replay->inode, number, replay->err);
}

static bool read_block(struct replay *replay, uint32_t number, unsigned char *out)
{
    uint64_t place = place_of(replay, number);
    uint32_t size = replay->journal.block_size;
    if (place && lt_volume_read(replay->volume, place * size, out, size))
        return true;
    lt_fail(replay->err, LT_SKIP, LT_CODE_JOURNAL, 0, "cannot read block %u of the journal", number);
    return false;
}

static size_t count_tags(const struct replay *replay)
{
    struct lt_jbd2_tag tag;
    size_t count = 0, at = 0;
    while (lt_jbd2_next_tag(&replay->journal, cursor_of(replay, replay->block), &at, &tag) == LT_OK)
        count++;
    return count;
}

/* Add the `count` blocks behind a descriptor to the old checksum of its transaction. */
static bool add_sum(struct replay *replay, uint32_t next, size_t count, uint32_t *sum)
{
    *sum = lt_jbd2_add_sum(*sum, cursor_of(replay, replay->block));
    for (; count; count--, next = lt_jbd2_wrap(&replay->journal, next + 1)) {
        if (!read_block(replay, next, replay->data))
            return false;
        *sum = lt_jbd2_add_sum(*sum, cursor_of(replay, replay->data));
    }
    return true;
}

/* Are the checksums of the current commit block right? `sum` is the old checksum of the transaction that it ends. */
static bool commit_is_good(const struct replay *replay, uint32_t sum)
{
    struct lt_cursor block = cursor_of(replay, replay->block);
    uint32_t stored;
    if (replay->journal.csum1 && lt_jbd2_commit_sum(block, &stored) && stored != sum)
        return false;
    return !lt_jbd2_commit_damaged(&replay->journal, block);
}

/* State of a scan through the transactions. */
struct scan {
    uint32_t next; /* block of the journal */
    uint32_t sum;  /* old checksum of what was seen of the current one */
    uint64_t time; /* of the commit before */
    bool damaged;
};

/* A commit block ends a transaction. One with a wrong checksum ends the scan. That is no error with asynchronous
 * commits, where an unfinished transaction looks like this, nor if its time is older, because then it is left from an
 * earlier round. Otherwise something is lost, and the kernel would refuse to mount. */
static bool scan_commit(struct replay *replay, struct scan *scan)
{
    uint64_t time = lt_jbd2_commit_time(cursor_of(replay, replay->block));
    if (scan->damaged || !commit_is_good(replay, scan->sum)) {
        if ((scan->damaged || !replay->journal.async_commit) && time >= scan->time)
            lt_fail(replay->err, LT_SKIP, LT_CODE_JOURNAL, 0,
                    "wrong checksum in transaction %u of the journal: not replayed from there on", replay->end);
        return false;
    }
    replay->end++;
    *scan = (struct scan){.next = scan->next, .sum = ~0u, .time = time};
    return true;
}

/* A descriptor or revoke block, and the `count` blocks behind it. */
static bool scan_other(struct replay *replay, struct scan *scan, enum lt_jbd2_type type, size_t count)
{
    scan->damaged |= lt_jbd2_block_damaged(&replay->journal, cursor_of(replay, replay->block));
    if (replay->journal.csum1 && type == LT_JBD2_DESCRIPTOR && !add_sum(replay, scan->next, count, &scan->sum))
        return false;
    scan->next = lt_jbd2_wrap(&replay->journal, scan->next + (uint32_t)count);
    return true;
}

/* A transaction is written whole before its commit block, and that before the next one. So a good commit block behind
 * the end means that a block before it is damaged. Commits from before the last mount are left from an earlier journal.
 * A transaction takes a quarter of the ring at most (linux fs/jbd2/journal.c, journal_init_common(); 6.18). */
static void look_behind(struct replay *replay, const struct scan *scan)
{
    const struct lt_jbd2 *journal = &replay->journal;
    uint64_t least = replay->volume->super.mount_time > scan->time ? replay->volume->super.mount_time : scan->time;
    uint32_t next = scan->next, sequence;
    for (uint32_t seen = 0; seen < (journal->end - journal->first) / 2 && !replay->err->set; seen++) {
        if (!read_block(replay, next, replay->block))
            return;
        struct lt_cursor block = cursor_of(replay, replay->block);
        next = lt_jbd2_wrap(&replay->journal, next + 1);
        if (lt_jbd2_is_commit(block, &sequence) && !lt_jbd2_is_before(sequence, replay->end + journal->async_commit) &&
            lt_jbd2_commit_time(block) >= least && !lt_jbd2_commit_damaged(journal, block))
            lt_fail(
                replay->err, LT_SKIP, LT_CODE_JOURNAL, 0,
                "transaction %u of the journal is damaged, as transaction %u was committed: not replayed from there "
                "on",
                replay->end, sequence);
    }
}

/* One block that begins something, and what follows it. False: it is none. */
static bool scan_block(struct replay *replay, struct scan *scan, uint64_t *seen)
{
    const struct lt_jbd2 *journal = &replay->journal;
    if (!read_block(replay, scan->next, replay->block))
        return false;
    enum lt_jbd2_type type = lt_jbd2_type(cursor_of(replay, replay->block), replay->end);
    size_t count = type == LT_JBD2_DESCRIPTOR ? count_tags(replay) : 0;
    if (count > journal->end - journal->first)
        return false;
    *seen += 1 + count;
    scan->next = lt_jbd2_wrap(&replay->journal, scan->next + 1);
    if (type == LT_JBD2_COMMIT)
        return scan_commit(replay, scan);
    return (type == LT_JBD2_DESCRIPTOR || type == LT_JBD2_REVOKE) && scan_other(replay, scan, type, count);
}

/* Find the end of the last complete transaction. */
static void scan_journal(struct replay *replay)
{
    const struct lt_jbd2 *journal = &replay->journal;
    struct scan scan = {.next = journal->start, .sum = ~0u};
    uint64_t seen = 0;
    while (seen <= journal->end - journal->first && scan_block(replay, &scan, &seen))
        continue;
    look_behind(replay, &scan);
}

static void add_revokes(struct replay *replay, uint32_t sequence)
{
    uint64_t number;
    for (size_t at = 0;
         lt_jbd2_next_revoke(&replay->journal, cursor_of(replay, replay->block), &at, &number) == LT_OK;) {
        if (replay->revoke_count == replay->revoke_cap) {
            replay->revoke_cap = replay->revoke_cap ? replay->revoke_cap * 2 : 256;
            replay->revokes = lt_realloc(replay->revokes, lt_array_size(replay->revoke_cap, sizeof *replay->revokes));
        }
        replay->revokes[replay->revoke_count++] = (struct lt_ext4_revoke){number, sequence};
    }
}

static void add_copy(struct replay *replay, const struct lt_ext4_copy *copy)
{
    if (replay->copy_count == replay->copy_cap) {
        replay->copy_cap = replay->copy_cap ? replay->copy_cap * 2 : 1024;
        replay->copies = lt_realloc(replay->copies, lt_array_size(replay->copy_cap, sizeof *replay->copies));
    }
    replay->copies[replay->copy_count++] = *copy;
}

/* Take the blocks that the current descriptor lists. They begin at `next` in the journal. */
static bool add_copies(struct replay *replay, uint32_t next, uint32_t sequence)
{
    struct lt_jbd2_tag tag;
    const struct lt_jbd2 *journal = &replay->journal;
    for (size_t at = 0; lt_jbd2_next_tag(journal, cursor_of(replay, replay->block), &at, &tag) == LT_OK;
         next = lt_jbd2_wrap(&replay->journal, next + 1)) {
        if (!read_block(replay, next, replay->data))
            return false;
        if (lt_jbd2_data_damaged(journal, &tag, sequence, cursor_of(replay, replay->data)))
            lt_fail(replay->err, LT_SKIP, LT_CODE_JOURNAL, 0,
                    "wrong checksum of block %ju in transaction %u of the journal: not replayed", (uintmax_t)tag.block,
                    sequence);
        else
            add_copy(replay, &(struct lt_ext4_copy){.block = tag.block,
                                                    .source = place_of(replay, next),
                                                    .sequence = sequence,
                                                    .escaped = tag.escaped});
    }
    return true;
}

/* Go through the complete transactions once more, and keep their copies and revokes. */
static void collect(struct replay *replay)
{
    uint32_t next = replay->journal.start;
    for (uint32_t sequence = replay->journal.sequence; lt_jbd2_is_before(sequence, replay->end);) {
        if (!read_block(replay, next, replay->block))
            return;
        enum lt_jbd2_type type = lt_jbd2_type(cursor_of(replay, replay->block), sequence);
        next = lt_jbd2_wrap(&replay->journal, next + 1);
        if (type == LT_JBD2_REVOKE)
            add_revokes(replay, sequence);
        if (type == LT_JBD2_DESCRIPTOR) {
            uint32_t count = (uint32_t)count_tags(replay);
            if (!add_copies(replay, next, sequence))
                return;
            next = lt_jbd2_wrap(&replay->journal, next + count);
        }
        sequence += type == LT_JBD2_COMMIT;
        replay->summary->transactions += type == LT_JBD2_COMMIT;
    }
}

static int by_revoke(const void *a, const void *b)
{
    const struct lt_ext4_revoke *left = a, *right = b;
    if (left->block != right->block)
        return left->block < right->block ? -1 : 1;
    return lt_jbd2_is_before(left->sequence, right->sequence) - lt_jbd2_is_before(right->sequence, left->sequence);
}

static int by_copy(const void *a, const void *b)
{
    const struct lt_ext4_copy *left = a, *right = b;
    if (left->block != right->block)
        return left->block < right->block ? -1 : 1;
    return lt_jbd2_is_before(left->sequence, right->sequence) - lt_jbd2_is_before(right->sequence, left->sequence);
}

void lt_journal_sort(struct lt_ext4_copy *copies, size_t copy_count, struct lt_ext4_revoke *revokes,
                     size_t revoke_count)
{
    if (revoke_count)
        qsort(revokes, revoke_count, sizeof *revokes, by_revoke);
    if (copy_count)
        qsort(copies, copy_count, sizeof *copies, by_copy);
}

/* Was the block revoked in this transaction or a later one? `at` moves along the sorted revokes. */
static bool is_revoked(const struct replay *replay, const struct lt_ext4_copy *copy, size_t *at)
{
    while (*at < replay->revoke_count && replay->revokes[*at].block < copy->block)
        ++*at;
    return *at < replay->revoke_count && replay->revokes[*at].block == copy->block &&
           !lt_jbd2_is_before(replay->revokes[*at].sequence, copy->sequence);
}

/* The newest copy of each block becomes a patch. */
static enum lt_status apply(struct replay *replay)
{
    size_t count = 0, at = 0;
    struct lt_ext4_patch *patches = lt_realloc(NULL, lt_array_size(replay->copy_count + 1, sizeof *patches));
    lt_journal_sort(replay->copies, replay->copy_count, replay->revokes, replay->revoke_count);
    for (size_t i = 0; i < replay->copy_count; i++) {
        const struct lt_ext4_copy *copy = &replay->copies[i];
        if (i && replay->copies[i - 1].block == copy->block)
            continue;
        if (is_revoked(replay, copy, &at))
            replay->summary->revoked++;
        else
            patches[count++] = (struct lt_ext4_patch){copy->block, copy->source, copy->escaped};
    }
    replay->summary->blocks = count;
    return lt_volume_patch(replay->volume, patches, count, replay->err);
}

static bool read_fast(void *arg, uint32_t index, unsigned char *block)
{
    struct replay *replay = arg;
    const struct lt_jbd2 *journal = &replay->journal;
    return journal->fast_first < journal->blocks && index < journal->blocks - journal->fast_first &&
           read_block(replay, journal->fast_first + index, block);
}

enum lt_status lt_journal_find(struct lt_ext4_volume *volume, struct lt_ext4_inode *inode, struct lt_jbd2 *journal,
                               struct lt_err *err)
{
    const struct lt_ext4 *super = &volume->super;
    unsigned char bytes[1024];
    struct lt_cursor raw;
    if (super->journal_device || !super->journal_inode)
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "the journal is on another device");
    if (lt_volume_inode(volume, super->journal_inode, &raw, err) != LT_OK)
        return LT_SKIP;
    lt_ext4_layout(super, raw, super->journal_inode, inode);
    if (lt_volume_read_file(volume, inode, bytes, sizeof bytes, 0, err) != sizeof bytes)
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "cannot read the journal's superblock");
    if (lt_jbd2_super((struct lt_cursor){.ptr = bytes, .len = sizeof bytes}, journal, err) != LT_OK)
        return LT_SKIP;
    if (journal->block_size != super->block_size)
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "the journal has blocks of %u bytes", journal->block_size);
    if (journal->blocks > lt_volume_blocks(volume) || journal->blocks > MAX_BLOCKS ||
        journal->blocks > inode->size / super->block_size)
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0,
                       "the journal says that it is larger than its file or the disk");
    return LT_OK;
}

static enum lt_status run(struct replay *replay)
{
    if (lt_journal_find(replay->volume, &replay->inode, &replay->journal, replay->err) != LT_OK)
        return LT_SKIP;
    uint32_t size = replay->journal.block_size;
    replay->block = lt_realloc(NULL, size);
    replay->data = lt_realloc(NULL, size);
    replay->summary->first = replay->end = replay->journal.sequence;
    if (replay->journal.start) {
        scan_journal(replay);
        collect(replay);
    }
    replay->summary->next = replay->end;
    if (apply(replay) != LT_OK)
        return LT_SKIP;
    if (replay->journal.start && replay->journal.fast_first)
        lt_fast_replay(replay->volume, read_fast, replay, replay->end, &replay->summary->fast_commits, replay->err);
    return replay->err->set ? LT_SKIP : LT_OK;
}

enum lt_status lt_journal_replay(struct lt_ext4_volume *volume, struct lt_journal_summary *summary, struct lt_err *err)
{
    struct replay replay = {.volume = volume, .summary = summary, .err = err};
    *summary = (struct lt_journal_summary){.present = true};
    enum lt_status status = run(&replay);
    summary->replayed = status == LT_OK || summary->blocks;
    free(replay.block);
    free(replay.data);
    free(replay.revokes);
    free(replay.copies);
    return status;
}
