// SPDX-License-Identifier: Apache-2.0
/* JSON lines in the form of psort's json_line module (plaso/output/json_line.py, 2026-07): sorted keys, ASCII only, a
 * blank after each comma and colon; with what Timesketch needs beside (`datetime`, `tag` as a list). One line a time,
 * never a blank line. Unknown facts are left out: no null, no "-". */
#include "../src/base/escape.h"
#include "fields.h"

/* A value being written: buffers that are used again for every field. */
struct value {
    struct lt_buf raw, safe;
};

static void add_value(struct lt_buf *out, enum lt_field_type type, struct value *value)
{
    struct lt_str text = lt_buf_view(&value->raw);
    if (type == LT_AS_INT || type == LT_AS_RAW) {
        lt_buf_add(out, text);
        return;
    }
    if (type == LT_AS_NAME) {
        value->safe.len = 0;
        lt_escape_name(&value->safe, text, false);
        text = lt_buf_view(&value->safe);
    }
    lt_buf_char(out, '"');
    lt_escape_json(out, text);
    lt_buf_char(out, '"');
}

static void jsonl_row(struct lt_buf *out, const struct lt_row *row)
{
    struct value value = {0};
    struct lt_str before = LT_STR("{");
    for (unsigned field = 0; field < LT_FIELDS; field++) {
        value.raw.len = 0;
        lt_field_put(&value.raw, (enum lt_field)field, row);
        if (!value.raw.len)
            continue;
        lt_buf_add(out, before);
        lt_buf_add(out, lt_field_infos[field].json_name);
        add_value(out, lt_field_infos[field].type, &value);
        before = LT_STR(", ");
    }
    lt_buf_lit(out, "}\n");
    lt_buf_free(&value.raw);
    lt_buf_free(&value.safe);
}

const struct lt_format lt_format_jsonl = {
    .name = "jsonl",
    .suffix = ".jsonl",
    .summary = "JSON lines for Timesketch, as Plaso's psort writes them",
    .row = jsonl_row,
};
