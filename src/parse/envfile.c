// SPDX-License-Identifier: Apache-2.0
#include "parse/envfile.h"

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

static char cut_byte(struct lt_env_text *text)
{
    char byte = text->rest.ptr[0];
    text->rest = lt_str_skip(text->rest, 1);
    text->line += byte == '\n';
    return byte;
}

static void cut_rest_of_line(struct lt_env_text *text)
{
    lt_str_cut(&text->rest, '\n');
    text->line++;
}

static bool is_name(struct lt_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char byte = name.ptr[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
        if (!letter && (!i || byte < '0' || byte > '9'))
            return false;
    }
    return name.len;
}

/* Read up to the closing quote; false if there is none. In double quotes a backslash escapes the characters that are
 * special there. */
static bool cut_quoted(struct lt_env_text *text, char quote, struct lt_buf *value)
{
    while (text->rest.len) {
        char byte = cut_byte(text);
        if (byte == quote)
            return true;
        if (byte == '\\' && quote == '"' && text->rest.len && strchr("$`\"\\\n", text->rest.ptr[0])) {
            if (!text->rest.ptr[0])
                lt_buf_char(value, byte);
            byte = cut_byte(text);
            if (byte == '\n')
                continue;
        }
        lt_buf_char(value, byte);
    }
    return false;
}

/* Read up to and including the end of the line. `solid` is the length without trailing unquoted white space. */
static bool cut_value(struct lt_env_text *text, struct lt_buf *value, size_t *solid)
{
    bool between = true; /* between words, where a comment may begin */
    for (*solid = 0; text->rest.len;) {
        char byte = cut_byte(text);
        if (byte == '\n')
            return true;
        if (byte == '#' && between) {
            cut_rest_of_line(text);
            return true;
        }
        between = is_blank(byte);
        if (byte == '\\' && text->rest.len) {
            byte = cut_byte(text);
            if (byte == '\n')
                continue;
        } else if ((byte == '"' || byte == '\'')) {
            if (!cut_quoted(text, byte, value))
                return false;
            *solid = value->len;
            continue;
        }
        lt_buf_char(value, byte);
        *solid = between ? *solid : value->len;
    }
    return true;
}

/* Cut off "export NAME=" or "NAME="; false if the line does not begin with one of them. */
static bool cut_name(struct lt_env_text *text, struct lt_env_line *out)
{
    struct lt_str rest = text->rest, line = lt_str_cut(&rest, '\n');
    if (!memchr(line.ptr, '=', line.len))
        return false;
    struct lt_str name = lt_str_cut(&line, '=');
    size_t length = name.len + 1;
    name = lt_str_trim(name);
    if (lt_str_starts(name, LT_STR("export")) && name.len > 6 && is_blank(name.ptr[6]))
        name = lt_str_trim(lt_str_skip(name, 6));
    out->appends = lt_str_ends(name, LT_STR("+"));
    name.len -= out->appends;
    out->name = name;
    if (is_name(name))
        text->rest = lt_str_skip(text->rest, length);
    return is_name(name);
}

enum lt_status lt_env_next(struct lt_env_text *text, struct lt_arena *arena, struct lt_env_line *out)
{
    struct lt_buf value = {0};
    size_t solid;
    for (;;) {
        while (text->rest.len && (is_blank(text->rest.ptr[0]) || text->rest.ptr[0] == '\n'))
            cut_byte(text);
        if (!text->rest.len)
            return LT_END;
        if (text->rest.ptr[0] != '#')
            break;
        cut_rest_of_line(text);
    }
    *out = (struct lt_env_line){.line = text->line + 1};
    if (!cut_name(text, out)) {
        cut_rest_of_line(text);
        return LT_SKIP;
    }
    bool closed = cut_value(text, &value, &solid);
    out->value = lt_str_dup(arena, (struct lt_str){value.ptr, solid});
    lt_buf_free(&value);
    return closed ? LT_OK : LT_SKIP;
}
