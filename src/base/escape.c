// SPDX-License-Identifier: Apache-2.0
#include "base/escape.h"

#include "base/utf8.h"

#include <string.h>

static const char HEX[] = "0123456789abcdef";

static void add_byte(struct lt_buf *out, unsigned char byte)
{
    char text[] = {'\\', 'x', HEX[byte >> 4], HEX[byte & 15]};
    lt_buf_add(out, (struct lt_str){text, sizeof text});
}

bool lt_is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0x9F);
}

/* Invisible characters and those that change the writing direction (the common ones of Unicode's categories Cf, Zl and
 * Zp). */
bool lt_is_deceptive(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0xAD, 0xAD},     {0x61C, 0x61C},   {0x180E, 0x180E}, {0x200B, 0x200F},  {0x2028, 0x202E},
                  {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

static bool is_hex_digit(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

/* Would a reader take the backslash at the start of `text` for an escape? */
static bool looks_escaped(struct lt_str text)
{
    if (lt_str_starts(text, LT_STR("\\u{")))
        return true;
    return lt_str_starts(text, LT_STR("\\x")) && text.len >= 4 && is_hex_digit(text.ptr[2]) &&
           is_hex_digit(text.ptr[3]);
}

static bool is_plain(unsigned char byte, char a, char b, char c)
{
    return byte >= 0x20 && byte < 0x7F && byte != (unsigned char)a && byte != (unsigned char)b &&
           byte != (unsigned char)c;
}

/* 16 bytes as a vector of the compiler. */
typedef unsigned char vector __attribute__((vector_size(16)));

static bool any_special(const char *at, size_t count, char a, char b, char c)
{
    vector special = {0};
    uint64_t halves[2];
    for (size_t i = 0; i < count; i++) {
        vector bytes;
        memcpy(&bytes, at + i * sizeof bytes, sizeof bytes);
        special |= (vector)((vector)(bytes - 0x20) >= 0x7F - 0x20) | (vector)(bytes == (unsigned char)a) |
                   (vector)(bytes == (unsigned char)b) | (vector)(bytes == (unsigned char)c);
    }
    memcpy(halves, &special, sizeof halves);
    return halves[0] | halves[1];
}

/* Most text needs no escapes, so check many bytes at once. */
size_t lt_plain_length(struct lt_str text, char a, char b, char c)
{
    enum { ONE = sizeof(vector), FOUR = 4 * ONE };
    size_t length = 0;
    while (text.len - length >= FOUR && !any_special(text.ptr + length, 4, a, b, c))
        length += FOUR;
    while (text.len - length >= ONE && !any_special(text.ptr + length, 1, a, b, c))
        length += ONE;
    if (length && length < text.len && text.len - length < ONE &&
        !any_special(text.ptr + text.len - ONE, 1, a, b, c)) /* the last vector, which overlaps checked bytes */
        return text.len;
    while (length < text.len && is_plain((unsigned char)text.ptr[length], a, b, c))
        length++;
    return length;
}

void lt_escape_name(struct lt_buf *out, struct lt_str text, bool terminal)
{
    while (text.len) {
        size_t plain = lt_plain_length(text, '\\', '\\', '\\');
        lt_buf_add(out, (struct lt_str){text.ptr, plain});
        text = lt_str_skip(text, plain);
        if (!text.len)
            break;
        struct lt_rune rune = lt_utf8_next(text);
        bool backslash = rune.code == '\\' && rune.valid;
        if (!rune.valid || lt_is_control(rune.code) || (backslash && looks_escaped(text)))
            for (unsigned i = 0; i < rune.size; i++)
                add_byte(out, (unsigned char)text.ptr[i]);
        else if (terminal && lt_is_deceptive(rune.code))
            lt_buf_printf(out, "\\u{%04x}", rune.code);
        else
            lt_buf_add(out, (struct lt_str){text.ptr, rune.size});
        text = lt_str_skip(text, rune.size);
    }
}

static void add_u16(struct lt_buf *out, uint32_t unit)
{
    char text[] = {'\\', 'u', HEX[unit >> 12 & 15], HEX[unit >> 8 & 15], HEX[unit >> 4 & 15], HEX[unit & 15]};
    lt_buf_add(out, (struct lt_str){text, sizeof text});
}

static void add_json_rune(struct lt_buf *out, uint32_t code)
{
    static const char names[] = "\"\\bfnrt", bytes[] = "\"\\\b\f\n\r\t";
    const char *at = code && code < 0x80 ? strchr(bytes, (int)code) : NULL;
    if (at) {
        lt_buf_char(out, '\\');
        lt_buf_char(out, names[at - bytes]);
    } else if (code >= 0x10000) {
        add_u16(out, 0xD800 + ((code - 0x10000) >> 10));
        add_u16(out, 0xDC00 + ((code - 0x10000) & 0x3FF));
    } else {
        add_u16(out, code);
    }
}

void lt_escape_json(struct lt_buf *out, struct lt_str text)
{
    while (text.len) {
        size_t plain = lt_plain_length(text, '"', '\\', '\\');
        lt_buf_add(out, (struct lt_str){text.ptr, plain});
        text = lt_str_skip(text, plain);
        if (!text.len)
            break;
        struct lt_rune rune = lt_utf8_next(text);
        if (rune.valid) {
            add_json_rune(out, rune.code);
        } else {
            lt_buf_char(out, '\\');
            add_byte(out, (unsigned char)rune.code);
        }
        text = lt_str_skip(text, rune.size);
    }
}

/* Remove what was appended since `start`, and return it as a copy that the caller frees. */
static struct lt_buf take_back(struct lt_buf *out, size_t start)
{
    struct lt_buf copy = {0};
    lt_buf_add(&copy, (struct lt_str){out->ptr + start, out->len - start});
    out->len = start;
    return copy;
}

static bool is_plain_from(const struct lt_buf *out, size_t start, char quote)
{
    struct lt_str text = {out->ptr + start, out->len - start};
    return out->len == start || lt_plain_length(text, '\\', quote, quote) == text.len;
}

void lt_escape_name_from(struct lt_buf *out, size_t start, bool terminal)
{
    if (is_plain_from(out, start, '\\'))
        return;
    struct lt_buf raw = take_back(out, start);
    lt_escape_name(out, lt_buf_view(&raw), terminal);
    lt_buf_free(&raw);
}

void lt_escape_json_from(struct lt_buf *out, size_t start)
{
    if (is_plain_from(out, start, '"'))
        return;
    struct lt_buf raw = take_back(out, start);
    lt_escape_json(out, lt_buf_view(&raw));
    lt_buf_free(&raw);
}

void lt_escape_json_name_from(struct lt_buf *out, size_t start)
{
    if (is_plain_from(out, start, '"'))
        return;
    lt_escape_name_from(out, start, false);
    lt_escape_json_from(out, start);
}

void lt_escape_json_name(struct lt_buf *out, struct lt_str name)
{
    lt_buf_char(out, '"');
    size_t start = out->len;
    lt_buf_add(out, name);
    lt_escape_json_name_from(out, start);
    lt_buf_char(out, '"');
}

size_t lt_value_length(struct lt_str text)
{
    enum { ESCAPED_BYTE = 4, ESCAPED_CODE = 10 };
    size_t at = 0, length = 0;
    if (text.len <= LT_SHORT_VALUE)
        return text.len;
    while (at < text.len) {
        struct lt_rune rune = lt_utf8_next(lt_str_skip(text, at));
        bool bytes = !rune.valid || lt_is_control(rune.code) || rune.code == '\\';
        length += bytes ? rune.size * ESCAPED_BYTE : lt_is_deceptive(rune.code) ? ESCAPED_CODE : rune.size;
        if (length > LT_MAX_VALUE)
            return at;
        at += rune.size;
    }
    return at;
}

static bool is_inside_rune(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

void lt_value_cut(struct lt_buf *out, size_t start)
{
    enum { KEPT = 4000 }; /* at either end: they fit even if each of their bytes is escaped */
    struct lt_str text = {out->ptr + start, out->len - start};
    if (lt_value_length(text) == text.len)
        return;
    size_t head = KEPT, tail = text.len - KEPT;
    while (head > 0 && is_inside_rune(text.ptr[head]))
        head--;
    while (tail < text.len && is_inside_rune(text.ptr[tail]))
        tail++;
    memmove(out->ptr + start + head + 3, text.ptr + tail, text.len - tail);
    memcpy(out->ptr + start + head, "...", 3);
    out->len = start + head + 3 + text.len - tail;
}
