// SPDX-License-Identifier: Apache-2.0
#include "base/escape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct row {
    struct lt_str text, expected;
};

static void check_name(const struct row *table, size_t count, bool terminal)
{
    for (size_t i = 0; i < count; i++) {
        struct lt_buf buf = {0};
        lt_escape_name(&buf, table[i].text, terminal);
        if (!lt_str_eq(lt_buf_view(&buf), table[i].expected))
            fail_msg("row %zu: got '%.*s'", i, LT_ARG(lt_buf_view(&buf)));
        lt_buf_free(&buf);
    }
}
#define CHECK_NAME(table, terminal) check_name(table, sizeof(table) / sizeof *(table), terminal)

static void test_names(void **state)
{
    (void)state;
    const struct row table[] = {
        {LT_STR(""), LT_STR("")},
        {LT_STR("plain name.txt"), LT_STR("plain name.txt")},
        {LT_STR("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"), LT_STR("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80")},
        /* C0, DEL, C1; the neighbours of C1 stay */
        {LT_STR("\0\n\r\t\x1b[2J\x1f \x7f"), LT_STR("\\x00\\x0a\\x0d\\x09\\x1b[2J\\x1f \\x7f")},
        {LT_STR("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0"), LT_STR("\\xc2\\x80\\xc2\\x9b\\xc2\\x9f\xc2\xa0")},
        /* no UTF-8: lone, truncated, overlong, surrogate, too large; the good byte after it survives */
        {LT_STR("\x80\xff"), LT_STR("\\x80\\xff")},
        {LT_STR("\xe2\x82"
                "A"),
         LT_STR("\\xe2\\x82"
                "A")},
        {LT_STR("\xe2\x82"), LT_STR("\\xe2\\x82")},
        {LT_STR("\xc0\xaf\xe0\x80\xaf"), LT_STR("\\xc0\\xaf\\xe0\\x80\\xaf")},
        {LT_STR("\xed\xa0\x80"), LT_STR("\\xed\\xa0\\x80")},
        {LT_STR("\xf4\x90\x80\x80"), LT_STR("\\xf4\\x90\\x80\\x80")},
        /* without `terminal` the deceptive ones are mere text */
        {LT_STR("a\xe2\x80\xae"
                "b"),
         LT_STR("a\xe2\x80\xae"
                "b")},
    };
    CHECK_NAME(table, false);
}

static void test_backslash(void **state)
{
    (void)state;
    const struct row table[] = {
        {LT_STR("\\"), LT_STR("\\")},
        {LT_STR("a\\b"), LT_STR("a\\b")},
        {LT_STR("\\x"), LT_STR("\\x")},
        {LT_STR("\\x4"), LT_STR("\\x4")},
        {LT_STR("\\x4g"), LT_STR("\\x4g")},
        {LT_STR("\\x41"), LT_STR("\\x5cx41")},
        {LT_STR("\\xAF"), LT_STR("\\x5cxAF")},
        {LT_STR("\\X41"), LT_STR("\\X41")},
        {LT_STR("\\\\x41"), LT_STR("\\\\x5cx41")},
        {LT_STR("\\\n"), LT_STR("\\\\x0a")},
        {LT_STR("\\x\n4"), LT_STR("\\x\\x0a4")},
        {LT_STR("\\u{41}"), LT_STR("\\x5cu{41}")},
        {LT_STR("\\u{"), LT_STR("\\x5cu{")},
        {LT_STR("\\u0041"), LT_STR("\\u0041")},
    };
    CHECK_NAME(table, false);
    CHECK_NAME(table, true);
}

/* Bidi controls (the "Trojan Source" set), zero-width characters, line separators, tags, byte order mark. */
static void test_terminal(void **state)
{
    (void)state;
    const struct row table[] = {
        {LT_STR("gpj\xe2\x80\xae"
                "exe"),
         LT_STR("gpj\\u{202e}exe")},
        {LT_STR("\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad"), LT_STR("\\u{202a}\\u{202b}\\u{202c}\\u{202d}")},
        {LT_STR("\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9"), LT_STR("\\u{2066}\\u{2067}\\u{2068}\\u{2069}")},
        {LT_STR("\xe2\x80\x8b\xe2\x80\x8f\xe2\x80\xa8\xe2\x80\xa9"), LT_STR("\\u{200b}\\u{200f}\\u{2028}\\u{2029}")},
        {LT_STR("\xd8\x9c\xef\xbb\xbf\xf3\xa0\x81\x81"), LT_STR("\\u{061c}\\u{feff}\\u{e0041}")},
        {LT_STR("\xe2\x80\x90\xc3\xa4"), LT_STR("\xe2\x80\x90\xc3\xa4")}, /* U+2010 is a visible hyphen */
    };
    CHECK_NAME(table, true);
}

