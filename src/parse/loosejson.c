// SPDX-License-Identifier: Apache-2.0
#include "parse/loosejson.h"

static bool is_one_of(char byte, const char *bytes)
{
    return byte && strchr(bytes, byte);
}

/* Cut a comment off the start of the text; false if there is none. */
static bool cut_comment(struct lt_str *rest)
{
    if (lt_str_starts(*rest, LT_STR("/*"))) {
        const char *end = memmem(rest->ptr + 2, rest->len - 2, "*/", 2);
        *rest = lt_str_skip(*rest, end ? (size_t)(end + 2 - rest->ptr) : rest->len);
        return true;
    }
    bool line = lt_str_starts(*rest, LT_STR("//")) || lt_str_starts(*rest, LT_STR("#"));
    if (line)
        lt_str_cut(rest, '\n');
    return line;
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void skip_space(struct lt_str *rest)
{
    while (rest->len && (is_space(rest->ptr[0]) || cut_comment(rest)))
        if (rest->len && is_space(rest->ptr[0]))
            *rest = lt_str_skip(*rest, 1);
}

/* Cut a string off, whose opening quote is the first byte. */
static struct lt_str cut_string(struct lt_str *rest, struct lt_arena *arena)
{
    struct lt_buf text = {0};
    char quote = rest->ptr[0];
    bool open = true;
    for (*rest = lt_str_skip(*rest, 1); open && rest->len && rest->ptr[0] != '\n'; *rest = lt_str_skip(*rest, 1)) {
        if (rest->ptr[0] == '\\' && rest->len > 1 && is_one_of(rest->ptr[1], "/\\\"'"))
            *rest = lt_str_skip(*rest, 1);
        else
            open = rest->ptr[0] != quote;
        if (open)
            lt_buf_char(&text, rest->ptr[0]);
    }
    struct lt_str string = lt_buf_view(&text);
    while (open && string.len && is_one_of(string.ptr[string.len - 1], " \t\r,}"))
        string.len--; /* what stood behind the quote that is missing */
    string = lt_str_dup(arena, string);
    lt_buf_free(&text);
    return string;
}

static void count_depth(struct lt_loose_json *json, char byte)
{
    json->depth += byte == '{' || byte == '[';
    json->depth -= (byte == '}' || byte == ']') && json->depth;
}

bool lt_loose_next(struct lt_loose_json *json, struct lt_arena *arena, struct lt_loose_member *out)
{
    for (skip_space(&json->rest); json->rest.len; skip_space(&json->rest)) {
        if (json->rest.ptr[0] != '"' && json->rest.ptr[0] != '\'') {
            count_depth(json, json->rest.ptr[0]);
            json->rest = lt_str_skip(json->rest, 1);
            continue;
        }
        struct lt_str string = cut_string(&json->rest, arena);
        skip_space(&json->rest);
        if (lt_str_starts(json->rest, LT_STR(":"))) {
            json->key = string;
            continue;
        }
        *out = (struct lt_loose_member){json->key, string, json->depth};
        return true;
    }
    return false;
}
