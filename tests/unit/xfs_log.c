// SPDX-License-Identifier: Apache-2.0
/* Expectations: linux fs/xfs/libxfs/xfs_log_format.h, fs/xfs/xfs_log.c (xlog_cksum(), xlog_pack_data()),
 * xfs_log_recover.c (kernel 6.18), and a record that this kernel wrote when it unmounted a file system. */
#include "evidence/xfs/log_join.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = LT_XFS_LOG_BLOCK };

/* ---- records ----------------------------------------------------------------------------------------------------- */

/* A header of version 2 with its data behind it: `length` bytes, of which word i of each block is i and its block. */
static size_t make_record(unsigned char *bytes, uint32_t size, uint32_t length)
{
    size_t heads = size > LT_XFS_LOG_SPAN ? (size + LT_XFS_LOG_SPAN - 1) / LT_XFS_LOG_SPAN : 1;
    size_t blocks = (length + BLOCK - 1) / BLOCK;
    memset(bytes, 0, (heads + blocks) * BLOCK);
    put_be(bytes, 0, 4, 0xFEEDBABE);
    put_be(bytes, 4, 4, 7);
    put_be(bytes, 8, 4, 2);
    put_be(bytes, 12, 4, length);
    put_be(bytes, 16, 8, UINT64_C(7) << 32 | 100);
    put_be(bytes, 24, 8, UINT64_C(6) << 32 | 9000);
    put_be(bytes, 40, 4, 3);
    put_be(bytes, 300, 4, 1);
    put_be(bytes, 320, 4, size);
    for (size_t i = 0; i < blocks; i++) {
        unsigned char *block = bytes + (heads + i) * BLOCK;
        size_t kept = i < 64 ? 44 + 4 * i : i / 64 * BLOCK + 4 + i % 64 * 4;
        put_be(block, 0, 4, 7);
        put_be(block, 4, 4, i);
        put_be(bytes, kept, 4, 0xABCD0000 + i);
    }
    for (size_t i = 1; i < heads; i++)
        put_be(bytes, i * BLOCK, 4, 7);
    return heads + blocks;
}

static struct lt_xfs_log_record decode(const unsigned char *bytes)
{
    struct lt_xfs_log_record record;
    struct lt_err err = {0};
    assert_int_equal(lt_xfs_log_record((struct lt_cursor){.ptr = bytes, .len = BLOCK}, &record, &err), LT_OK);
    return record;
}

static void header(void **state)
{
    static unsigned char bytes[10 * BLOCK];
    (void)state;
    assert_int_equal(make_record(bytes, LT_XFS_LOG_SPAN, 600), 3);
    struct lt_xfs_log_record record = decode(bytes);
    assert_int_equal(record.cycle, 7);
    assert_int_equal(record.operations, 3);
    assert_int_equal(record.length, 600);
    assert_int_equal(record.heads, 1);
    assert_int_equal(record.blocks, 3);
    assert_int_equal(LT_XFS_LSN_BLOCK(record.lsn), 100);
    assert_int_equal(LT_XFS_LSN_CYCLE(record.tail), 6);
    assert_int_equal(LT_XFS_LSN_BLOCK(record.tail), 9000);
    assert_false(record.foreign);
    assert_int_equal(lt_xfs_log_cycle((struct lt_cursor){.ptr = bytes, .len = BLOCK}), 7);
    assert_int_equal(lt_xfs_log_cycle((struct lt_cursor){.ptr = bytes + BLOCK, .len = BLOCK}), 7);
    assert_true(lt_xfs_log_is_record((struct lt_cursor){.ptr = bytes, .len = BLOCK}));
    assert_false(lt_xfs_log_is_record((struct lt_cursor){.ptr = bytes + BLOCK, .len = BLOCK}));
    put_be(bytes, 300, 4, 2); /* a big-endian host */
    assert_true(decode(bytes).foreign);
}

