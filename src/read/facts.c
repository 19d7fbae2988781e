// SPDX-License-Identifier: Apache-2.0
#include "read/facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct lt_attr *add(struct lt_facts *facts, enum lt_attr_key key)
{
    for (size_t i = 0; i < facts->count; i++)
        if (facts->attrs[i].key == key)
            return &facts->attrs[i];
    facts->attrs[facts->count] = (struct lt_attr){.key = key};
    return &facts->attrs[facts->count++];
}

void lt_facts_text(struct lt_facts *facts, enum lt_attr_key key, struct lt_str text)
{
    if (text.len)
        add(facts, key)->text = lt_str_dup(facts->arena, text);
}

void lt_facts_int(struct lt_facts *facts, enum lt_attr_key key, int64_t number)
{
    add(facts, key)->number = number;
}

void lt_fact_add(struct lt_list *items, struct lt_arena *arena, const char *before, struct lt_str text)
{
    size_t length = strlen(before);
    char *bytes = lt_arena_alloc(arena, length + text.len + 1);
    memcpy(bytes, before, length + 1);
    if (text.len)
        memcpy(bytes + length, text.ptr, text.len);
    lt_list_add_str(items, arena, (struct lt_str){bytes, length + text.len});
}

void lt_facts_item(struct lt_facts *facts, enum lt_attr_key key, const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        return;
    lt_fact_add(&add(facts, key)->items, facts->arena, "", (struct lt_str){text, (size_t)length});
    free(text);
}

void lt_fact(struct lt_facts *facts, const char *word, struct lt_str text)
{
    if (text.len)
        lt_facts_item(facts, LT_ATTR_FACTS, "%s %.*s", word, LT_ARG(text));
}

void lt_command_add_argument(struct lt_buf *line, struct lt_str argument)
{
    bool quote = !argument.len;
    for (size_t i = 0; i < argument.len; i++)
        quote |= !strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-", argument.ptr[i]) ||
                 !argument.ptr[i];
    lt_buf_char(line, ' ');
    if (quote)
        lt_buf_char(line, '\'');
    for (size_t i = 0; i < argument.len; i++)
        lt_buf_add(line, quote && argument.ptr[i] == '\'' ? LT_STR("'\\''") : (struct lt_str){&argument.ptr[i], 1});
    if (quote)
        lt_buf_char(line, '\'');
}

enum lt_status lt_facts_emit(const struct lt_facts *facts, struct lt_ctx *ctx, struct lt_event *event,
                             struct lt_err *err)
{
    event->attrs = facts->attrs;
    event->attr_count = facts->count;
    return lt_emit_one(ctx, event, err);
}
