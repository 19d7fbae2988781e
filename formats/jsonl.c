// SPDX-License-Identifier: Apache-2.0
/* JSON lines as psort's json_line module writes them (plaso/output/json_line.py, 2026-07: sorted keys, ASCII only, ", "
 * and
 * ": "), with what Timesketch needs beside (`datetime`, `tag` as a list). One line a time, never a blank line. Unknown
 * facts are left out: no null, no "-". */
#include "../src/base/escape.h"
#include "fields.h"

static void add_value(struct lt_buf *out, enum lt_field_type type, struct lt_str value)
{
    if (type == LT_AS_INT || type == LT_AS_RAW) {
        lt_buf_add(out, value);
        return;
    }
    struct lt_buf safe = {0};
    if (type == LT_AS_NAME) {
        lt_escape_name(&safe, value, false);
        value = lt_buf_view(&safe);
    }
    lt_buf_char(out, '"');
    lt_escape_json(out, value);
    lt_buf_char(out, '"');
    lt_buf_free(&safe);
}

static void jsonl_row(struct lt_buf *out, const struct lt_row *row)
{
    struct lt_buf value = {0};
    char before = '{';
    for (unsigned field = 0; field < LT_FIELDS; field++) {
        value.len = 0;
        lt_field_put(&value, (enum lt_field)field, row);
        if (!value.len)
            continue;
        lt_buf_char(out, before);
        if (before == ',')
            lt_buf_char(out, ' ');
        lt_buf_printf(out, "\"%s\": ", lt_field_infos[field].name);
        add_value(out, lt_field_infos[field].type, lt_buf_view(&value));
        before = ',';
    }
    lt_buf_lit(out, "}\n");
    lt_buf_free(&value);
}

const struct lt_format lt_format_jsonl = {
    .name = "jsonl",
    .suffix = ".jsonl",
    .summary = "JSON lines for Timesketch, as Plaso's psort writes them",
    .row = jsonl_row,
};
