// SPDX-License-Identifier: Apache-2.0
/* Expectations: linux include/linux/jbd2.h, fs/jbd2/journal.c (journal_tag_bytes), recovery.c, commit.c,
 * fs/ext4/fast_commit.h, and journals that debugfs 1.47 wrote (journal_open, journal_write), with what its logdump says
 * about them. */
#include "evidence/ext4/jbd2.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 1024 };

/* One journal of each size of tags. In all of them transaction 1 holds the blocks 1500 ("abcd", then zeros) and 1501
 * (the magic number, "rest", zeros), and transaction 2 revokes 1600, 1601 and 1602. */
static const struct journal {
    const char *features; /* s_feature_incompat, 4 bytes */
    const char *super_sum, *descriptor_sum, *revoke_sum, *commit_sum;
    size_t tag[2];
    const char *tag_hex[2];
    uint32_t data_sum[2];
    bool wide, csum2, csum3;
} journals[] = {
    {"00000001", "", "", "", "", {0x0C, 0x24}, {"000005dc", "000005dd0000000b"}, {0}, false, false, false},
    {"00000009",
     "81cdc4aa",
     "c47d1e08",
     "6ba48d1f",
     "35a42fbd",
     {0x0C, 0x26},
     {"000005dc6f9e", "000005ddd54d000b"},
     {0x6F9E, 0xD54D},
     false,
     true,
     false},
    {"00000003", "", "", "", "", {0x0C, 0x28}, {"000005dc", "000005dd0000000b"}, {0}, true, false, false},
    {"0000000b",
     "b8685cff",
     "aa240641",
     "5a7169c5",
     "f1c465a7",
     {0x0C, 0x2A},
     {"000005dc6f9e", "000005ddd54d000b"},
     {0x6F9E, 0xD54D},
     true,
     true,
     false},
    {"00000013",
     "963e89f2",
     "66ca2cbf",
     "5a7169c5",
     "2c5c4791",
     {0x0C, 0x2C},
     {"000005dc000000000000000010536f9e", "000005dd0000000b00000000f28ed54d"},
     {0x10536F9E, 0xF28ED54D},
     true,
     false,
     true},
};
enum { JOURNALS = sizeof journals / sizeof *journals };

static struct lt_cursor cursor_of(const unsigned char *block)
{
    return (struct lt_cursor){.ptr = block, .len = BLOCK};
}

static void make_super(const struct journal *from, unsigned char block[BLOCK])
{
    memset(block, 0, BLOCK);
    put_hex(block, 0x000, "c03b399800000004000000000000040000000400000000010000000100000001");
    put_hex(block, 0x028, from->features);
    put_hex(block, 0x030, "0123456789abcdef0123456789abcdef00000001");
    if (from->csum2 || from->csum3)
        put_hex(block, 0x050, "04");
    put_hex(block, 0x0FC, from->super_sum);
}

static struct lt_jbd2 decode(const struct journal *from)
{
    unsigned char block[BLOCK];
    struct lt_jbd2 journal;
    make_super(from, block);
    assert_int_equal(lt_jbd2_super(cursor_of(block), &journal, NULL), LT_OK);
    return journal;
}

static void make_descriptor(const struct journal *from, unsigned char block[BLOCK])
{
    memset(block, 0, BLOCK);
    put_hex(block, 0, "c03b39980000000100000001");
    for (size_t i = 0; i < 2; i++)
        put_hex(block, from->tag[i], from->tag_hex[i]);
    /* Nobody reads it (the tag says "same UUID"), and debugfs does not even put it behind the tag. */
    put_hex(block, 0x6C + 0x18 * (size_t)(from - journals), "0123456789abcdef0123456789abcdef");
    put_hex(block, 0x3FC, from->descriptor_sum);
}

static void make_revoke(const struct journal *from, unsigned char block[BLOCK])
{
    memset(block, 0, BLOCK);
    put_hex(block, 0, "c03b39980000000500000002");
    if (from->wide)
        put_hex(block, 12, "00000028000000000000064000000000000006410000000000000642");
    else
        put_hex(block, 12, "0000001c000006400000064100000642");
    put_hex(block, 0x3FC, from->revoke_sum);
}