static void impossible_headers(void **state)
{
    static const struct {
        size_t at;
        uint32_t value;
    } changes[] = {{0, 7}, {8, 0}, {8, 4}, {12, 0}, {12, LT_XFS_LOG_MAX_DATA + 1}, {320, LT_XFS_LOG_MAX_DATA + 1}};
    static unsigned char bytes[10 * BLOCK];
    struct lt_xfs_log_record record;
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct lt_err err = {0};
        make_record(bytes, LT_XFS_LOG_SPAN, 600);
        put_be(bytes, changes[i].at, 4, changes[i].value);
        assert_int_equal(lt_xfs_log_record((struct lt_cursor){.ptr = bytes, .len = BLOCK}, &record, &err), LT_SKIP);
        assert_true(err.set);
    }
}

/* Beyond 32 KiB the words are in further blocks of the header. */
static void words(void **state)
{
    static unsigned char bytes[600 * BLOCK];
    (void)state;
    for (uint32_t length = 100; length <= 100 * 1024; length += 33000) {
        size_t blocks = make_record(bytes, 128 * 1024, length);
        struct lt_xfs_log_record record = decode(bytes);
        struct lt_cursor data;
        assert_int_equal(record.heads, 4);
        assert_int_equal(record.blocks, blocks);
        lt_xfs_log_restore(&record, bytes, &data);
        assert_int_equal(data.len, length);
        assert_ptr_equal(data.ptr, bytes + 4 * BLOCK);
        for (size_t i = 0; i < blocks - 4; i++) {
            struct lt_cursor block = {.ptr = data.ptr + i * BLOCK, .len = 8};
            assert_int_equal(lt_cursor_be(&block, 0, 4), 0xABCD0000 + i);
            assert_int_equal(lt_cursor_be(&block, 4, 4), i);
        }
    }
}

/* The header without its sum, those blocks behind it that the data needs, the data. */
static uint32_t sum(const unsigned char *bytes, size_t needed, size_t heads, size_t summed, size_t length)
{
    unsigned char head[BLOCK];
    memcpy(head, bytes, BLOCK);
    memset(head + 32, 0, 4);
    uint32_t crc = slow_crc32c(~0u, head, summed);
    for (size_t i = 1; i < needed; i++)
        crc = slow_crc32c(crc, bytes + i * BLOCK, 260);
    return ~slow_crc32c(crc, bytes + heads * BLOCK, length);
}

static bool damaged(const unsigned char *bytes)
{
    struct lt_xfs_log_record record = decode(bytes);
    return lt_xfs_log_record_damaged(&record, (struct lt_cursor){.ptr = bytes, .len = record.blocks * (size_t)BLOCK});
}

static void checksums(void **state)
{
    static unsigned char bytes[100 * BLOCK];
    (void)state;
    make_record(bytes, 256 * 1024, 40000); /* which needs two of the eight blocks of its header */
    assert_false(damaged(bytes));          /* there is no sum */
    for (size_t summed = 324; summed <= 328; summed += 4) {
        put_le(bytes, 32, 4, sum(bytes, 2, 8, summed, 40000));
        assert_false(damaged(bytes));
    }
    bytes[8 * BLOCK + 39999] ^= 1;
    assert_true(damaged(bytes));
    bytes[8 * BLOCK + 39999] ^= 1;
    bytes[BLOCK + 4] ^= 1; /* a word in the second block of the header */
    assert_true(damaged(bytes));
}

/* Kernel 6.18, the unmount of an empty file system. */
static void written_by_the_kernel(void **state)
{
    static unsigned char bytes[2 * BLOCK];
    struct lt_cursor data;
    struct lt_xfs_log_op op;
    struct lt_err err = {0};
    size_t at = 0;
    (void)state;
    put_hex(bytes, 0,
            "feedbabe000000010000000200000200000000010000000400000001000000026"
            "0ce023000000002000000018edf486f");
    put_hex(bytes, 300, "00000001fbda79732b1343499531c2a723ed5a6a00008000");
    put_hex(bytes, BLOCK, "0000000100000000aa2000006e55");
    struct lt_xfs_log_record record = decode(bytes);
    assert_true(record.sum);
    assert_false(damaged(bytes));
    lt_xfs_log_restore(&record, bytes, &data);
    assert_int_equal(lt_xfs_log_next_op(data, &at, &op, &err), LT_OK);
    assert_int_equal(op.flags, LT_XFS_OP_UNMOUNT);
    assert_int_equal(op.transaction, 0x8EDF486F); /* the word that the cycle had taken the place of */
}

