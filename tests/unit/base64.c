// SPDX-License-Identifier: Apache-2.0
/* Expectations: RFC 4648, section 10, and values made with Python's base64. */
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *text, *bytes;
        size_t size;
    } table[] = {
        {"", "", 0},
        {"Zg==", "f", 1},
        {"Zm8=", "fo", 2},
        {"Zm9v", "foo", 3},
        {"Zm9vYg==", "foob", 4},
        {"Zm9vYmE=", "fooba", 5},
        {"Zm9vYmFy", "foobar", 6},
        {"AAECAw==", "\x00\x01\x02\x03", 4},
        {"+/+/gICA", "\xfb\xff\xbf\x80\x80\x80", 6},
        {"////", "\xff\xff\xff", 3},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_buf out = {0};
        lt_buf_lit(&out, "before");
        assert_true(lt_base64(&out, lt_str_c(table[i].text)));
        assert_true(lt_str_eq(lt_str_skip(lt_buf_view(&out), 6), ((struct lt_str){table[i].bytes, table[i].size})));
        lt_buf_free(&out);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const table[] = {"Z",
                                        "Zg",
                                        "Zg=",
                                        "Zg===",
                                        "Zm9v\n",
                                        "Zm 9",
                                        "Z===",
                                        "====",
                                        "=",
                                        "Zh==",
                                        "Zm9=",
                                        "Zm-_",
                                        "Zg==Zg==",
                                        "Z=g=",
                                        "Zm8=Zm8=",
                                        "Zm9v====",
                                        "\xff\xff\xff\xff"};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_buf out = {0};
        lt_buf_lit(&out, "before");
        assert_false(lt_base64(&out, lt_str_c(table[i])));
        assert_int_equal(out.len, 6);
        lt_buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
