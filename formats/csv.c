// SPDX-License-Identifier: Apache-2.0
/* CSV (RFC 4180, but LF): the eight columns of psort's dynamic module first (plaso/output/dynamic.py, 2026-07), then ours.
 * Text is always quoted; control, escape and bidi characters are escaped, so one record is one line. Unknown values are
 * empty, but `tag`, which Timesketch's importer would read as "nan": it is "-" then. */
#include "../src/base/escape.h"
#include "fields.h"

static const struct {
    const char *name;
    enum lt_field field;
} columns[] = {
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
    {"layer_id", LT_FIELD_LAYER_ID},
    {"volume_name", LT_FIELD_VOLUME_NAME},
    {"container_runtime", LT_FIELD_RUNTIME},
    {"used_by_containers", LT_FIELD_USED_BY_CONTAINERS},
    {"used_by_images", LT_FIELD_USED_BY_IMAGES},
    {"clock", LT_FIELD_CLOCK},
    {"confidence", LT_FIELD_CONFIDENCE},
    {"time_first", LT_FIELD_TIME_FIRST},
    {"time_last", LT_FIELD_TIME_LAST},
    {"witness", LT_FIELD_WITNESS},
    {"change", LT_FIELD_CHANGE},
    {"file_entry_type", LT_FIELD_FILE_TYPE},
    {"uid", LT_FIELD_UID},
    {"gid", LT_FIELD_GID},
    {"mode", LT_FIELD_MODE},
    {"size", LT_FIELD_SIZE},
    {"links", LT_FIELD_LINKS},
    {"symbolic_link_target", LT_FIELD_TARGET},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void csv_begin(struct lt_buf *out)
{
    for (unsigned i = 0; i < COLUMNS; i++)
        lt_buf_printf(out, "%s%s", i ? "," : "", columns[i].name);
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

static void add_cell(struct lt_buf *out, enum lt_field field, struct lt_str value)
{
    enum lt_field_type type = lt_field_infos[field].type;
    bool plain = type == LT_AS_INT || field == LT_FIELD_DATETIME || field == LT_FIELD_INODE;
    if (field == LT_FIELD_TAG && lt_str_eq(value, LT_STR("[]")))
        value = LT_STR("-");
    struct lt_buf safe = {0};
    if (plain) {
        lt_buf_add(out, value);
    } else if (value.len) {
        lt_escape_name(&safe, value, true);
        add_quoted(out, lt_buf_view(&safe));
    }
    lt_buf_free(&safe);
}

static void csv_row(struct lt_buf *out, const struct lt_row *row)
{
    struct lt_buf value = {0};
    for (unsigned i = 0; i < COLUMNS; i++) {
        value.len = 0;
        lt_field_put(&value, columns[i].field, row);
        if (i)
            lt_buf_char(out, ',');
        add_cell(out, columns[i].field, lt_buf_view(&value));
    }
    lt_buf_char(out, '\n');
    lt_buf_free(&value);
}

const struct lt_format lt_format_csv = {
    .name = "csv",
    .suffix = ".csv",
    .summary = "CSV with the columns of psort's dynamic module first",
    .begin = csv_begin,
    .row = csv_row,
};