/* ---- transactions ------------------------------------------------------------------------------------------------ */

struct seen {
    size_t count;
    uint64_t lsn[10];
    size_t items[10];
    char text[10][200]; /* the regions: those of an item with + between them, items with a blank */
};

static void take(void *arg, const struct lt_xfs_log_transaction *transaction)
{
    struct seen *seen = arg;
    char *text = seen->text[seen->count];
    for (const struct lt_xfs_log_item *item = transaction->items; item; item = item->next) {
        seen->items[seen->count]++;
        for (unsigned i = 0; i < item->count; i++) {
            snprintf(text + strlen(text), 200 - strlen(text), "%s%.*s",
                     i       ? "+"
                     : *text ? " "
                             : "",
                     (int)item->regions[i].len - (i ? 0 : 4), (const char *)item->regions[i].ptr + (i ? 0 : 4));
        }
    }
    seen->lsn[seen->count++] = transaction->lsn;
}

struct stream {
    unsigned char bytes[4000];
    size_t len;
    uint32_t operations;
};

static void add_op(struct stream *stream, uint32_t transaction, unsigned flags, const void *data, size_t size)
{
    unsigned char *at = stream->bytes + stream->len;
    put_be(at, 0, 4, transaction);
    put_be(at, 4, 4, size);
    at[8] = 0x69;
    at[9] = (unsigned char)flags;
    if (size)
        memcpy(at + 12, data, size);
    stream->len += 12 + size;
    stream->operations++;
}

static void add_start(struct stream *stream, uint32_t transaction)
{
    unsigned char head[16] = {'N', 'A', 'R', 'T'};
    add_op(stream, transaction, LT_XFS_OP_START, NULL, 0);
    add_op(stream, transaction, 0, head, sizeof head);
}

/* The description of an item: its type, how many regions it has, and a text. */
static void add_item(struct stream *stream, uint32_t transaction, unsigned flags, unsigned count, const char *text)
{
    unsigned char bytes[100] = {0x3C, 0x12, (unsigned char)count};
    memcpy(bytes + 4, text, strlen(text));
    add_op(stream, transaction, flags, bytes, 4 + strlen(text));
}

static void add_text(struct stream *stream, uint32_t transaction, unsigned flags, const char *text)
{
    add_op(stream, transaction, flags, text, strlen(text));
}

static enum lt_status feed(struct lt_xfs_log_join *join, struct stream *stream, uint64_t lsn)
{
    struct lt_err err = {0};
    struct lt_xfs_log_record record = {.operations = stream->operations, .lsn = lsn};
    struct lt_cursor data = {.ptr = stream->bytes, .len = stream->len};
    enum lt_status status = lt_xfs_log_join_record(join, &record, data, &err);
    assert_true(status == LT_OK || err.set);
    *stream = (struct stream){0};
    return status;
}

/* Two at once, one of which is cut by the end of a record; what began before the first record; what is never committed;
 * a number that is used again. */
