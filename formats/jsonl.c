// SPDX-License-Identifier: Apache-2.0
/* JSON lines in the form of psort's json_line module (plaso/output/json_line.py, 2026-07): sorted keys, ASCII only, a
 * space after each comma and colon; plus what Timesketch needs (`datetime`, `tag` as a list). One line per time, never
 * a blank line. Unknown facts are left out: no null, no "-". */
#include "base/escape.h"
#include "formats/columns.h"

/* Escape the value that was written since `start`, and add its closing quote. Our own words need no escapes, but an
 * attribute may be declared a WORD and hold other text. */
static void finish_value(struct lt_buf *out, size_t start, const struct lt_field_info *info)
{
    enum lt_field_type type = info->type;
    if (type != LT_AS_RAW)
        lt_value_bound(out, start);
    if (type == LT_AS_NAME)
        lt_escape_json_name_from(out, start);
    else if (type == LT_AS_TEXT || (type == LT_AS_WORD && info->attr != LT_ATTRS))
        lt_escape_json_from(out, start);
    if (type != LT_AS_INT && type != LT_AS_RAW)
        lt_buf_char(out, '"');
}

/* Write a comma, the key and the value, and remove them again if the row has no such fact. */
static void put_field(struct lt_buf *out, enum lt_field field, const struct lt_row *row, const struct lt_style *style)
{
    const struct lt_field_info *info = &lt_field_infos[field];
    size_t before = out->len;
    (void)style;
    if (info->attr != LT_ATTRS && !row->event->attr_count) /* files have none, and most rows are files */
        return;
    lt_buf_reserve(out, sizeof info->json);
    memcpy(out->ptr + out->len, info->json, sizeof info->json);
    out->len += info->json_len;
    size_t start = out->len;
    lt_field_put(out, field, row);
    if (out->len == start)
        out->len = before;
    else
        finish_value(out, start, info);
}

static void jsonl_row(struct lt_buf *out, const struct lt_row *row, struct lt_memory *memory)
{
    enum { COMMA = 2 };
    _Static_assert(LT_FIELD_CONTAINER_TYPE == 0, "the first field must be one that all rows have, and of the origin");
    for (unsigned field = 0; memory->column_count < LT_FIELDS; field++)
        lt_columns_add(memory, (enum lt_field)field);
    lt_buf_char(out, '{');
    lt_columns_row(out, row, memory, put_field, COMMA);
    lt_buf_lit(out, "}\n");
}

const struct lt_format lt_format_jsonl = {
    .name = "jsonl",
    .suffix = ".jsonl",
    .summary = "JSON lines for Timesketch, as Plaso's psort writes them",
    .row = jsonl_row,
};
