// SPDX-License-Identifier: Apache-2.0
/* The first frame was made with the program zstd 1.5.4; the others by hand after RFC 8878, 3.1. */
#include "base/zst.h"

#include "evidence/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define HELLO "\x28\xb5\x2f\xfd\x04\x58\x31\x00\x00hello\n\x53\x88\xbd\x91"
#define SKIP  "\x5e\x2a\x4d\x18\x03\x00\x00\x00xyz"
/* 300000 times "z", in three blocks of one byte each. */
#define LONG                                                                                                           \
    "\x28\xb5\x2f\xfd\xa0\xe0\x93\x04\x00"                                                                             \
    "\x02\x00\x10z\x02\x00\x10z\x03\x9f\x04z"
/* A frame whose window has 256 MiB, or 128 MiB. */
#define WIDE  "\x28\xb5\x2f\xfd\x00\x90\x31\x00\x00hello\n"
#define LARGE "\x28\xb5\x2f\xfd\x00\x88\x31\x00\x00hello\n"

/* Feed `in` in pieces of `piece` bytes and take out at most `room` at a time. */
static enum lt_status unpack(struct lt_str in, size_t piece, size_t room, struct lt_buf *out, bool *incomplete)
{
    struct lt_zst *zst = lt_zst_new();
    enum lt_status status = LT_OK;
    char bytes[4096];
    struct lt_str pending = {in.ptr, 0};
    while (status != LT_SKIP && (pending.len || in.len || lt_zst_holds(zst))) {
        if (!pending.len && !lt_zst_holds(zst)) {
            pending = (struct lt_str){in.ptr, in.len < piece ? in.len : piece};
            in = lt_str_skip(in, pending.len);
        }
        size_t got;
        struct lt_err err = {0};
        status = lt_zst_unpack(zst, &pending, bytes, room, &got, &err);
        assert_int_equal(err.set, status == LT_SKIP);
        lt_buf_add(out, (struct lt_str){bytes, got});
    }
    *incomplete = lt_zst_incomplete(zst);
    lt_zst_free(zst);
    return status;
}

static const struct {
    struct lt_str packed, unpacked;
    enum lt_status status;
    bool incomplete;
} table[] = {
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
    static const size_t sizes[] = {1, 2, 3, 7, 4096};
    (void)state;
    if (!lt_zst_version())
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

static void test_is_zst(void **state)
{
    (void)state;
    assert_true(lt_is_zst((struct lt_str){HELLO, 4}));
    assert_false(lt_is_zst((struct lt_str){HELLO, 3}));
    assert_true(lt_is_zst((struct lt_str){SKIP, 4}));
    assert_false(lt_is_zst((struct lt_str){SKIP, 3}));
    assert_false(lt_is_zst(LT_STR("\x6e\x2a\x4d\x18")));
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
    enum lt_status status = read_all((struct lt_str){SKIP LONG HELLO, sizeof SKIP LONG HELLO - 1}, &out, &err);
    if (!lt_zst_version()) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_is_zst),
        cmocka_unit_test(test_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
