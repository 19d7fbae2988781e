// SPDX-License-Identifier: Apache-2.0
/* Records put together by hand after protobuf's description of its wire format and moby's entry.proto. */
#include "parse/locallog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SOURCE "\x0a\x06stdout"
#define TIME   "\x10\xc0\x84\x3d" /* varint 1000000: one millisecond */
#define LINE   "\x1a\x05hello"

static void add_length(struct lt_buf *out, size_t length)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        lt_buf_char(out, (char)(length >> shift & 0xFF));
}

static enum lt_status parse(struct lt_str entry, struct lt_buf *frame, struct lt_locallog *log)
{
    struct lt_err err = {0};
    frame->len = 0;
    add_length(frame, entry.len);
    lt_buf_add(frame, entry);
    add_length(frame, entry.len);
    enum lt_status status = lt_locallog_parse(lt_buf_view(frame), log, &err);
    assert_int_equal(err.set, status == LT_SKIP);
    return status;
}

static void test_record(void **state)
{
    (void)state;
    struct lt_buf frame = {0};
    struct lt_locallog log;
    assert_int_equal(parse(LT_STR(SOURCE TIME LINE), &frame, &log), LT_OK);
    assert_true(lt_str_eq(log.source, LT_STR("stdout")));
    assert_true(lt_str_eq(log.line, LT_STR("hello")));
    assert_true(log.time.sec == 0 && log.time.nsec == 1000000);
    assert_false(log.partial);
    assert_int_equal(parse(LT_STR(TIME), &frame, &log), LT_OK); /* an empty line: proto3 leaves it out */
    assert_int_equal(log.line.len + log.source.len, 0);
    lt_buf_free(&frame);
}

