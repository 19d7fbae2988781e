// SPDX-License-Identifier: Apache-2.0
/* The 17 columns of log2timeline 1.x as psort's l2tcsv module writes them (plaso/output/l2t_csv.py, 2026-07), for old
 * tools: whole seconds, equal times of one entry as one "MACB", no quotes, a space for a comma in a value. All facts
 * without a column go to `extra`. Not for Timesketch, which reads the `time` column as a time of the current day. */
#include "base/csvcell.h"
#include "base/escape.h"
#include "formats/fields.h"
#include "formats/message.h"

static const char HEADER[] =
    "date,time,timezone,MACB,source,sourcetype,type,user,host,short,desc,version,filename,inode,"
    "notes,format,extra\n";

enum { SHORT_LENGTH = 80 };

static void l2tcsv_begin(struct lt_buf *out)
{
    lt_buf_add(out, lt_str_c(HEADER));
}

/* Write one cell, cut to `length` bytes; an empty value becomes "-". */
static void add_cell(struct lt_buf *out, struct lt_str value, size_t length, const struct lt_memory *memory)
{
    struct lt_buf safe = {0};
    lt_escape_name(&safe, value, true);
    size_t end = safe.len < length ? safe.len : length;
    while (end < safe.len && ((unsigned char)safe.ptr[end] & 0xC0) == 0x80)
        end--; /* do not cut a UTF-8 character; the text is valid by now */
    size_t start = out->len;
    if (end && safe.ptr[0] == '"' && !memory->style.raw_cells) /* to most readers it begins a cell of many lines */
        lt_buf_char(out, '\'');
    for (size_t i = 0; i < end; i++)
        lt_buf_char(out, safe.ptr[i] == ',' ? ' ' : safe.ptr[i]);
    if (!safe.len)
        lt_buf_char(out, '-');
    if (!memory->style.raw_cells)
        lt_cell_neutralise(out, start);
    lt_buf_char(out, ',');
    lt_buf_free(&safe);
}

static void add_field(struct lt_buf *out, enum lt_field field, const struct lt_row *row, size_t length,
                      const struct lt_memory *memory)
{
    struct lt_buf value = {0};
    lt_field_put(&value, field, row);
    add_cell(out, lt_buf_view(&value), length, memory);
    lt_buf_free(&value);
}

static void add_time(struct lt_buf *out, struct lt_time time)
{
    struct lt_civil civil = lt_civil_from(time.sec);
    lt_buf_printf(out, "%02u/%02u/%04jd,%02u:%02u:%02u,UTC,", civil.month, civil.day, (intmax_t)civil.year, civil.hour,
                  civil.minute, civil.second);
}

/* The letters of the merged times. psort has letters for files only, and none for deletions. */
static void add_macb(struct lt_buf *out, const struct lt_row *row)
{
    bool file = row->event->kind == LT_KIND_FILE;
    for (unsigned slot = 0; slot < LT_SLOTS; slot++)
        lt_buf_char(out, file && row->slots >> slot & 1 ? "MACB"[slot] : '.');
    lt_buf_char(out, ',');
}

static void add_notes(struct lt_buf *out, const struct lt_row *row)
{
    const char *before = "";
    lt_set_each (tag, row->event->tags) {
        lt_buf_printf(out, "%s%s", before, lt_tag_names[tag]);
        before = " ";
    }
    lt_buf_add(out, *before ? LT_STR(",") : LT_STR("-,"));
}

static lt_fields extra_fields(void)
{
#define BIT(id) LT_FIELD_BIT(id)
    static const lt_fields columns = BIT(CONTAINER_TYPE) | BIT(TYPE) | BIT(DATETIME) | BIT(DATE_TIME) | BIT(TIMESTAMP) |
                                     BIT(SOURCE_SHORT) | BIT(SOURCE_LONG) | BIT(HOSTNAME) | BIT(FILENAME) |
                                     BIT(MESSAGE) | BIT(DISPLAY_NAME) | BIT(TIMESTAMP_DESC) | BIT(INODE) | BIT(TAG) |
                                     BIT(PARSER) | BIT(PATHSPEC);
#undef BIT
    return lt_set_below(LT_FIELDS) & ~columns;
}

static void add_extra(struct lt_buf *out, const struct lt_row *row, const struct lt_memory *memory)
{
    struct lt_buf extra = {0};
    lt_set_each (field, extra_fields()) {
        size_t start = extra.len;
        lt_buf_add(&extra, start ? LT_STR("; ") : LT_STR(""));
        lt_buf_add(&extra, lt_str_c(lt_field_infos[field].name));
        lt_buf_lit(&extra, ": ");
        size_t value = extra.len;
        lt_field_put(&extra, (enum lt_field)field, row);
        if (extra.len == value)
            extra.len = start;
    }
    add_cell(out, lt_buf_view(&extra), SIZE_MAX, memory);
    out->len--; /* no comma after the last cell */
    lt_buf_char(out, '\n');
    lt_buf_free(&extra);
}

static void l2tcsv_row(struct lt_buf *out, const struct lt_row *row, struct lt_memory *memory)
{
    add_time(out, row->time);
    add_macb(out, row);
    add_field(out, LT_FIELD_SOURCE_SHORT, row, SIZE_MAX, memory);
    add_field(out, LT_FIELD_SOURCE_LONG, row, SIZE_MAX, memory);
    add_field(out, LT_FIELD_TIMESTAMP_DESC, row, SIZE_MAX, memory);
    lt_buf_lit(out, "-,"); /* user */
    add_field(out, LT_FIELD_HOSTNAME, row, SIZE_MAX, memory);
    add_field(out, LT_FIELD_MESSAGE, row, SHORT_LENGTH, memory);
    add_field(out, LT_FIELD_MESSAGE, row, SIZE_MAX, memory);
    lt_buf_lit(out, "2,");
    add_field(out, LT_FIELD_DISPLAY_NAME, row, SIZE_MAX, memory);
    add_field(out, LT_FIELD_INODE, row, SIZE_MAX, memory);
    add_notes(out, row);
    add_field(out, LT_FIELD_PARSER, row, SIZE_MAX, memory);
    add_extra(out, row, memory);
}

const struct lt_format lt_format_l2tcsv = {
    .name = "l2tcsv",
    .suffix = ".l2tcsv",
    .summary = "the 17 columns of log2timeline, for old tools (whole seconds)",
    .merged = true,
    .begin = l2tcsv_begin,
    .row = l2tcsv_row,
};
