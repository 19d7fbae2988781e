// SPDX-License-Identifier: Apache-2.0
#include "parse/redact.h"

#include <strings.h>

#define BLANKS " \t\n"
#define STOPS  "=,;?&\"'" BLANKS /* an item begins after each; the name of an item has none */

/* Position in the text. Earlier findings are kept, because in hostile text each of many items would search all of the
 * rest. */
struct scan {
    struct lt_str text;             /* the rest of the text */
    char before;                    /* the byte before it */
    bool is_word;                   /* `text` begins within a word of a command line, "--name..." */
    const char *no_password_before; /* user names that begin before this have no password */
    const char *comma;              /* last_at_sign() has searched up to this comma; NULL: not yet */
    const char *at_sign;            /* what it found there */
};

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

static bool is_quote(char byte)
{
    return byte == '"' || byte == '\'';
}

/* Where `quote` comes next without a backslash before it. */
static size_t find_quote(struct lt_str text, size_t from, char quote)
{
    for (from = find(text, from, (char[]){quote, 0}); from < text.len && from && text.ptr[from - 1] == '\\';)
        from = find(text, from + 1, (char[]){quote, 0});
    return from;
}

/* End of the word of a command line that begins at `at`. */
static size_t word_end(struct lt_str text, size_t at)
{
    if (at < text.len && is_quote(text.ptr[at]))
        at = find_quote(text, at + 1, text.ptr[at]);
    return find(text, at, BLANKS);
}

/* End of the value that begins at `at`. */
static size_t value_end(const struct scan *scan, size_t at)
{
    struct lt_str text = scan->text;
    size_t quote = is_quote(scan->before) ? find_quote(text, at, scan->before) : text.len;
    if (quote < text.len)
        return quote;
    if (scan->is_word)
        return word_end(text, at);
    if (at < text.len && text.ptr[at] == '"')
        at = find(text, at + 1, "\"");
    for (at = find(text, at, ","); at + 1 < text.len && text.ptr[at + 1] == ','; at = find(text, at + 2, ","))
        ;
    return at;
}

/* Redact "password=x" at the beginning of an item. Returns the number of bytes consumed, 0 if it holds no secret. */
static size_t redact_option(struct lt_buf *out, struct scan *scan)
{
    struct lt_str text = scan->text;
    size_t equals = find(text, 0, STOPS);
    if (equals >= text.len || text.ptr[equals] != '=')
        return 0;
    struct lt_str name = {text.ptr, equals};
    size_t from = equals + 1, end;
    if (is_word(name, "user") || is_word(name, "username")) {
        if (text.ptr < scan->no_password_before)
            return 0;
        end = value_end(scan, from);
        from = find((struct lt_str){text.ptr, end}, from, "%") + 1;
        scan->no_password_before = text.ptr + end;
        if (from > end)
            return 0;
    } else if (lt_is_secret_name(name)) {
        end = value_end(scan, from);
    } else {
        return 0;
    }
    lt_buf_add(out, (struct lt_str){text.ptr, from});
    if (end > from)
        lt_buf_lit(out, "***");
    return end;
}

/* The same for "--password x". */
static size_t redact_argument(struct lt_buf *out, struct lt_str text)
{
    size_t end = find(text, 0, STOPS), from = end;
    struct lt_str name = {text.ptr, end};
    while (from < text.len && text.ptr[from] && strchr(BLANKS, text.ptr[from]))
        from++;
    if (!lt_str_starts(text, LT_STR("-")) || from == end || from == text.len || text.ptr[from] == '-' ||
        memchr(name.ptr, '/', name.len) || !lt_is_secret_name(name))
        return 0;
    lt_buf_add(out, (struct lt_str){text.ptr, from});
    lt_buf_lit(out, "***");
    return word_end(text, from);
}

static bool is_port(struct lt_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return text.len <= 5;
}

/* The last @ between `from` and the next comma, or NULL. */
static const char *last_at_sign(struct scan *scan, const char *from)
{
    if (!scan->comma || from >= scan->comma) {
        size_t length = (size_t)(scan->text.ptr + scan->text.len - from);
        scan->comma = from + find((struct lt_str){from, length}, 0, ",");
        scan->at_sign = memrchr(from, '@', (size_t)(scan->comma - from));
    }
    return scan->at_sign && scan->at_sign >= from ? scan->at_sign : NULL;
}

/* The same for "//user:password@". A password may hold a slash, though it should not. */
static size_t redact_authority(struct lt_buf *out, struct scan *scan)
{
    struct lt_str text = scan->text;
    if (!lt_str_starts(text, LT_STR("//")))
        return 0;
    size_t slash = find(text, 2, "/"), colon = find((struct lt_str){text.ptr, slash}, 2, ":@");
    if (colon == slash || text.ptr[colon] != ':')
        return 0;
    struct lt_str behind = {text.ptr + colon + 1, slash - colon - 1};
    const char *at = memrchr(behind.ptr, '@', behind.len);
    if (!at && !is_port(behind))
        at = last_at_sign(scan, text.ptr + slash);
    if (!at)
        return 0;
    lt_buf_add(out, (struct lt_str){text.ptr, colon + 1});
    lt_buf_lit(out, "***");
    return (size_t)(at - text.ptr);
}

void lt_redact(struct lt_buf *out, struct lt_str text)
{
    struct scan scan = {.text = text};
    bool begins = true; /* an item begins here */
    while (scan.text.len) {
        scan.is_word = (begins && lt_str_starts(scan.text, LT_STR("--"))) ||
                       (scan.is_word && !(scan.before && strchr(BLANKS, scan.before)));
        size_t done = begins ? redact_option(out, &scan) : 0;
        if (!done && begins)
            done = redact_argument(out, scan.text);
        if (!done)
            done = redact_authority(out, &scan);
        begins = !done && *scan.text.ptr && strchr(STOPS, *scan.text.ptr);
        if (!done)
            lt_buf_char(out, *scan.text.ptr);
        done = done ? done : 1;
        scan.before = scan.text.ptr[done - 1];
        scan.text = lt_str_skip(scan.text, done);
    }
}

void lt_redact_item(struct lt_buf *out, struct lt_str item)
{
    struct lt_str value = item, key = lt_str_cut(&value, '=');
    lt_buf_add(out, key);
    lt_buf_char(out, '=');
    if (value.len && lt_is_secret_name(key))
        lt_buf_lit(out, "***");
    else
        lt_redact(out, value);
}