static void transactions(void **state)
{
    struct seen seen = {0};
    struct stream stream = {0};
    struct lt_xfs_log_join *join = lt_xfs_log_join_new(take, &seen);
    (void)state;
    add_text(&stream, 9, 0, "rest");
    add_op(&stream, 9, LT_XFS_OP_COMMIT, NULL, 0);
    add_start(&stream, 1);
    add_item(&stream, 1, 0, 2, "one");
    add_start(&stream, 2);
    add_item(&stream, 2, 0, 1, "two");
    add_text(&stream, 1, LT_XFS_OP_CONTINUES, "fir");
    assert_int_equal(feed(join, &stream, 50), LT_OK);
    add_text(&stream, 1, LT_XFS_OP_CONTINUED | LT_XFS_OP_CONTINUES, "st");
    assert_int_equal(feed(join, &stream, 60), LT_OK);
    add_text(&stream, 1, LT_XFS_OP_CONTINUED | LT_XFS_OP_END, "!");
    add_op(&stream, 2, LT_XFS_OP_COMMIT, NULL, 0);
    add_item(&stream, 1, 0, 1, "three");
    add_op(&stream, 1, LT_XFS_OP_COMMIT, NULL, 0);
    add_start(&stream, 1);
    add_item(&stream, 1, 0, 1, "four");
    add_op(&stream, 1, LT_XFS_OP_COMMIT, NULL, 0);
    add_start(&stream, 3);
    add_item(&stream, 3, 0, 1, "lost");
    assert_int_equal(feed(join, &stream, 70), LT_OK);
    lt_xfs_log_join_free(join);
    assert_int_equal(seen.count, 3);
    assert_string_equal(seen.text[0], "two");
    assert_int_equal(seen.lsn[0], 50);
    assert_string_equal(seen.text[1], "one+first! three");
    assert_int_equal(seen.items[1], 2);
    assert_int_equal(seen.lsn[1], 50);
    assert_string_equal(seen.text[2], "four");
    assert_int_equal(seen.lsn[2], 70);
}

/* Its first region may be cut, too. */
static void head_in_two_records(void **state)
{
    struct seen seen = {0};
    struct stream stream = {0};
    struct lt_xfs_log_join *join = lt_xfs_log_join_new(take, &seen);
    unsigned char head[16] = {'N', 'A', 'R', 'T'};
    (void)state;
    add_op(&stream, 1, LT_XFS_OP_START, NULL, 0);
    add_op(&stream, 1, LT_XFS_OP_CONTINUES, head, 8);
    assert_int_equal(feed(join, &stream, 1), LT_OK);
    add_op(&stream, 1, LT_XFS_OP_CONTINUED | LT_XFS_OP_END, head + 8, 8);
    add_item(&stream, 1, 0, 1, "whole");
    add_op(&stream, 1, LT_XFS_OP_COMMIT, NULL, 0);
    assert_int_equal(feed(join, &stream, 2), LT_OK);
    lt_xfs_log_join_free(join);
    assert_int_equal(seen.count, 1);
    assert_string_equal(seen.text[0], "whole");
}

static void refuse(void (*add)(struct stream *))
{
    struct seen seen = {0};
    struct stream stream = {0};
    struct lt_xfs_log_join *join = lt_xfs_log_join_new(take, &seen);
    add(&stream);
    assert_int_equal(feed(join, &stream, 1), LT_SKIP);
    lt_xfs_log_join_free(join);
}

static void without_head(struct stream *stream)
{
    add_op(stream, 1, LT_XFS_OP_START, NULL, 0);
    add_text(stream, 1, 0, "no head");
}

static void of_no_regions(struct stream *stream)
{
    add_start(stream, 1);
    add_item(stream, 1, 0, 0, "none");
}

static void begun_twice(struct stream *stream)
{
    add_start(stream, 1);
    add_start(stream, 1);
}

static void continued_from_nothing(struct stream *stream)
{
    add_start(stream, 1);
    add_text(stream, 1, LT_XFS_OP_CONTINUED, "rest");
}

static void of_another_client(struct stream *stream)
{
    add_start(stream, 1);
    stream->bytes[8] = 0x10;
}

static void beyond_the_record(struct stream *stream)
{
    add_start(stream, 1);
    stream->len--;
}

static void too_many(struct stream *stream)
{
    for (uint32_t i = 0; i <= LT_XFS_MAX_OPEN; i++)
        add_op(stream, i, LT_XFS_OP_START, NULL, 0);
}

static void what_cannot_be(void **state)
{
    (void)state;
    refuse(without_head);
    refuse(of_no_regions);
    refuse(begun_twice);
    refuse(continued_from_nothing);
    refuse(of_another_client);
    refuse(beyond_the_record);
    refuse(too_many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header),         cmocka_unit_test(impossible_headers),
        cmocka_unit_test(words),          cmocka_unit_test(checksums),
        cmocka_unit_test(transactions),   cmocka_unit_test(head_in_two_records),
        cmocka_unit_test(what_cannot_be), cmocka_unit_test(written_by_the_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
