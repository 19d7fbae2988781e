// SPDX-License-Identifier: Apache-2.0
/* JSON lines in the form of psort's json_line module (plaso/output/json_line.py, 2026-07): sorted keys, ASCII only, a
 * blank after each comma and colon; with what Timesketch needs beside (`datetime`, `tag` as a list). One line a time,
 * never a blank line. Unknown facts are left out: no null, no "-". */
#include "../src/base/escape.h"
#include "fields.h"

/* Put the quotes and escapes into the value that was written at `start`. Words of our own need none, but an attribute
 * is only said to be one. */
static void finish_value(struct lt_buf *out, size_t start, const struct lt_field_info *info)
{
    enum lt_field_type type = info->type;
    if (type == LT_AS_NAME)
        lt_escape_json_name_from(out, start);
    else if (type == LT_AS_TEXT || (type == LT_AS_WORD && !info->put))
        lt_escape_json_from(out, start);
    if (type != LT_AS_INT && type != LT_AS_RAW)
        lt_buf_char(out, '"');
}

/* Key and value are written as if the row had the fact, and taken off again if it does not. */
static void add_field(struct lt_buf *out, enum lt_field field, const struct lt_row *row)
{
    const struct lt_field_info *info = &lt_field_infos[field];
    size_t before = out->len;
    if (out->ptr[before - 1] != '{')
        lt_buf_lit(out, ", ");
    lt_buf_add(out, info->json_name);
    if (info->type != LT_AS_INT && info->type != LT_AS_RAW)
        lt_buf_char(out, '"');
    size_t start = out->len;
    lt_field_put(out, field, row);
    if (out->len == start)
        out->len = before;
    else
        finish_value(out, start, info);
}

static void jsonl_row(struct lt_buf *out, const struct lt_row *row)
{
    bool attrs = row->event->attr_count; /* files have none, and are most of the rows */
    lt_buf_char(out, '{');
    for (unsigned field = 0; field < LT_FIELDS; field++)
        if (attrs || lt_field_infos[field].put)
            add_field(out, (enum lt_field)field, row);
    lt_buf_lit(out, "}\n");
}

const struct lt_format lt_format_jsonl = {
    .name = "jsonl",
    .suffix = ".jsonl",
    .summary = "JSON lines for Timesketch, as Plaso's psort writes them",
    .row = jsonl_row,
};
