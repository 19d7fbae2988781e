// SPDX-License-Identifier: Apache-2.0
#include "redact.h"

#include <strings.h>

static bool is_word(struct lt_str name, const char *word)
{
    return name.len == strlen(word) && strncasecmp(name.ptr, word, name.len) == 0;
}

static bool holds_word(struct lt_str name, const char *word)
{
    for (; name.len >= strlen(word); name = lt_str_skip(name, 1))
        if (strncasecmp(name.ptr, word, strlen(word)) == 0)
            return true;
    return false;
}

bool lt_is_secret_name(struct lt_str name)
{
    static const char *const parts[] = {"pass", "pwd", "secret", "token", "key", "credential"};
    static const char *const words[] = {"pw", "pin", "sig", "sas"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (holds_word(name, parts[i]))
            return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(name, words[i]))
            return true;
    return false;
}

static size_t find(struct lt_str text, size_t from, const char *stops)
{
    while (from < text.len && !(text.ptr[from] && strchr(stops, text.ptr[from])))
        from++;
    return from;
}

/* Where the value that begins at `at` ends. */
static size_t value_end(struct lt_str text, size_t at)
{
    if (at < text.len && text.ptr[at] == '"')
        at = find(text, at + 1, "\"");
    for (at = find(text, at, ","); at + 1 < text.len && text.ptr[at + 1] == ','; at = find(text, at + 2, ","))
        ;
    return at;
}

/* "password=x" at the beginning of an item: how many bytes were dealt with, 0 if it holds no secret. */
static size_t redact_option(struct lt_buf *out, struct lt_str text)
{
    size_t equals = find(text, 0, "=,;?& \t\n");
    if (equals >= text.len || text.ptr[equals] != '=')
        return 0;
    struct lt_str name = {text.ptr, equals};
    size_t from = equals + 1, end = value_end(text, from);
    if (is_word(name, "user") || is_word(name, "username")) {
        from = find((struct lt_str){text.ptr, end}, from, "%") + 1;
        if (from > end)
            return 0;
    } else if (!lt_is_secret_name(name)) {
        return 0;
    }
    lt_buf_add(out, (struct lt_str){text.ptr, from});
    if (end > from)
        lt_buf_lit(out, "***");
    return end;
}

static bool is_port(struct lt_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len <= 5;
}

/* "//user:password@" likewise. A password may hold a slash, though it should not. */
static size_t redact_authority(struct lt_buf *out, struct lt_str text)
{
    if (!lt_str_starts(text, LT_STR("//")))
        return 0;
    size_t slash = find(text, 2, "/"), colon = find((struct lt_str){text.ptr, slash}, 2, ":@");
    if (colon == slash || text.ptr[colon] != ':')
        return 0;
    struct lt_str behind = {text.ptr + colon + 1, slash - colon - 1};
    const char *at = memrchr(behind.ptr, '@', behind.len);
    if (!at && !is_port(behind))
        at = memrchr(behind.ptr, '@', find(text, slash, ",") - colon - 1);
    if (!at)
        return 0;
    lt_buf_add(out, (struct lt_str){text.ptr, colon + 1});
    lt_buf_lit(out, "***");
    return (size_t)(at - text.ptr);
}

void lt_redact(struct lt_buf *out, struct lt_str text)
{
    bool begins = true; /* an item does */
    while (text.len) {
        size_t done = begins ? redact_option(out, text) : 0;
        if (!done)
            done = redact_authority(out, text);
        if (!done) {
            begins = *text.ptr && strchr(",;?& \t\n", *text.ptr);
            lt_buf_char(out, *text.ptr);
            done = 1;
        } else {
            begins = false;
        }
        text = lt_str_skip(text, done);
    }
}
