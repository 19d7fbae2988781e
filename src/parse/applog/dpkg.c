// SPDX-License-Identifier: Apache-2.0
/* dpkg.log: "2026-11-23 17:46:04 status installed curl:amd64 7.88.1-10", in local time (dpkg lib/dpkg/log.c, 1.21; the
 * words are in dpkg(1)). */
#include "parse/applog/applog.h"

static bool is_action(struct lt_str word)
{
    static const char *const words[] = {"startup",  "status",    "install", "upgrade", "configure",
                                        "trigproc", "disappear", "remove",  "purge",   "conffile"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lt_str_eq(word, lt_str_c(words[i])))
            return true;
    return false;
}

static bool take(const struct lt_applog_reading *reading, struct lt_str line, struct lt_applog_record *out)
{
    struct lt_str rest = line;
    (void)reading;
    out->kind = LT_APPLOG_DPKG;
    out->text[LT_APPLOG_BODY] = line;
    if (!lt_applog_local(&rest, &out->time.time))
        return false;
    struct lt_str body = lt_str_trim(rest), words = body;
    if (!is_action(lt_str_cut(&words, ' '))) {
        out->time.time.set = false;
        return false;
    }
    out->text[LT_APPLOG_BODY] = body;
    return true;
}

const struct lt_applog_format lt_applog_dpkg = {.name = "dpkg", .kind = LT_APPLOG_DPKG, .take = take};
