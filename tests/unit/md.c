// SPDX-License-Identifier: Apache-2.0
/* Expectations: a superblock that mdadm 4.2 wrote, as `mdadm --examine` tells it; include/uapi/linux/raid/md_p.h of
 * linux 6.18 for the other version. */
#include "evidence/volumes/md_super.h"

#include "bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The first words, and those from 128 on and from 192 on. */
static void make_version_1(unsigned char bytes[LT_MD_SUPER])
{
    memset(bytes, 0, LT_MD_SUPER);
    put_hex(bytes, 0, "fc4e2ba9010000000000000000000000a6ddcccabfa22d655941295598d73f34286e6f6e65293a30");
    put_le(bytes, 64, 8, 1796008885);
    put_le(bytes, 72, 4, 1);
    put_le(bytes, 80, 8, 194560);
    put_le(bytes, 92, 4, 2);
    put_le(bytes, 128, 8, 2048);
    put_le(bytes, 136, 8, 194560);
    put_le(bytes, 144, 8, 8);
    put_hex(bytes, 168, "dc7fcd6712894b2e48817c2b1a895a05");
    put_le(bytes, 185, 1, 8);
    put_le(bytes, 192, 8, 1796008924);
    put_le(bytes, 200, 8, 1);
    put_le(bytes, 208, 8, UINT64_MAX);
    put_le(bytes, 220, 4, 128);
    memset(bytes + 256, 0xFF, 256);
    put_le(bytes, 256, 4, 0x10000);
}

static void put_sum(unsigned char *bytes, size_t size, size_t at)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i++)
        sum += (uint64_t)bytes[i] << (i % 4 * 8);
    put_le(bytes, at, 4, (sum & UINT32_MAX) + (sum >> 32));
}

static void test_version_1(void **state)
{
    (void)state;
    unsigned char bytes[LT_MD_SUPER];
    struct lt_cursor cursor = {.ptr = bytes, .len = sizeof bytes};
    struct lt_md_super super;
    make_version_1(bytes);
    put_sum(bytes, 512, 216);
    assert_true(lt_md_super_1(cursor, 4096, &super));
    assert_true(super.minor == 2 && super.level == 1 && super.disks == 2 && super.role == 0 && super.synced);
    assert_true(super.start == 1048576 && super.size == 99614720 && super.events == 1 && super.made == 1796008885);
    assert_true(lt_str_eq(super.name, LT_STR("(none):0")));
    assert_false(lt_md_super_1(cursor, 0, &super)); /* a copy that lies elsewhere */
    bytes[200]++;
    assert_false(lt_md_super_1(cursor, 4096, &super));
}

/* A disk that is being rebuilt is not complete; a spare has no place. */
static void test_disks_that_are_no_part(void **state)
{
    (void)state;
    unsigned char bytes[LT_MD_SUPER];
    struct lt_cursor cursor = {.ptr = bytes, .len = sizeof bytes};
    struct lt_md_super super;
    make_version_1(bytes);
    put_le(bytes, 8, 4, 2);
    put_le(bytes, 152, 8, 1000);
    put_sum(bytes, 512, 216);
    assert_true(lt_md_super_1(cursor, 4096, &super) && !super.synced);
    make_version_1(bytes);
    put_le(bytes, 160, 4, 2);
    put_sum(bytes, 512, 216);
    assert_true(lt_md_super_1(cursor, 4096, &super) && super.role == LT_MD_SPARE);
}

static void test_version_0(void **state)
{
    (void)state;
    unsigned char bytes[LT_MD_SUPER] = {0};
    struct lt_cursor cursor = {.ptr = bytes, .len = sizeof bytes};
    struct lt_md_super super;
    put_hex(bytes, 0, "fc4e2ba9000000005a000000");
    put_le(bytes, 20, 4, 0xA6DDCCCA);
    put_le(bytes, 28, 4, 1);
    put_le(bytes, 32, 4, 97280);
    put_le(bytes, 40, 4, 2);
    put_le(bytes, 44, 4, 3);
    put_le(bytes, 156, 8, 17);
    put_le(bytes, 3968, 4, 1);
    put_le(bytes, 3968 + 12, 4, 1);
    put_le(bytes, 3968 + 16, 4, 6);
    put_sum(bytes, LT_MD_SUPER, 152);
    assert_true(lt_md_super_0(cursor, &super));
    assert_true(super.disk == 1 && super.role == 1 && super.synced && super.number == 3 && super.events == 17);
    assert_true(super.size == 97280 * 1024 && super.uuid[0] == 0xA6 && super.uuid[3] == 0xCA);
}

static void test_places(void **state)
{
    (void)state;
    uint64_t at;
    assert_true(lt_md_place_1_0(100663296, &at) && at == 100663296 - 8192);
    assert_true(lt_md_place_0_90(100663296 + 4096, &at) && at == 100663296 - 65536);
    assert_false(lt_md_place_1_0(4096, &at));
    assert_false(lt_md_place_0_90(65535, &at));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_1),
        cmocka_unit_test(test_disks_that_are_no_part),
        cmocka_unit_test(test_version_0),
        cmocka_unit_test(test_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
