// SPDX-License-Identifier: Apache-2.0
/* apt/history.log: a paragraph for each run of apt, in local time (apt apt-pkg/deb/dpkgpm.cc, 2.6):
 *
 *   Start-Date: 2026-11-23  17:46:04
 *   Commandline: apt-get install -y curl
 *   Requested-By: alice (1000)
 *   Install: curl:amd64 (7.88.1-10), libcurl4:amd64 (7.88.1-10, automatic)
 *   End-Date: 2026-11-23  17:46:07
 */
#include "parse/applog/applog.h"

static bool take(const struct lt_applog_reading *reading, struct lt_str line, struct lt_applog_record *out)
{
    struct lt_str value = line, key = lt_str_cut(&value, ':');
    value = lt_str_trim(value);
    (void)reading;
    out->kind = LT_APPLOG_APT;
    out->text[LT_APPLOG_BODY] = line;
    if (lt_str_eq(key, LT_STR("Start-Date")) && lt_applog_local(&value, &out->time.time)) {
        out->text[LT_APPLOG_BODY] = LT_STR("");
        return true;
    }
    if (lt_str_eq(key, LT_STR("Commandline")))
        out->text[LT_APPLOG_COMMAND] = value;
    if (lt_str_eq(key, LT_STR("Requested-By")))
        out->text[LT_APPLOG_USER] = lt_str_cut(&value, ' ');
    return false;
}

const struct lt_applog_format lt_applog_apt = {.name = "apt", .kind = LT_APPLOG_APT, .take = take};
