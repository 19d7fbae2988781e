// SPDX-License-Identifier: Apache-2.0
#include "parse/logline.h"

#include "base/utf8.h"
#include "parse/stamp.h"

#include <string.h>

static bool take(struct lt_str *rest, char byte)
{
    *rest = lt_str_trim(*rest);
    if (!rest->len || rest->ptr[0] != byte)
        return false;
    *rest = lt_str_skip(*rest, 1);
    return true;
}

static bool take_hex4(struct lt_str *rest, uint32_t *code)
{
    bool good = lt_hex4(*rest, code);
    *rest = lt_str_skip(*rest, good ? 4 : 0);
    return good;
}

/* The rest of \uXXXX, with the second half of a surrogate pair; a lone half becomes U+FFFD. */
static bool take_unicode(struct lt_str *rest, struct lt_buf *out)
{
    uint32_t code, low;
    if (!take_hex4(rest, &code))
        return false;
    struct lt_str after = lt_str_skip(*rest, 2);
    if (code >= 0xD800 && code <= 0xDBFF && lt_str_starts(*rest, LT_STR("\\u")) && take_hex4(&after, &low) &&
        low >= 0xDC00 && low <= 0xDFFF) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        *rest = after;
    }
    lt_utf8_add(out, code);
    return true;
}

static bool take_escape(struct lt_str *rest, struct lt_buf *out)
{
    static const char names[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    if (!rest->len)
        return false;
    char name = rest->ptr[0];
    *rest = lt_str_skip(*rest, 1);
    if (name == 'u')
        return take_unicode(rest, out);
    const char *at = name ? strchr(names, name) : NULL;
    if (at)
        lt_buf_char(out, bytes[at - names]);
    return at;
}

/* A string value, unescaped into `out`. */
static bool take_string(struct lt_str *rest, struct lt_buf *out)
{
    out->len = 0;
    if (!take(rest, '"'))
        return false;
    for (;;) {
        size_t plain = 0;
        while (plain < rest->len && rest->ptr[plain] != '"' && rest->ptr[plain] != '\\')
            plain++;
        lt_buf_add(out, (struct lt_str){rest->ptr, plain});
        *rest = lt_str_skip(*rest, plain);
        if (!rest->len)
            return false;
        char byte = rest->ptr[0];
        *rest = lt_str_skip(*rest, 1);
        if (byte == '"')
            return true;
        if (!take_escape(rest, out))
            return false;
    }
}

/* Skip any value but a string, up to the comma or brace that ends it. A record that begins inside it is another one:
 * the end of this one is lost. */
static bool skip_value(struct lt_str *rest)
{
    unsigned depth = 0;
    struct lt_buf ignored = {0};
    bool good = true;
    while (good && rest->len) {
        char byte = rest->ptr[0];
        if (!depth && (byte == ',' || byte == '}'))
            break;
        if (byte == '"') {
            good = take_string(rest, &ignored);
            continue;
        }
        depth += byte == '{' || byte == '[';
        if (byte == '}' || byte == ']')
            good = depth-- > 0;
        if (lt_str_starts(*rest, LT_LOGLINE_START))
            good = false;
        *rest = lt_str_skip(*rest, 1);
    }
    lt_buf_free(&ignored);
    return good && rest->len;
}

/* The value of an attribute, appended to `out`: a string, or the text of anything else. */
static bool take_value(struct lt_str *rest, struct lt_buf *out)
{
    struct lt_buf text = {0};
    *rest = lt_str_trim(*rest);
    const char *start = rest->ptr;
    bool is_string = rest->len && start[0] == '"';
    bool good = is_string ? take_string(rest, &text) : skip_value(rest);
    lt_buf_add(out, is_string ? lt_buf_view(&text) : lt_str_trim((struct lt_str){start, (size_t)(rest->ptr - start)}));
    lt_buf_free(&text);
    return good;
}

static void add_attr(struct lt_logline *out, struct lt_str text)
{
    lt_list_add_str(&out->attrs, &out->arena, lt_str_dup(&out->arena, text));
}

/* The members of "attrs", which is an object. What is whole is kept, also if the end is lost. */
static bool take_attrs(struct lt_str *rest, struct lt_logline *out)
{
    struct lt_buf key = {0};
    bool good = take(rest, '{'), more = good && !take(rest, '}');
    while (good && more) {
        good = take_string(rest, &key) && take(rest, ':');
        if (good)
            lt_buf_char(&key, '=');
        good = good && take_value(rest, &key);
        if (good)
            add_attr(out, lt_buf_view(&key));
        more = good && take(rest, ',');
        if (!more)
            good = good && take(rest, '}');
    }
    lt_buf_free(&key);
    return good;
}

static bool take_member(struct lt_str *rest, struct lt_buf *key, struct lt_logline *out, struct lt_buf *time)
{
    if (!take_string(rest, key) || !take(rest, ':'))
        return false;
    struct lt_str name = lt_buf_view(key);
    if (lt_str_eq(name, LT_STR("log")))
        return take_string(rest, &out->text);
    if (lt_str_eq(name, LT_STR("stream")))
        return take_string(rest, &out->stream);
    if (lt_str_eq(name, LT_STR("time")))
        return take_string(rest, time);
    *rest = lt_str_trim(*rest);
    if (lt_str_eq(name, LT_STR("attrs")) && rest->len && rest->ptr[0] == '{')
        return take_attrs(rest, out);
    return skip_value(rest);
}

static void clear(struct lt_logline *out)
{
    out->text.len = out->stream.len = 0;
    out->time = (struct lt_time){0};
    if (out->attrs.count)
        lt_arena_reset(&out->arena);
    out->attrs = (struct lt_list){0};
}

/* Members up to the brace that ends them. */
static bool take_members(struct lt_str *rest, struct lt_logline *out)
{
    struct lt_buf key = {0}, time = {0};
    bool good;
    do
        good = take_member(rest, &key, out, &time);
    while (good && take(rest, ','));
    good = good && take(rest, '}');
    lt_stamp_rfc3339(lt_buf_view(&time), &out->time, NULL);
    lt_buf_free(&key);
    lt_buf_free(&time);
    return good;
}

enum lt_status lt_logline_next(struct lt_str *rest, struct lt_logline *out, struct lt_err *err)
{
    struct lt_str text = *rest;
    clear(out);
    bool good = take(&text, '{') && take_members(&text, out);
    if (!good || !out->time.set)
        return lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0,
                       good ? "log record without a time" : "no json-file log record");
    *rest = lt_str_trim(text);
    return LT_OK;
}

