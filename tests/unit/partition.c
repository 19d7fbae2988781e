// SPDX-License-Identifier: Apache-2.0
/* Expectations: how Linux numbers and names partitions (block/partitions/msdos.c and efi.c, 6.18; libblkid 2.38 where
 * a disk has no identifier), on tables written by hand. */
#include "evidence/image/partition.h"

#include "evidence/identity.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { SIZE = 1 << 20, LINUX = 0x83, EXTENDED = 5 };

static unsigned char disk[SIZE];

static ssize_t read_memory(void *arg, uint64_t offset, void *buffer, size_t size)
{
    memcpy(buffer, (unsigned char *)arg + offset, size);
    return (ssize_t)size;
}

static void put_entry(uint64_t table, unsigned slot, unsigned type, uint64_t start, uint64_t size)
{
    size_t at = (size_t)table + 446 + (size_t)slot * 16;
    disk[at + 4] = (unsigned char)type;
    put_le(disk, at + 8, 4, start);
    put_le(disk, at + 12, 4, size);
    put_hex(disk, (size_t)table + 510, "55aa");
}

static struct lt_fs_identity identify(struct lt_arena *arena, uint64_t start, uint32_t sector_size)
{
    struct lt_device device = {.read = read_memory, .arg = disk, .size = SIZE, .sector_size = 512};
    struct lt_device partition = lt_device_slice(&device, start * sector_size, UINT64_MAX, LT_STR(""));
    struct lt_fs_identity identity = {0};
    const char *type;
    partition.sector_size = sector_size;
    lt_partition_identify(&device, &partition, arena, &identity, &type);
    return identity;
}

static void check(uint64_t start, uint32_t sector_size, unsigned number, const char *partuuid, const char *partlabel)
{
    struct lt_arena arena = {0};
    struct lt_fs_identity found = identify(&arena, start, sector_size);
    assert_int_equal(found.partition, number);
    assert_true(lt_str_eq(found.partuuid, lt_str_c(partuuid)));
    assert_true(lt_str_eq(found.partlabel, lt_str_c(partlabel)));
    lt_arena_free(&arena);
}

/* Primary ones keep the number of their slot; logical ones count from 5, wherever the extended one stands, over all
 * tables of the chain. */
static void test_dos(void **state)
{
    (void)state;
    memset(disk, 0, SIZE);
    put_le(disk, 440, 4, 0x0BADCAFE);
    put_entry(0, 1, EXTENDED, 100, 900);
    put_entry(0, 3, LINUX, 1500, 10);
    put_entry(100 * 512, 0, LINUX, 1, 10);
    put_entry(100 * 512, 1, EXTENDED, 50, 100);
    put_entry(150 * 512, 0, LINUX, 2, 10);
    put_entry(150 * 512, 1, EXTENDED, 200, 100);
    put_entry(150 * 512, 2, LINUX, 3, 5000); /* garbage: longer than its table */
    put_entry(150 * 512, 3, LINUX, 20, 10);
    put_entry(300 * 512, 0, LINUX, 1, 10);
    check(1500, 512, 4, "0badcafe-04", "");
    check(101, 512, 5, "0badcafe-05", "");
    check(152, 512, 6, "0badcafe-06", "");
    check(153, 512, 0, "", "");
    check(170, 512, 7, "0badcafe-07", "");
    check(301, 512, 8, "0badcafe-08", "");
    check(100, 512, 0, "", ""); /* the extended one holds no file system */
    check(0, 512, 0, "", "");
    put_le(disk, 440, 4, 0);
    check(101, 512, 5, "", "");
    disk[511] = 0;
    check(101, 512, 0, "", "");
}

/* What the first sector promises: a boot sector has code where a table has flags. */
static void test_promise(void **state)
{
    const struct lt_device device = {.read = read_memory, .arg = disk, .size = SIZE, .sector_size = 512};
    uint64_t starts[LT_PARTITION_SLOTS];
    (void)state;
    memset(disk, 0, SIZE);
    assert_int_equal(lt_partition_table(&device), LT_PARTITION_NONE);
    put_entry(0, 0, EXTENDED, 100, 900);
    put_entry(0, 2, LINUX, 1u << 30, 10);
    assert_int_equal(lt_partition_table(&device), LT_PARTITION_DOS);
    assert_int_equal(lt_partition_starts(&device, starts), 1);
    assert_true(starts[0] == 1u << 30);
    put_entry(0, 0, LINUX, 1u << 29, 10); /* nothing begins inside */
    assert_int_equal(lt_partition_table(&device), LT_PARTITION_NONE);
    put_entry(0, 0, 0xEE, 1, UINT32_MAX);
    assert_int_equal(lt_partition_table(&device), LT_PARTITION_GPT);
    disk[446] = 0x80;
    assert_int_equal(lt_partition_table(&device), LT_PARTITION_GPT);
    disk[446] = 0x41;
    assert_int_equal(lt_partition_table(&device), LT_PARTITION_NONE);
}

