// SPDX-License-Identifier: Apache-2.0
#include "base64.h"

/* The six bits of a digit, or more than 63. */
static unsigned value_of(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return (unsigned)(digit - 'A');
    if (digit >= 'a' && digit <= 'z')
        return (unsigned)(digit - 'a') + 26;
    if (digit >= '0' && digit <= '9')
        return (unsigned)(digit - '0') + 52;
    return digit == '+' ? 62 : digit == '/' ? 63 : 64;
}

/* A group of four, of which the last `padding` digits (0, 1 or 2) are '=' and left out. */
static bool take_group(struct lt_buf *out, const char *group, unsigned padding)
{
    uint32_t bits = 0;
    for (unsigned i = 0; i < 4; i++) {
        unsigned value = i < 4 - padding ? value_of(group[i]) : 0;
        if (value > 63)
            return false;
        bits = bits << 6 | value;
    }
    for (unsigned i = 0; i < 3 - padding; i++)
        lt_buf_char(out, (char)(bits >> (16 - 8 * i) & 0xFF));
    return (bits & ((1u << (8 * padding)) - 1)) == 0;
}

bool lt_base64(struct lt_buf *out, struct lt_str text)
{
    size_t before = out->len;
    unsigned padding = lt_str_ends(text, LT_STR("==")) ? 2 : lt_str_ends(text, LT_STR("="));
    bool good = text.len % 4 == 0;
    lt_buf_reserve(out, text.len / 4 * 3);
    for (size_t at = 0; good && at < text.len; at += 4)
        good = take_group(out, text.ptr + at, at + 4 == text.len ? padding : 0);
    if (!good)
        out->len = before;
    return good;
}
