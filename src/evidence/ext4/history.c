// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/history.h"

#include "base/bisect.h"

#include <stdlib.h>
#include <string.h>

enum { JOURNAL, HOME, WINDOWS };

/* A pass over all blocks of the journal. */
struct scan {
    struct lt_ext4_history *history;
    uint32_t *owner;      /* for each block of the journal, the newest transaction that wrote it, if `owned` */
    unsigned char *owned; /* a bit for each */
    unsigned char *ended; /* a bit for each transaction from the first on: its commit block is there */
    struct lt_err *err;
};

static struct lt_cursor view(const struct lt_ext4_history *history)
{
    return (struct lt_cursor){.ptr = history->block, .len = history->journal.block_size};
}

/* Where block `number` of the journal lies on the disk; 0 if nowhere. */
static uint64_t place_of(const struct scan *scan, uint32_t number)
{
    return lt_journal_place(scan->history->volume, &scan->history->inode, number, scan->err);
}

static bool read_raw(const struct lt_ext4_history *history, uint64_t place, unsigned char *out)
{
    uint32_t size = history->journal.block_size;
    return lt_window_read(&history->windows[JOURNAL], place * size, out, size);
}

static bool read_block(const struct scan *scan, uint32_t number)
{
    uint64_t place = place_of(scan, number);
    if (place && read_raw(scan->history, place, scan->history->block))
        return true;
    lt_fail(scan->err, LT_SKIP, LT_CODE_JOURNAL, 0, "cannot read block %u of the journal", number);
    return false;
}

static bool has_bit(const unsigned char *bits, uint32_t at)
{
    return bits[at / 8] >> at % 8 & 1;
}

static void set_bit(unsigned char *bits, uint32_t at)
{
    bits[at / 8] |= (unsigned char)(1u << at % 8);
}

/* The kind of the current block, if it can be one of a transaction whose blocks are still there. Residue of a file
 * system that was here before has another seed of its checksums, or numbers that are out of reach. */
static enum lt_jbd2_type type_of(const struct scan *scan, uint32_t *sequence)
{
    const struct lt_ext4_history *history = scan->history;
    *sequence = lt_jbd2_sequence(view(history));
    if (*sequence - history->first >= history->span)
        return LT_JBD2_NONE;
    enum lt_jbd2_type type = lt_jbd2_type(view(history), *sequence);
    bool damaged = type == LT_JBD2_COMMIT ? lt_jbd2_commit_damaged(&history->journal, view(history))
                                          : lt_jbd2_block_damaged(&history->journal, view(history));
    return damaged ? LT_JBD2_NONE : type;
}

/* The block is of that transaction, unless a newer one has it already. */
static void claim(struct scan *scan, uint32_t number, uint32_t sequence)
{
    uint32_t at = number - scan->history->journal.first;
    if (has_bit(scan->owned, at) && lt_jbd2_is_before(sequence, scan->owner[at]))
        return;
    set_bit(scan->owned, at);
    scan->owner[at] = sequence;
}

static void end_transaction(struct scan *scan, uint32_t at)
{
    set_bit(scan->ended, at);
    scan->history->times[at] = (uint32_t)lt_jbd2_commit_time(view(scan->history));
}

/* First pass: which transaction wrote each block last, and which transactions came to their end. A round of the journal
 * writes over the one before; the descriptors are written first, and the commit block last. */
static bool claim_block(struct scan *scan, uint32_t number)
{
    const struct lt_jbd2 *journal = &scan->history->journal;
    struct lt_jbd2_tag tag;
    uint32_t sequence, next = number, most = journal->end - journal->first;
    if (!read_block(scan, number))
        return false;
    enum lt_jbd2_type type = type_of(scan, &sequence);
    if (type != LT_JBD2_DESCRIPTOR && type != LT_JBD2_COMMIT && type != LT_JBD2_REVOKE)
        return true;
    claim(scan, number, sequence);
    if (type == LT_JBD2_COMMIT)
        end_transaction(scan, sequence - scan->history->first);
    for (size_t at = 0;
         type == LT_JBD2_DESCRIPTOR && most-- && lt_jbd2_next_tag(journal, view(scan->history), &at, &tag) == LT_OK;)
        claim(scan, next = lt_jbd2_wrap(journal, next + 1), sequence);
    return true;
}

