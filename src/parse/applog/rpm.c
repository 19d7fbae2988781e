// SPDX-License-Identifier: Apache-2.0
/* Logs of yum and dnf (yum's rpmtrans.py, 3.4; dnf's logging.py, 4.14):
 *
 *   Nov 23 17:46:04 Installed: curl-7.61.1-30.el8.x86_64             yum.log
 *   2026-11-23T17:46:04+0100 SUBDEBUG Installed: curl-7.61.1         dnf.rpm.log
 *   2026-11-23T17:46:04+0100 DEBUG Command: dnf install -y curl      dnf.log
 *
 * Other programs write times and levels in the same way, so a file is known by words that dnf alone uses. */
#include "parse/applog/applog.h"

#include "parse/apptime.h"
#include "parse/syslog.h"

#include <string.h>

/* "Installed:" and the like. */
static bool is_change(struct lt_str text)
{
    static const char *const words[] = {"Installed", "Updated",   "Upgraded",      "Upgrade",   "Erased",
                                        "Removed",   "Erase",     "Reinstalled",   "Reinstall", "Downgraded",
                                        "Downgrade", "Obsoleted", "Dep-Installed", "Cleanup",   "Obsoleting"};
    struct lt_str word = lt_str_cut(&text, ':');
    for (size_t i = 0; text.len && i < sizeof words / sizeof *words; i++)
        if (lt_str_eq(word, lt_str_c(words[i])))
            return true;
    return false;
}

static bool take_yum(struct lt_str line, struct lt_applog_record *out)
{
    struct lt_syslog stamp;
    if (!lt_syslog_parse(line, &stamp) || stamp.year)
        return false;
    struct lt_str rest = lt_str_skip(line, (size_t)(stamp.stamp.ptr - line.ptr) + stamp.stamp.len);
    rest = lt_str_trim(rest);
    if (!is_change(rest))
        return false;
    out->time = (struct lt_applog_time){.yearless = true, .at = stamp.at};
    out->text[LT_APPLOG_BODY] = rest;
    return true;
}

static bool is_level(struct lt_str word)
{
    static const char *const words[] = {"SUBDEBUG", "DDEBUG", "DEBUG",    "TRACE", "INFO",
                                        "WARNING",  "ERROR",  "CRITICAL", "ALL"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lt_str_eq(word, lt_str_c(words[i])))
            return true;
    return false;
}

/* Does only dnf write so? */
static bool is_own(struct lt_str level, struct lt_str body)
{
    return lt_str_eq(level, LT_STR("SUBDEBUG")) || lt_str_eq(level, LT_STR("DDEBUG")) ||
           lt_str_eq(body, LT_STR("--- logging initialized ---")) || lt_str_starts(body, LT_STR("DNF version: "));
}

static bool take_dnf(const struct lt_applog_reading *reading, struct lt_str line, struct lt_applog_record *out)
{
    struct lt_apptime found;
    struct lt_str body = line, stamp = lt_str_cut(&body, ' '), level = lt_str_cut(&body, ' ');
    if (!is_level(level) || (reading->unsure && !is_own(level, body)) ||
        !lt_apptime_find(stamp, (struct lt_time){0}, &found) || !found.has_zone || strcmp(found.form, "ISO 8601") != 0)
        return false;
    out->time = (struct lt_applog_time){.time = found.time, .zoned = true};
    out->text[LT_APPLOG_BODY] = lt_str_skip(line, stamp.len + 1);
    return true;
}

static bool take(const struct lt_applog_reading *reading, struct lt_str line, struct lt_applog_record *out)
{
    out->kind = LT_APPLOG_RPM;
    out->text[LT_APPLOG_BODY] = line;
    return take_yum(line, out) || take_dnf(reading, line, out);
}

const struct lt_applog_format lt_applog_rpm = {.name = "yum or dnf", .kind = LT_APPLOG_RPM, .take = take};
