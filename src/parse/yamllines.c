// SPDX-License-Identifier: Apache-2.0
#include "parse/yamllines.h"

enum { MAX_PATH = 1024 };

static void not_read(struct lt_yaml *yaml)
{
    if (!yaml->unread++)
        yaml->first = yaml->line;
}

static void pop(struct lt_yaml *yaml)
{
    yaml->depth--;
    yaml->path.len = yaml->frames[yaml->depth].path;
}

/* False: it is nested too deep. */
static bool push(struct lt_yaml *yaml, size_t column, bool sequence, struct lt_str key)
{
    if (yaml->depth == LT_YAML_DEPTH || yaml->path.len + key.len > MAX_PATH) {
        not_read(yaml);
        return false;
    }
    yaml->frames[yaml->depth++] = (struct lt_yaml_frame){column, yaml->path.len, sequence, 0};
    if (sequence)
        lt_buf_lit(&yaml->path, "[]");
    else if (yaml->path.len)
        lt_buf_char(&yaml->path, '.');
    lt_buf_add(&yaml->path, key);
    return true;
}

/* "- " at `column`. A sequence may stand in the column of the key that it belongs to. */
static bool begin_item(struct lt_yaml *yaml, size_t column)
{
    while (yaml->depth && yaml->frames[yaml->depth - 1].column > column)
        pop(yaml);
    struct lt_yaml_frame *top = yaml->depth ? &yaml->frames[yaml->depth - 1] : NULL;
    if (!top || !top->sequence || top->column != column)
        return push(yaml, column, true, LT_STR(""));
    top->index++;
    return true;
}

/* The end of the quoted text at the start of `text`, its second quote; 0 if it does not end on this line. */
static size_t quoted_end(struct lt_str text)
{
    char quote = text.ptr[0];
    for (size_t at = 1; at < text.len; at++) {
        bool twice = quote == '\'' && at + 1 < text.len && text.ptr[at] == quote && text.ptr[at + 1] == quote;
        if (twice || (quote == '"' && text.ptr[at] == '\\'))
            at++; /* the next byte is escaped */
        else if (text.ptr[at] == quote)
            return at;
    }
    return 0;
}

static bool is_quote(struct lt_str text)
{
    return text.len && (text.ptr[0] == '"' || text.ptr[0] == '\'');
}

/* Cut the comment off a plain text. */
static struct lt_str without_comment(struct lt_str text)
{
    for (size_t at = 0; at < text.len; at++)
        if (text.ptr[at] == '#' && (!at || text.ptr[at - 1] == ' ' || text.ptr[at - 1] == '\t'))
            text.len = at;
    return lt_str_trim(text);
}

/* Split "key: value" at the start of `text`. False: it is no such line. */
static bool split(struct lt_str text, struct lt_str *key, struct lt_str *value)
{
    size_t end = 0;
    if (text.ptr[0] && strchr("{[&*!?|>", text.ptr[0])) /* a value, or a key that is not understood */
        return false;
    if (is_quote(text)) {
        end = quoted_end(text);
        if (!end)
            return false;
        *key = (struct lt_str){text.ptr + 1, end - 1};
        end++;
    } else {
        while (end < text.len && !(text.ptr[end] == ':' &&
                                   (end + 1 == text.len || text.ptr[end + 1] == ' ' || text.ptr[end + 1] == '\t')))
            end++;
        *key = (struct lt_str){text.ptr, end};
    }
    if (end >= text.len || text.ptr[end] != ':' || !key->len)
        return false;
    *value = lt_str_trim(lt_str_skip(text, end + 1));
    return true;
}

/* Take the value at the start of `text`. False: there is none on this line, or none that is understood. */
static bool take_value(struct lt_yaml *yaml, struct lt_str text, size_t column, struct lt_str *out)
{
    if (is_quote(text)) {
        size_t end = quoted_end(text);
        if (!end)
            not_read(yaml); /* it goes on in the next line */
        *out = lt_str_skip(text, 1);
        if (end)
            out->len = end - 1;
        return true;
    }
    text = without_comment(text);
    if (!text.len || lt_str_eq(text, LT_STR("{}")) || lt_str_eq(text, LT_STR("[]")))
        return false;
    *out = text;
    switch (text.ptr[0]) {
    case '|':
    case '>':
        yaml->skip = column;
        yaml->skipping = true;
        return true;
    case '[':
        if (lt_str_ends(text, LT_STR("]")) && !memchr(text.ptr + 1, '[', text.len - 1) &&
            !memchr(text.ptr, '{', text.len)) {
            yaml->flow = (struct lt_str){text.ptr + 1, text.len - 2};
            return false;
        }
        not_read(yaml);
        return true;
    case '{':
    case '&':
    case '*':
    case '!':
        not_read(yaml);
        return true;
    default:
        return true;
    }
}