/* There cannot be more copies than the journal has blocks; descriptors that say otherwise share blocks. */
static void add_copy(struct lt_ext4_history *history, const struct lt_ext4_copy *copy)
{
    if (history->copy_count >= history->journal.blocks)
        return;
    if (!history->copy_count || lt_jbd2_is_before(copy->sequence, history->oldest))
        history->oldest = copy->sequence;
    if (!history->copy_count || lt_jbd2_is_before(history->newest, copy->sequence))
        history->newest = copy->sequence;
    if (history->copy_count == history->copy_cap) {
        history->copy_cap = history->copy_cap ? history->copy_cap * 2 : 1024;
        history->copies = lt_realloc(history->copies, lt_array_size(history->copy_cap, sizeof *history->copies));
    }
    history->copies[history->copy_count++] = *copy;
}

static void add_revokes(struct lt_ext4_history *history, uint32_t sequence)
{
    uint64_t number;
    for (size_t at = 0; lt_jbd2_next_revoke(&history->journal, view(history), &at, &number) == LT_OK;) {
        if (history->revoke_count == history->revoke_cap) {
            history->revoke_cap = history->revoke_cap ? history->revoke_cap * 2 : 256;
            history->revokes =
                lt_realloc(history->revokes, lt_array_size(history->revoke_cap, sizeof *history->revokes));
        }
        history->revokes[history->revoke_count++] = (struct lt_ext4_revoke){number, sequence};
    }
}

/* Is the block still the one that the tag tells of? */
static bool still_there(const struct scan *scan, const struct lt_jbd2_tag *tag, uint32_t number, uint32_t sequence,
                        unsigned char *data)
{
    const struct lt_jbd2 *journal = &scan->history->journal;
    uint64_t place = place_of(scan, number);
    if (!place || scan->owner[number - journal->first] != sequence)
        return false;
    if (!journal->csum2 && !journal->csum3)
        return true;
    return read_raw(scan->history, place, data) &&
           !lt_jbd2_data_damaged(journal, tag, sequence, (struct lt_cursor){.ptr = data, .len = journal->block_size});
}

static void take_copies(const struct scan *scan, uint32_t number, uint32_t sequence)
{
    struct lt_ext4_history *history = scan->history;
    const struct lt_jbd2 *journal = &history->journal;
    struct lt_jbd2_tag tag;
    uint32_t most = journal->end - journal->first, next = number;
    unsigned char *data = lt_realloc(NULL, journal->block_size);
    for (size_t at = 0; most-- && lt_jbd2_next_tag(journal, view(history), &at, &tag) == LT_OK;) {
        next = lt_jbd2_wrap(journal, next + 1);
        if (still_there(scan, &tag, next, sequence, data))
            add_copy(history, &(struct lt_ext4_copy){.block = tag.block,
                                                     .source = place_of(scan, next),
                                                     .sequence = sequence,
                                                     .escaped = tag.escaped});
    }
    free(data);
}

/* Second pass: keep what transactions that came to their end wrote, as far as no later round wrote over it. */
static void take_block(const struct scan *scan, uint32_t number)
{
    uint32_t sequence;
    if (!has_bit(scan->owned, number - scan->history->journal.first) || !read_block(scan, number))
        return;
    enum lt_jbd2_type type = type_of(scan, &sequence);
    if (type == LT_JBD2_NONE || scan->owner[number - scan->history->journal.first] != sequence ||
        !has_bit(scan->ended, sequence - scan->history->first))
        return;
    if (type == LT_JBD2_REVOKE)
        add_revokes(scan->history, sequence);
    else if (type == LT_JBD2_DESCRIPTOR)
        take_copies(scan, number, sequence);
}

static void scan_journal(struct lt_ext4_history *history, struct lt_err *err)
{
    const struct lt_jbd2 *journal = &history->journal;
    uint32_t blocks = journal->end - journal->first;
    struct scan scan = {.history = history, .err = err};
    /* Each transaction takes a block at least, so no older and no newer ones can be there. */
    history->first = journal->sequence - blocks;
    history->span = 2 * blocks;
    scan.owner = lt_realloc(NULL, lt_array_size(blocks, sizeof *scan.owner));
    scan.owned = lt_realloc(NULL, blocks / 8 + 1);
    scan.ended = lt_realloc(NULL, history->span / 8 + 1);
    history->times = lt_realloc(NULL, lt_array_size(history->span, sizeof *history->times));
    memset(scan.owned, 0, blocks / 8 + 1);
    memset(scan.ended, 0, history->span / 8 + 1);
    memset(history->times, 0, history->span * sizeof *history->times);
    for (uint32_t number = journal->first; number < journal->end; number++)
        if (!claim_block(&scan, number))
            break;
    for (uint32_t number = journal->first; number < journal->end; number++)
        take_block(&scan, number);
    free(scan.owner);
    free(scan.owned);
    free(scan.ended);
    lt_journal_sort(history->copies, history->copy_count, history->revokes, history->revoke_count);
}

