// SPDX-License-Identifier: Apache-2.0
/* With EXTENDED_HISTORY, zsh writes ": 1795455964:0;command", the start and how long it ran. A newline in a command has
 * a backslash before it. Bytes that zsh uses itself are written as 0x83 and the byte XOR 32 (zsh Src/hist.c,
 * Src/utils.c unmetafy(), 5.9). */
#include "parse/applog/applog.h"

#include <string.h>

static struct lt_str unmetafy(struct lt_arena *arena, struct lt_str text)
{
    enum { META = 0x83 };
    size_t length = 0;
    if (!text.len || !memchr(text.ptr, META, text.len))
        return text;
    char *plain = lt_arena_alloc(arena, text.len);
    for (size_t i = 0; i < text.len; i++) {
        bool meta = (unsigned char)text.ptr[i] == META && i + 1 < text.len;
        i += meta;
        plain[length++] = (char)(text.ptr[i] ^ (meta ? 32 : 0));
    }
    return (struct lt_str){plain, length};
}

/* ": 1795455964:12;" */
static bool take_head(struct lt_str *line, struct lt_time *out)
{
    uint64_t seconds, elapsed;
    struct lt_str rest = lt_str_skip(*line, 2);
    if (!lt_str_starts(*line, LT_STR(": ")) || !lt_applog_number(&rest, 10, &seconds) ||
        !lt_str_starts(rest, LT_STR(":")))
        return false;
    rest = lt_str_skip(rest, 1);
    if (!lt_applog_number(&rest, 10, &elapsed) || !lt_str_starts(rest, LT_STR(";")))
        return false;
    *line = lt_str_skip(rest, 1);
    *out = lt_time_at((int64_t)seconds, 0);
    return true;
}

static bool take(const struct lt_applog_reading *reading, struct lt_str line, struct lt_applog_record *out)
{
    const struct lt_applog_record *open = reading->open;
    bool headed = take_head(&line, &out->time.time);
    out->kind = LT_APPLOG_ZSH;
    out->time.zoned = headed;
    out->text[LT_APPLOG_COMMAND] = unmetafy(reading->arena, line);
    return headed || (line.len && open && !lt_str_ends(open->text[LT_APPLOG_COMMAND], LT_STR("\\")));
}

const struct lt_applog_format lt_applog_zsh = {
    .name = "zsh history", .kind = LT_APPLOG_ZSH, .history = true, .take = take};
