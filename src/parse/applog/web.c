// SPDX-License-Identifier: Apache-2.0
/* Access logs in the common format of web servers, the combined one, and those with the server's name before them
 * (Apache's mod_log_config, 2.4; nginx's ngx_http_log_module, 1.24; Tomcat, lighttpd):
 *
 *   192.0.2.1 - alice [23/Nov/2026:17:46:04 +0100] "GET / HTTP/1.1" 200 612 "http://referer/" "agent"
 *   www.example.org:443 192.0.2.1 - - [23/Nov/2026:17:46:04 +0100] "GET / HTTP/1.1" 200 612
 *
 * Servers escape a quote in a quoted part with a backslash. What is missing at the end of a line is "". */
#include "parse/applog/applog.h"

#include "parse/apptime.h"

#include <string.h>

enum { MOST_BEFORE = 512 };

/* Where "[23/Nov/..." begins; the length of the line if nowhere. */
static size_t find_stamp(struct lt_str line)
{
    for (size_t at = 1; at + 1 < line.len && at < MOST_BEFORE; at++)
        if (line.ptr[at] == '[' && line.ptr[at - 1] == ' ' && line.ptr[at + 1] >= '0' && line.ptr[at + 1] <= '9')
            return at;
    return line.len;
}

/* "192.0.2.1 - alice ", perhaps after "www.example.org:443 ". */
static bool take_client(struct lt_str head, struct lt_applog_record *out)
{
    struct lt_str rest = lt_str_trim(head), first = lt_str_cut(&rest, ' ');
    struct lt_str after = rest, second = lt_str_cut(&after, ' ');
    if (!lt_applog_is_address(first) && lt_applog_is_address(second)) {
        first = second;
        rest = after;
    }
    struct lt_str identity = lt_str_cut(&rest, ' ');
    if (!first.len || !identity.len || !rest.len)
        return false;
    out->text[LT_APPLOG_ADDRESS] = lt_applog_is_address(first) ? first : LT_STR("");
    out->text[LT_APPLOG_USER] = lt_str_eq(rest, LT_STR("-")) ? LT_STR("") : rest;
    return true;
}

/* A quoted part, without the quotes; "" for "-", and where there is none. */
static struct lt_str take_quoted(struct lt_str *rest)
{
    size_t at = 1;
    while (lt_str_starts(*rest, LT_STR(" ")))
        *rest = lt_str_skip(*rest, 1);
    if (!lt_str_starts(*rest, LT_STR("\"")))
        return LT_STR("");
    while (at < rest->len && rest->ptr[at] != '"')
        at += rest->ptr[at] == '\\' ? 2 : 1;
    at = at < rest->len ? at : rest->len;
    struct lt_str text = {rest->ptr + 1, at - 1};
    *rest = lt_str_skip(*rest, at < rest->len ? at + 1 : at);
    return lt_str_eq(text, LT_STR("-")) ? LT_STR("") : text;
}

/* "200 612" */
static void take_code(struct lt_str *rest, struct lt_applog_record *out)
{
    uint64_t number;
    while (lt_str_starts(*rest, LT_STR(" ")))
        *rest = lt_str_skip(*rest, 1);
    struct lt_str code = lt_str_cut(rest, ' ');
    if (code.len == 3 && lt_applog_number(&code, 3, &number))
        out->code = (unsigned)number;
    lt_str_cut(rest, ' ');
}

static bool take(const struct lt_applog_reading *reading, struct lt_str line, struct lt_applog_record *out)
{
    struct lt_apptime found;
    size_t at = find_stamp(line);
    struct lt_str rest = lt_str_skip(line, at);
    const char *end = at < line.len ? memchr(rest.ptr, ']', rest.len) : NULL;
    (void)reading;
    out->kind = LT_APPLOG_WEB;
    out->text[LT_APPLOG_BODY] = line;
    if (!end || !lt_apptime_find((struct lt_str){rest.ptr, (size_t)(end - rest.ptr)}, (struct lt_time){0}, &found) ||
        strcmp(found.form, "Apache") != 0 || !take_client((struct lt_str){line.ptr, at}, out))
        return false;
    out->time = (struct lt_applog_time){.time = found.time, .zoned = found.has_zone};
    rest = lt_str_skip(rest, (size_t)(end + 1 - rest.ptr));
    out->text[LT_APPLOG_REQUEST] = take_quoted(&rest);
    take_code(&rest, out);
    out->text[LT_APPLOG_REFERER] = take_quoted(&rest);
    out->text[LT_APPLOG_AGENT] = take_quoted(&rest);
    return true;
}

const struct lt_applog_format lt_applog_web = {.name = "web server", .kind = LT_APPLOG_WEB, .take = take};
