// SPDX-License-Identifier: Apache-2.0
#include "evidence/ext4/jbd2.h"

#include "base/crc32c.h"

enum {
    HEAD = 12, /* magic, type, transaction */
    REVOKE_HEAD = 16,
    UUID = 16,
    SUPER_SIZE = 1024,
    SUPER_CHECKSUM = 0xFC,
    COMMIT_CHECKSUM = 0x10,
    COMMIT_TIME = 0x30,
    COMPAT_CHECKSUM = 0x1,
    INCOMPAT_REVOKE = 0x1,
    INCOMPAT_64BIT = 0x2,
    INCOMPAT_ASYNC = 0x4,
    INCOMPAT_CSUM_V2 = 0x8,
    INCOMPAT_CSUM_V3 = 0x10,
    INCOMPAT_FAST = 0x20,
    INCOMPAT_KNOWN = 0x3F,
    TAG_ESCAPE = 0x1,
    TAG_SAME_UUID = 0x2,
    TAG_LAST = 0x8,
    FAST_BLOCKS = 256, /* if the superblock does not say how many */
};

static const uint32_t MAGIC = 0xC03B3998;

static uint32_t be16(struct lt_cursor *block, size_t at)
{
    return __builtin_bswap16(lt_le16(block, at));
}

static uint32_t be32(struct lt_cursor *block, size_t at)
{
    return __builtin_bswap32(lt_le32(block, at));
}

/* CRC-32C of a block in which four bytes at `hole` count as zeros. */
static uint32_t sum_around(uint32_t seed, struct lt_cursor block, size_t hole)
{
    static const unsigned char zeros[4] = {0};
    uint32_t crc = lt_crc32c(seed, block.ptr, hole);
    crc = lt_crc32c(crc, zeros, sizeof zeros);
    return lt_crc32c(crc, block.ptr + hole + 4, block.len - hole - 4);
}

static void read_features(struct lt_cursor *block, struct lt_jbd2 *out)
{
    uint32_t compat = be32(block, 0x24), incompat = be32(block, 0x28);
    out->csum1 = compat & COMPAT_CHECKSUM;
    out->wide = incompat & INCOMPAT_64BIT;
    out->async_commit = incompat & INCOMPAT_ASYNC;
    out->csum2 = incompat & INCOMPAT_CSUM_V2;
    out->csum3 = incompat & INCOMPAT_CSUM_V3;
    out->seed = lt_crc32c(~0u, block->ptr + 0x30, UUID);
    uint32_t fast = be32(block, 0x54);
    fast = fast ? fast : FAST_BLOCKS;
    if (incompat & INCOMPAT_FAST && fast < out->blocks) {
        out->end = out->blocks - fast;
        out->fast_first = out->end + 1;
    }
}

enum lt_status lt_jbd2_super(struct lt_cursor block, struct lt_jbd2 *out, struct lt_err *err)
{
    uint32_t type = be32(&block, 4);
    if (block.len < SUPER_SIZE || be32(&block, 0) != MAGIC || (type != LT_JBD2_SUPER_V1 && type != LT_JBD2_SUPER_V2))
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "the journal has no superblock");
    block.len = SUPER_SIZE;
    *out = (struct lt_jbd2){
        .block_size = be32(&block, 0x0C),
        .blocks = be32(&block, 0x10),
        .first = be32(&block, 0x14),
        .sequence = be32(&block, 0x18),
        .start = be32(&block, 0x1C),
    };
    out->end = out->blocks;
    if (type == LT_JBD2_SUPER_V2 && be32(&block, 0x28) & ~(uint32_t)INCOMPAT_KNOWN)
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "the journal has features that are not known (%#x)",
                       be32(&block, 0x28));
    if (type == LT_JBD2_SUPER_V2)
        read_features(&block, out);
    if ((out->csum2 || out->csum3) && sum_around(~0u, block, SUPER_CHECKSUM) != be32(&block, SUPER_CHECKSUM))
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "the checksum of the journal's superblock is wrong");
    if (!out->first || out->first >= out->end || out->start >= out->end || (out->start && out->start < out->first))
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "impossible values in the journal's superblock");
    return LT_OK;
}

enum lt_jbd2_type lt_jbd2_type(struct lt_cursor block, uint32_t sequence)
{
    uint32_t type = be32(&block, 4);
    if (block.len < HEAD || be32(&block, 0) != MAGIC || be32(&block, 8) != sequence || type > LT_JBD2_REVOKE)
        return LT_JBD2_NONE;
    return (enum lt_jbd2_type)type;
}