static void test_super(void **state)
{
    (void)state;
    for (size_t i = 0; i < JOURNALS; i++) {
        struct lt_jbd2 journal = decode(&journals[i]);
        assert_int_equal(journal.block_size, 1024);
        assert_int_equal(journal.blocks, 1024);
        assert_int_equal(journal.first, 1);
        assert_int_equal(journal.end, 1024);
        assert_int_equal(journal.start, 1);
        assert_int_equal(journal.sequence, 1);
        assert_int_equal(journal.fast_first, 0);
        assert_true(journal.wide == journals[i].wide && journal.csum2 == journals[i].csum2);
        assert_true(journal.csum3 == journals[i].csum3 && !journal.csum1 && !journal.async_commit);
        assert_int_equal(journal.seed, image_seed());
    }
}

static void put_super(size_t at, uint32_t value, enum lt_status expected)
{
    unsigned char block[BLOCK];
    struct lt_jbd2 journal;
    struct lt_err err = {0};
    make_super(&journals[0], block);
    put_be(block, at, 4, value);
    if (lt_jbd2_super(cursor_of(block), &journal, &err) != expected)
        fail_msg("%zx = %x", at, value);
    assert_int_equal(err.set, expected != LT_OK);
}

static void test_impossible_supers(void **state)
{
    (void)state;
    put_super(0x00, 0xC03B3999, LT_SKIP);
    put_super(0x04, 2, LT_SKIP);
    put_super(0x04, 3, LT_OK);
    put_super(0x14, 0, LT_SKIP);
    put_super(0x14, 1024, LT_SKIP);
    put_super(0x14, 2, LT_SKIP); /* the ring begins behind the start */
    put_super(0x1C, 0, LT_OK);   /* an empty journal */
    put_super(0x1C, 1023, LT_OK);
    put_super(0x1C, 1024, LT_SKIP);
    put_super(0x10, 0, LT_SKIP);
    put_super(0x28, 0x41, LT_SKIP);
    unsigned char block[BLOCK];
    struct lt_jbd2 journal;
    make_super(&journals[0], block);
    assert_int_equal(lt_jbd2_super((struct lt_cursor){.ptr = block, .len = 1023}, &journal, NULL), LT_SKIP);
}

/* Version 1 of the superblock has no words for features. */
static void test_old_super(void **state)
{
    (void)state;
    unsigned char block[BLOCK];
    struct lt_jbd2 journal;
    make_super(&journals[0], block);
    put_be(block, 0x04, 4, 3);
    put_be(block, 0x28, 4, 0xFFFFFFFF);
    assert_int_equal(lt_jbd2_super(cursor_of(block), &journal, NULL), LT_OK);
    assert_false(journal.wide || journal.csum1 || journal.csum2 || journal.csum3 || journal.async_commit);
}

/* JBD2_FEATURE_INCOMPAT_FAST_COMMIT: the last s_num_fc_blocks, or 256 (JBD2_DEFAULT_FAST_COMMIT_BLOCKS), but the first
 * of them (fs/jbd2/journal.c, journal_load_superblock: j_fc_first = j_last + 1). */
static void test_fast_commit_area(void **state)
{
    (void)state;
    unsigned char block[BLOCK];
    struct lt_jbd2 journal;
    make_super(&journals[0], block);
    put_be(block, 0x28, 4, 0x21);
    assert_int_equal(lt_jbd2_super(cursor_of(block), &journal, NULL), LT_OK);
    assert_true(journal.end == 768 && journal.fast_first == 769 && journal.blocks == 1024);
    put_be(block, 0x54, 4, 24);
    assert_int_equal(lt_jbd2_super(cursor_of(block), &journal, NULL), LT_OK);
    assert_true(journal.end == 1000 && journal.fast_first == 1001);
    put_be(block, 0x54, 4, 1023);
    assert_int_equal(lt_jbd2_super(cursor_of(block), &journal, NULL), LT_SKIP); /* no ring is left */
}

static void test_super_checksum(void **state)
{
    (void)state;
    for (size_t i = 0; i < JOURNALS; i++) {
        unsigned char block[BLOCK];
        struct lt_jbd2 journal;
        make_super(&journals[i], block);
        block[0x3FF] ^= 1;
        bool sums = journals[i].csum2 || journals[i].csum3;
        assert_int_equal(lt_jbd2_super(cursor_of(block), &journal, NULL), sums ? LT_SKIP : LT_OK);
    }
}