/* The varint is a two's complement int64 of nanoseconds. */
static void test_times(void **state)
{
    (void)state;
    static const struct {
        struct lt_str entry;
        int64_t sec;
        uint32_t nsec;
    } table[] = {
        {{"\x10\x00", 2}, 0, 0},
        {{"\x10\x01", 2}, 0, 1},
        {{"\x10\x80\x94\xeb\xdc\x03", 6}, 1, 0},
        {{"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}, -1, 999999999},
        {{"\x10\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10}, 9223372036, 854775807},
        {{"\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11}, -9223372037, 145224192},
    };
    struct lt_buf frame = {0};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_locallog log;
        assert_int_equal(parse(table[i].entry, &frame, &log), LT_OK);
        assert_true(log.time.set && log.time.sec == table[i].sec && log.time.nsec == table[i].nsec);
    }
    lt_buf_free(&frame);
}

/* `partial` alone or with metadata that do not say "last": there is more to come. */
static void test_partial(void **state)
{
    (void)state;
    const struct {
        struct lt_str entry;
        bool partial;
    } table[] = {
        {LT_STR(TIME "\x20\x01"), true},
        {LT_STR(TIME "\x20\x00"), false},
        {LT_STR(TIME "\x20\x01\x2a\x02\x08\x00"), true},
        {LT_STR(TIME "\x20\x01\x2a\x02\x08\x01"), false},
        {LT_STR("\x2a\x02\x08\x01\x20\x01" TIME), false}, /* in any order */
        {LT_STR(TIME "\x20\x01\x2a\x07\x12\x03idx\x18\x02"), true},
        {LT_STR(TIME "\x20\x01\x2a\x09\x08\x01\x12\x03idx\x18\x02"), false},
    };
    struct lt_buf frame = {0};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_locallog log;
        assert_int_equal(parse(table[i].entry, &frame, &log), LT_OK);
        assert_int_equal(log.partial, table[i].partial);
    }
    lt_buf_free(&frame);
}

/* Fields of later versions are skipped, whatever their type; the last of several counts. */
static void test_other_fields(void **state)
{
    (void)state;
    const struct lt_str table[] = {
        LT_STR("\x30\x05" TIME LINE),
        LT_STR("\x31"
               "12345678" TIME LINE),
        LT_STR("\x32\x03"
               "abc" TIME LINE),
        LT_STR("\x35"
               "1234" TIME LINE),
        LT_STR("\xfa\x01\x00" TIME LINE), /* field 31 */
        LT_STR("\x1a\x01x\x10\x07" TIME LINE),
    };
    struct lt_buf frame = {0};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_locallog log;
        assert_int_equal(parse(table[i], &frame, &log), LT_OK);
        assert_true(lt_str_eq(log.line, LT_STR("hello")) && log.time.nsec == 1000000);
    }
    lt_buf_free(&frame);
}

static void test_damaged_entries(void **state)
{
    (void)state;
    const struct lt_str table[] = {
        LT_STR(""),
        LT_STR(SOURCE LINE), /* no time */
        LT_STR("\x10"),
        LT_STR("\x10\x80"),
        LT_STR("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), /* longer than any varint */
        LT_STR(TIME "\x1a\x06hello"),
        LT_STR(TIME "\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        LT_STR(TIME "\x13"), /* groups are long gone */
        LT_STR(TIME "\x14"),
        LT_STR(TIME "\x16"),
        LT_STR(TIME "\x17"),
        LT_STR(TIME "\x31"
                    "1234567"),
        LT_STR(TIME "\x35"
                    "123"),
    };
    struct lt_buf frame = {0};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_locallog log;
        if (parse(table[i], &frame, &log) != LT_SKIP)
            fail_msg("row %zu is accepted", i);
    }
    lt_buf_free(&frame);
}

/* Each byte less is no record; and the two lengths must agree. */
static void test_frame(void **state)
{
    (void)state;
    struct lt_buf frame = {0};
    struct lt_locallog log;
    assert_int_equal(parse(LT_STR(SOURCE TIME LINE), &frame, &log), LT_OK);
    for (size_t length = 0; length < frame.len; length++)
        assert_int_equal(lt_locallog_parse((struct lt_str){frame.ptr, length}, &log, NULL), LT_SKIP);
    frame.ptr[frame.len - 1]++;
    assert_int_equal(lt_locallog_parse(lt_buf_view(&frame), &log, NULL), LT_SKIP);
    lt_buf_free(&frame);
}

static void test_length(void **state)
{
    (void)state;
    const struct {
        struct lt_str bytes;
        enum lt_status status;
        size_t length;
    } table[] = {
        {LT_STR(""), LT_END, 0},
        {LT_STR("\0\0\0"), LT_END, 0},
        {LT_STR("\0\0\0\x01"), LT_OK, 9},
        {LT_STR("\0\x0f\x42\x40"), LT_OK, 1000008}, /* 1000000, dockerd's own limit */
        {LT_STR("\0\x0f\x42\x41"), LT_SKIP, 0},
        {LT_STR("\0\0\0\0"), LT_SKIP, 0},
        {LT_STR("\xff\xff\xff\xff"), LT_SKIP, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        size_t length;
        assert_int_equal(lt_locallog_length(table[i].bytes, &length), table[i].status);
        if (table[i].status == LT_OK)
            assert_int_equal(length, table[i].length);
    }
}

/* Go's decoder refuses a field of the wrong wire type; here a time of type "bytes" becomes 1970-01-01. */
static void test_wrong_wire_type(void **state)
{
    (void)state;
    struct lt_buf frame = {0};
    struct lt_locallog log;
    assert_int_equal(parse(LT_STR("\x12\x01x" LINE), &frame, &log), LT_SKIP);
    lt_buf_free(&frame);
}

/* A record in `frame`, of whose parts the time is one of today: nine bytes. */
static void make(struct lt_buf *frame, const char *line)
{
    struct lt_buf entry = {0};
    lt_buf_lit(&entry, SOURCE "\x10\x85\xc0\xf7\x98\xb8\xd2\xac\xcc\x18\x1a");
    lt_buf_char(&entry, (char)strlen(line));
    lt_buf_add(&entry, lt_str_c(line));
    add_length(frame, entry.len);
    lt_buf_add(frame, lt_buf_view(&entry));
    add_length(frame, entry.len);
    lt_buf_free(&entry);
}

enum { SOURCE_AT = 4, TIME_AT = 12, TIME_END = 22, LINE_AT = 24 };

/* The beginning of a record, cut at each place. */
static void test_head(void **state)
{
    struct lt_buf frame = {0};
    (void)state;
    make(&frame, "hello");
    for (size_t length = 0; length < frame.len; length++) {
        struct lt_locallog log;
        size_t claimed = lt_locallog_head((struct lt_str){frame.ptr, length}, &log);
        assert_int_equal(claimed, length >= TIME_AT ? frame.len : 0);
        assert_int_equal(log.time.set, length >= TIME_END);
        size_t line = length > LINE_AT ? length - LINE_AT : 0;
        assert_int_equal(log.line.len, line < 5 ? line : 5);
    }
    lt_buf_free(&frame);
}

/* The end of a record whose line looks like records: none of these counts. */
static void test_tail(void **state)
{
    struct lt_buf frame = {0}, inner = {0};
    (void)state;
    make(&inner, "a");
    lt_buf_char(&inner, 0);
    for (size_t i = 0; i + 1 < inner.len; i++) /* so that it is a C string */
        if (!inner.ptr[i])
            inner.ptr[i] = 1;
    make(&frame, inner.ptr);
    for (size_t cut = 0; cut + 4 < frame.len; cut++) {
        struct lt_locallog log;
        size_t used = lt_locallog_tail(lt_str_skip(lt_buf_view(&frame), cut), &log);
        assert_true(used > 4 && used <= frame.len - cut);
        assert_int_equal(log.time.set, cut <= TIME_AT);
        assert_int_equal(log.source.len, cut <= SOURCE_AT ? 6 : 0);
        if (cut <= TIME_AT)
            assert_int_equal(log.line.len, inner.len - 1);
    }
    lt_buf_free(&frame);
    lt_buf_free(&inner);
}

/* A record in the line of another one, whose own end tells. */
static void test_within(void **state)
{
    struct lt_buf inner = {0}, rest = {0};
    (void)state;
    make(&inner, "fake");
    assert_int_equal(lt_locallog_within(lt_buf_view(&inner), true), 0);
    lt_buf_add(&rest, lt_buf_view(&inner));
    lt_buf_lit(&rest, " behind it");
    add_length(&rest, LINE_AT - SOURCE_AT + inner.len + 20); /* it begins long before */
    size_t end = rest.len;
    assert_int_equal(lt_locallog_within(lt_buf_view(&rest), true), end);
    assert_int_equal(lt_locallog_within(lt_buf_view(&rest), false), 0);
    make(&rest, "next");
    assert_int_equal(lt_locallog_within(lt_buf_view(&rest), false), end);
    lt_buf_free(&inner);
    lt_buf_free(&rest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record),       cmocka_unit_test(test_times),           cmocka_unit_test(test_partial),
        cmocka_unit_test(test_other_fields), cmocka_unit_test(test_damaged_entries), cmocka_unit_test(test_frame),
        cmocka_unit_test(test_length),       cmocka_unit_test(test_wrong_wire_type), cmocka_unit_test(test_head),
        cmocka_unit_test(test_tail),         cmocka_unit_test(test_within),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
