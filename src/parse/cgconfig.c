// SPDX-License-Identifier: Apache-2.0
#include "parse/cgconfig.h"

enum { AT_GROUP = 1, AT_CONTROLLER = 2 }; /* depth within a group, within a controller */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void cut_bytes(struct lt_cg_text *text, size_t count)
{
    count = count < text->rest.len ? count : text->rest.len; /* a quote may be unclosed */
    for (size_t i = 0; i < count; i++)
        text->line += text->rest.ptr[i] == '\n';
    text->rest = lt_str_skip(text->rest, count);
}

static void cut_blanks(struct lt_cg_text *text)
{
    while (text->rest.len && (is_blank(text->rest.ptr[0]) || text->rest.ptr[0] == '#')) {
        struct lt_str rest = text->rest;
        bool comment = text->rest.ptr[0] == '#';
        cut_bytes(text, comment ? lt_str_cut(&rest, '\n').len : 1);
    }
}

static bool is_punctuation(char byte)
{
    return byte == '{' || byte == '}' || byte == ';' || byte == '=';
}

/* A punctuation mark, a word, or a quoted string without its quotes; false at the end. */
static bool cut_token(struct lt_cg_text *text, struct lt_str *token, bool *mark)
{
    cut_blanks(text);
    struct lt_str rest = text->rest;
    if (!rest.len)
        return false;
    *mark = is_punctuation(rest.ptr[0]);
    size_t length = 1;
    if (rest.ptr[0] == '"') {
        rest = lt_str_skip(rest, 1);
        *token = lt_str_cut(&rest, '"');
        cut_bytes(text, token->len + 2);
        return true;
    }
    while (!*mark && length < rest.len && !is_blank(rest.ptr[length]) && !is_punctuation(rest.ptr[length]) &&
           rest.ptr[length] != '"')
        length++;
    *token = (struct lt_str){rest.ptr, length};
    cut_bytes(text, length);
    return true;
}

/* Open a block after the words `first second`. True if it is a group or one of its controllers. */
static bool open_block(struct lt_cg_text *text, struct lt_str first, struct lt_str second)
{
    bool named = lt_str_eq(first, LT_STR("group")) || lt_str_eq(first, LT_STR("template"));
    if (text->depth < UINT32_MAX)
        text->depth++;
    if (text->depth == AT_GROUP)
        text->group = named ? second : LT_STR("");
    else if (text->depth == AT_CONTROLLER)
        text->controller = text->group.len && !lt_str_eq(first, LT_STR("perm")) ? first : LT_STR("");
    return text->group.len && (text->depth == AT_GROUP || (text->depth == AT_CONTROLLER && text->controller.len));
}

/* False if no block is open. */
static bool close_block(struct lt_cg_text *text)
{
    if (!text->depth)
        return false;
    text->depth--;
    if (text->depth < AT_CONTROLLER)
        text->controller = LT_STR("");
    if (text->depth < AT_GROUP)
        text->group = LT_STR("");
    return true;
}

/* The words after "=", up to the semicolon. */
static struct lt_str cut_value(struct lt_cg_text *text)
{
    struct lt_str value = LT_STR(""), token;
    bool mark;
    while (cut_token(text, &token, &mark) && !(mark && token.ptr[0] == ';')) {
        if (mark && (token.ptr[0] == '{' || token.ptr[0] == '}')) { /* the semicolon is missing */
            text->rest = (struct lt_str){token.ptr, text->rest.len + (size_t)(text->rest.ptr - token.ptr)};
            break;
        }
        if (!value.len)
            value.ptr = token.ptr;
        value.len = (size_t)(token.ptr + token.len - value.ptr);
    }
    return value;
}

static enum lt_status put(const struct lt_cg_text *text, struct lt_str key, struct lt_str value, unsigned line,
                          struct lt_cg_line *out)
{
    *out = (struct lt_cg_line){text->group, text->controller, key, value, line};
    return LT_OK;
}

enum lt_status lt_cg_next(struct lt_cg_text *text, struct lt_cg_line *out)
{
    struct lt_str first = LT_STR(""), second = LT_STR(""), token;
    bool mark;
    while (cut_token(text, &token, &mark)) {
        out->line = text->line + 1;
        char byte = mark ? token.ptr[0] : 0;
        if (!byte && second.len)
            return LT_SKIP;
        if (!byte) {
            *(first.len ? &second : &first) = token;
            continue;
        }
        if (byte == '{' && open_block(text, first, second))
            return put(text, LT_STR(""), LT_STR(""), out->line, out);
        if (byte == '=' && first.len) {
            unsigned line = out->line;
            struct lt_str value = cut_value(text);
            if (text->controller.len && text->depth == AT_CONTROLLER)
                return put(text, first, value, line, out);
        } else if (byte == '}') {
            bool closed = close_block(text);
            if (first.len || !closed)
                return LT_SKIP;
        } else if (byte != '{' && (byte == '=' || first.len)) {
            return LT_SKIP;
        }
        first = second = LT_STR("");
    }
    out->line = text->line + 1;
    bool open = text->depth || first.len;
    text->depth = 0;
    return open ? LT_SKIP : LT_END;
}

static struct lt_str cut_word(struct lt_str *line)
{
    size_t length = 0;
    *line = lt_str_trim(*line);
    while (length < line->len && !is_blank(line->ptr[length]))
        length++;
    struct lt_str word = {line->ptr, length};
    *line = lt_str_trim(lt_str_skip(*line, length));
    return word;
}

enum lt_status lt_cg_rule_next(struct lt_str *rest, unsigned *line, struct lt_cg_rule *out)
{
    while (rest->len) {
        struct lt_str text = lt_str_trim(lt_str_cut(rest, '\n'));
        ++*line;
        if (!text.len || text.ptr[0] == '#')
            continue;
        *out = (struct lt_cg_rule){.line = *line};
        out->who = cut_word(&text);
        out->controllers = cut_word(&text);
        out->group = cut_word(&text);
        return out->group.len ? LT_OK : LT_SKIP;
    }
    return LT_END;
}
