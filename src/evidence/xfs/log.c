// SPDX-License-Identifier: Apache-2.0
#include "evidence/xfs/log.h"

#include "base/crc32c.h"

#include <string.h>

enum {
    WORDS = LT_XFS_LOG_SPAN / LT_XFS_LOG_BLOCK, /* that a block of the header keeps */
    VERSIONS = 3,                               /* bits: 1 and 2 */
    VERSION_2 = 2,
    SUM = 32,
    KEPT_WORDS = 44, /* where they are in the first block of the header, */
    MORE_WORDS = 4,  /* and in the others */
    FORMAT = 300,
    FORMAT_LITTLE = 1,
    UUID = 304,
    SIZE = 320,
    SUMMED = 328,      /* bytes of the first block that the checksum counts, */
    SUMMED_32 = 324,   /* as 32-bit x86 has it, */
    SUMMED_MORE = 260, /* and of the others */
    OP_HEAD = 12,
    CLIENT_TRANSACTION = 0x69,
    CLIENT_LOG = 0xAA,
};

static const uint32_t MAGIC = 0xFEEDBABE;

static uint32_t be32(struct lt_cursor *bytes, size_t at)
{
    return (uint32_t)lt_cursor_be(bytes, at, 4);
}

static uint32_t blocks_of(uint32_t bytes, uint32_t unit)
{
    return bytes / unit + (bytes % unit ? 1 : 0);
}

uint32_t lt_xfs_log_cycle(struct lt_cursor block)
{
    uint32_t first = be32(&block, 0);
    return first == MAGIC ? be32(&block, 4) : first;
}

bool lt_xfs_log_is_record(struct lt_cursor block)
{
    return be32(&block, 0) == MAGIC;
}

enum lt_status lt_xfs_log_record(struct lt_cursor block, struct lt_xfs_log_record *out, struct lt_err *err)
{
    uint32_t version = be32(&block, 8), format = be32(&block, FORMAT);
    *out = (struct lt_xfs_log_record){
        .cycle = be32(&block, 4),
        .wide = version & VERSION_2,
        .length = be32(&block, 12),
        .lsn = lt_cursor_be(&block, 16, 8),
        .tail = lt_cursor_be(&block, 24, 8),
        .sum = lt_le32(&block, SUM),
        .operations = be32(&block, 40),
        .foreign = format != FORMAT_LITTLE,
        .size = be32(&block, SIZE),
        .heads = 1,
    };
    if (be32(&block, 0) != MAGIC || block.bad || !version || version & ~(uint32_t)VERSIONS)
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "no record of the log");
    if (!out->length || out->length > LT_XFS_LOG_MAX_DATA || out->size > LT_XFS_LOG_MAX_DATA)
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "a record of the log says that it has %u bytes", out->length);
    if (out->wide && out->size > LT_XFS_LOG_SPAN)
        out->heads = blocks_of(out->size, LT_XFS_LOG_SPAN);
    out->blocks = out->heads + blocks_of(out->length, LT_XFS_LOG_BLOCK);
    memcpy(out->uuid, block.ptr + UUID, sizeof out->uuid);
    return LT_OK;
}

/* xfs_log.c, xlog_cksum(): the header without the sum, those other blocks of the header that the data needs, the data.
 */
static uint32_t sum_of(const struct lt_xfs_log_record *record, struct lt_cursor bytes, size_t summed)
{
    static const unsigned char zeros[4] = {0};
    uint32_t crc = lt_crc32c(~0u, bytes.ptr, SUM);
    crc = lt_crc32c(crc, zeros, sizeof zeros);
    crc = lt_crc32c(crc, bytes.ptr + SUM + 4, summed - SUM - 4);
    for (size_t i = 1; i < record->heads && i < blocks_of(record->length, LT_XFS_LOG_SPAN); i++)
        crc = lt_crc32c(crc, bytes.ptr + i * LT_XFS_LOG_BLOCK, SUMMED_MORE);
    return ~lt_crc32c(crc, bytes.ptr + (size_t)record->heads * LT_XFS_LOG_BLOCK, record->length);
}

bool lt_xfs_log_record_damaged(const struct lt_xfs_log_record *record, struct lt_cursor bytes)
{
    if (bytes.len < (size_t)record->blocks * LT_XFS_LOG_BLOCK)
        return true;
    return record->sum && sum_of(record, bytes, SUMMED) != record->sum &&
           sum_of(record, bytes, SUMMED_32) != record->sum;
}

void lt_xfs_log_restore(const struct lt_xfs_log_record *record, unsigned char *bytes, struct lt_cursor *out)
{
    unsigned char *data = bytes + (size_t)record->heads * LT_XFS_LOG_BLOCK;
    size_t blocks = record->blocks - record->heads;
    for (size_t i = 0; i < blocks && i / WORDS < record->heads; i++) {
        size_t kept = i < WORDS ? KEPT_WORDS : i / WORDS * LT_XFS_LOG_BLOCK + MORE_WORDS;
        memcpy(data + i * LT_XFS_LOG_BLOCK, bytes + kept + i % WORDS * 4, 4);
    }
    *out = (struct lt_cursor){.ptr = data, .len = record->length};
}

enum lt_status lt_xfs_log_next_op(struct lt_cursor data, size_t *at, struct lt_xfs_log_op *out, struct lt_err *err)
{
    if (*at >= data.len)
        return LT_END;
    size_t length = be32(&data, *at + 4), start = *at + OP_HEAD;
    unsigned client = (unsigned)lt_cursor_be(&data, *at + 8, 1);
    *out = (struct lt_xfs_log_op){
        .transaction = be32(&data, *at),
        .flags = (unsigned)lt_cursor_be(&data, *at + 9, 1),
    };
    if (start > data.len || length > data.len - start || (client != CLIENT_TRANSACTION && client != CLIENT_LOG))
        return lt_fail(err, LT_SKIP, LT_CODE_JOURNAL, 0, "no operation at byte %zu of a record of the log", *at);
    out->data = (struct lt_cursor){.ptr = data.ptr + start, .len = length};
    *at = start + length;
    return LT_OK;
}
