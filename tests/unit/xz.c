// SPDX-License-Identifier: Apache-2.0
/* Streams made with the program xz 5.4.1; padding by The .xz File Format 1.2.1, 2.2. */
#include "packed.h"

#define HELLO                                                                                                          \
    "\xfd\x37zXZ\x00\x00\x01i\x22\xde\x36\x02\x00!\x01\x16\x00\x00\x00"                                                \
    "t/\xe5\xa3\x01\x00\x05hello\x0a\x00\x00\x00 0:6"                                                                  \
    "\x00\x01\x1a\x06\xc5\xea\xc8y\x90\x42\x99\x0d\x01\x00\x00\x00\x00\x01YZ"
#define LARGE                                                                                                          \
    "\xfd\x37zXZ\x00\x00\x01i\x22\xde\x36\x02\x00!\x01\x1c\x00\x00\x00"                                                \
    "\x10\xcfX\xcc\x01\x00\x05hello\x0a\x00\x00\x00 0:6"                                                               \
    "\x00\x01\x1a\x06\xc5\xea\xc8y\x90\x42\x99\x0d\x01\x00\x00\x00\x00\x01YZ"
/* A dictionary of 256 MiB. */
#define WIDE                                                                                                           \
    "\xfd\x37zXZ\x00\x00\x01i\x22\xde\x36\x02\x00!\x01 \x00\x00\x00"                                                   \
    "\x09\x88\xa5v\x01\x00\x05hello\x0a\x00\x00\x00 0:6"                                                               \
    "\x00\x01\x1a\x06\xc5\xea\xc8y\x90\x42\x99\x0d\x01\x00\x00\x00\x00\x01YZ"
/* 300000 times "z". */
#define LONG                                                                                                           \
    "\xfd\x37zXZ\x00\x00\x01i\x22\xde\x36\x02\x00!\x01\x16\x00\x00\x00"                                                \
    "t/\xe5\xa3\xe4\x93\xdf\x00o]\x00=o\xfb\xbf\xfe\xa3\xb1^\xe5"                                                      \
    "\xf8\x3f\xb2\xaa&U\xf8hpAp\x15\x0f\x8d\xfd\x1eL\x1b\x8a\x42"                                                      \
    "\xb7\x19\xf4i\x18q\xae\x66#\x8a\x8aM/\xa3\x0d\xd9\x7f\xa6\xe3\x8c"                                                \
    "#\x11S\xe0Y\x18\xc5u\x8a\xe2w\xf8\xb6\x94\x7f\x0cj\xc0\xdet"                                                      \
    "Id\xe2\xe9\x5cS\xb2\x04\xd8\xf7\x44\x0c\xab_\x0dmF\xe9\xe5\xc3"                                                   \
    "v\x88\xb7\x96W\xac\xb6M\xe1i\x1do\xfbK\x88\x10l5\x8c@"                                                            \
    "\xc1\x00\x00\x00\xdf\xb7>\xcf\x00\x01\x87\x01\xe0\xa7\x12\x00\x03\xa3<\x8f"                                       \
    ">0\x0d\x8b\x02\x00\x00\x00\x00\x01YZ"
#define PAD "\0\0\0\0"

static const struct packed table[] = {
    {{HELLO, sizeof HELLO - 1}, {"hello\n", 6}, LT_END, false},
    {{HELLO PAD HELLO PAD, sizeof HELLO PAD HELLO PAD - 1}, {"hello\nhello\n", 12}, LT_END, false},
    {{HELLO HELLO, sizeof HELLO HELLO - 1}, {"hello\nhello\n", 12}, LT_END, false},
    {{LARGE, sizeof LARGE - 1}, {"hello\n", 6}, LT_END, false},
    {{HELLO, sizeof HELLO - 2}, {"hello\n", 6}, LT_OK, true},
    {{HELLO, 7}, {"", 0}, LT_OK, true},
    {{WIDE, sizeof WIDE - 1}, {"", 0}, LT_SKIP, true},
    {{HELLO "garbage garbage", sizeof HELLO "garbage garbage" - 1}, {"hello\n", 6}, LT_SKIP, true},
};

static void test_table(void **state)
{
    (void)state;
    if (!lt_xz.begin)
        skip();
    check_unpacking(&lt_xz, table, sizeof table / sizeof *table);
}

static void test_is_xz(void **state)
{
    (void)state;
    assert_ptr_equal(lt_packing_of((struct lt_str){HELLO, 6}), &lt_xz);
    assert_null(lt_packing_of((struct lt_str){HELLO, 5}));
}

static void test_stream(void **state)
{
    (void)state;
    check_stream(&lt_xz, (struct lt_str){LONG PAD HELLO, sizeof LONG PAD HELLO - 1},
                 (struct lt_str){LONG, sizeof LONG - 2});
}

/* What no build reads is named. The beginnings are those that file(1) 5.44 knows. */
static void test_others(void **state)
{
    static const struct lt_str files[] = {
        {"BZh91AY&SYxx", 12}, {"\x04\x22\x4d\x18xx", 6}, {"\x1f\x9d\x90x", 4}, {"\x5d\0\0\x80\0", 5}, {"PK\x03\x04", 4},
    };
    static const char *const names[] = {"bzip2", "lz4", "compress", "lzma", "zip"};
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct lt_buf out = {0};
        struct lt_err err = {0};
        assert_int_equal(read_all(files[i], &out, &err), LT_SKIP);
        assert_string_equal(err.code, LT_CODE_UNSUPPORTED);
        assert_non_null(strstr(err.text, names[i]));
        assert_int_equal(out.len, 0);
    }
    struct lt_stream *stream = lt_stream_of(LT_STR("1AY&SY, which is no bzip2"));
    assert_false(lt_stream_is_packed(stream));
    lt_stream_close(stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_is_xz),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