static void test_types(void **state)
{
    (void)state;
    unsigned char block[BLOCK] = {0};
    assert_int_equal(lt_jbd2_type(cursor_of(block), 0), LT_JBD2_NONE);
    make_descriptor(&journals[0], block);
    assert_int_equal(lt_jbd2_type(cursor_of(block), 1), LT_JBD2_DESCRIPTOR);
    assert_int_equal(lt_jbd2_type(cursor_of(block), 2), LT_JBD2_NONE);
    make_revoke(&journals[0], block);
    assert_int_equal(lt_jbd2_type(cursor_of(block), 2), LT_JBD2_REVOKE);
    put_be(block, 4, 4, 2);
    assert_int_equal(lt_jbd2_type(cursor_of(block), 2), LT_JBD2_COMMIT);
    put_be(block, 4, 4, 6);
    assert_int_equal(lt_jbd2_type(cursor_of(block), 2), LT_JBD2_NONE);
    assert_int_equal(lt_jbd2_type((struct lt_cursor){.ptr = block, .len = 11}, 2), LT_JBD2_NONE);
}

/* The two tags of each journal, and the checksums of the blocks that they tell of, as those lie in the journal. */
static void test_tags(void **state)
{
    (void)state;
    for (size_t i = 0; i < JOURNALS; i++) {
        struct lt_jbd2 journal = decode(&journals[i]);
        unsigned char block[BLOCK], data[2][BLOCK] = {0};
        bool sums = journal.csum2 || journal.csum3;
        size_t at = 0;
        memcpy(data[0], "abcd", 4);
        memcpy(data[1] + 4, "rest", 4); /* escaped: without its magic number */
        make_descriptor(&journals[i], block);
        for (unsigned n = 0; n < 2; n++) {
            struct lt_jbd2_tag tag;
            assert_int_equal(lt_jbd2_next_tag(&journal, cursor_of(block), &at, &tag), LT_OK);
            assert_true(tag.block == 1500 + n && tag.escaped == n && tag.checksum == journals[i].data_sum[n]);
            assert_false(lt_jbd2_data_damaged(&journal, &tag, 1, cursor_of(data[n])));
            assert_int_equal(lt_jbd2_data_damaged(&journal, &tag, 2, cursor_of(data[n])), sums);
            data[n][1000] ^= 1;
            assert_int_equal(lt_jbd2_data_damaged(&journal, &tag, 1, cursor_of(data[n])), sums);
        }
        struct lt_jbd2_tag tag;
        assert_int_equal(lt_jbd2_next_tag(&journal, cursor_of(block), &at, &tag), LT_END);
    }
}

/* With the feature 64bit the upper half of the number stands behind the tag. */
static void test_high_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < JOURNALS; i++) {
        struct lt_jbd2 journal = decode(&journals[i]);
        unsigned char block[BLOCK];
        struct lt_jbd2_tag tag;
        size_t at = 0;
        make_descriptor(&journals[i], block);
        put_be(block, 0x0C + 8, 4, 0x00ABCDEF);
        assert_int_equal(lt_jbd2_next_tag(&journal, cursor_of(block), &at, &tag), LT_OK);
        assert_true(tag.block == (journal.wide ? UINT64_C(0x00ABCDEF000005DC) : 1500));
    }
}

/* Without the flag "last" tags go on to the end of the block, or to the checksum there. */
static void test_full_descriptor(void **state)
{
    (void)state;
    static const size_t expected[JOURNALS] = {126, 100, 84, 72, 63};
    for (size_t i = 0; i < JOURNALS; i++) {
        struct lt_jbd2 journal = decode(&journals[i]);
        unsigned char block[BLOCK];
        struct lt_jbd2_tag tag;
        size_t at = 0, count = 0;
        memset(block, 0x02, BLOCK); /* "same UUID" in each tag */
        while (lt_jbd2_next_tag(&journal, cursor_of(block), &at, &tag) == LT_OK)
            count++;
        assert_int_equal(count, expected[i]);
    }
}

static void test_block_checksums(void **state)
{
    (void)state;
    for (size_t i = 0; i < JOURNALS; i++) {
        struct lt_jbd2 journal = decode(&journals[i]);
        bool sums = journal.csum2 || journal.csum3;
        unsigned char block[BLOCK];
        make_descriptor(&journals[i], block);
        assert_false(lt_jbd2_block_damaged(&journal, cursor_of(block)));
        block[0x200] ^= 1;
        assert_int_equal(lt_jbd2_block_damaged(&journal, cursor_of(block)), sums);
        make_revoke(&journals[i], block);
        assert_false(lt_jbd2_block_damaged(&journal, cursor_of(block)));
        block[0x3FC] ^= 1;
        assert_int_equal(lt_jbd2_block_damaged(&journal, cursor_of(block)), sums);
    }
}

