// SPDX-License-Identifier: Apache-2.0
/* A row is copied from three memos: of its origin, its event and its time. The event's has the origin's columns, too,
 * so what is left to make are the columns of the row itself. */
#include "formats/columns.h"

/* How to make the columns of a row. */
struct making {
    struct lt_memory *memory;
    lt_put_column *put;
    const struct lt_row *row;
};

static void put(const struct making *making, struct lt_buf *out, unsigned field)
{
    making->put(out, (enum lt_field)field, making->row, &making->memory->style);
}

static void add_stop(struct lt_stops *stops, unsigned column, enum lt_field field)
{
    stops->at[stops->count++] = (struct lt_stop){(uint8_t)column, (uint8_t)field, (uint8_t)lt_field_infos[field].scope};
}

/* Find the columns at which the origin's text is interrupted, for events without attributes and with some; and those at
 * which the event's is. */
static void find_stops(struct lt_memory *memory)
{
    for (unsigned column = 0; column < memory->column_count; column++) {
        enum lt_field field = (enum lt_field)memory->columns[column];
        const struct lt_field_info *info = &lt_field_infos[field];
        if (info->scope == LT_OF_ORIGIN)
            continue;
        add_stop(&memory->attributed, column, field);
        if (info->attr == LT_ATTRS)
            add_stop(&memory->plain, column, field);
        if (info->scope != LT_OF_EVENT)
            add_stop(&memory->moving, column, field);
    }
}

/* The columns of the origin, and those of attributes as they are where there are none. */
static void make_origin(const struct making *making, struct lt_memo *memo)
{
    struct lt_event bare = *making->row->event;
    struct lt_row row = *making->row;
    const struct making without = {making->memory, making->put, &row};
    bare.attr_count = 0;
    row.event = &bare;
    memo->text.len = 0;
    for (unsigned column = 0; column < making->memory->column_count; column++) {
        unsigned field = making->memory->columns[column];
        if (lt_field_infos[field].scope == LT_OF_ORIGIN || lt_field_infos[field].attr != LT_ATTRS)
            put(&without, &memo->text, field);
        memo->ends[column] = (uint32_t)memo->text.len;
    }
}

static const struct lt_memo *origin_of(const struct making *making)
{
    struct lt_origin origin = lt_origin_of(making->row->event);
    struct lt_memo *memo = lt_memory_of(making->memory, &origin);
    if (memo->origin.owner != origin.owner || memo->origin.kind != origin.kind || memo->origin.source != origin.source)
        make_origin(making, memo);
    memo->origin = origin;
    return memo;
}

/* Append what a memo has from byte `from` to byte `to`. */
static void add_part(struct lt_buf *out, const struct lt_memo *memo, size_t from, size_t to)
{
    lt_buf_add(out, (struct lt_str){memo->text.ptr + from, to - from});
}

/* The columns that are the same in all rows of an event, with those of its origin. */
static void make_event(const struct making *making, const struct lt_stops *stops)
{
    struct lt_memo *memo = &making->memory->event;
    const struct lt_memo *origin = origin_of(making);
    size_t from = 0;
    memo->text.len = 0;
    for (unsigned i = 0; i < stops->count; i++) {
        struct lt_stop stop = stops->at[i];
        add_part(&memo->text, origin, from, stop.column ? origin->ends[stop.column - 1] : 0);
        from = origin->ends[stop.column];
        if (stop.scope == LT_OF_EVENT)
            put(making, &memo->text, stop.field);
        else
            memo->ends[stop.column] = (uint32_t)memo->text.len;
    }
    add_part(&memo->text, origin, from, origin->text.len);
}

static void make_time(const struct making *making)
{
    const struct lt_stops *stops = &making->memory->moving;
    struct lt_memo *memo = &making->memory->time;
    memo->text.len = 0;
    for (unsigned i = 0; i < stops->count; i++) {
        if (stops->at[i].scope == LT_OF_TIME)
            put(making, &memo->text, stops->at[i].field);
        memo->ends[i] = (uint32_t)memo->text.len;
    }
}

void lt_columns_row(struct lt_buf *out, const struct lt_row *row, struct lt_memory *memory, lt_put_column *put_column,
                    size_t skip)
{
    const struct making making = {memory, put_column, row};
    size_t from = skip, past = 0;
    if (!memory->moving.count)
        find_stops(memory);
    if (!row->again)
        make_event(&making, row->event->attr_count ? &memory->attributed : &memory->plain);
    if (!row->again || lt_time_cmp(memory->time.time, row->time) != 0)
        make_time(&making);
    memory->time.time = row->time;
    for (unsigned i = 0; i < memory->moving.count; i++) {
        struct lt_stop stop = memory->moving.at[i];
        add_part(out, &memory->event, from, memory->event.ends[stop.column]);
        from = memory->event.ends[stop.column];
        if (stop.scope == LT_OF_TIME)
            add_part(out, &memory->time, past, memory->time.ends[i]);
        else
            put(&making, out, stop.field);
        past = memory->time.ends[i];
    }
    add_part(out, &memory->event, from, memory->event.text.len);
}
