// SPDX-License-Identifier: Apache-2.0
/* Streams made with the program xz 5.4.1; padding by The .xz File Format 1.2.1, 2.2. */
#include "base/xz.h"

#include "evidence/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

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

/* Feed `in` in pieces of `piece` bytes and take out at most `room` at a time. */
static enum lt_status unpack(struct lt_str in, size_t piece, size_t room, struct lt_buf *out, bool *incomplete)
{
    struct lt_xz *xz = lt_xz_new();
    enum lt_status status = LT_OK;
    char bytes[4096];
    struct lt_str pending = {in.ptr, 0};
    while (status != LT_SKIP && (pending.len || in.len || lt_xz_holds(xz))) {
        if (!pending.len && !lt_xz_holds(xz)) {
            pending = (struct lt_str){in.ptr, in.len < piece ? in.len : piece};
            in = lt_str_skip(in, pending.len);
        }
        size_t got;
        struct lt_err err = {0};
        status = lt_xz_unpack(xz, &pending, bytes, room, &got, &err);
        assert_int_equal(err.set, status == LT_SKIP);
        lt_buf_add(out, (struct lt_str){bytes, got});
    }
    *incomplete = lt_xz_incomplete(xz);
    lt_xz_free(xz);
    return status;
}

static const struct {
    struct lt_str packed, unpacked;
    enum lt_status status;
    bool incomplete;
} table[] = {
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
    static const size_t sizes[] = {1, 2, 3, 7, 4096};
    (void)state;
    if (!lt_xz_version())
        skip();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (size_t piece = 0; piece < 5; piece++)
            for (size_t room = 0; room < 5; room++) {
                struct lt_buf out = {0};
                bool incomplete;
                enum lt_status status = unpack(table[i].packed, sizes[piece], sizes[room], &out, &incomplete);
                assert_int_equal(status, table[i].status);
                assert_true(lt_str_eq(lt_buf_view(&out), table[i].unpacked));
                if (status != LT_SKIP)
                    assert_int_equal(incomplete, table[i].incomplete);
                lt_buf_free(&out);
            }
}

static void test_is_xz(void **state)
{
    (void)state;
    assert_true(lt_is_xz((struct lt_str){HELLO, LT_XZ_MAGIC}));
    assert_false(lt_is_xz((struct lt_str){HELLO, LT_XZ_MAGIC - 1}));
}

/* All bytes of a file in memory; the last status. */
static enum lt_status read_all(struct lt_str bytes, struct lt_buf *out, struct lt_err *err)
{
    struct lt_stream *stream = lt_stream_of(bytes);
    enum lt_status status = LT_OK;
    assert_true(lt_stream_is_packed(stream));
    while (status == LT_OK) {
        status = lt_stream_fill(stream, err);
        lt_buf_add(out, lt_stream_view(stream));
        lt_stream_consume(stream, lt_stream_view(stream).len);
    }
    lt_stream_close(stream);
    return status;
}

/* The input is used up long before the output has come. */
static void test_stream(void **state)
{
    struct lt_buf out = {0};
    struct lt_err err = {0};
    (void)state;
    enum lt_status status = read_all((struct lt_str){LONG PAD HELLO, sizeof LONG PAD HELLO - 1}, &out, &err);
    if (!lt_xz_version()) {
        assert_int_equal(status, LT_SKIP);
        assert_string_equal(err.code, LT_CODE_UNSUPPORTED);
        return;
    }
    assert_int_equal(status, LT_END);
    assert_int_equal(out.len, 300006);
    assert_true(out.ptr[0] == 'z' && lt_str_ends(lt_buf_view(&out), LT_STR("zzhello\n")));
    lt_buf_free(&out);
    assert_int_equal(read_all((struct lt_str){LONG, sizeof LONG - 2}, &out, &err), LT_SKIP);
    assert_string_equal(err.code, LT_CODE_TRUNCATED);
    lt_buf_free(&out);
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