static unsigned hex(char digit)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = digit ? strchr(digits, digit) : NULL;
    return at ? (unsigned)(at - digits) % 16 : 99;
}

/* What a reader of our output does: \xNN is a byte, all else stands for itself. */
static size_t decode(struct lt_str text, char *out)
{
    size_t length = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool escape = text.len - i >= 4 && text.ptr[i] == '\\' && text.ptr[i + 1] == 'x' && hex(text.ptr[i + 2]) < 16 &&
                      hex(text.ptr[i + 3]) < 16;
        out[length++] = escape ? (char)(hex(text.ptr[i + 2]) << 4 | hex(text.ptr[i + 3])) : text.ptr[i];
        i += escape ? 3 : 0;
    }
    return length;
}

/* Strings of the pieces that the rules are about, in all orders that chance brings: decoding gives the bytes back. */
static void test_decoding_gives_bytes_back(void **state)
{
    (void)state;
    static const struct lt_str pieces[] = {
        {"\\", 1}, {"x", 1}, {"4", 1},    {"1", 1},        {"u{", 2},       {"}", 1},
        {"\n", 1}, {"", 1},  {"\xff", 1}, {"\xc3\xa4", 2}, {"\xc2\x85", 2}, {"\xe2\x80\xae", 3},
    };
    unsigned seed = 1;
    for (int round = 0; round < 200000; round++) {
        struct lt_buf text = {0}, safe = {0};
        for (unsigned i = 0; i < 6; i++) {
            seed = seed * 1103515245 + 12345;
            lt_buf_add(&text, pieces[(seed >> 16) % 12]);
        }
        lt_escape_name(&safe, lt_buf_view(&text), false);
        char back[64];
        size_t length = decode(lt_buf_view(&safe), back);
        if (length != text.len || memcmp(back, text.ptr, length) != 0)
            fail_msg("round %d: '%.*s'", round, LT_ARG(lt_buf_view(&safe)));
        lt_buf_free(&text);
        lt_buf_free(&safe);
    }
}

static void test_json(void **state)
{
    (void)state;
    /* json.dumps(text)[1:-1] of Python 3.11; bytes that are no UTF-8 first became the text \xNN. */
    const struct row table[] = {
        {LT_STR(""), LT_STR("")},
        {LT_STR(" ~/'"), LT_STR(" ~/'")}, /* the slash stays */
        {LT_STR("\"\\"), LT_STR("\\\"\\\\")},
        {LT_STR("\b\f\n\r\t"), LT_STR("\\b\\f\\n\\r\\t")},
        {LT_STR("\0\v\x1b\x7f"), LT_STR("\\u0000\\u000b\\u001b\\u007f")},
        {LT_STR("\xc2\x80\xc3\xbc\xe2\x82\xac"), LT_STR("\\u0080\\u00fc\\u20ac")},
        {LT_STR("\xef\xbf\xbf\xf0\x90\x80\x80"), LT_STR("\\uffff\\ud800\\udc00")},
        {LT_STR("\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf"), LT_STR("\\ud83d\\ude00\\udbff\\udfff")},
        {LT_STR("\xff"
                "a\xed\xa0\x80"),
         LT_STR("\\\\xffa\\\\xed\\\\xa0\\\\x80")},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct lt_buf buf = {0};
        lt_escape_json(&buf, table[i].text);
        if (!lt_str_eq(lt_buf_view(&buf), table[i].expected))
            fail_msg("row %zu: got '%.*s'", i, LT_ARG(lt_buf_view(&buf)));
        lt_buf_free(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),    cmocka_unit_test(test_backslash),
        cmocka_unit_test(test_terminal), cmocka_unit_test(test_decoding_gives_bytes_back),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
