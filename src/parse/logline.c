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

/* Skip any value but a string, up to the comma or brace that ends it. */
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
        *rest = lt_str_skip(*rest, 1);
    }
    lt_buf_free(&ignored);
    return good && rest->len;
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
    return skip_value(rest);
}

enum lt_status lt_logline_parse(struct lt_str line, struct lt_logline *out, struct lt_err *err)
{
    struct lt_buf key = {0}, time = {0};
    struct lt_str rest = line;
    out->text.len = out->stream.len = 0;
    bool good = take(&rest, '{');
    while (good) {
        good = take_member(&rest, &key, out, &time);
        if (!good || !take(&rest, ','))
            break;
    }
    good = good && take(&rest, '}') && !lt_str_trim(rest).len;
    enum lt_status status = good ? lt_stamp_rfc3339(lt_buf_view(&time), &out->time, err) : LT_SKIP;
    if (status != LT_OK)
        status =
            lt_fail(err, LT_SKIP, LT_CODE_DAMAGED, 0, good ? "log record without a time" : "no json-file log record");
    lt_buf_free(&key);
    lt_buf_free(&time);
    return status;
}

void lt_logline_free(struct lt_logline *line)
{
    lt_buf_free(&line->text);
    lt_buf_free(&line->stream);
}
