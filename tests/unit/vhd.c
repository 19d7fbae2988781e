// SPDX-License-Identifier: Apache-2.0
/* Expectations: Microsoft's Virtual Hard Disk Image Format Specification 1.0, on images written by hand. */
#include "packed_image.h"

enum { HEADER = 512, TABLE = 1536, DATA = 2048, BLOCK = 8192, COUNT = 3, SIZE = COUNT * BLOCK - 512 };
enum { FIXED = 2, DYNAMIC = 3, DIFFERENCE = 4, FILE_SIZE = 32768 };

static struct memory_image image;

static void seal(size_t at, size_t size, size_t field)
{
    uint32_t sum = 0;
    put_be(image.bytes, at + field, 4, 0);
    for (size_t i = 0; i < size; i++)
        sum += image.bytes[at + i];
    put_be(image.bytes, at + field, 4, ~sum);
}

static void put_footer(size_t at, unsigned type)
{
    memcpy(image.bytes + at, "conectix", 8);
    put_be(image.bytes, at + 16, 8, HEADER);
    put_be(image.bytes, at + 48, 8, SIZE);
    put_be(image.bytes, at + 60, 4, type);
    seal(at, 512, 64);
}

/* The last block and the first; of the first, half is written. */
static void put_image(unsigned type)
{
    memset(&image, 0, sizeof image);
    put_footer(0, type);
    put_footer(FILE_SIZE - 512, type);
    memcpy(image.bytes + HEADER, "cxsparse", 8);
    put_be(image.bytes, HEADER + 16, 8, TABLE);
    put_be(image.bytes, HEADER + 28, 4, COUNT);
    put_be(image.bytes, HEADER + 32, 4, BLOCK);
    seal(HEADER, 1024, 36);
    put_hex(image.bytes, TABLE, "0000001500000004ffffffff");
    put_be(image.bytes, TABLE, 4, (DATA + 512 + BLOCK) / 512);
    put_hex(image.bytes, TABLE + 4, "ffffffff");
    put_be(image.bytes, TABLE + 8, 4, DATA / 512);
    put_hex(image.bytes, DATA, "ffff");
    put_hex(image.bytes, DATA + 512 + BLOCK, "ff01");
    memset(image.bytes + DATA + 512, 'c', BLOCK);
    memset(image.bytes + DATA + 1024 + BLOCK, 'a', BLOCK);
}

static void test_dynamic(void **state)
{
    (void)state;
    put_image(DYNAMIC);
    assert_int_equal(open_image(&image, FILE_SIZE), LT_OK);
    assert_int_equal(image.disk.size, SIZE);
    check_bytes(&image, 0, BLOCK, 'a'); /* whatever its bitmap says */
    check_bytes(&image, BLOCK, BLOCK, 0);
    check_bytes(&image, 2 * BLOCK, BLOCK - 512, 'c');
    assert_int_equal(image.evidence.notes.count, 0);
    close_image(&image);
}

/* Sectors that the bitmap does not give are the parent's, which is not there. */
static void test_difference(void **state)
{
    (void)state;
    put_image(DIFFERENCE);
    assert_int_equal(open_image(&image, FILE_SIZE), LT_OK);
    check_bytes(&image, 0, 8 * 512, 'a');
    check_bytes(&image, 8 * 512, 1, -1);
    check_bytes(&image, 15 * 512, 512, 'a');
    check_bytes(&image, BLOCK, 1, -1);
    check_bytes(&image, 2 * BLOCK, BLOCK - 512, 'c');
    assert_int_equal(image.evidence.notes.count, 1);
    close_image(&image);
}

/* Each of the two footers does alone. */
static void test_footers(void **state)
{
    (void)state;
    put_image(DYNAMIC);
    memset(image.bytes, 0, 512);
    assert_int_equal(open_image(&image, FILE_SIZE), LT_OK);
    close_image(&image);
    put_image(DYNAMIC);
    put_be(image.bytes, FILE_SIZE - 512 + 48, 8, 7); /* the checksum is of another size */
    assert_int_equal(open_image(&image, FILE_SIZE), LT_OK);
    assert_int_equal(image.disk.size, SIZE);
    close_image(&image);
    put_image(DYNAMIC);
    assert_int_equal(open_image(&image, FILE_SIZE - 1024), LT_OK);
    close_image(&image);
}

static void test_fixed(void **state)
{
    (void)state;
    memset(&image, 0, sizeof image);
    memset(image.bytes, 'f', SIZE);
    put_footer(SIZE, FIXED);
    assert_int_equal(open_image(&image, SIZE + 512), LT_OK);
    assert_int_equal(image.disk.size, SIZE);
    check_bytes(&image, 0, SIZE, 'f');
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
        {60, 4, 7, "unsupported", "type 7"},
        {48, 8, UINT64_MAX, "damaged", "cannot be"},
        {48, 8, COUNT * BLOCK + 1, "damaged", "does not fit"},
        {16, 8, UINT64_MAX, "damaged", "its header is not"},
        {16, 8, 1024, "damaged", "its header is not"},
        {HEADER + 32, 4, 0, "damaged", "does not fit"},
        {HEADER + 32, 4, 100, "damaged", "does not fit"},
        {HEADER + 32, 4, UINT32_MAX, "damaged", "does not fit"},
        {HEADER + 28, 4, 2, "damaged", "does not fit"},
        {HEADER + 16, 8, UINT64_MAX, "truncated", "behind the end"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        put_image(DYNAMIC);
        put_be(image.bytes, changes[i].at, changes[i].count, changes[i].value);
        if (changes[i].at < HEADER)
            put_be(image.bytes, FILE_SIZE - 512 + changes[i].at, changes[i].count, changes[i].value);
        check_refused(&image, FILE_SIZE, changes[i].code, changes[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dynamic), cmocka_unit_test(test_difference), cmocka_unit_test(test_footers),
        cmocka_unit_test(test_fixed),   cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
