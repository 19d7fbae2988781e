// SPDX-License-Identifier: Apache-2.0
/* What every packing (base/packing.h) is held against. The result may not depend on how the bytes happen to be cut. */
#ifndef TESTS_UNIT_PACKED_H
#define TESTS_UNIT_PACKED_H

#include "base/packing.h"
#include "evidence/stream.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

struct packed {
    struct lt_str packed, unpacked;
    enum lt_status status;
    bool incomplete;
};

/* Feed `in` in pieces of `piece` bytes and take out at most `room` at a time. */
static inline enum lt_status unpack(const struct lt_packing *packing, struct lt_str in, size_t piece, size_t room,
                                    struct lt_buf *out, bool *incomplete)
{
    struct lt_unpacker *unpacker = packing->begin();
    enum lt_status status = LT_OK;
    char bytes[4096];
    struct lt_str pending = {in.ptr, 0};
    while (status != LT_SKIP && (pending.len || in.len || unpacker->holds)) {
        if (!pending.len && !unpacker->holds) {
            pending = (struct lt_str){in.ptr, in.len < piece ? in.len : piece};
            in = lt_str_skip(in, pending.len);
        }
        size_t got;
        struct lt_err err = {0};
        status = packing->unpack(unpacker, &pending, bytes, room, &got, &err);
        assert_int_equal(err.set, status == LT_SKIP);
        lt_buf_add(out, (struct lt_str){bytes, got});
    }
    *incomplete = unpacker->inside;
    packing->end(unpacker);
    return status;
}

static inline void check_unpacking(const struct lt_packing *packing, const struct packed *table, size_t count)
{
    static const size_t sizes[] = {1, 2, 3, 7, 10, 1000, 4096};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at < SIZES * SIZES; at++) {
            struct lt_buf out = {0};
            bool incomplete;
            enum lt_status status =
                unpack(packing, table[i].packed, sizes[at / SIZES], sizes[at % SIZES], &out, &incomplete);
            assert_int_equal(status, table[i].status);
            assert_int_equal(incomplete, table[i].incomplete);
            assert_true(lt_str_eq(lt_buf_view(&out), table[i].unpacked));
            lt_buf_free(&out);
        }
}

/* All bytes of a packed file in memory; the last status. */
static inline enum lt_status read_all(struct lt_str bytes, struct lt_buf *out, struct lt_err *err)
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

/* A file and the text "hello" behind 300000 times "z": its input is used up long before its output has come. Cut off by
 * a byte, `cut` is damaged. */
static inline void check_stream(const struct lt_packing *packing, struct lt_str file, struct lt_str cut)
{
    struct lt_buf out = {0};
    struct lt_err err = {0};
    enum lt_status status = read_all(file, &out, &err);
    if (!packing->begin) {
        assert_int_equal(status, LT_SKIP);
        assert_string_equal(err.code, LT_CODE_UNSUPPORTED);
        return;
    }
    assert_int_equal(status, LT_END);
    assert_int_equal(out.len, 300006);
    assert_true(out.ptr[0] == 'z' && lt_str_ends(lt_buf_view(&out), LT_STR("zzhello\n")));
    lt_buf_free(&out);
    assert_int_equal(read_all(cut, &out, &err), LT_SKIP);
    assert_string_equal(err.code, LT_CODE_TRUNCATED);
    lt_buf_free(&out);
}

#endif
