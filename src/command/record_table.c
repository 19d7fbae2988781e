// SPDX-License-Identifier: Apache-2.0
#include "base/escape.h"
#include "base/utf8.h"
#include "command/record.h"
#include "formats/message.h"
#include "parse/ident.h"

#include <string.h>

enum { MAX_CUT = 48, MAX_COLUMNS = 32, GAP = 2, LEAST = 20, DOTS = 3 };

/* Append the value on one line, safe for a terminal. */
static void show_value(struct lt_buf *out, const struct lt_cell *cell)
{
    const char *before = "";
    switch (cell->type) {
    case LT_CELL_NAME:
    case LT_CELL_TEXT:
        lt_escape_name(out, cell->text, true);
        break;
    case LT_CELL_INT:
        lt_buf_int(out, cell->number);
        break;
    case LT_CELL_BOOL:
        lt_buf_add(out, cell->number ? LT_STR("yes") : LT_STR("no"));
        break;
    case LT_CELL_TIME:
        lt_time_iso(out, cell->time, 0);
        lt_buf_char(out, 'Z');
        break;
    case LT_CELL_LIST:
        lt_each (const struct lt_str, item, &cell->list) {
            lt_buf_add(out, lt_str_c(before));
            lt_escape_name(out, *item, true);
            before = ", ";
        }
        break;
    case LT_CELL_RECORDS:
        lt_buf_uint(out, cell->list.count);
        break;
    }
}

/* Number of characters. After escaping each takes one column, except wide and combining ones. */
static size_t count_runes(struct lt_str text)
{
    size_t count = 0;
    for (; text.len; count++)
        text = lt_str_skip(text, lt_utf8_next(text).size);
    return count;
}

/* The bytes of the first `count` characters. */
static size_t skip_runes(struct lt_str text, size_t count)
{
    struct lt_str rest = text;
    while (count-- && rest.len)
        rest = lt_str_skip(rest, lt_utf8_next(rest).size);
    return text.len - rest.len;
}

/* Cut what was appended since `start` to `most` characters. */
static void cut_from(struct lt_buf *out, size_t start, size_t most)
{
    static const char dots[] = "...";
    struct lt_str text = lt_str_skip(lt_buf_view(out), start);
    if (count_runes(text) <= most)
        return;
    for (size_t i = 0; i < most - strlen(dots); i++)
        text = lt_str_skip(text, lt_utf8_next(text).size);
    out->len -= text.len;
    lt_buf_add(out, lt_str_c(dots));
}

static void show_cell(struct lt_buf *out, const struct lt_record *record, const struct lt_column *column)
{
    const struct lt_cell *cell = lt_record_get(record, column->key);
    size_t start = out->len;
    if (cell && column->show == LT_SHOW_SHORT)
        lt_escape_name(out, lt_short_id(cell->text), true);
    else if (cell)
        show_value(out, cell);
    if (column->show == LT_SHOW_CUT)
        cut_from(out, start, MAX_CUT);
    if (out->len == start)
        lt_buf_char(out, '-');
}

/* Width of a column; 0: omit it. */
static size_t measure(const struct lt_list *records, const struct lt_column *column)
{
    struct lt_buf first = {0}, text = {0};
    size_t width = count_runes(lt_str_c(column->title));
    bool differs = column->show != LT_SHOW_DIFFERS && column->show != LT_SHOW_KNOWN;
    lt_each (const struct lt_record, record, records) {
        text.len = 0;
        show_cell(&text, record, column);
        if (!record_at)
            lt_buf_add(&first, lt_buf_view(&text));
        differs |= column->show == LT_SHOW_KNOWN ? lt_record_get(record, column->key) != NULL
                                                 : !lt_str_eq(lt_buf_view(&first), lt_buf_view(&text));
        size_t runes = count_runes(lt_buf_view(&text));
        width = runes > width ? runes : width;
    }
    lt_buf_free(&first);
    lt_buf_free(&text);
    return differs ? width : 0;
}

static void pad(struct lt_buf *out, size_t blanks)
{
    while (blanks--)
        lt_buf_char(out, ' ');
}

/* Leave out the middle of what was appended since `start`, so that it has at most `most` characters. */
static void shorten(struct lt_buf *out, size_t start, size_t most)
{
    size_t count = count_runes(lt_str_skip(lt_buf_view(out), start));
    if (count <= most)
        return;
    size_t keep = most - DOTS, head = start + skip_runes(lt_str_skip(lt_buf_view(out), start), keep / 2);
    size_t tail = start + skip_runes(lt_str_skip(lt_buf_view(out), start), count - (keep - keep / 2));
    memmove(out->ptr + head + DOTS, out->ptr + tail, out->len - tail);
    memcpy(out->ptr + head, "...", DOTS);
    out->len -= tail - head - DOTS;
}

