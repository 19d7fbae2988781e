// SPDX-License-Identifier: Apache-2.0
#include "parse/applog/applog.h"

#include "parse/rotation.h"

#include <string.h>

enum { SAMPLE_LINES = 20 };

static const struct lt_applog_format *const formats[] = {
#define APPLOG(name) &lt_applog_##name,
#include "parse/applog/formats.def"
#undef APPLOG
    NULL,
};

/* --- names --- */

static bool is_history(struct lt_str name)
{
    static const char *const names[] = {".histfile", ".zhistory", ".history"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (lt_str_eq(name, lt_str_c(names[i])))
            return true;
    static const char *const shells[] = {".bash", ".zsh", ".ash", ".sh", ".ksh", ".mksh", ".dash", "fish"};
    struct lt_str stem = name;
    if (!lt_str_ends(name, LT_STR("_history")))
        return false;
    stem.len -= sizeof "_history" - 1;
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (lt_str_eq(stem, lt_str_c(shells[i])))
            return true;
    return false;
}

static bool is_separator(char byte)
{
    return byte == '.' || byte == '_' || byte == '-';
}

/* Does the name end in the word? */
static bool ends_in_word(struct lt_str name, struct lt_str word)
{
    return lt_str_ends(name, word) && (name.len == word.len || is_separator(name.ptr[name.len - word.len - 1]));
}

enum lt_applog_name lt_applog_judge(struct lt_str name)
{
    if (name.len < 3 || !memmem(name.ptr, name.len, "log", 3))
        return is_history(name) ? LT_APPLOG_HISTORY_NAME : LT_APPLOG_NO_NAME;
    struct lt_str base = lt_rotation_base(name);
    if (lt_str_ends(base, LT_STR(".txt"))) /* Tomcat's localhost_access_log.2026-11-23.txt */
        base = lt_rotation_base((struct lt_str){base.ptr, base.len - 4});
    return ends_in_word(base, LT_STR("log")) ? LT_APPLOG_LOG_NAME : LT_APPLOG_NO_NAME;
}

/* --- formats --- */

/* Does one of the first lines begin a record? A shell may have begun to write times late. */
static bool begins(const struct lt_applog_format *format, struct lt_str sample, struct lt_time near,
                   struct lt_arena *arena)
{
    const struct lt_applog_reading reading = {.arena = arena, .near = near, .unsure = true};
    for (unsigned count = 0; sample.len && (format->history || count < SAMPLE_LINES);) {
        struct lt_applog_record record = {0};
        struct lt_str line = lt_str_cut(&sample, '\n');
        count += line.len > 0;
        if (line.len && format->take(&reading, line, &record))
            return true;
    }
    return false;
}

const struct lt_applog_format *lt_applog_find(struct lt_str sample, bool history, bool any, struct lt_time near)
{
    const struct lt_applog_format *found = NULL;
    struct lt_arena arena = {0};
    for (size_t i = 0; !found && formats[i]; i++)
        if (formats[i]->history == history && (any || !formats[i]->any) && begins(formats[i], sample, near, &arena))
            found = formats[i];
    lt_arena_free(&arena);
    return found;
}

/* --- parts of lines --- */

bool lt_applog_number(struct lt_str *text, size_t most, uint64_t *out)
{
    size_t count = 0;
    *out = 0;
    for (; count < text->len && text->ptr[count] >= '0' && text->ptr[count] <= '9' && count <= most; count++)
        *out = *out * 10 + (uint64_t)(text->ptr[count] - '0');
    if (!count || count > most)
        return false;
    *text = lt_str_skip(*text, count);
    return true;
}

/* `digits` digits and then `after`, unless that is NUL. */
static bool take_part(struct lt_str *text, size_t digits, char after, unsigned *out)
{
    uint64_t number;
    size_t before = text->len;
    if (!lt_applog_number(text, digits, &number) || before - text->len != digits)
        return false;
    *out = (unsigned)number;
    if (after && (!text->len || text->ptr[0] != after))
        return false;
    *text = lt_str_skip(*text, after != 0);
    return true;
}

bool lt_applog_local(struct lt_str *text, struct lt_time *out)
{
    unsigned year, month, day, hour, minute, second;
    struct lt_str rest = *text;
    if (!take_part(&rest, 4, '-', &year) || !take_part(&rest, 2, '-', &month) || !take_part(&rest, 2, ' ', &day))
        return false;
    while (lt_str_starts(rest, LT_STR(" ")))
        rest = lt_str_skip(rest, 1);
    if (!take_part(&rest, 2, ':', &hour) || !take_part(&rest, 2, ':', &minute) || !take_part(&rest, 2, 0, &second) ||
        year < 1970 || month < 1 || month > 12 || day < 1 || day > lt_days_in_month(year, month) || hour > 23 ||
        minute > 59 || second > 60)
        return false;
    unsigned of_day = hour * 3600 + minute * 60 + second;
    *out = lt_time_at(lt_days_from_civil(year, month, day) * 86400 + of_day, 0);
    *text = rest;
    return true;
}

bool lt_applog_is_address(struct lt_str text)
{
    size_t marks = 0;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i];
        bool digit = (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
        if (!byte || (!digit && !strchr(".:", byte)))
            return false;
        marks += !digit;
    }
    return marks >= 2 && text.len <= 45;
}
