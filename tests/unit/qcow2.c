// SPDX-License-Identifier: Apache-2.0
/* Expectations: QEMU 7.2, docs/interop/qcow2.txt, on images written by hand. */
#include "packed_image.h"

enum { CLUSTER = 512, L1 = 512, L2 = 1024, DATA = 1536, SIZE = 64 * CLUSTER * 2, DEFLATED = 4096 };
enum { BIG = 16384, BIG_L1 = BIG, BIG_L2 = 2 * BIG, BIG_DATA = 3 * BIG }; /* the least that has subclusters */

static const uint64_t copied = (uint64_t)1 << 63, compressed = (uint64_t)1 << 62;

static struct memory_image image;

static void put_header(unsigned version, unsigned bits, uint64_t l1)
{
    memset(&image, 0, sizeof image);
    put_hex(image.bytes, 0, "514649fb");
    put_be(image.bytes, 4, 4, version);
    put_be(image.bytes, 20, 4, bits);
    put_be(image.bytes, 24, 8, SIZE);
    put_be(image.bytes, 36, 4, 2);
    put_be(image.bytes, 40, 8, l1);
    put_be(image.bytes, 100, 4, 104);
}

/* Two clusters that follow each other, one that is zero, one that is missing, and one behind a gap. */
static void put_plain(unsigned version)
{
    put_header(version, 9, L1);
    put_be(image.bytes, L1, 8, copied | L2);
    put_be(image.bytes, L2, 8, copied | DATA);
    put_be(image.bytes, L2 + 8, 8, DATA + CLUSTER);
    put_be(image.bytes, L2 + 16, 8, version == 3 ? 1 : 0);
    put_be(image.bytes, L2 + 32, 8, DATA + 3 * CLUSTER);
    for (unsigned char i = 0; i < 5; i++)
        memset(image.bytes + DATA + (size_t)i * CLUSTER, 'a' + i, CLUSTER);
}

static void test_clusters(void **state)
{
    (void)state;
    for (unsigned version = 2; version <= 3; version++) {
        put_plain(version);
        assert_int_equal(open_image(&image, 8192), LT_OK);
        assert_int_equal(image.disk.size, SIZE);
        check_bytes(&image, 0, CLUSTER, 'a');
        check_bytes(&image, CLUSTER, CLUSTER, 'b');
        check_bytes(&image, 2 * CLUSTER, 2 * CLUSTER, 0);
        check_bytes(&image, 4 * CLUSTER, CLUSTER, 'd');
        check_bytes(&image, 64 * CLUSTER, 64 * CLUSTER, 0); /* it has no table of level 2 */
        close_image(&image);
    }
}

/* The end of the file is the end of a cluster for the last one alone. */
static void test_cut_off(void **state)
{
    (void)state;
    put_plain(3);
    assert_int_equal(open_image(&image, DATA + 3 * CLUSTER + 100), LT_OK);
    check_bytes(&image, 4 * CLUSTER, 100, 'd');
    check_bytes(&image, 4 * CLUSTER + 100, CLUSTER - 100, 0);
    check_bytes(&image, 4 * CLUSTER + 200, 10, 0);
    close_image(&image);
    assert_int_equal(open_image(&image, DATA + CLUSTER), LT_OK);
    check_bytes(&image, 0, CLUSTER, 'a');
    check_bytes(&image, CLUSTER, CLUSTER, -1);
    close_image(&image);
}

static void test_damage(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint64_t entry;
    } tables[] = {
        {L1, L2 + 8 * CLUSTER + 1}, {L1, (uint64_t)1 << 50}, {L2, (uint64_t)1 << 55}, {L2, compressed | 1 << 30}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        put_plain(3);
        put_be(image.bytes, tables[i].at, 8, tables[i].entry);
        assert_int_equal(open_image(&image, 4096), LT_OK);
        check_bytes(&image, 0, CLUSTER, -1);
        close_image(&image);
    }
    put_plain(2);
    put_be(image.bytes, L2, 8, 1); /* the flag for zeros is of version 3 */
    assert_int_equal(open_image(&image, 4096), LT_OK);
    check_bytes(&image, 0, CLUSTER, -1);
    close_image(&image);
}

/* 512 bytes "z" in raw deflate, made with Python's zlib (level 9, no header), at an odd place and followed by others.
 */
static void test_packed_cluster(void **state)
{
    (void)state;
    put_plain(3);
    put_be(image.bytes, L2, 8, compressed | (DEFLATED + 7));
    put_hex(image.bytes, DEFLATED + 7, "abaa1a0523190000ffffffff");
    assert_int_equal(open_image(&image, 8192), LT_OK);
    check_bytes(&image, 0, CLUSTER, 'z');
    check_bytes(&image, 100, 5, 'z');
    check_bytes(&image, CLUSTER, CLUSTER, 'b');
    close_image(&image);
}

