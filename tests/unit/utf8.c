// SPDX-License-Identifier: Apache-2.0
/* The oracle is table 3-7 of the Unicode standard, "Well-Formed UTF-8 Byte Sequences": ranges of bytes, no arithmetic.
 */
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const unsigned char table37[][4][2] = {
    {{0x00, 0x7F}},
    {{0xC2, 0xDF}, {0x80, 0xBF}},
    {{0xE0, 0xE0}, {0xA0, 0xBF}, {0x80, 0xBF}},
    {{0xE1, 0xEC}, {0x80, 0xBF}, {0x80, 0xBF}},
    {{0xED, 0xED}, {0x80, 0x9F}, {0x80, 0xBF}},
    {{0xEE, 0xEF}, {0x80, 0xBF}, {0x80, 0xBF}},
    {{0xF0, 0xF0}, {0x90, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}},
    {{0xF1, 0xF3}, {0x80, 0xBF}, {0x80, 0xBF}, {0x80, 0xBF}},
    {{0xF4, 0xF4}, {0x80, 0x8F}, {0x80, 0xBF}, {0x80, 0xBF}},
};

/* Length of the well-formed character at `bytes`, 0 if there is none. */
static unsigned well_formed(const unsigned char *bytes, size_t size)
{
    for (size_t row = 0; row < sizeof table37 / sizeof *table37; row++) {
        unsigned length = row == 0 ? 1 : row == 1 ? 2 : row <= 5 ? 3 : 4, good = 0;
        while (good < length && good < size && bytes[good] >= table37[row][good][0] &&
               bytes[good] <= table37[row][good][1])
            good++;
        if (good == length)
            return length;
    }
    return 0;
}

static void check(const unsigned char *bytes, size_t size)
{
    unsigned length = well_formed(bytes, size);
    struct lt_rune rune = lt_utf8_next((struct lt_str){(const char *)bytes, size});
    bool good = rune.valid == (length > 0) && rune.size == (length ? length : 1) && (length || rune.code == bytes[0]);
    if (!good)
        fail_msg("%02x %02x %02x %02x: valid %d, size %u", bytes[0], bytes[1], bytes[2], bytes[3], rune.valid,
                 rune.size);
}

static void test_all_of_three_bytes(void **state)
{
    (void)state;
    for (unsigned number = 0; number < 1u << 24; number++) {
        unsigned char bytes[4] = {(unsigned char)(number >> 16), (unsigned char)(number >> 8), (unsigned char)number};
        check(bytes, 3);
    }
}

/* Truncated at each length, and all four-byte forms with the interesting last two bytes. */
static void test_four_bytes_and_truncation(void **state)
{
    (void)state;
    static const unsigned char last[] = {0x00, 0x7F, 0x80, 0x8F, 0x90, 0xBF, 0xC0, 0xFF};
    for (unsigned lead = 0xE0; lead <= 0xFF; lead++)
        for (unsigned second = 0; second <= 0xFF; second++)
            for (unsigned i = 0; i < 64; i++) {
                unsigned char bytes[4] = {(unsigned char)lead, (unsigned char)second, last[i / 8], last[i % 8]};
                for (size_t size = 1; size <= 4; size++)
                    check(bytes, size);
            }
}

/* Every code point there and back. */
static void test_encode_decode(void **state)
{
    (void)state;
    struct lt_buf buf = {0};
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        bool surrogate = code >= 0xD800 && code <= 0xDFFF;
        buf.len = 0;
        lt_utf8_add(&buf, code);
        assert_int_equal(well_formed((const unsigned char *)buf.ptr, buf.len), buf.len);
        struct lt_rune rune = lt_utf8_next(lt_buf_view(&buf));
        assert_int_equal(rune.code, surrogate ? 0xFFFD : code);
        assert_int_equal(rune.size, buf.len);
    }
    lt_buf_free(&buf);
}

static void test_known_encodings(void **state)
{
    (void)state;
    static const struct {
        uint32_t code;
        const char *bytes;
    } table[] = {
        {'A', "A"},
        {0x7F, "\x7f"},
        {0x80, "\xc2\x80"},
        {0x7FF, "\xdf\xbf"},
        {0x800, "\xe0\xa0\x80"},
        {0x20AC, "\xe2\x82\xac"}, /* the euro sign of RFC 3629's neighbourhood */
        {0xD7FF, "\xed\x9f\xbf"},
        {0xD800, "\xef\xbf\xbd"}, /* surrogates become U+FFFD */
        {0xDFFF, "\xef\xbf\xbd"},
        {0xFFFF, "\xef\xbf\xbf"},
        {0x10000, "\xf0\x90\x80\x80"},
        {0x10FFFF, "\xf4\x8f\xbf\xbf"},
        {0x110000, "\xef\xbf\xbd"},
        {UINT32_MAX, "\xef\xbf\xbd"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_buf buf = {0};
        lt_utf8_add(&buf, table[i].code);
        lt_buf_char(&buf, 0);
        assert_string_equal(buf.ptr, table[i].bytes);
        lt_buf_free(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_three_bytes),
        cmocka_unit_test(test_four_bytes_and_truncation),
        cmocka_unit_test(test_encode_decode),
        cmocka_unit_test(test_known_encodings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