/* The columns that a table takes. */
static size_t total(const size_t *widths, size_t count, unsigned indent)
{
    size_t sum = indent;
    for (size_t i = 0; i < count; i++)
        sum += widths[i] ? widths[i] + GAP : 0;
    return sum > GAP ? sum - GAP : sum;
}

static size_t widest(const size_t *widths, size_t count)
{
    size_t most = 0;
    for (size_t i = 1; i < count; i++)
        most = widths[i] > widths[most] ? i : most;
    return most;
}

/* Make a table as narrow as the terminal: first its widest columns, as long as they stay readable, then by leaving out
 * columns from the right. The first one stays. */
static void fit(size_t *widths, size_t count, unsigned indent, size_t width)
{
    while (width && total(widths, count, indent) > width) {
        size_t at = widest(widths, count);
        if (widths[at] > LEAST) {
            widths[at]--;
            continue;
        }
        for (at = count; at > 1 && !widths[at - 1];)
            at--;
        if (at <= 1)
            return;
        widths[at - 1] = 0;
    }
}

/* The colour of a record, by its change or the severity among its tags; "" for none. */
static const char *color_of(const struct lt_record *record)
{
    const struct lt_cell *change = lt_record_get(record, "change"), *tags = lt_record_get(record, "tag");
    unsigned number = LT_CHANGE_NONE;
    lt_tags found = 0;
    for (unsigned i = 1; change && i < LT_CHANGES; i++)
        number = lt_str_eq(change->text, lt_str_c(lt_change_names[i])) ? i : number;
    for (unsigned i = 0; tags && i < LT_TAGS; i++)
        found |= lt_list_has_str(&tags->list, lt_str_c(lt_tag_names[i])) ? LT_SET_BIT(i) : 0;
    return lt_color((enum lt_change)number, found);
}

/* A row of a table; `record` NULL: the titles. The last column is not padded. */
static void put_row(struct lt_buf *out, const struct lt_record *record, const struct lt_column *columns,
                    const size_t *widths, size_t count)
{
    size_t blanks = 0;
    for (size_t i = 0; i < count; i++) {
        if (!widths[i])
            continue;
        pad(out, blanks);
        size_t start = out->len;
        if (record)
            show_cell(out, record, &columns[i]);
        else
            lt_buf_add(out, lt_str_c(columns[i].title));
        shorten(out, start, widths[i]);
        blanks = widths[i] + GAP - count_runes(lt_str_skip(lt_buf_view(out), start));
    }
    lt_buf_char(out, '\n');
}

void lt_records_table(struct lt_buf *out, const struct lt_list *records, const struct lt_column *columns, size_t count,
                      const struct lt_style *style, unsigned indent)
{
    size_t widths[MAX_COLUMNS] = {0};
    count = count < MAX_COLUMNS ? count : MAX_COLUMNS;
    for (size_t i = 0; i < count; i++)
        widths[i] = measure(records, &columns[i]);
    fit(widths, count, indent, style->width);
    pad(out, indent);
    put_row(out, NULL, columns, widths, count);
    lt_each (const struct lt_record, record, records) {
        const char *color = style->color ? color_of(record) : "";
        pad(out, indent);
        if (*color)
            lt_buf_printf(out, "\033[%sm", color);
        put_row(out, record, columns, widths, count);
        if (*color) {
            out->len--; /* the colour ends before the line does */
            lt_buf_lit(out, "\033[0m\n");
        }
    }
}

void lt_record_sheet(struct lt_buf *out, const struct lt_record *record)
{
    size_t width = 0;
    lt_each (const struct lt_cell, cell, &record->cells)
        width = strlen(cell->key) > width ? strlen(cell->key) : width;
    lt_each (const struct lt_cell, cell, &record->cells) {
        if (cell->type == LT_CELL_RECORDS)
            continue;
        lt_buf_printf(out, "%s:", cell->key);
        pad(out, width + 1 - strlen(cell->key));
        if (cell->type != LT_CELL_LIST || !cell->list.count) {
            show_value(out, cell);
            lt_buf_char(out, '\n');
            continue;
        }
        lt_each (const struct lt_str, item, &cell->list) {
            pad(out, item_at ? width + 2 : 0);
            lt_escape_name(out, *item, true);
            lt_buf_char(out, '\n');
        }
    }
}
