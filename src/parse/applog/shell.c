// SPDX-License-Identifier: Apache-2.0
/* A history without times: a command a line, the oldest first. */
#include "parse/applog/applog.h"

#include <string.h>

static bool take(const struct lt_applog_reading *reading, struct lt_str line, struct lt_applog_record *out)
{
    (void)reading;
    out->kind = LT_APPLOG_SHELL;
    if (!line.len || memchr(line.ptr, 0, line.len))
        return false;
    out->text[LT_APPLOG_COMMAND] = line;
    return true;
}

const struct lt_applog_format lt_applog_shell = {
    .name = "shell history", .kind = LT_APPLOG_SHELL, .history = true, .take = take};
