// SPDX-License-Identifier: Apache-2.0
#include "parse/ident.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B32   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* What must never become part of a path, whichever kind of ID it claims to be. */
static const struct lt_str never[] = {
    {"", 0},
    {".", 1},
    {"..", 2},
    {"/", 1},
    {"../../../../etc/shadow", 22},
    {"/etc/passwd", 11},
    {"a/b", 3},
    {"a\\b", 3},
    {"\0", 1},
    {"a\0b", 3},
    {HEX64 "\n", 65},
    {HEX64 "/", 65},
    {"-init", 5}, /* would be an option */
    {"%2e%2e", 6},
    {"a b", 3},
    {"\xc3\xa4", 2},
};

static void test_never(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        assert_false(lt_is_id(never[i]));
        assert_false(lt_is_store_id(never[i]));
        assert_false(lt_is_link_id(never[i]));
        assert_int_equal(lt_digest_hex(never[i]).len, 0);
    }
}

/* Every byte value in the last place: only those of the alphabet pass. */
static void test_alphabets(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char id[] = HEX64, link[] = B32, store[] = HEX64;
        id[63] = link[25] = store[63] = (char)byte;
        bool hex = byte && strchr("0123456789abcdef", byte);
        bool base32 = byte && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", byte);
        bool upper = byte >= 'A' && byte <= 'Z', lower = byte >= 'a' && byte <= 'z', digit = byte >= '0' && byte <= '9';
        assert_int_equal(lt_is_id((struct lt_str){id, 64}), hex);
        assert_int_equal(lt_is_link_id((struct lt_str){link, 26}), base32);
        assert_int_equal(lt_is_store_id((struct lt_str){store, 64}), upper || lower || digit || byte == '-');
    }
}

static void test_lengths(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'a', sizeof text);
    for (size_t length = 0; length <= sizeof text; length++) {
        assert_int_equal(lt_is_id((struct lt_str){text, length}), length == 64);
        assert_int_equal(lt_is_store_id((struct lt_str){text, length}), length >= 1 && length <= 128);
    }
    memset(text, 'Q', sizeof text);
    for (size_t length = 0; length <= sizeof text; length++)
        assert_int_equal(lt_is_link_id((struct lt_str){text, length}), length == 26);
}

static void test_store_names(void **state)
{
    (void)state;
    assert_true(lt_is_store_id(LT_STR(HEX64)));
    assert_true(lt_is_store_id(LT_STR(HEX64 "-init")));
    assert_true(lt_is_store_id(LT_STR(HEX64 "-removing")));
    assert_true(lt_is_store_id(LT_STR("w0b9jvuv4ti2xwqpn3x5ku8rp"))); /* BuildKit */
    assert_false(lt_is_store_id(LT_STR(HEX64 "_init")));
}

static void test_digest(void **state)
{
    (void)state;
    const struct lt_str bad[] = {LT_STR("sha256:"),        LT_STR("sha256"),        LT_STR(HEX64),
                                 LT_STR("sha512:" HEX64),  LT_STR("SHA256:" HEX64), LT_STR("sha256:" HEX64 "0"),
                                 LT_STR("sha256: " HEX64), LT_STR("sha256:/" HEX64)};
    assert_true(lt_str_eq(lt_digest_hex(LT_STR("sha256:" HEX64)), LT_STR(HEX64)));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(lt_digest_hex(bad[i]).len, 0);
}

static void test_short_id(void **state)
{
    (void)state;
    assert_true(lt_str_eq(lt_short_id(LT_STR("sha256:" HEX64)), LT_STR("0123456789ab")));
    assert_true(lt_str_eq(lt_short_id(LT_STR(HEX64)), LT_STR("0123456789ab")));
    assert_true(lt_str_eq(lt_short_id(LT_STR("abc")), LT_STR("abc")));
    assert_true(lt_str_eq(lt_short_id(LT_STR("")), LT_STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_never),       cmocka_unit_test(test_alphabets), cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_store_names), cmocka_unit_test(test_digest),    cmocka_unit_test(test_short_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
