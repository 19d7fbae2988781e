// SPDX-License-Identifier: Apache-2.0
/* Members were made with Python's zlib; the last one by hand after RFC 1952, with every optional field of the header.
 */
#include "base/gz.h"

#include "packed.h"

#include <string.h>
#include <zlib.h>

#define HEAD  "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03"
#define HELLO HEAD "\xcb\x48\xcd\xc9\xc9\xe7\x02\x00\x20\x30\x3a\x36\x06\x00\x00\x00"
#define EMPTY HEAD "\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"
#define ONLYB HEAD "\x4b\x02\x00\xf9\xef\xbe\x71\x01\x00\x00\x00"
#define FLAGS                                                                                                          \
    "\x1f\x8b\x08\x1e\x00\x00\x00\x00\x00\x03\x03\x00"                                                                 \
    "abc"                                                                                                              \
    "name\x00"                                                                                                         \
    "comment\x00"                                                                                                      \
    "\x79\x71"                                                                                                         \
    "\x4b\xcb\x49\x4c\x2f\xe6\x02\x00\x40\x59\x68\x19\x06\x00\x00\x00"

static const struct packed table[] = {
    {{HELLO, sizeof HELLO - 1}, {"hello\n", 6}, LT_END, false},
    {{EMPTY, sizeof EMPTY - 1}, {"", 0}, LT_END, false},
    {{FLAGS, sizeof FLAGS - 1}, {"flags\n", 6}, LT_END, false},
    {{HELLO EMPTY ONLYB HELLO, sizeof HELLO EMPTY ONLYB HELLO - 1}, {"hello\nbhello\n", 13}, LT_END, false},
    {{HELLO "garbage", sizeof HELLO "garbage" - 1}, {"hello\n", 6}, LT_SKIP, true},
    {{HELLO "\0\0\0\0", sizeof HELLO "\0\0\0\0" - 1}, {"hello\n", 6}, LT_SKIP, true},
    {{HELLO HEAD "\xff\xff", sizeof HELLO HEAD "\xff\xff" - 1}, {"hello\n", 6}, LT_SKIP, true},
    {{HELLO HEAD, sizeof HELLO HEAD - 1}, {"hello\n", 6}, LT_OK, true},
    {{HELLO "\x1f", sizeof HELLO "\x1f" - 1}, {"hello\n", 6}, LT_OK, true},
    /* a wrong checksum, a wrong length: the text was given out, but the damage is told */
    {{HEAD "\x4b\x02\x00\xf8\xef\xbe\x71\x01\x00\x00\x00", 21}, {"b", 1}, LT_SKIP, true},
    {{HEAD "\x4b\x02\x00\xf9\xef\xbe\x71\x02\x00\x00\x00", 21}, {"b", 1}, LT_SKIP, true},
    {{"no gzip", 7}, {"", 0}, LT_SKIP, true},
    {{"", 0}, {"", 0}, LT_OK, false},
};

static void test_members(void **state)
{
    (void)state;
    check_unpacking(&lt_gzip, table, sizeof table / sizeof *table);
}

/* Cut anywhere: never complete, never an error, and no byte that was not there. */
static void test_truncation(void **state)
{
    (void)state;
    for (size_t length = 1; length < sizeof HELLO - 1; length++) {
        struct lt_buf out = {0};
        bool incomplete;
        assert_int_equal(unpack(&lt_gzip, (struct lt_str){HELLO, length}, 1000, 4096, &out, &incomplete), LT_OK);
        assert_true(incomplete);
        assert_true(lt_str_starts(LT_STR("hello\n"), lt_buf_view(&out)));
        lt_buf_free(&out);
    }
}

static void test_is_gzip(void **state)
{
    (void)state;
    assert_ptr_equal(lt_packing_of(LT_STR(HELLO)), &lt_gzip);
    assert_ptr_equal(lt_packing_of(LT_STR("\x1f\x8b\x08")), &lt_gzip);
    assert_null(lt_packing_of(LT_STR("\x1f\x8b")));
    assert_null(lt_packing_of(LT_STR("\x1f\x8b\x07")));
    assert_null(lt_packing_of(LT_STR("")));
    assert_null(lt_packing_of((struct lt_str){0}));
}

/* zlib itself reads what was written. */
static void inflate_with_zlib(struct lt_str packed, char *out, size_t expected)
{
    z_stream stream = {0};
    assert_int_equal(inflateInit2(&stream, 16 + MAX_WBITS), Z_OK);
    stream.next_in = (Bytef *)(size_t)packed.ptr;
    stream.avail_in = (uInt)packed.len;
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)expected + 1;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.total_out, expected);
    assert_int_equal(stream.avail_in, 0);
    inflateEnd(&stream);
}

static void pack(struct lt_str in, size_t piece, struct lt_buf *out)
{
    struct lt_deflate *deflate = lt_deflate_new();
    for (; in.len > piece; in = lt_str_skip(in, piece))
        lt_deflate(deflate, (struct lt_str){in.ptr, piece}, false, out);
    lt_deflate(deflate, in, true, out);
    lt_deflate_free(deflate);
}

/* Text that packs well, and noise that grows, both beyond the size of a chunk. */
static void test_round_trip(void **state)
{
    (void)state;
    enum { SIZE = 300000 };
    char *text = malloc(SIZE), *back = malloc(SIZE + 1);
    assert_true(text && back);
    for (int noise = 0; noise < 2; noise++) {
        uint32_t seed = 7;
        for (size_t i = 0; i < SIZE; i++) {
            seed = seed * 1664525 + 1013904223;
            text[i] = noise ? (char)(seed >> 24) : "timeline\n"[i % 9];
        }
        for (size_t size = 0; size <= SIZE; size = size * 60 + 1) {
            struct lt_buf packed = {0}, again = {0};
            pack((struct lt_str){text, size}, 1000000, &packed);
            inflate_with_zlib(lt_buf_view(&packed), back, size);
            assert_true(size == 0 || memcmp(text, back, size) == 0);
            pack((struct lt_str){text, size}, 1000000, &again);
            assert_true(lt_str_eq(lt_buf_view(&packed), lt_buf_view(&again)));
            assert_memory_equal(packed.ptr + 4, "\0\0\0\0", 4); /* no time of packing: equal runs give equal files */
            lt_buf_free(&packed);
            lt_buf_free(&again);
        }
    }
    free(text);
    free(back);
}

static void test_many_small_writes(void **state)
{
    (void)state;
    struct lt_buf packed = {0};
    char text[5000], back[5001];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i % 26);
    pack((struct lt_str){text, sizeof text}, 1, &packed);
    inflate_with_zlib(lt_buf_view(&packed), back, sizeof text);
    assert_memory_equal(text, back, sizeof text);
    lt_buf_free(&packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),    cmocka_unit_test(test_truncation),        cmocka_unit_test(test_is_gzip),
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_many_small_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
