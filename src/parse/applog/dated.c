// SPDX-License-Identifier: Apache-2.0
/* Any log whose lines have a time near their start: see parse/apptime.h. A time of day alone is not enough, since a log
 * may span many days. Lines of a container's own log, as Docker keeps it, are told by its reader. */
#include "parse/applog/applog.h"

#include "parse/apptime.h"

static bool take(const struct lt_applog_reading *reading, struct lt_str line, struct lt_applog_record *out)
{
    struct lt_apptime found;
    out->kind = LT_APPLOG_DATED;
    out->text[LT_APPLOG_BODY] = line;
    if (lt_str_starts(line, LT_STR("{\"log\":")) || !lt_apptime_find(line, reading->near, &found) || found.no_day)
        return false;
    out->time = (struct lt_applog_time){.time = found.time, .zoned = found.has_zone};
    return true;
}

const struct lt_applog_format lt_applog_dated = {
    .name = "application", .kind = LT_APPLOG_DATED, .any = true, .take = take};
