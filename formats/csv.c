// SPDX-License-Identifier: Apache-2.0
/* CSV (RFC 4180, but LF): first the eight columns of psort's dynamic module (plaso/output/dynamic.py, 2026-07), then
 * all facts under their JSON names and in their order. All values are quoted except integers and `datetime`. Control,
 * escape and bidi characters are escaped, so each record is one line. Unknown values are empty, except `tag`:
 * Timesketch's importer would read an empty one as "nan", so it is "-". */
#include "base/csvcell.h"
#include "base/escape.h"
#include "formats/fields.h"

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

static void add_cell(struct lt_buf *out, enum lt_field field, const struct lt_row *row, bool raw)
{
    size_t start = out->len;
    if (field == LT_FIELD_TAG && !row->event->tags)
        lt_buf_char(out, '-');
    else
        lt_field_put(out, field, row);
    if (out->len == start || lt_field_infos[field].type == LT_AS_INT || field == LT_FIELD_DATETIME)
        return;
    lt_value_bound(out, start);
    lt_escape_name_from(out, start, true);
    lt_csv_cell(out, start, raw);
}

static void csv_row(struct lt_buf *out, const struct lt_row *row, struct lt_memory *memory)
{
    for (unsigned i = 0; i < sizeof first / sizeof *first; i++) {
        if (i)
            lt_buf_char(out, ',');
        add_cell(out, first[i], row, memory->style.raw_cells);
    }
    lt_set_each (field, further_fields()) {
        lt_buf_char(out, ',');
        add_cell(out, (enum lt_field)field, row, memory->style.raw_cells);
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
