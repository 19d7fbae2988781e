// SPDX-License-Identifier: Apache-2.0
#include "base/csvcell.h"

#include <ctype.h>

static bool is_digit(struct lt_str text)
{
    return text.len && isdigit((unsigned char)*text.ptr);
}

static struct lt_str skip_digits(struct lt_str text)
{
    while (is_digit(text))
        text = lt_str_skip(text, 1);
    return text;
}

/* "-12" or "+1.5". */
static bool is_number(struct lt_str text)
{
    if (!is_digit(text = lt_str_skip(text, 1)))
        return false;
    text = skip_digits(text);
    if (lt_str_starts(text, LT_STR(".")))
        text = skip_digits(lt_str_skip(text, 1));
    return !text.len;
}

static bool is_formula(struct lt_str text)
{
    static const char *const wide[] = {"\uff1d", "\uff0b", "\uff0d", "\uff20"};
    if (text.len < 2 || !strchr("=+-@\xef", *text.ptr))
        return false; /* most text; the last byte begins those in full width */
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (lt_str_starts(text, lt_str_c(wide[i])))
            return true;
    return *text.ptr != '\xef' && !is_number(text);
}

void lt_cell_neutralise(struct lt_buf *out, size_t start)
{
    size_t length = out->len - start;
    if (!length || !is_formula((struct lt_str){out->ptr + start, length}))
        return;
    lt_buf_char(out, 0);
    memmove(out->ptr + start + 1, out->ptr + start, length);
    out->ptr[start] = '\'';
}

static size_t count_quotes(struct lt_str text)
{
    size_t count = 0;
    for (const char *quote; (quote = memchr(text.ptr, '"', text.len)); count++)
        text = lt_str_skip(text, (size_t)(quote - text.ptr) + 1);
    return count;
}

/* The text moves towards the end of the buffer, its last byte first, so it needs no copy. */
void lt_csv_cell(struct lt_buf *out, size_t start, bool raw)
{
    if (out->len == start)
        return;
    if (!raw)
        lt_cell_neutralise(out, start);
    size_t length = out->len - start, quotes = count_quotes((struct lt_str){out->ptr + start, length});
    lt_buf_reserve(out, quotes + 2);
    char *text = out->ptr + start;
    out->len += quotes + 2;
    text[length + quotes + 1] = '"';
    for (; quotes; length--) {
        text[length + quotes] = text[length - 1];
        if (text[length - 1] == '"')
            text[length + --quotes] = '"';
    }
    memmove(text + 1, text, length);
    *text = '"';
}
