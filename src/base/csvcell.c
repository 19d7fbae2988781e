// SPDX-License-Identifier: Apache-2.0
#include "base/csvcell.h"

static bool is_calculated(struct lt_str text)
{
    char first = text.len ? text.ptr[0] : 0;
    bool number = true;
    if (first == '=' || first == '@')
        return true;
    for (size_t i = 1; i < text.len; i++)
        number &= (text.ptr[i] >= '0' && text.ptr[i] <= '9') || text.ptr[i] == '.';
    return (first == '-' || first == '+') && !number;
}

void lt_csv_cell(struct lt_buf *out, size_t start)
{
    struct lt_buf text = {0};
    if (out->len == start)
        return;
    lt_buf_add(&text, lt_str_skip(lt_buf_view(out), start));
    out->len = start;
    lt_buf_char(out, '"');
    if (is_calculated(lt_buf_view(&text)))
        lt_buf_char(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '"')
            lt_buf_char(out, '"');
        lt_buf_char(out, text.ptr[i]);
    }
    lt_buf_char(out, '"');
    lt_buf_free(&text);
}