bool lt_jbd2_is_commit(struct lt_cursor block, uint32_t *sequence)
{
    *sequence = be32(&block, 8);
    return lt_jbd2_type(block, *sequence) == LT_JBD2_COMMIT;
}

uint32_t lt_jbd2_sequence(struct lt_cursor block)
{
    return be32(&block, 8);
}

bool lt_jbd2_block_damaged(const struct lt_jbd2 *journal, struct lt_cursor block)
{
    if (!journal->csum2 && !journal->csum3)
        return false;
    return sum_around(journal->seed, block, block.len - 4) != be32(&block, block.len - 4);
}

bool lt_jbd2_commit_damaged(const struct lt_jbd2 *journal, struct lt_cursor block)
{
    if (!journal->csum2 && !journal->csum3)
        return false;
    return sum_around(journal->seed, block, COMMIT_CHECKSUM) != be32(&block, COMMIT_CHECKSUM);
}

uint64_t lt_jbd2_commit_time(struct lt_cursor block)
{
    return (uint64_t)be32(&block, COMMIT_TIME) << 32 | be32(&block, COMMIT_TIME + 4);
}

bool lt_jbd2_commit_sum(struct lt_cursor block, uint32_t *sum)
{
    enum { TYPE = 0x0C, SIZE = 0x0D, CRC32 = 1 };
    *sum = be32(&block, COMMIT_CHECKSUM);
    return block.len > COMMIT_CHECKSUM && block.ptr[TYPE] == CRC32 && block.ptr[SIZE] == 4;
}

uint32_t lt_jbd2_add_sum(uint32_t sum, struct lt_cursor block)
{
    for (size_t i = 0; i < block.len; i++) {
        sum ^= (uint32_t)block.ptr[i] << 24;
        for (int bit = 0; bit < 8; bit++)
            sum = sum << 1 ^ (sum >> 31 ? 0x04C11DB7u : 0);
    }
    return sum;
}

/* Bytes of a tag: linux fs/jbd2/journal.c, journal_tag_bytes(). */
static size_t tag_size(const struct lt_jbd2 *journal)
{
    if (journal->csum3)
        return 16;
    return 8 + (journal->csum2 ? 2u : 0) + (journal->wide ? 4u : 0);
}

enum lt_status lt_jbd2_next_tag(const struct lt_jbd2 *journal, struct lt_cursor block, size_t *at,
                                struct lt_jbd2_tag *out)
{
    size_t size = tag_size(journal), end = block.len - (journal->csum2 || journal->csum3 ? 4 : 0);
    *at = *at ? *at : HEAD;
    if (block.len < HEAD + 4 || *at + size > end)
        return LT_END;
    uint32_t flags = journal->csum3 ? be32(&block, *at + 4) : be16(&block, *at + 6);
    *out = (struct lt_jbd2_tag){
        .block = be32(&block, *at),
        .checksum = journal->csum3 ? be32(&block, *at + 12) : be16(&block, *at + 4),
        .escaped = flags & TAG_ESCAPE,
    };
    if (journal->wide)
        out->block |= (uint64_t)be32(&block, *at + 8) << 32;
    *at += size + (flags & TAG_SAME_UUID ? 0 : UUID);
    if (flags & TAG_LAST)
        *at = block.len;
    return LT_OK;
}

bool lt_jbd2_data_damaged(const struct lt_jbd2 *journal, const struct lt_jbd2_tag *tag, uint32_t sequence,
                          struct lt_cursor data)
{
    uint32_t big_endian = __builtin_bswap32(sequence);
    if (!journal->csum2 && !journal->csum3)
        return false;
    uint32_t crc = lt_crc32c(lt_crc32c(journal->seed, &big_endian, sizeof big_endian), data.ptr, data.len);
    return tag->checksum != (journal->csum3 ? crc : crc & 0xFFFF);
}

enum lt_status lt_jbd2_next_revoke(const struct lt_jbd2 *journal, struct lt_cursor block, size_t *at, uint64_t *out)
{
    size_t size = journal->wide ? 8 : 4, end = be32(&block, HEAD);
    size_t limit = block.len - (journal->csum2 || journal->csum3 ? 4 : 0);
    *at = *at ? *at : REVOKE_HEAD;
    if (end > limit || *at + size > end)
        return LT_END;
    *out = be32(&block, *at);
    if (journal->wide)
        *out = *out << 32 | be32(&block, *at + 4);
    *at += size;
    return LT_OK;
}
