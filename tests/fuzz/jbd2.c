// SPDX-License-Identifier: Apache-2.0
/* Blocks of a journal, all hostile: a superblock, then one other block as descriptor, revoke and commit,
 * with the features that the superblock tells of or those of the options.
 *
 * Input: a byte of options, the transaction (4 bytes), a superblock of 1024 bytes, the other block. */
#include "evidence/ext4/jbd2.h"

#include "fuzz.h"

#include <string.h>

enum { SUPER = 1024, OWN_FEATURES = 1, WIDE = 2, CSUM2 = 4, CSUM3 = 8 };

/* The superblock in a form without a checksum, so that a change in it is not the end of the test. */
static void unlock(unsigned char *super)
{
    super[0x2B] &= (unsigned char)~0x18;
}

static void check_super(const struct lt_jbd2 *journal)
{
    PROMISE(journal->first && journal->first < journal->end && journal->end <= journal->blocks);
    PROMISE(!journal->fast_first || (journal->fast_first > journal->end && journal->fast_first <= journal->blocks));
    PROMISE(!journal->start || (journal->start >= journal->first && journal->start < journal->end));
}

/* Each tag takes at least its own size of the block, and only the last one may be told to be the last. */
static void check_tags(const struct lt_jbd2 *journal, struct lt_cursor block, uint32_t sequence)
{
    struct lt_jbd2_tag tag;
    size_t size = journal->csum3 ? 16 : 8 + (journal->csum2 ? 2u : 0) + (journal->wide ? 4u : 0), at = 0, count = 0;
    for (size_t before = 12; lt_jbd2_next_tag(journal, block, &at, &tag) == LT_OK; before = at) {
        PROMISE(at >= before + size || at == block.len);
        PROMISE(journal->wide || tag.block <= UINT32_MAX);
        PROMISE(journal->csum3 || tag.checksum <= UINT16_MAX);
        PROMISE(++count <= block.len / size);
        bool damaged = lt_jbd2_data_damaged(journal, &tag, sequence, block);
        PROMISE(!damaged || journal->csum2 || journal->csum3);
    }
}

static void check_revokes(const struct lt_jbd2 *journal, struct lt_cursor block)
{
    uint64_t number;
    size_t at = 0, size = journal->wide ? 8 : 4, count = 0;
    while (lt_jbd2_next_revoke(journal, block, &at, &number) == LT_OK) {
        PROMISE(at == 16 + ++count * size && at <= block.len);
        PROMISE(journal->wide || number <= UINT32_MAX);
        uint64_t expected = 0;
        for (size_t i = at - size; i < at; i++)
            expected = expected << 8 | block.ptr[i];
        PROMISE(number == expected);
    }
}

static void check_block(const struct lt_jbd2 *journal, struct lt_cursor block, uint32_t sequence)
{
    uint32_t sum;
    bool sums = journal->csum2 || journal->csum3;
    enum lt_jbd2_type type = lt_jbd2_type(block, sequence);
    PROMISE(type <= LT_JBD2_REVOKE);
    PROMISE(type == LT_JBD2_NONE || memcmp(block.ptr, "\xC0\x3B\x39\x98", 4) == 0);
    PROMISE(!lt_jbd2_block_damaged(journal, block) || sums);
    PROMISE(!lt_jbd2_commit_damaged(journal, block) || sums);
    lt_jbd2_commit_sum(block, &sum);
    PROMISE(lt_jbd2_add_sum(lt_jbd2_add_sum(~0u, (struct lt_cursor){.ptr = block.ptr, .len = 100}),
                            (struct lt_cursor){.ptr = block.ptr + 100, .len = block.len - 100}) ==
            lt_jbd2_add_sum(~0u, block));
    check_tags(journal, block, sequence);
    check_revokes(journal, block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    uint8_t options = take_byte(&input);
    uint32_t sequence = (uint32_t)take_number(&input, 4);
    unsigned char super[SUPER] = {0}, bytes[SUPER] = {0};
    size_t part = input.len < SUPER ? input.len : SUPER;
    memcpy(super, take_rest(&input).ptr, part);
    memcpy(bytes, data + size - input.len + part, input.len - part < SUPER ? input.len - part : SUPER);
    struct lt_jbd2 journal = {0};
    struct lt_err err = {0};
    if (options & OWN_FEATURES)
        unlock(super);
    enum lt_status status = lt_jbd2_super((struct lt_cursor){.ptr = super, .len = SUPER}, &journal, &err);
    PROMISE(status == LT_OK || (status == LT_SKIP && err.set));
    if (status == LT_OK)
        check_super(&journal);
    if (options & OWN_FEATURES)
        journal = (struct lt_jbd2){.wide = options & WIDE, .csum2 = options & CSUM2, .csum3 = options & CSUM3};
    check_block(&journal, (struct lt_cursor){.ptr = bytes, .len = SUPER}, sequence);
    return 0;
}
