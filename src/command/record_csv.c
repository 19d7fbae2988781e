// SPDX-License-Identifier: Apache-2.0
#include "base/csvcell.h"
#include "base/escape.h"
#include "command/record.h"

#include <stdlib.h>
#include <string.h>

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_key(struct lt_list *keys, struct lt_arena *arena, const char *key)
{
    lt_each (const char, known, keys)
        if (strcmp(known, key) == 0)
            return;
    lt_list_add(keys, arena, key);
}

/* Numbers, words and times as they are; all else is text, lists as in JSON. */
static void put_cell(struct lt_buf *out, const struct lt_cell *cell, bool raw)
{
    size_t start = out->len;
    if (!cell)
        return;
    if (cell->type == LT_CELL_NAME || cell->type == LT_CELL_TEXT)
        lt_escape_name(out, cell->text, true);
    else
        lt_cell_json(out, cell);
    if (cell->type == LT_CELL_TIME) { /* without the quotes of JSON */
        memmove(out->ptr + start, out->ptr + start + 1, out->len - start - 1);
        out->len -= 2;
    } else if (cell->type != LT_CELL_INT && cell->type != LT_CELL_BOOL) {
        lt_csv_cell(out, start, raw);
    }
}

void lt_csv_keys(struct lt_list *keys, struct lt_arena *arena, const struct lt_record *record)
{
    lt_each (const struct lt_cell, cell, &record->cells)
        add_key(keys, arena, cell->key);
}

void lt_csv_head(struct lt_buf *out, struct lt_list *keys)
{
    if (keys->count)
        qsort(keys->items, keys->count, sizeof *keys->items, by_bytes);
    lt_each (const char, key, keys)
        lt_buf_printf(out, "%s%s", key_at ? "," : "", key);
    lt_buf_char(out, '\n');
}

void lt_csv_row(struct lt_buf *out, const struct lt_list *keys, const struct lt_record *record, bool raw)
{
    lt_each (const char, key, keys) {
        lt_buf_add(out, key_at ? LT_STR(",") : LT_STR(""));
        put_cell(out, lt_record_get(record, key), raw);
    }
    lt_buf_char(out, '\n');
}

void lt_records_csv(struct lt_buf *out, const struct lt_list *records, const struct lt_column *columns, size_t count,
                    bool raw)
{
    struct lt_arena arena = {0};
    struct lt_list keys = {0};
    for (size_t i = 0; i < count; i++)
        add_key(&keys, &arena, columns[i].key);
    lt_each (const struct lt_record, record, records)
        lt_csv_keys(&keys, &arena, record);
    lt_csv_head(out, &keys);
    lt_each (const struct lt_record, record, records)
        lt_csv_row(out, &keys, record, raw);
    lt_arena_free(&arena);
}
