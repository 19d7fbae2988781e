// SPDX-License-Identifier: Apache-2.0
/* apk.log: "Running `apk add curl` at 2026-11-23 17:46:04", which is UTC, and then what it did (apk-tools src/print.c
 * apk_out_log_argv(), 3.0). */
#include "parse/applog/applog.h"

#include <string.h>

static bool take(const struct lt_applog_reading *reading, struct lt_str line, struct lt_applog_record *out)
{
    const struct lt_str before = LT_STR("Running `"), after = LT_STR("` at ");
    (void)reading;
    out->kind = LT_APPLOG_APK;
    out->text[LT_APPLOG_BODY] = line;
    const char *end = lt_str_starts(line, before) ? memrchr(line.ptr, '`', line.len) : NULL;
    if (!end || end < line.ptr + before.len)
        return false;
    struct lt_str rest = lt_str_skip(line, (size_t)(end - line.ptr));
    struct lt_str time = lt_str_skip(rest, after.len);
    if (!lt_str_starts(rest, after) || !lt_applog_local(&time, &out->time.time))
        return false;
    out->time.zoned = true;
    out->text[LT_APPLOG_COMMAND] = (struct lt_str){line.ptr + before.len, (size_t)(end - line.ptr) - before.len};
    return true;
}

const struct lt_applog_format lt_applog_apk = {.name = "apk", .kind = LT_APPLOG_APK, .take = take};
