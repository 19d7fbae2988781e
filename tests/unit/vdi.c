// SPDX-License-Identifier: Apache-2.0
/* Expectations: VirtualBox 7.0, VDICore.h, and QEMU 7.2, block/vdi.c, on images written by hand. */
#include "packed_image.h"

enum { BLOCK = 4096, EXTRA = 512, MAP = 512, DATA = 1024, COUNT = 5, SIZE = COUNT * BLOCK - 1000 };

static struct memory_image image;

/* Blocks in another order, one that is missing, one that was discarded; each has bytes of its own before it. */
static void put_image(void)
{
    static const uint32_t map[COUNT] = {1, 0xffffffff, 0, 0xfffffffe, 2};
    memset(&image, 0, sizeof image);
    put_hex(image.bytes, 64, "7f10dabe01000100");
    put_le(image.bytes, 76, 4, 1);
    put_le(image.bytes, 340, 4, MAP);
    put_le(image.bytes, 344, 4, DATA);
    put_le(image.bytes, 368, 8, SIZE);
    put_le(image.bytes, 376, 4, BLOCK);
    put_le(image.bytes, 380, 4, EXTRA);
    put_le(image.bytes, 384, 4, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        put_le(image.bytes, MAP + i * 4, 4, map[i]);
    for (size_t i = 0; i < 3; i++) {
        memset(image.bytes + DATA + i * (BLOCK + EXTRA), 'x', EXTRA);
        memset(image.bytes + DATA + i * (BLOCK + EXTRA) + EXTRA, 'a' + (int)i, BLOCK);
    }
}

static void test_blocks(void **state)
{
    (void)state;
    put_image();
    assert_int_equal(open_image(&image, 32768), LT_OK);
    assert_int_equal(image.disk.size, SIZE);
    check_bytes(&image, 0, BLOCK, 'b');
    check_bytes(&image, BLOCK, BLOCK, 0);
    check_bytes(&image, 2 * BLOCK, BLOCK, 'a');
    check_bytes(&image, 3 * BLOCK, BLOCK, 0);
    check_bytes(&image, 4 * BLOCK, BLOCK - 1000, 'c');
    check_bytes(&image, SIZE, 1, -1);
    close_image(&image);
}

static void test_damage(void **state)
{
    (void)state;
    put_image();
    put_le(image.bytes, MAP, 4, 0xfffffffd);
    assert_int_equal(open_image(&image, 32768), LT_OK);
    check_bytes(&image, 0, 1, -1);
    close_image(&image);
    put_le(image.bytes, 340, 4, UINT32_MAX);
    assert_int_equal(open_image(&image, 32768), LT_OK);
    check_bytes(&image, 0, 1, -1);
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
        {68, 4, 2, "unsupported", "version 0.2"},   {76, 4, 9, "unsupported", "type 9"},
        {76, 4, 4, "unsupported", "differencing"},  {368, 8, SIZE + 1001, "damaged", "does not fit"},
        {368, 8, UINT64_MAX, "damaged", "not fit"}, {376, 4, 0, "damaged", "does not fit"},
        {376, 4, 4097, "damaged", "does not fit"},  {376, 4, 1u << 31, "damaged", "does not fit"},
        {380, 4, UINT32_MAX, "damaged", "not fit"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        put_image();
        put_le(image.bytes, changes[i].at, changes[i].count, changes[i].value);
        check_refused(&image, 32768, changes[i].code, changes[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
