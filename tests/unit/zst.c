// SPDX-License-Identifier: Apache-2.0
/* The first frame was made with the program zstd 1.5.4; the others by hand after RFC 8878, 3.1. */
#include "packed.h"

#define HELLO "\x28\xb5\x2f\xfd\x04\x58\x31\x00\x00hello\n\x53\x88\xbd\x91"
#define SKIP  "\x5e\x2a\x4d\x18\x03\x00\x00\x00xyz"
/* 300000 times "z", in three blocks of one byte each. */
#define LONG                                                                                                           \
    "\x28\xb5\x2f\xfd\xa0\xe0\x93\x04\x00"                                                                             \
    "\x02\x00\x10z\x02\x00\x10z\x03\x9f\x04z"
/* A frame whose window has 256 MiB, or 128 MiB. */
#define WIDE  "\x28\xb5\x2f\xfd\x00\x90\x31\x00\x00hello\n"
#define LARGE "\x28\xb5\x2f\xfd\x00\x88\x31\x00\x00hello\n"

static const struct packed table[] = {
    {{HELLO, sizeof HELLO - 1}, {"hello\n", 6}, LT_END, false},
    {{HELLO SKIP HELLO, sizeof HELLO SKIP HELLO - 1}, {"hello\nhello\n", 12}, LT_END, false},
    {{SKIP HELLO SKIP, sizeof SKIP HELLO SKIP - 1}, {"hello\n", 6}, LT_END, false},
    {{LARGE, sizeof LARGE - 1}, {"hello\n", 6}, LT_END, false},
    {{HELLO, sizeof HELLO - 2}, {"hello\n", 6}, LT_OK, true},
    {{HELLO, 7}, {"", 0}, LT_OK, true},
    {{SKIP, sizeof SKIP - 2}, {"", 0}, LT_OK, true},
    {{WIDE, sizeof WIDE - 1}, {"", 0}, LT_SKIP, true},
    {{HELLO "garbage", sizeof HELLO "garbage" - 1}, {"hello\n", 6}, LT_SKIP, true},
};

static void test_table(void **state)
{
    (void)state;
    if (!lt_zstd.begin)
        skip();
    check_unpacking(&lt_zstd, table, sizeof table / sizeof *table);
}

static void test_is_zst(void **state)
{
    (void)state;
    assert_ptr_equal(lt_packing_of((struct lt_str){HELLO, 4}), &lt_zstd);
    assert_null(lt_packing_of((struct lt_str){HELLO, 3}));
    assert_ptr_equal(lt_packing_of((struct lt_str){SKIP, 4}), &lt_zstd);
    assert_null(lt_packing_of((struct lt_str){SKIP, 3}));
    assert_null(lt_packing_of(LT_STR("\x6e\x2a\x4d\x18")));
}

static void test_stream(void **state)
{
    (void)state;
    check_stream(&lt_zstd, (struct lt_str){SKIP LONG HELLO, sizeof SKIP LONG HELLO - 1},
                 (struct lt_str){LONG, sizeof LONG - 2});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_is_zst),
        cmocka_unit_test(test_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
