// SPDX-License-Identifier: Apache-2.0
/* Expectations: man 5 fstab; libmount's tests/ts/libmount/files/fstab (util-linux 2.38); findmnt --fstab. */
#include "parse/fstab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check_text(struct lt_str got, const char *wanted)
{
    assert_int_equal(got.len, strlen(wanted));
    assert_memory_equal(got.ptr, wanted, got.len);
}

static void test_lines(void **state)
{
    struct lt_arena arena = {0};
    struct lt_fstab_line line;
    struct lt_str text =
        LT_STR("# comment\n\n  UUID=1-2\t/mnt/a\\040b\text4  ro,bind 0 2 # x\r\nalone\n/dev/sda1 /boot\n"
               "\\134 \\04 \\999");
    (void)state;
    assert_int_equal(lt_fstab_next(&text, &arena, &line), LT_OK);
    check_text(line.spec, "UUID=1-2");
    check_text(line.at, "/mnt/a b");
    check_text(line.type, "ext4");
    check_text(line.options, "ro,bind");
    assert_int_equal(lt_fstab_next(&text, &arena, &line), LT_SKIP);
    assert_int_equal(lt_fstab_next(&text, &arena, &line), LT_OK);
    check_text(line.at, "/boot");
    check_text(line.options, "");
    assert_int_equal(lt_fstab_next(&text, &arena, &line), LT_OK);
    check_text(line.spec, "\\");
    check_text(line.at, "\\04");
    check_text(line.type, "\\999");
    assert_int_equal(lt_fstab_next(&text, &arena, &line), LT_END);
    lt_arena_free(&arena);
}

static void test_options(void **state)
{
    (void)state;
    assert_true(lt_fstab_has(LT_STR("rw,bind"), "bind"));
    assert_true(lt_fstab_has(LT_STR("bind"), "bind"));
    assert_false(lt_fstab_has(LT_STR("rbind,x-bind"), "bind"));
    assert_false(lt_fstab_has(LT_STR(""), "bind"));
}

static void test_devices(void **state)
{
    static const struct {
        const char *spec;
        enum lt_device_tag tag;
        const char *value;
    } cases[] = {
        {"UUID=ab-cd", LT_BY_UUID, "ab-cd"},
        {"UUID=\"ab-cd\"", LT_BY_UUID, "ab-cd"},
        {"LABEL=a b", LT_BY_LABEL, "a b"},
        {"PARTUUID=738a4d67-02", LT_BY_PARTUUID, "738a4d67-02"},
        {"PARTLABEL=root", LT_BY_PARTLABEL, "root"},
        {"/dev/disk/by-uuid/ab", LT_BY_UUID, "ab"},
        {"/dev/disk/by-partlabel/x", LT_BY_PARTLABEL, "x"},
        {"/dev/mapper/vg-lv", LT_BY_NODE, "/dev/mapper/vg-lv"},
        {"server:/export", LT_BY_NOTHING, "server:/export"},
        {"tmpfs", LT_BY_NOTHING, "tmpfs"},
        {"", LT_BY_NOTHING, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lt_str value;
        assert_int_equal(lt_fstab_device(lt_str_c(cases[i].spec), &value), cases[i].tag);
        check_text(value, cases[i].value);
    }
}

static void test_partitions(void **state)
{
    static const struct {
        const char *node;
        unsigned number;
        size_t disk;
    } cases[] = {{"/dev/sda2", 2, 8},           {"/dev/vdb15", 15, 8}, {"/dev/nvme0n1p3", 3, 12},
                 {"/dev/mmcblk0p1", 1, 12},     {"/dev/sda", 0, 0},    {"/dev/mapper/vg-lv", 0, 0},
                 {"/dev/sda99999999999", 0, 0}, {"7", 0, 0},           {"", 0, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t disk = 0;
        assert_int_equal(lt_fstab_partition(lt_str_c(cases[i].node), &disk), cases[i].number);
        assert_int_equal(disk, cases[i].disk);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_partitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