/* The commit blocks of transaction 1; the time in them (0x30) is that of each debugfs. */
static void test_commits(void **state)
{
    (void)state;
    static const char *const times[JOURNALS] = {
        "6b05b7c8000000001d9dd150", "6b05b7c8000000001fa230b8", "6b05b7c80000000022979b28",
        "6b05b7c80000000026731420", "6b05b7c800000000294b03b0",
    };
    for (size_t i = 0; i < JOURNALS; i++) {
        struct lt_jbd2 journal = decode(&journals[i]);
        unsigned char block[BLOCK] = {0};
        uint32_t sum;
        put_hex(block, 0, "c03b39980000000200000001");
        put_hex(block, 0x10, journals[i].commit_sum);
        put_hex(block, 0x30, times[i]);
        assert_false(lt_jbd2_commit_damaged(&journal, cursor_of(block)));
        assert_false(lt_jbd2_commit_sum(cursor_of(block), &sum)); /* no old checksum */
        block[0x31] ^= 1;
        assert_int_equal(lt_jbd2_commit_damaged(&journal, cursor_of(block)), journal.csum2 || journal.csum3);
    }
}

/* JBD2_CRC32_CHKSUM in the commit block: crc32_be(), of which the catalogue knows the value of "123456789" without the
 * final inversion (CRC-32/MPEG-2). */
static void test_old_checksum(void **state)
{
    (void)state;
    static const char text[] = "123456789";
    unsigned char block[BLOCK] = {0};
    uint32_t sum;
    put_hex(block, 0x0C, "0104");
    put_hex(block, 0x10, "89abcdef");
    assert_true(lt_jbd2_commit_sum(cursor_of(block), &sum));
    assert_int_equal(sum, 0x89ABCDEF);
    block[0x0D] = 5;
    assert_false(lt_jbd2_commit_sum(cursor_of(block), &sum));
    struct lt_cursor start = {.ptr = (const unsigned char *)text, .len = 4};
    struct lt_cursor rest = {.ptr = (const unsigned char *)text + 4, .len = 5};
    assert_int_equal(lt_jbd2_add_sum(lt_jbd2_add_sum(~0u, start), rest), 0x0376E6E7);
}

static void test_revokes(void **state)
{
    (void)state;
    for (size_t i = 0; i < JOURNALS; i++) {
        struct lt_jbd2 journal = decode(&journals[i]);
        unsigned char block[BLOCK];
        uint64_t number;
        size_t at = 0;
        make_revoke(&journals[i], block);
        if (journal.wide)
            put_be(block, 24, 4, 0xFEDCBA98);
        for (uint64_t n = 1600; n < 1603; n++) {
            assert_int_equal(lt_jbd2_next_revoke(&journal, cursor_of(block), &at, &number), LT_OK);
            assert_true(number == (n == 1601 && journal.wide ? n | UINT64_C(0xFEDCBA98) << 32 : n));
        }
        assert_int_equal(lt_jbd2_next_revoke(&journal, cursor_of(block), &at, &number), LT_END);
    }
}

/* r_count counts bytes, with the head; what reaches into the checksum or over the end is nonsense. */
static void test_revoke_counts(void **state)
{
    (void)state;
    static const struct {
        uint32_t bytes;
        size_t plain, sums; /* numbers of 4 and of 8 bytes, the latter with a checksum behind them */
    } table[] = {{0, 0, 0},        {16, 0, 0},     {19, 0, 0},     {20, 1, 0},   {24, 2, 1},
                 {1020, 251, 125}, {1021, 251, 0}, {1024, 252, 0}, {1025, 0, 0}, {UINT32_MAX, 0, 0}};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (size_t which = 0; which <= 3; which += 3) {
            struct lt_jbd2 journal = decode(&journals[which]);
            unsigned char block[BLOCK];
            uint64_t number;
            size_t at = 0, count = 0;
            make_revoke(&journals[which], block);
            put_be(block, 12, 4, table[i].bytes);
            while (lt_jbd2_next_revoke(&journal, cursor_of(block), &at, &number) == LT_OK)
                count++;
            assert_int_equal(count, which ? table[i].sums : table[i].plain);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_super),
        cmocka_unit_test(test_impossible_supers),
        cmocka_unit_test(test_old_super),
        cmocka_unit_test(test_fast_commit_area),
        cmocka_unit_test(test_super_checksum),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_high_blocks),
        cmocka_unit_test(test_full_descriptor),
        cmocka_unit_test(test_block_checksums),
        cmocka_unit_test(test_commits),
        cmocka_unit_test(test_old_checksum),
        cmocka_unit_test(test_revokes),
        cmocka_unit_test(test_revoke_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
