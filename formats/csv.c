// SPDX-License-Identifier: Apache-2.0
/* CSV (RFC 4180, but LF): the eight columns of psort's dynamic module first (plaso/output/dynamic.py, 2026-07), then
 * ours, then all other facts under their JSON names. Text is always quoted; control, escape and bidi characters are
 * escaped, so one record is one line. Unknown values are empty, but `tag`, which Timesketch's importer would read as
 * "nan": it is "-" then. */
#include "../src/base/escape.h"
#include "fields.h"

static const struct {
    const char *name;
    enum lt_field field;
} first[] = {
    {"datetime", LT_FIELD_DATETIME},
    {"timestamp_desc", LT_FIELD_TIMESTAMP_DESC},
    {"source", LT_FIELD_SOURCE_SHORT},
    {"source_long", LT_FIELD_SOURCE_LONG},
    {"message", LT_FIELD_MESSAGE},
    {"parser", LT_FIELD_PARSER},
    {"display_name", LT_FIELD_DISPLAY_NAME},
    {"tag", LT_FIELD_TAG},
    {"timestamp", LT_FIELD_TIMESTAMP},
    {"data_type", LT_FIELD_DATA_TYPE},
    {"hostname", LT_FIELD_HOSTNAME},
    {"container_id", LT_FIELD_CONTAINER_ID},
    {"container_name", LT_FIELD_CONTAINER_NAME},
    {"image_id", LT_FIELD_IMAGE_ID},
    {"image_name", LT_FIELD_IMAGE_NAME},
    {"layer_role", LT_FIELD_LAYER_ROLE},
    {"filename", LT_FIELD_FILENAME},
    {"inode", LT_FIELD_INODE},
};
enum { FIRST = sizeof first / sizeof *first };

/* Facts that are in another column or say the same in every row, or in another form of the time. */
static bool is_left_out(unsigned field)
{
    bool left_out = field == LT_FIELD_CONTAINER_TYPE || field == LT_FIELD_TYPE || field == LT_FIELD_DATE_TIME ||
                    field == LT_FIELD_PATHSPEC;
    for (unsigned i = 0; i < FIRST; i++)
        left_out |= first[i].field == field;
    return left_out;
}

static void csv_begin(struct lt_buf *out)
{
    for (unsigned i = 0; i < FIRST; i++)
        lt_buf_printf(out, "%s%s", i ? "," : "", first[i].name);
    for (unsigned field = 0; field < LT_FIELDS; field++)
        if (!is_left_out(field))
            lt_buf_printf(out, ",%s", lt_field_infos[field].name);
    lt_buf_char(out, '\n');
}

static void add_quoted(struct lt_buf *out, struct lt_str text)
{
    lt_buf_char(out, '"');
    while (text.len) {
        struct lt_str rest = text;
        struct lt_str part = lt_str_cut(&rest, '"');
        lt_buf_add(out, part);
        if (part.len < text.len)
            lt_buf_lit(out, "\"\"");
        text = rest;
    }
    lt_buf_char(out, '"');
}

static void add_cell(struct lt_buf *out, enum lt_field field, const struct lt_row *row)
{
    struct lt_buf raw = {0}, safe = {0};
    lt_field_put(&raw, field, row);
    struct lt_str value = lt_buf_view(&raw);
    enum lt_field_type type = lt_field_infos[field].type;
    bool plain = type == LT_AS_INT || field == LT_FIELD_DATETIME || field == LT_FIELD_INODE;
    if (field == LT_FIELD_TAG && lt_str_eq(value, LT_STR("[]")))
        value = LT_STR("-");
    if (plain) {
        lt_buf_add(out, value);
    } else if (value.len) {
        lt_escape_name(&safe, value, true);
        add_quoted(out, lt_buf_view(&safe));
    }
    lt_buf_free(&raw);
    lt_buf_free(&safe);
}

static void csv_row(struct lt_buf *out, const struct lt_row *row)
{
    for (unsigned i = 0; i < FIRST; i++) {
        if (i)
            lt_buf_char(out, ',');
        add_cell(out, first[i].field, row);
    }
    for (unsigned field = 0; field < LT_FIELDS; field++) {
        if (is_left_out(field))
            continue;
        lt_buf_char(out, ',');
        add_cell(out, (enum lt_field)field, row);
    }
    lt_buf_char(out, '\n');
}

const struct lt_format lt_format_csv = {
    .name = "csv",
    .suffix = ".csv",
    .summary = "CSV with the columns of psort's dynamic module first",
    .begin = csv_begin,
    .row = csv_row,
};
