// SPDX-License-Identifier: Apache-2.0
#include "parse/words.h"

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

static int digit(char byte, int base)
{
    int value = byte >= '0' && byte <= '9'   ? byte - '0'
                : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10
                : byte >= 'A' && byte <= 'F' ? byte - 'A' + 10
                                             : base;
    return value < base ? value : -1;
}

/* The byte that `count` digits encode; -1 if there are fewer digits, or the value is 0 or exceeds a byte. */
static int number(struct lt_str text, size_t count, int base)
{
    int value = 0;
    if (text.len < count)
        return -1;
    for (size_t i = 0; i < count; i++) {
        if (digit(text.ptr[i], base) < 0)
            return -1;
        value = value * base + digit(text.ptr[i], base);
    }
    return value > 0 && value < 256 ? value : -1;
}

/* Append what follows a backslash to `out`; returns the number of bytes of `text` consumed. */
static size_t escape(struct lt_str text, struct lt_buf *out)
{
    static const char letters[] = "abfnrtvs\\\"'", bytes[] = "\a\b\f\n\r\t\v \\\"'";
    const char *known = text.len && text.ptr[0] ? strchr(letters, text.ptr[0]) : NULL;
    int hexadecimal = text.len && text.ptr[0] == 'x' ? number(lt_str_skip(text, 1), 2, 16) : -1;
    int octal = number(text, 3, 8);
    if (known || hexadecimal > 0 || octal > 0) {
        lt_buf_char(out, known ? bytes[known - letters] : (char)(hexadecimal > 0 ? hexadecimal : octal));
        return known ? 1 : 3;
    }
    lt_buf_char(out, '\\');
    return 0;
}

enum lt_status lt_word_next(struct lt_str *rest, struct lt_arena *arena, struct lt_str *out)
{
    struct lt_buf word = {0};
    char quote = 0;
    *out = LT_STR("");
    while (rest->len && is_blank(rest->ptr[0]))
        *rest = lt_str_skip(*rest, 1);
    if (!rest->len)
        return LT_END;
    while (rest->len && (quote || !is_blank(rest->ptr[0]))) {
        char byte = rest->ptr[0];
        *rest = lt_str_skip(*rest, 1);
        if (byte == '\\')
            *rest = lt_str_skip(*rest, escape(*rest, &word));
        else if (quote ? byte == quote : byte == '"' || byte == '\'')
            quote = quote ? 0 : byte;
        else
            lt_buf_char(&word, byte);
    }
    *out = lt_str_dup(arena, lt_buf_view(&word));
    lt_buf_free(&word);
    return quote ? LT_SKIP : LT_OK;
}

static bool has_blank(struct lt_str word)
{
    for (size_t i = 0; i < word.len; i++)
        if (is_blank(word.ptr[i]))
            return true;
    return false;
}

/* What a variable is set to, if the word sets one to options: "NAME=-g /x". */
static struct lt_str options_of(struct lt_str word)
{
    struct lt_str rest = word;
    bool sets = !lt_str_starts(word, LT_STR("-")) && lt_str_cut(&rest, '=').len < word.len;
    return sets && lt_str_starts(rest, LT_STR("-")) ? rest : word;
}

static void add_word(struct lt_list *words, struct lt_arena *arena, struct lt_str word, size_t most)
{
    if (words->count < most)
        lt_list_add_str(words, arena, word);
}

void lt_words_split(struct lt_list *words, struct lt_arena *arena, struct lt_str command, size_t most)
{
    struct lt_str word, inner;
    while (lt_word_next(&command, arena, &word) == LT_OK) {
        word = options_of(word);
        if (!has_blank(word))
            add_word(words, arena, word, most);
        else
            while (lt_word_next(&word, arena, &inner) == LT_OK)
                add_word(words, arena, inner, most);
    }
}

static bool is_path(struct lt_str text)
{
    return text.len && text.ptr[0] && strchr("/~$%", text.ptr[0]);
}

/* Is the word this option? Its value is in the word, or is the next one. */
static bool is_option(struct lt_str word, const char *name, char letter, struct lt_str next, struct lt_str *value)
{
    struct lt_str rest = lt_str_skip(word, lt_str_starts(word, LT_STR("--")) ? 2 : 1), after = rest;
    if (!lt_str_starts(word, LT_STR("-")) || !rest.len)
        return false;
    bool has_value = memchr(rest.ptr, '=', rest.len);
    if (lt_str_eq(lt_str_cut(&after, '='), lt_str_c(name))) {
        *value = has_value ? after : next;
        return true;
    }
    after = lt_str_skip(rest, rest.len > 1 && rest.ptr[1] == '=' ? 2 : 1);
    *value = after.len ? after : next;
    return letter && word.ptr[1] == letter && is_path(*value);
}

struct lt_str lt_words_option(const struct lt_list *words, const char *name, char letter)
{
    struct lt_str found = LT_STR(""), value;
    lt_each (const struct lt_str, word, words) {
        struct lt_str next = LT_STR("");
        if (word_at + 1 < words->count)
            next = *(const struct lt_str *)words->items[word_at + 1];
        if (is_option(*word, name, letter, next, &value))
            found = value;
    }
    return found;
}