enum lt_status lt_history_open(struct lt_ext4_history *history, struct lt_ext4_volume *volume, struct lt_err *err)
{
    struct lt_err problem = {0};
    *history = (struct lt_ext4_history){.volume = volume};
    history->block = lt_realloc(NULL, volume->super.block_size);
    history->windows = lt_realloc(NULL, WINDOWS * sizeof *history->windows);
    for (size_t i = 0; i < WINDOWS; i++)
        history->windows[i] = (struct lt_window){.device = &volume->device};
    if (!(volume->super.compat & LT_EXT4_COMPAT_HAS_JOURNAL))
        return LT_OK;
    if (lt_journal_find(volume, &history->inode, &history->journal, &problem) == LT_OK)
        scan_journal(history, &problem);
    return problem.set ? lt_fail(err, LT_SKIP, problem.code, problem.sys, "%s", problem.text) : LT_OK;
}

void lt_history_free(struct lt_ext4_history *history)
{
    free(history->copies);
    free(history->revokes);
    free(history->times);
    free(history->block);
    for (size_t i = 0; history->windows && i < WINDOWS; i++)
        lt_window_free(&history->windows[i]);
    free(history->windows);
    *history = (struct lt_ext4_history){0};
}

size_t lt_history_find(const struct lt_ext4_history *history, uint64_t block)
{
    return lt_bisect(history->copies, history->copy_count, sizeof *history->copies, block);
}

struct lt_ext4_copy lt_history_home(const struct lt_ext4_history *history, uint64_t block)
{
    return (struct lt_ext4_copy){
        .block = block, .source = block, .sequence = history->journal.sequence - 1, .home = true};
}

/* The first revoke of the block, as an index. */
static size_t find_revoke(const struct lt_ext4_history *history, uint64_t block)
{
    return lt_bisect(history->revokes, history->revoke_count, sizeof *history->revokes, block);
}

/* Was the block given up in one of the transactions from `from` to `to`? */
static bool given_up(const struct lt_ext4_history *history, uint64_t block, uint32_t from, uint32_t to)
{
    for (size_t at = find_revoke(history, block); at < history->revoke_count && history->revokes[at].block == block;
         at++)
        if (!lt_jbd2_is_before(to, history->revokes[at].sequence))
            return !lt_jbd2_is_before(history->revokes[at].sequence, from);
    return false;
}

const struct lt_ext4_copy *lt_history_at(const struct lt_ext4_history *history, uint64_t block, uint32_t sequence)
{
    for (size_t at = lt_history_find(history, block); at < history->copy_count && history->copies[at].block == block;
         at++) {
        const struct lt_ext4_copy *copy = &history->copies[at];
        if (!lt_jbd2_is_before(sequence, copy->sequence))
            return given_up(history, block, copy->sequence, sequence) ? NULL : copy;
    }
    return NULL;
}

bool lt_history_written_after(const struct lt_ext4_history *history, uint64_t block, uint32_t sequence)
{
    size_t at = lt_history_find(history, block);
    return at < history->copy_count && history->copies[at].block == block &&
           lt_jbd2_is_before(sequence, history->copies[at].sequence);
}

uint32_t lt_history_time(const struct lt_ext4_history *history, uint32_t sequence)
{
    return sequence - history->first < history->span ? history->times[sequence - history->first] : 0;
}

bool lt_history_read(const struct lt_ext4_history *history, const struct lt_ext4_copy *copy, unsigned char *out)
{
    static const unsigned char magic[4] = {0xC0, 0x3B, 0x39, 0x98};
    uint32_t size = history->volume->super.block_size;
    if (!lt_window_read(&history->windows[copy->home ? HOME : JOURNAL], copy->source * size, out, size))
        return false;
    if (copy->escaped)
        memcpy(out, magic, sizeof magic);
    return true;
}

bool lt_history_read_home(const struct lt_ext4_history *history, uint64_t block, unsigned char *out)
{
    const struct lt_ext4_copy home = lt_history_home(history, block);
    uint32_t size = history->volume->super.block_size;
    if (!lt_history_read(history, &home, out))
        return false;
    for (size_t at = lt_history_find(history, block); at < history->copy_count && history->copies[at].block == block &&
                                                      lt_jbd2_is_before(home.sequence, history->copies[at].sequence);
         at++)
        if (lt_history_read(history, &history->copies[at], history->block) && memcmp(history->block, out, size) == 0)
            return false;
    return true;
}
