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
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (lt_str_starts(text, lt_str_c(wide[i])))
            return true;
    return text.len > 1 && strchr("=+-@", *text.ptr) && !is_number(text);
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

void lt_csv_cell(struct lt_buf *out, size_t start, bool raw)
{
    struct lt_buf text = {0};
    if (out->len == start)
        return;
    if (!raw)
        lt_cell_neutralise(out, start);
    lt_buf_add(&text, (struct lt_str){out->ptr + start, out->len - start});
    out->len = start;
    lt_buf_char(out, '"');
    for (struct lt_str rest = lt_buf_view(&text); rest.len;) {
        const char *quote = memchr(rest.ptr, '"', rest.len);
        struct lt_str piece = {rest.ptr, quote ? (size_t)(quote - rest.ptr) + 1 : rest.len};
        lt_buf_add(out, piece);
        lt_buf_add(out, quote ? LT_STR("\"") : LT_STR(""));
        rest = lt_str_skip(rest, piece.len);
    }
    lt_buf_char(out, '"');
    lt_buf_free(&text);
}
