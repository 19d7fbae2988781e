// SPDX-License-Identifier: Apache-2.0
/* fish_history: entries of lines that look like YAML (fish src/history_file.cpp, 3.6). \\ and \n are escapes:
 *
 *   - cmd: echo one
 *     when: 1795455964
 *     paths:
 *       - /etc/passwd       what of the command was a file
 */
#include "parse/applog/applog.h"

#include <string.h>

static struct lt_str unescape(struct lt_arena *arena, struct lt_str text)
{
    size_t length = 0;
    if (!text.len || !memchr(text.ptr, '\\', text.len))
        return text;
    char *plain = lt_arena_alloc(arena, text.len);
    for (size_t i = 0; i < text.len; i++) {
        char next = text.ptr[i] == '\\' && i + 1 < text.len ? text.ptr[i + 1] : 0;
        bool escape = next == '\\' || next == 'n';
        i += escape;
        plain[length++] = escape && next == 'n' ? '\n' : text.ptr[i];
    }
    return (struct lt_str){plain, length};
}

static bool take(const struct lt_applog_reading *reading, struct lt_str line, struct lt_applog_record *out)
{
    uint64_t seconds;
    const struct lt_str command = LT_STR("- cmd: "), when = LT_STR("  when: ");
    out->kind = LT_APPLOG_FISH;
    if (lt_str_starts(line, command)) {
        out->text[LT_APPLOG_COMMAND] = unescape(reading->arena, lt_str_skip(line, command.len));
        return true;
    }
    struct lt_str number = lt_str_skip(line, when.len);
    if (lt_str_starts(line, when) && lt_applog_number(&number, 10, &seconds) && !number.len)
        out->time = (struct lt_applog_time){.time = lt_time_at((int64_t)seconds, 0), .zoned = true};
    return false;
}

const struct lt_applog_format lt_applog_fish = {
    .name = "fish history", .kind = LT_APPLOG_FISH, .history = true, .take = take};
