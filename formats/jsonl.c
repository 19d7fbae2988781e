// SPDX-License-Identifier: Apache-2.0
/* JSON lines in the form of psort's json_line module (plaso/output/json_line.py, 2026-07): sorted keys, ASCII only, a
 * space after each comma and colon; plus what Timesketch needs (`datetime`, `tag` as a list). One line per time, never
 * a blank line. Unknown facts are left out: no null, no "-". */
#include "base/escape.h"
#include "formats/fields.h"

/* Escape the value that was written since `start`, and add its closing quote. Our own words need no escapes, but an
 * attribute may be declared a WORD and hold other text. */
static void finish_value(struct lt_buf *out, size_t start, const struct lt_field_info *info)
{
    enum lt_field_type type = info->type;
    if (type != LT_AS_RAW)
        lt_value_bound(out, start);
    if (type == LT_AS_NAME)
        lt_escape_json_name_from(out, start);
    else if (type == LT_AS_TEXT || (type == LT_AS_WORD && info->attr != LT_ATTRS))
        lt_escape_json_from(out, start);
    if (type != LT_AS_INT && type != LT_AS_RAW)
        lt_buf_char(out, '"');
}

/* Write a comma, the key and the value, and remove them again if the row has no such fact. */
static void add_field(struct lt_buf *out, enum lt_field field, const struct lt_row *row)
{
    const struct lt_field_info *info = &lt_field_infos[field];
    size_t before = out->len;
    lt_buf_reserve(out, sizeof info->json);
    memcpy(out->ptr + out->len, info->json, sizeof info->json);
    out->len += info->json_len;
    size_t start = out->len;
    if (info->put_event) /* most fields are of this kind */
        info->put_event(out, row->event);
    else
        lt_field_put(out, field, row);
    if (out->len == start)
        out->len = before;
    else
        finish_value(out, start, info);
}

static struct lt_str part(const struct lt_memo *memo, unsigned from, unsigned to)
{
    size_t start = from ? memo->ends[from - 1] : 0;
    return (struct lt_str){memo->text.ptr + start, memo->ends[to] - start};
}

/* Fill a memo with all fields of one scope. */
static void remember(struct lt_memo *memo, enum lt_field_scope scope, const struct lt_row *row)
{
    memo->text.len = 0;
    for (unsigned field = 0; field < LT_FIELDS; field++) {
        if (lt_field_infos[field].scope == scope)
            add_field(&memo->text, (enum lt_field)field, row);
        memo->ends[field] = (uint32_t)memo->text.len;
    }
}

static const struct lt_memo *origin_fields(struct lt_memory *memory, const struct lt_row *row)
{
    struct lt_origin origin = lt_origin_of(row->event);
    struct lt_memo *memo = lt_memory_of(memory, &origin);
    if (memo->origin.owner != origin.owner || memo->origin.kind != origin.kind || memo->origin.source != origin.source)
        remember(memo, LT_OF_ORIGIN, row);
    memo->origin = origin;
    return memo;
}

/* Keep the fields that are the same in all rows of an event, including those of its origin. */
static void event_fields(struct lt_memo *memo, const struct lt_memo *origin, const struct lt_row *row)
{
    bool attrs = row->event->attr_count; /* files have none, and most rows are files */
    memo->text.len = 0;
    for (unsigned field = 0; field < LT_FIELDS; field++) {
        const struct lt_field_info *info = &lt_field_infos[field];
        if (info->scope == LT_OF_ORIGIN)
            lt_buf_add(&memo->text, part(origin, field, field));
        else if (info->put_event || (attrs && info->attr != LT_ATTRS))
            add_field(&memo->text, (enum lt_field)field, row);
        memo->ends[field] = (uint32_t)memo->text.len;
    }
}

static void time_fields(struct lt_memo *memo, const struct lt_row *row)
{
    if (!row->again || lt_time_cmp(memo->time, row->time) != 0)
        remember(memo, LT_OF_TIME, row);
    memo->time = row->time;
}

static void jsonl_row(struct lt_buf *out, const struct lt_row *row, struct lt_memory *memory)
{
    enum { COMMA = 2 };
    _Static_assert(LT_FIELD_CONTAINER_TYPE == 0, "the first field must be one that all rows have, and of the origin");
    const struct lt_memo *event = &memory->event, *time = &memory->time;
    unsigned from = 0;
    if (!row->again)
        event_fields(&memory->event, origin_fields(memory, row), row);
    time_fields(&memory->time, row);
    lt_buf_char(out, '{');
    for (unsigned field = 0; field < LT_FIELDS; field++) {
        enum lt_field_scope scope = lt_field_infos[field].scope;
        if (scope != LT_OF_ROW && scope != LT_OF_TIME)
            continue;
        /* The part of this field is empty in the event's memo. */
        lt_buf_add(out, lt_str_skip(part(event, from, field), from ? 0 : COMMA));
        if (scope == LT_OF_TIME)
            lt_buf_add(out, part(time, field, field));
        else
            add_field(out, (enum lt_field)field, row);
        from = field + 1;
    }
    if (from < LT_FIELDS)
        lt_buf_add(out, part(event, from, LT_FIELDS - 1));
    lt_buf_lit(out, "}\n");
}

const struct lt_format lt_format_jsonl = {
    .name = "jsonl",
    .suffix = ".jsonl",
    .summary = "JSON lines for Timesketch, as Plaso's psort writes them",
    .row = jsonl_row,
};
