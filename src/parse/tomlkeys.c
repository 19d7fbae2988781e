// SPDX-License-Identifier: Apache-2.0
#include "parse/tomlkeys.h"

static const char *const MULTILINE[] = {"\"\"\"", "'''"};

/* Cut a basic string ("...", with escapes) or a literal one ('...') off the start of `text`; a string ends at its line.
 * False: it is not closed. */
static bool cut_string(struct lt_str *text, struct lt_buf *out)
{
    static const char letters[] = "btnfr\"\\", bytes[] = "\b\t\n\f\r\"\\";
    char quote = text->ptr[0];
    for (*text = lt_str_skip(*text, 1); text->len && text->ptr[0] != '\n'; *text = lt_str_skip(*text, 1)) {
        char byte = text->ptr[0];
        if (byte == quote) {
            *text = lt_str_skip(*text, 1);
            return true;
        }
        if (byte == '\\' && quote == '"' && text->len > 1) {
            *text = lt_str_skip(*text, 1);
            const char *letter = memchr(letters, text->ptr[0], sizeof letters - 1);
            byte = letter ? bytes[letter - letters] : text->ptr[0];
        }
        lt_buf_char(out, byte);
    }
    return false;
}

/* Cut a string of several lines off; false if there is none. */
static bool cut_multiline(struct lt_str *text)
{
    for (size_t i = 0; i < 2; i++)
        if (lt_str_starts(*text, lt_str_c(MULTILINE[i]))) {
            const char *end = memmem(text->ptr + 3, text->len - 3, MULTILINE[i], 3);
            *text = lt_str_skip(*text, end ? (size_t)(end + 3 - text->ptr) : text->len);
            return true;
        }
    return false;
}

/* Cut a string off; one that is closed is added to `strings`, unless that is NULL. */
static void take_string(struct lt_str *text, struct lt_arena *arena, struct lt_list *strings)
{
    struct lt_buf string = {0};
    if (cut_string(text, &string) && strings)
        lt_list_add_str(strings, arena, lt_str_dup(arena, lt_buf_view(&string)));
    lt_buf_free(&string);
}

static void skip_comment(struct lt_str *text)
{
    while (text->len && text->ptr[0] != '\n')
        *text = lt_str_skip(*text, 1);
}

/* Cut a value off, with the strings in it: one, or those of an array, which may take several lines. */
static void cut_value(struct lt_str *text, struct lt_arena *arena, struct lt_list *strings)
{
    unsigned depth = 0;
    while (text->len && (depth || text->ptr[0] != '\n')) {
        char byte = text->ptr[0];
        if (cut_multiline(text))
            continue;
        if (byte == '"' || byte == '\'') {
            take_string(text, arena, strings);
        } else if (byte == '#') {
            skip_comment(text);
        } else {
            depth += byte == '[';
            depth -= byte == ']' && depth;
            *text = lt_str_skip(*text, 1);
        }
    }
}

/* Append a key or the name of a table without white space and quotes. */
static void add_name(struct lt_buf *out, struct lt_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!name.ptr[i] || !strchr(" \t\"'", name.ptr[i]))
            lt_buf_char(out, name.ptr[i]);
}

/* Cut the key before a "=" off; false if the line has none: it is then cut off, and may have named a table. */
static bool cut_key(struct lt_str *text, struct lt_buf *table, struct lt_buf *key)
{
    struct lt_str rest = *text, line = lt_str_trim(lt_str_cut(&rest, '\n'));
    key->len = 0;
    if (lt_str_starts(line, LT_STR("[")) || lt_str_starts(line, LT_STR("#")) || !memchr(line.ptr, '=', line.len)) {
        bool tables = lt_str_starts(line, LT_STR("[["));
        line = lt_str_starts(line, LT_STR("[")) ? lt_str_skip(line, 1) : LT_STR("");
        if (line.len) {
            table->len = 0;
            add_name(table, tables ? LT_STR("[]") : lt_str_cut(&line, ']'));
            lt_buf_char(table, '.');
        }
        *text = rest;
        return false;
    }
    lt_buf_add(key, lt_buf_view(table));
    add_name(key, lt_str_cut(text, '='));
    return true;
}

void lt_toml_strings(struct lt_arena *arena, struct lt_str text, const char *key, struct lt_list *out)
{
    struct lt_buf table = {0}, at = {0};
    while (text.len) {
        if (!cut_key(&text, &table, &at))
            continue;
        bool wanted = lt_str_eq(lt_str_trim(lt_buf_view(&at)), lt_str_c(key));
        cut_value(&text, arena, wanted ? out : NULL);
    }
    lt_buf_free(&table);
    lt_buf_free(&at);
}

struct lt_str lt_toml_string(struct lt_arena *arena, struct lt_str text, const char *key)
{
    struct lt_list strings = {0};
    lt_toml_strings(arena, text, key, &strings);
    return strings.count ? *(const struct lt_str *)strings.items[strings.count - 1] : LT_STR("");
}
