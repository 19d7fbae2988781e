// SPDX-License-Identifier: Apache-2.0
#include "parse/redact.h"

#include <strings.h>

#define BLANKS " \t\n"
#define STOPS  "=,;?&\"'" BLANKS /* an item begins behind each, and no name of one holds any */

/* How far the text was dealt with. What was found once is kept: hostile text would have each of its many beginnings
 * look through all of it. */
struct look {
    struct lt_str text;      /* the rest */
    char before;             /* the byte before it */
    bool is_word;            /* it begins within a word of a command line, "--name..." */
    const char *no_password; /* none is behind a user's name that begins before this */
    const char *comma;       /* that which last_at() has looked up to, NULL: none yet */
    const char *at;          /* what it found */
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

/* Where `quote` comes next, not behind a backslash. */
static size_t find_quote(struct lt_str text, size_t from, char quote)
{
    for (from = find(text, from, (char[]){quote, 0}); from < text.len && from && text.ptr[from - 1] == '\\';)
        from = find(text, from + 1, (char[]){quote, 0});
    return from;
}

/* Where the word of a command line that begins at `at` ends. */
static size_t word_end(struct lt_str text, size_t at)
{
    if (at < text.len && is_quote(text.ptr[at]))
        at = find_quote(text, at + 1, text.ptr[at]);
    return find(text, at, BLANKS);
}

/* Where the value that begins at `at` ends. */
static size_t value_end(const struct look *look, size_t at)
{
    struct lt_str text = look->text;
    size_t quote = is_quote(look->before) ? find_quote(text, at, look->before) : text.len;
    if (quote < text.len)
        return quote;
    if (look->is_word)
        return word_end(text, at);
    if (at < text.len && text.ptr[at] == '"')
        at = find(text, at + 1, "\"");
    for (at = find(text, at, ","); at + 1 < text.len && text.ptr[at + 1] == ','; at = find(text, at + 2, ","))
        ;
    return at;
}

/* "password=x" at the beginning of an item: how many bytes were dealt with, 0 if it holds no secret. */
static size_t redact_option(struct lt_buf *out, struct look *look)
{
    struct lt_str text = look->text;
    size_t equals = find(text, 0, STOPS);
    if (equals >= text.len || text.ptr[equals] != '=')
        return 0;
    struct lt_str name = {text.ptr, equals};
    size_t from = equals + 1, end;
    if (is_word(name, "user") || is_word(name, "username")) {
        if (text.ptr < look->no_password)
            return 0;
        end = value_end(look, from);
        from = find((struct lt_str){text.ptr, end}, from, "%") + 1;
        look->no_password = text.ptr + end;
        if (from > end)
            return 0;
    } else if (lt_is_secret_name(name)) {
        end = value_end(look, from);
    } else {
        return 0;
    }
    lt_buf_add(out, (struct lt_str){text.ptr, from});
    if (end > from)
        lt_buf_lit(out, "***");
    return end;
}

/* "--password x" likewise. */
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

/* The last @ between `from` and the next comma, NULL if there is none. */
static const char *last_at(struct look *look, const char *from)
{
    if (!look->comma || from >= look->comma) {
        size_t length = (size_t)(look->text.ptr + look->text.len - from);
        look->comma = from + find((struct lt_str){from, length}, 0, ",");
        look->at = memrchr(from, '@', (size_t)(look->comma - from));
    }
    return look->at && look->at >= from ? look->at : NULL;
}

/* "//user:password@" likewise. A password may hold a slash, though it should not. */
static size_t redact_authority(struct lt_buf *out, struct look *look)
{
    struct lt_str text = look->text;
    if (!lt_str_starts(text, LT_STR("//")))
        return 0;
    size_t slash = find(text, 2, "/"), colon = find((struct lt_str){text.ptr, slash}, 2, ":@");
    if (colon == slash || text.ptr[colon] != ':')
        return 0;
    struct lt_str behind = {text.ptr + colon + 1, slash - colon - 1};
    const char *at = memrchr(behind.ptr, '@', behind.len);
    if (!at && !is_port(behind))
        at = last_at(look, text.ptr + slash);
    if (!at)
        return 0;
    lt_buf_add(out, (struct lt_str){text.ptr, colon + 1});
    lt_buf_lit(out, "***");
    return (size_t)(at - text.ptr);
}

void lt_redact(struct lt_buf *out, struct lt_str text)
{
    struct look look = {.text = text};
    bool begins = true; /* an item does */
    while (look.text.len) {
        look.is_word = (begins && lt_str_starts(look.text, LT_STR("--"))) ||
                       (look.is_word && !(look.before && strchr(BLANKS, look.before)));
        size_t done = begins ? redact_option(out, &look) : 0;
        if (!done && begins)
            done = redact_argument(out, look.text);
        if (!done)
            done = redact_authority(out, &look);
        begins = !done && *look.text.ptr && strchr(STOPS, *look.text.ptr);
        if (!done)
            lt_buf_char(out, *look.text.ptr);
        done = done ? done : 1;
        look.before = look.text.ptr[done - 1];
        look.text = lt_str_skip(look.text, done);
    }
}
