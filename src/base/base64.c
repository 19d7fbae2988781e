// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

enum { BAD = 64 };

/* The value of each digit, starting at '+'. */
static const uint8_t values[] = {
    62,  BAD, BAD, BAD, 63, 52, 53, 54, 55,  56,  57,  58,  59,  60,  61, BAD, BAD, BAD, BAD, BAD,
    BAD, BAD, 0,   1,   2,  3,  4,  5,  6,   7,   8,   9,   10,  11,  12, 13,  14,  15,  16,  17,
    18,  19,  20,  21,  22, 23, 24, 25, BAD, BAD, BAD, BAD, BAD, BAD, 26, 27,  28,  29,  30,  31,
    32,  33,  34,  35,  36, 37, 38, 39, 40,  41,  42,  43,  44,  45,  46, 47,  48,  49,  50,  51,
};

static inline unsigned value_of(char digit)
{
    unsigned at = (unsigned)(unsigned char)digit - '+';
    return at < sizeof values ? values[at] : BAD;
}

/* The 24 bits of four digits, or UINT32_MAX if one of them is invalid. */
static inline uint32_t group_of(const char *digits)
{
    unsigned a = value_of(digits[0]), b = value_of(digits[1]), c = value_of(digits[2]), d = value_of(digits[3]);
    return (a | b | c | d) & BAD ? UINT32_MAX : a << 18 | b << 12 | c << 6 | d;
}

/* Decode the last group, in which `padding` characters (1 or 2) are '='. */
static bool take_last(struct lt_buf *out, const char *digits, unsigned padding)
{
    char full[4] = {digits[0], digits[1], padding == 1 ? digits[2] : 'A', 'A'};
    uint32_t bits = group_of(full);
    if (bits == UINT32_MAX || bits & ((1u << (8 * padding)) - 1))
        return false;
    for (unsigned i = 0; i < 3 - padding; i++)
        lt_buf_char(out, (char)(bits >> (16 - 8 * i) & 0xFF));
    return true;
}

bool lt_base64(struct lt_buf *out, struct lt_str text)
{
    size_t before = out->len;
    unsigned padding = lt_str_ends(text, LT_STR("==")) ? 2 : lt_str_ends(text, LT_STR("="));
    size_t full = text.len - (padding ? 4 : 0);
    if (text.len % 4)
        return false;
    lt_buf_reserve(out, text.len / 4 * 3 + 1);
    char *to = out->ptr + out->len;
    for (size_t at = 0; at < full; at += 4, to += 3) {
        uint32_t bits = group_of(text.ptr + at);
        if (bits == UINT32_MAX)
            return false;
        to[0] = (char)(bits >> 16 & 0xFF);
        to[1] = (char)(bits >> 8 & 0xFF);
        to[2] = (char)(bits & 0xFF);
    }
    out->len += full / 4 * 3;
    bool good = !padding || take_last(out, text.ptr + full, padding);
    out->len = good ? out->len : before;
    return good;
}
