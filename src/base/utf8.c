// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

struct lt_rune lt_utf8_next(struct lt_str text)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    struct lt_rune bad = {bytes[0], 1, false};
    if (bytes[0] < 0x80)
        return (struct lt_rune){bytes[0], 1, true};
    unsigned size = bytes[0] >= 0xF0 ? 4 : bytes[0] >= 0xE0 ? 3 : 2;
    if (bytes[0] < 0xC2 || bytes[0] > 0xF4 || text.len < size)
        return bad;
    uint32_t code = bytes[0] & (0xFFu >> (size + 1));
    for (unsigned i = 1; i < size; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return bad;
        code = code << 6 | (bytes[i] & 0x3F);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (code < least[size] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return bad;
    return (struct lt_rune){code, (uint8_t)size, true};
}

void lt_utf8_add(struct lt_buf *out, uint32_t code)
{
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        code = 0xFFFD;
    if (code < 0x80) {
        lt_buf_char(out, (char)code);
        return;
    }
    unsigned tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    lt_buf_char(out, (char)(lead[tail] | code >> (6 * tail)));
    while (tail-- > 0)
        lt_buf_char(out, (char)(0x80 | (code >> (6 * tail) & 0x3F)));
}

bool lt_hex4(struct lt_str text, uint32_t *code)
{
    *code = 0;
    if (text.len < 4)
        return false;
    for (unsigned i = 0; i < 4; i++) {
        char byte = text.ptr[i];
        unsigned lower = (unsigned char)byte | 0x20u;
        if (byte >= '0' && byte <= '9')
            *code = *code << 4 | (uint32_t)(byte - '0');
        else if (lower >= 'a' && lower <= 'f')
            *code = *code << 4 | (lower - 'a' + 10);
        else
            return false;
    }
    return true;
}
