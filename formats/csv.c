// SPDX-License-Identifier: Apache-2.0
/* CSV (RFC 4180, but LF): first the eight columns of psort's dynamic module (plaso/output/dynamic.py, 2026-07), then
 * all facts under their JSON names and in their order. All values are quoted except integers and `datetime`. Control,
 * escape and bidi characters are escaped, so each record is one line. Unknown values are empty, except `tag`:
 * Timesketch's importer would read an empty one as "nan", so it is "-". */
#include "base/csvcell.h"
#include "base/escape.h"
#include "formats/columns.h"

static const enum lt_field first[] = {
    LT_FIELD_DATETIME, LT_FIELD_TIMESTAMP_DESC, LT_FIELD_SOURCE_SHORT, LT_FIELD_SOURCE_LONG,
    LT_FIELD_MESSAGE,  LT_FIELD_PARSER,         LT_FIELD_DISPLAY_NAME, LT_FIELD_TAG,
};
static const char FIRST[] = "datetime,timestamp_desc,source,source_long,message,parser,display_name,tag";

/* All facts except those that are the same in every row, repeat the time or the path as an object, or have a column of
 * that name above. */
static lt_fields further_fields(void)
{
#define BIT(id) LT_FIELD_BIT(id)
    return lt_set_below(LT_FIELDS) &
           ~(BIT(CONTAINER_TYPE) | BIT(TYPE) | BIT(DATE_TIME) | BIT(PATHSPEC) | BIT(DATETIME) | BIT(TIMESTAMP_DESC) |
             BIT(SOURCE_LONG) | BIT(MESSAGE) | BIT(PARSER) | BIT(DISPLAY_NAME) | BIT(TAG));
#undef BIT
}

static void csv_begin(struct lt_buf *out)
{
    lt_buf_add(out, lt_str_c(FIRST));
    lt_set_each (field, further_fields())
        lt_buf_printf(out, ",%s", lt_field_infos[field].name);
    lt_buf_char(out, '\n');
}

/* A cell and the comma after it. Our own words need no escape and are no formula. */
static void put_cell(struct lt_buf *out, enum lt_field field, const struct lt_row *row, const struct lt_style *style)
{
    const struct lt_field_info *info = &lt_field_infos[field];
    size_t start = out->len;
    if (field == LT_FIELD_TAG && !row->event->tags)
        lt_buf_char(out, '-');
    else if (info->attr == LT_ATTRS || row->event->attr_count)
        lt_field_put(out, field, row);
    if (out->len > start && info->type != LT_AS_INT && field != LT_FIELD_DATETIME) {
        bool own = info->type == LT_AS_WORD && info->attr == LT_ATTRS;
        if (!own) {
            lt_value_bound(out, start);
            lt_escape_name_from(out, start, true);
        }
        lt_csv_cell(out, start, own || style->raw_cells);
    }
    lt_buf_char(out, ',');
}

static void choose_columns(struct lt_memory *memory)
{
    for (unsigned i = 0; i < sizeof first / sizeof *first; i++)
        lt_columns_add(memory, first[i]);
    lt_set_each (field, further_fields())
        lt_columns_add(memory, (enum lt_field)field);
}

static void csv_row(struct lt_buf *out, const struct lt_row *row, struct lt_memory *memory)
{
    if (!memory->column_count)
        choose_columns(memory);
    lt_columns_row(out, row, memory, put_cell, 0);
    out->ptr[out->len - 1] = '\n';
}

const struct lt_format lt_format_csv = {
    .name = "csv",
    .suffix = ".csv",
    .summary = "CSV with the columns of psort's dynamic module first",
    .begin = csv_begin,
    .row = csv_row,
};