enum lt_status lt_logline_parse(struct lt_str line, struct lt_logline *out, struct lt_err *err)
{
    enum lt_status status = lt_logline_next(&line, out, err);
    if (status == LT_OK && line.len)
        status = lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, "no json-file log record");
    return status;
}

/* The text of a record whose beginning is lost, unescaped as far as that goes, up to the quote that ends it. */
static void add_tail(struct lt_str text, struct lt_buf *out)
{
    out->len = 0;
    while (text.len && text.ptr[0] != '"') {
        char byte = text.ptr[0];
        text = lt_str_skip(text, 1);
        if (byte != '\\')
            lt_buf_char(out, byte);
        else if (!take_escape(&text, out))
            break;
    }
}

/* Decode the members that begin in the first `mark`, behind its quote and comma. Returns where that is, NULL if they do
 * not fill the rest of `bytes`. */
static const char *decode_behind(struct lt_str bytes, struct lt_str mark, struct lt_logline *out)
{
    enum { QUOTE_AND_COMMA = 2 };
    const char *found = memmem(bytes.ptr, bytes.len, mark.ptr, mark.len);
    if (!found)
        return NULL;
    struct lt_str rest = lt_str_skip(bytes, (size_t)(found - bytes.ptr) + QUOTE_AND_COMMA);
    clear(out);
    return take_members(&rest, out) && !lt_str_trim(rest).len && out->time.set ? found : NULL;
}

/* Where in `bytes` the last `mark` is; their length if there is none. */
static size_t find_last(struct lt_str bytes, struct lt_str mark)
{
    size_t last = bytes.len;
    for (size_t from = 0; from + mark.len <= bytes.len; from = last + 1) {
        const char *found = memmem(bytes.ptr + from, bytes.len - from, mark.ptr, mark.len);
        if (!found)
            break;
        last = (size_t)(found - bytes.ptr);
    }
    return last;
}

/* Decode the last member, of whose name the beginning may be lost: no other one than the time ends a record. `*before`
 * is what stands before it. */
static bool decode_time(struct lt_str bytes, struct lt_logline *out, struct lt_str *before)
{
    const struct lt_str name = LT_STR(",\"time");
    size_t at = find_last(bytes, LT_STR("\":\""));
    struct lt_str value = lt_str_skip(bytes, at + 2);
    struct lt_buf time = {0};
    clear(out);
    *before = (struct lt_str){bytes.ptr, at};
    bool whole = lt_str_ends(*before, name), good = at < bytes.len && (whole || lt_str_ends(name, *before));
    before->len -= whole ? name.len : at;
    if (good && take_string(&value, &time) && take(&value, '}') && !lt_str_trim(value).len)
        lt_stamp_rfc3339(lt_buf_view(&time), &out->time, NULL);
    lt_buf_free(&time);
    return out->time.set;
}

/* Set the stream if it is whole in `bytes`, which end with its closing quote, and begin in its name or behind that. */
static void add_stream(struct lt_str bytes, struct lt_buf *out)
{
    static const struct lt_str members[] = {{",\"stream\":\"stdout\"", 18}, {",\"stream\":\"stderr\"", 18}};
    enum { WORD = 6, QUOTE = 1 };
    out->len = 0;
    for (size_t i = 0; i < sizeof members / sizeof *members && bytes.len >= WORD + QUOTE; i++)
        if (lt_str_ends(members[i], bytes))
            lt_buf_add(out, (struct lt_str){members[i].ptr + members[i].len - WORD - QUOTE, WORD});
}

bool lt_logline_tail(struct lt_str bytes, struct lt_logline *out)
{
    const char *found = decode_behind(bytes, LT_STR("\",\"stream\":\""), out);
    struct lt_str before = {bytes.ptr, 0};
    if (found) {
        add_tail(bytes, &out->text);
        return true;
    }
    found = decode_behind(bytes, LT_STR("\",\"attrs\":{"), out);
    if (found)
        before.len = (size_t)(found + 1 - bytes.ptr);
    bool good = found || decode_time(bytes, out, &before);
    if (!good)
        clear(out);
    out->text.len = 0;
    if (good)
        add_stream(before, &out->stream);
    else
        add_tail(bytes, &out->text);
    return good;
}

size_t lt_logline_find(struct lt_str bytes, size_t from)
{
    const struct lt_str start = LT_LOGLINE_START, attrs = LT_STR("\"attrs\":");
    while (from < bytes.len) {
        const char *found = memmem(bytes.ptr + from, bytes.len - from, start.ptr, start.len);
        if (!found)
            break;
        from = (size_t)(found - bytes.ptr);
        if (!lt_str_ends((struct lt_str){bytes.ptr, from}, attrs))
            return from;
        from++;
    }
    return bytes.len;
}

void lt_logline_free(struct lt_logline *line)
{
    lt_buf_free(&line->text);
    lt_buf_free(&line->stream);
    lt_arena_free(&line->arena);
}
