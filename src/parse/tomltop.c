// SPDX-License-Identifier: Apache-2.0
#include "parse/tomltop.h"

/* Decode a basic string ("...", with escapes) or a literal one ('...') at the start of `text`. */
static struct lt_str string_at(struct lt_arena *arena, struct lt_str text)
{
    static const char letters[] = "btnfr\"\\", bytes[] = "\b\t\n\f\r\"\\";
    char quote = text.len ? text.ptr[0] : 0;
    struct lt_buf out = {0};
    bool ended = false;
    for (size_t i = 1; (quote == '"' || quote == '\'') && i < text.len && !ended; i++) {
        char byte = text.ptr[i];
        ended = byte == quote;
        if (byte == '\\' && quote == '"' && i + 1 < text.len) {
            const char *letter = memchr(letters, text.ptr[++i], sizeof letters - 1);
            byte = letter ? bytes[letter - letters] : text.ptr[i];
        }
        if (!ended)
            lt_buf_char(&out, byte);
    }
    struct lt_str value = ended ? lt_str_dup(arena, lt_buf_view(&out)) : LT_STR("");
    lt_buf_free(&out);
    return value;
}

/* A key may be quoted. */
static bool is_key(struct lt_str text, const char *key)
{
    bool quoted = text.len > 2 && (text.ptr[0] == '"' || text.ptr[0] == '\'') && text.ptr[text.len - 1] == text.ptr[0];
    return lt_str_eq(quoted ? (struct lt_str){text.ptr + 1, text.len - 2} : text, lt_str_c(key));
}

struct lt_str lt_toml_top(struct lt_arena *arena, struct lt_str text, const char *key)
{
    struct lt_str value = LT_STR("");
    while (text.len) {
        struct lt_str line = lt_str_trim(lt_str_cut(&text, '\n'));
        if (lt_str_starts(line, LT_STR("[")))
            break;
        struct lt_str rest = line, name = lt_str_trim(lt_str_cut(&rest, '='));
        if (is_key(name, key))
            value = string_at(arena, lt_str_trim(rest));
    }
    return value;
}