/* Subclusters of 512 bytes: stored, zero, missing; and stored and zero, which cannot be. */
static void test_subclusters(void **state)
{
    (void)state;
    put_header(3, 14, BIG_L1);
    put_be(image.bytes, 72, 8, 16);
    put_be(image.bytes, BIG_L1, 8, copied | BIG_L2);
    put_be(image.bytes, BIG_L2, 8, copied | BIG_DATA);
    put_be(image.bytes, BIG_L2 + 8, 8, (uint64_t)0x6 << 32 | 0x80000009);
    memset(image.bytes + BIG_DATA, 's', BIG);
    assert_int_equal(open_image(&image, 4 * BIG), LT_OK);
    check_bytes(&image, 0, 512, 's');
    check_bytes(&image, 512, 1024, 0);
    check_bytes(&image, 1536, 512, 's');
    check_bytes(&image, 2048, 27 * 512, 0);
    check_bytes(&image, 31 * 512, 512, 's');
    check_bytes(&image, BIG, BIG, 0);
    close_image(&image);
    put_be(image.bytes, BIG_L2 + 8, 8, (uint64_t)0x1 << 32 | 1);
    assert_int_equal(open_image(&image, 4 * BIG), LT_OK);
    check_bytes(&image, 0, 512, -1);
    close_image(&image);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        unsigned count;
        uint64_t value;
        const char *code, *words;
    } changes[] = {
        {4, 4, 4, "unsupported", "version 4"},
        {20, 4, 8, "damaged", "2^8"},
        {20, 4, 22, "damaged", "2^22"},
        {24, 8, UINT64_MAX, "damaged", "does not fit"},
        {24, 8, SIZE + 1, "damaged", "does not fit"},
        {32, 4, 1, "unsupported", "encrypted with AES"},
        {32, 4, 2, "unsupported", "encrypted with LUKS"},
        {32, 4, 3, "unsupported", "encrypted with a method"},
        {36, 4, UINT32_MAX, "truncated", "behind the end"},
        {40, 8, UINT64_MAX, "truncated", "behind the end"},
        {72, 8, 32, "unsupported", "(bit 5)"},
        {72, 8, 4, "missing", "does not name"},
        {72, 8, 16, "damaged", "no subclusters"},
        {100, 4, 103, "damaged", "too short"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        put_plain(3);
        put_be(image.bytes, changes[i].at, changes[i].count, changes[i].value);
        check_refused(&image, 4096, changes[i].code, changes[i].words);
    }
    put_plain(3);
    put_be(image.bytes, 8, 8, 500);
    put_be(image.bytes, 16, 4, 4000);
    check_refused(&image, 4096, "damaged", "backing file");
    put_plain(3);
    check_refused(&image, 60, "truncated", "cut off");
}

/* A feature is called what the image calls it. */
static void test_name_of_a_feature(void **state)
{
    (void)state;
    put_plain(3);
    put_be(image.bytes, 72, 8, (uint64_t)1 << 40);
    put_hex(image.bytes, 104,
            "6803f85700000060"
            "0128");                                        /* compatible, bit 40 */
    put_hex(image.bytes, 112 + 48, "0028776f726d686f6c65"); /* incompatible, bit 40: "wormhole" */
    check_refused(&image, 4096, "unsupported", "'wormhole' (bit 40)");
}

static void test_snapshot(void **state)
{
    (void)state;
    put_plain(3);
    put_be(image.bytes, 60, 4, 3);
    put_be(image.bytes, 64, 8, 2048);
    put_be(image.bytes, 2048 + 12, 2, 1);
    put_be(image.bytes, 2048 + 14, 2, 6);
    put_be(image.bytes, 2048 + 16, 4, 1700000000);
    put_be(image.bytes, 2048 + 36, 4, 16);
    memcpy(image.bytes + 2048 + 56, "7before", 7);
    assert_int_equal(open_image(&image, 2048 + 120), LT_OK); /* the third is cut off */
    assert_int_equal(image.evidence.remarks.count, 3);
    const struct lt_str *first = image.evidence.remarks.items[0], *last = image.evidence.remarks.items[2];
    assert_string_equal(first->ptr,
                        "the image holds an internal snapshot, which is not read: id '7', name 'before', made "
                        "2023-11-14T22:13:20Z");
    assert_string_equal(last->ptr, "the image holds 3 internal snapshots, of which 2 are named here");
    close_image(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clusters),          cmocka_unit_test(test_cut_off),     cmocka_unit_test(test_damage),
        cmocka_unit_test(test_packed_cluster),    cmocka_unit_test(test_subclusters), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_name_of_a_feature), cmocka_unit_test(test_snapshot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