/* A chain that ends nowhere, with and without logical partitions. */
static void test_circle(void **state)
{
    (void)state;
    memset(disk, 0, SIZE);
    put_entry(0, 0, EXTENDED, 100, 900);
    put_entry(100 * 512, 0, EXTENDED, 0, 10);
    check(7, 512, 0, "", "");
    put_entry(100 * 512, 1, LINUX, 1, 10);
    check(7, 512, 0, "", "");
    check(101, 512, 5, "", "");
}

/* A table whose sectors have 4096 bytes; the next table is still 512 bytes. */
static void test_large_sectors(void **state)
{
    (void)state;
    memset(disk, 0, SIZE);
    put_le(disk, 440, 4, 1);
    put_entry(0, 0, EXTENDED, 10, 90);
    put_entry(10 * 4096, 0, LINUX, 5, 10);
    check(15, 4096, 5, "00000001-05", "");
    check(15, 512, 0, "", "");
}

static void put_gpt(uint32_t sector_size, uint64_t header, uint64_t entries)
{
    size_t at = (size_t)header * sector_size, third = (size_t)entries * sector_size + 2 * 128;
    put_entry(0, 0, 0xEE, 1, 2047);
    memcpy(disk + at, "EFI PART", 8);
    put_le(disk, at + 72, 8, entries);
    put_le(disk, at + 80, 4, 128);
    put_le(disk, at + 84, 4, 128);
    put_hex(disk, third, "af3dc60f838472478e793d69d8477de4");      /* type: Linux data */
    put_hex(disk, third + 16, "33221100554477668899AABBCCDDEEFF"); /* 00112233-4455-6677-... */
    put_le(disk, third + 32, 8, 20);
    put_hex(disk, third + 56, "6400e4003dd833dc"); /* "d", a-umlaut, a disk (U+1F433) in two units */
}

static void test_gpt(void **state)
{
    static const char uuid[] = "00112233-4455-6677-8899-aabbccddeeff", name[] = "d\xc3\xa4\xf0\x9f\x90\xb3";
    (void)state;
    for (uint32_t sector_size = 512; sector_size <= 4096; sector_size *= 8) {
        memset(disk, 0, SIZE);
        put_gpt(sector_size, 1, 2);
        check(20, sector_size, 3, uuid, name);
        check(21, sector_size, 0, "", "");
        check(0, sector_size, 0, "", "");
        memset(disk, 0, SIZE); /* only the copy at the end is left, and not even the protective table */
        put_gpt(sector_size, SIZE / sector_size - 1, SIZE / sector_size - 10);
        memset(disk, 0, 512);
        check(20, sector_size, 3, uuid, name);
    }
    put_entry(0, 0, LINUX, 20, 5); /* an old GPT behind a new DOS table */
    check(20, 4096, 1, "", "");
}

static void test_hostile_gpt(void **state)
{
    (void)state;
    memset(disk, 0, SIZE);
    put_gpt(512, 1, 2);
    put_le(disk, 512 + 72, 8, UINT64_MAX);
    check(20, 512, 0, "", "");
    put_le(disk, 512 + 72, 8, UINT64_MAX / 512 + 3); /* overflows to sector 2 */
    check(20, 512, 0, "", "");
    put_le(disk, 512 + 72, 8, 2);
    put_le(disk, 512 + 84, 4, 0);
    check(20, 512, 0, "", "");
    put_le(disk, 512 + 84, 4, 128);
    put_le(disk, 512 + 80, 4, UINT32_MAX);
    check(1u << 20, 512, 0, "", "");
    put_le(disk, 512 + 80, 4, 2);
    check(20, 512, 0, "", "");
}

static void test_texts(void **state)
{
    static const unsigned char zeros[16] = {0}, spaces[] = "   ", label[16] = " ab c \n\0rest", full[4] = "abcd";
    struct lt_arena arena = {0};
    (void)state;
    assert_int_equal(lt_uuid_text(&arena, zeros).len, 0);
    assert_true(lt_str_eq(lt_label_text(&arena, label, sizeof label), LT_STR(" ab c")));
    assert_true(lt_str_eq(lt_label_text(&arena, full, sizeof full), LT_STR("abcd")));
    assert_int_equal(lt_label_text(&arena, spaces, 3).len, 0);
    assert_int_equal(lt_label_text(&arena, zeros, sizeof zeros).len, 0);
    assert_true(lt_str_eq(lt_utf16_text(&arena,
                                        (const unsigned char *)"\x00\xd8"
                                                               "a\0b",
                                        5),
                          LT_STR("\xef\xbf\xbd"
                                 "a")));
    lt_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dos),           cmocka_unit_test(test_promise), cmocka_unit_test(test_circle),
        cmocka_unit_test(test_large_sectors), cmocka_unit_test(test_gpt),     cmocka_unit_test(test_hostile_gpt),
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
