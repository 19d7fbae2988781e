// SPDX-License-Identifier: Apache-2.0
/* CSV (RFC 4180, but LF): first the eight columns of psort's dynamic module (plaso/output/dynamic.py, 2026-07), then
 * ours, then all other facts under their JSON names. All values are quoted except integers, `datetime` and `inode`.
 * Control, escape and bidi characters are escaped, so each record is one line. Unknown values are empty, except `tag`:
 * Timesketch's importer would read an empty one as "nan", so it is "-". */
#include "base/escape.h"
#include "formats/fields.h"

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

/* All facts except those that have a column above, are the same in every row, or repeat the time or the path in another
 * form. */
static lt_fields further_fields(void)
{
#define BIT(id) LT_FIELD_BIT(id)
    static const lt_fields others = BIT(CONTAINER_TYPE) | BIT(TYPE) | BIT(DATE_TIME) | BIT(PATHSPEC);
    static const lt_fields columns = BIT(DATETIME) | BIT(TIMESTAMP_DESC) | BIT(SOURCE_SHORT) | BIT(SOURCE_LONG) |
                                     BIT(MESSAGE) | BIT(PARSER) | BIT(DISPLAY_NAME) | BIT(TAG) | BIT(TIMESTAMP) |
                                     BIT(DATA_TYPE) | BIT(HOSTNAME) | BIT(CONTAINER_ID) | BIT(CONTAINER_NAME) |
                                     BIT(IMAGE_ID) | BIT(IMAGE_NAME) | BIT(LAYER_ROLE) | BIT(FILENAME) | BIT(INODE);
#undef BIT
    return lt_set_below(LT_FIELDS) & ~(others | columns);
}

static void csv_begin(struct lt_buf *out)
{
    for (unsigned i = 0; i < FIRST; i++)
        lt_buf_printf(out, "%s%s", i ? "," : "", first[i].name);
    lt_set_each (field, further_fields())
        lt_buf_printf(out, ",%s", lt_field_infos[field].name);
    lt_buf_char(out, '\n');
}

/* Escape what was written since `start`, double its quotes, and add the closing quote. */
static void finish_text(struct lt_buf *out, size_t start)
{
    lt_escape_name_from(out, start, true);
    struct lt_str text = {out->ptr + start, out->len - start};
    if (memchr(text.ptr, '"', text.len)) {
        struct lt_buf copy = {0};
        lt_buf_add(&copy, text);
        out->len = start;
        for (size_t i = 0; i < copy.len; i++) {
            if (copy.ptr[i] == '"')
                lt_buf_char(out, '"');
            lt_buf_char(out, copy.ptr[i]);
        }
        lt_buf_free(&copy);
    }
    lt_buf_char(out, '"');
}

static void add_cell(struct lt_buf *out, enum lt_field field, const struct lt_row *row)
{
    bool plain = lt_field_infos[field].type == LT_AS_INT || field == LT_FIELD_DATETIME || field == LT_FIELD_INODE;
    if (!plain)
        lt_buf_char(out, '"');
    size_t start = out->len;
    if (field == LT_FIELD_TAG && !row->event->tags)
        lt_buf_char(out, '-');
    else
        lt_field_put(out, field, row);
    if (!plain && out->len == start)
        out->len--;
    else if (!plain)
        finish_text(out, start);
}

static void csv_row(struct lt_buf *out, const struct lt_row *row, struct lt_memory *memory)
{
    (void)memory;
    for (unsigned i = 0; i < FIRST; i++) {
        if (i)
            lt_buf_char(out, ',');
        add_cell(out, first[i].field, row);
    }
    lt_set_each (field, further_fields()) {
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
