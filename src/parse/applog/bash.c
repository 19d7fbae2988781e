// SPDX-License-Identifier: Apache-2.0
/* With HISTTIMEFORMAT set, bash writes "#1795455964" before each command, and commands of several lines as they are
 * (bash lib/readline/histfile.c, 5.2). The first lines of a file that was cut may have lost theirs. */
#include "parse/applog/applog.h"

/* Between 1990 and 2100: other numbers after a # are comments. */
static bool take_stamp(struct lt_str line, struct lt_time *out)
{
    uint64_t seconds;
    if (!lt_str_starts(line, LT_STR("#")))
        return false;
    line = lt_str_skip(line, 1);
    if (!lt_applog_number(&line, 10, &seconds) || line.len || seconds < 631152000 || seconds >= 4102444800)
        return false;
    *out = lt_time_at((int64_t)seconds, 0);
    return true;
}

static bool take(const struct lt_applog_reading *reading, struct lt_str line, struct lt_applog_record *out)
{
    out->kind = LT_APPLOG_BASH;
    if (take_stamp(line, &out->time.time)) {
        out->time.zoned = true;
        return true;
    }
    out->text[LT_APPLOG_COMMAND] = line;
    return line.len && reading->open && !reading->open->time.time.set;
}

const struct lt_applog_format lt_applog_bash = {
    .name = "bash history", .kind = LT_APPLOG_BASH, .history = true, .take = take};
