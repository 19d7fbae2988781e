// SPDX-License-Identifier: Apache-2.0
#include "parse/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* As Go's encoding/binary writes them: values found in databases of containerd 1.6.20 and 2.3.5. */
static void test_numbers(void **state)
{
    uint64_t number;
    int64_t size;
    (void)state;
    assert_true(lt_uvarint(LT_STR("\x63"), &number) && number == 99);
    assert_true(lt_uvarint(LT_STR("\x80\x01"), &number) && number == 128);
    assert_true(lt_zigzag(LT_STR("\x08"), &size) && size == 4);
    assert_true(lt_zigzag(LT_STR("\xdc\x04"), &size) && size == 302);
    assert_true(lt_zigzag(LT_STR("\x01"), &size) && size == -1);
    assert_true(lt_uvarint(LT_STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), &number) && number == UINT64_MAX);
}

static void test_no_numbers(void **state)
{
    uint64_t number;
    int64_t size;
    (void)state;
    assert_false(lt_uvarint(LT_STR(""), &number));
    assert_false(lt_uvarint(LT_STR("\x80"), &number));                                     /* breaks off */
    assert_false(lt_uvarint(LT_STR("\x01\x01"), &number));                                 /* goes on */
    assert_false(lt_uvarint(LT_STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), &number)); /* more than 64 bits */
    assert_false(lt_zigzag(LT_STR("\x80\x80"), &size));
    assert_int_equal(size, 0);
}

static void test_names(void **state)
{
    struct lt_snapshot_name name;
    (void)state;
    assert_true(lt_snapshot_name_split(LT_STR("moby/148/abc-init"), &name));
    assert_true(lt_str_eq(name.namespace, LT_STR("moby")) && lt_str_eq(name.number, LT_STR("148")));
    assert_true(lt_str_eq(name.key, LT_STR("abc-init")));
    assert_true(lt_snapshot_name_split(LT_STR("default/7/extract-1-x/y sha256:00"), &name)); /* keys may hold slashes */
    assert_true(lt_str_eq(name.key, LT_STR("extract-1-x/y sha256:00")));
    assert_false(lt_snapshot_name_split(LT_STR("moby/148"), &name));
    assert_false(lt_snapshot_name_split(LT_STR("moby/148/"), &name));
    assert_false(lt_snapshot_name_split(LT_STR("moby/x/abc"), &name));
    assert_false(lt_snapshot_name_split(LT_STR("../1/abc"), &name));
    assert_false(lt_snapshot_name_split(LT_STR(""), &name));
}

static void test_directories(void **state)
{
    uint64_t number;
    (void)state;
    assert_true(lt_snapshot_number(LT_STR("99"), &number) && number == 99);
    assert_false(lt_snapshot_number(LT_STR("new-123"), &number));
    assert_false(lt_snapshot_number(LT_STR(""), &number));
    assert_false(lt_snapshot_number(LT_STR("99999999999999999999"), &number));
}

static void test_identifiers(void **state)
{
    static const char *const good[] = {"moby", "k8s.io", "moby-100000.100000", "a", "web_1", "A-b.c_d"};
    static const char *const bad[] = {"", ".", "..", "../x", "a/b", "-a", "a-", "a..b", "a b", "\xc3\xa4", "a\n"};
    struct lt_str nul = {"a\0b", 3};
    char text[78];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(lt_is_identifier(lt_str_c(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(lt_is_identifier(lt_str_c(bad[i])));
    assert_false(lt_is_identifier(nul));
    memset(text, 'x', sizeof text);
    assert_true(lt_is_identifier((struct lt_str){text, 76}));
    assert_false(lt_is_identifier((struct lt_str){text, 77}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),     cmocka_unit_test(test_no_numbers),  cmocka_unit_test(test_names),
        cmocka_unit_test(test_directories), cmocka_unit_test(test_identifiers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