static bool emit(struct lt_yaml *yaml, struct lt_str value, struct lt_yaml_item *out)
{
    *out = (struct lt_yaml_item){lt_buf_view(&yaml->path), value, .line = yaml->line};
    for (unsigned i = 0; i < yaml->depth; i++)
        if (yaml->frames[i].sequence)
            out->inner = yaml->frames[i].index;
    for (unsigned i = yaml->depth; i-- > 0;)
        if (yaml->frames[i].sequence)
            out->index = yaml->frames[i].index;
    return true;
}

/* The next item of a flow sequence. */
static bool next_flow(struct lt_yaml *yaml, struct lt_yaml_item *out)
{
    while (yaml->flow.len) {
        struct lt_str value = lt_str_trim(yaml->flow);
        size_t end = is_quote(value) ? quoted_end(value) : 0;
        if (end) {
            yaml->flow = lt_str_skip(value, end + 1);
            lt_str_cut(&yaml->flow, ',');
            value = (struct lt_str){value.ptr + 1, end - 1};
        } else {
            value = lt_str_trim(lt_str_cut(&yaml->flow, ','));
        }
        if (!value.len && !end)
            continue;
        emit(yaml, value, out);
        out->path = (lt_buf_lit(&yaml->path, "[]"), lt_buf_view(&yaml->path));
        yaml->path.len -= 2;
        return true;
    }
    return false;
}

/* Read what stands at `column` of a line. */
static bool read_content(struct lt_yaml *yaml, struct lt_str text, size_t column, struct lt_yaml_item *out)
{
    struct lt_str key, value;
    size_t parent = column ? column - 1 : 0;
    while (lt_str_starts(text, LT_STR("- ")) || lt_str_eq(text, LT_STR("-"))) {
        size_t before = text.len;
        if (!begin_item(yaml, column))
            return false;
        parent = column;
        text = lt_str_trim(lt_str_skip(text, 1));
        column += before - text.len;
    }
    if (!text.len || text.ptr[0] == '#')
        return false;
    if (!split(text, &key, &value)) {
        struct lt_yaml_frame *top = yaml->depth ? &yaml->frames[yaml->depth - 1] : NULL;
        if (top && top->sequence && top->column == parent && parent != column && take_value(yaml, text, parent, &value))
            return emit(yaml, value, out);
        if (!yaml->flow.len)
            not_read(yaml); /* a value over several lines */
        return false;
    }
    while (yaml->depth && yaml->frames[yaml->depth - 1].column >= column)
        pop(yaml);
    if (!push(yaml, column, false, key) || !take_value(yaml, value, column, &value))
        return false;
    return emit(yaml, value, out);
}

static bool read_line(struct lt_yaml *yaml, struct lt_str line, struct lt_yaml_item *out)
{
    size_t column = 0;
    while (column < line.len && line.ptr[column] == ' ')
        column++;
    struct lt_str text = lt_str_trim(lt_str_skip(line, column));
    if (!text.len || (yaml->skipping && column > yaml->skip))
        return false;
    yaml->skipping = false;
    if (!column && (lt_str_starts(line, LT_STR("---")) || lt_str_starts(line, LT_STR("...")))) {
        yaml->document += yaml->depth > 0;
        while (yaml->depth)
            pop(yaml);
        return false;
    }
    if (text.ptr[0] == '#' || (!column && text.ptr[0] == '%'))
        return false;
    if (line.ptr[column] == '\t') {
        not_read(yaml);
        return false;
    }
    return read_content(yaml, text, column, out);
}

bool lt_yaml_next(struct lt_yaml *yaml, struct lt_yaml_item *out)
{
    for (;;) {
        if (next_flow(yaml, out))
            return true;
        if (!yaml->rest.len)
            return false;
        struct lt_str line = lt_str_cut(&yaml->rest, '\n');
        yaml->line++;
        if (read_line(yaml, line, out))
            return true;
    }
}

void lt_yaml_free(struct lt_yaml *yaml)
{
    lt_buf_free(&yaml->path);
}
