// SPDX-License-Identifier: Apache-2.0
/* What a syslog daemon wrote, in any of the forms of parse/syslog.h. Programs write their own logs with a time in one
 * of these forms, so the first line has to name a reporter, too: "cron[12]: text". What cron and sshd say is known by
 * the words of theirs that Plaso knows (plaso/parsers/text_plugins/syslog.py, 2026-07):
 *
 *   (alice) CMD (run-parts /etc/cron.hourly)                                    cron
 *   USER alice pid  12 cmd run-parts /etc/periodic/hourly                       crond of BusyBox
 *   Accepted publickey for alice from 192.0.2.1 port 50022 ssh2: RSA SHA256:... sshd
 *   Failed password for invalid user bob from 192.0.2.1 port 50022 ssh2
 *   Connection from 192.0.2.1 port 50022 on 192.0.2.2 port 22
 */
#include "parse/applog/applog.h"

#include "parse/syslog.h"

/* Take `word` and a space from the front. */
static bool take_word(struct lt_str *text, const char *word)
{
    struct lt_str rest = *text;
    if (!lt_str_eq(lt_str_cut(&rest, ' '), lt_str_c(word)))
        return false;
    *text = rest;
    return true;
}

/* BusyBox (miscutils/crond.c, 1.36) */
static bool take_crond(struct lt_str body, struct lt_applog_record *out)
{
    struct lt_str rest = body;
    uint64_t pid;
    if (!take_word(&rest, "USER"))
        return false;
    struct lt_str user = lt_str_cut(&rest, ' ');
    bool good = take_word(&rest, "pid");
    rest = lt_str_trim(rest);
    if (!good || !lt_applog_number(&rest, 10, &pid) || !lt_str_starts(rest, LT_STR(" cmd ")))
        return false;
    out->kind = LT_APPLOG_CRON;
    out->pid = pid;
    out->text[LT_APPLOG_USER] = user;
    out->text[LT_APPLOG_COMMAND] = lt_str_skip(rest, sizeof " cmd " - 1);
    return true;
}

static bool take_cron(struct lt_str body, struct lt_applog_record *out)
{
    struct lt_str rest = body, user = lt_str_cut(&rest, ' ');
    if (user.len < 3 || user.ptr[0] != '(' || user.ptr[user.len - 1] != ')' || !take_word(&rest, "CMD") ||
        rest.len < 2 || rest.ptr[0] != '(' || rest.ptr[rest.len - 1] != ')')
        return false;
    out->kind = LT_APPLOG_CRON;
    out->text[LT_APPLOG_USER] = (struct lt_str){user.ptr + 1, user.len - 2};
    out->text[LT_APPLOG_COMMAND] = (struct lt_str){rest.ptr + 1, rest.len - 2};
    return true;
}

/* "password for invalid user bob from 192.0.2.1 port 50022 ..." */
static bool take_login(struct lt_str rest, enum lt_applog_kind kind, struct lt_applog_record *out)
{
    lt_str_cut(&rest, ' ');
    if (!take_word(&rest, "for"))
        return false;
    struct lt_str invalid = rest;
    if (take_word(&invalid, "invalid") && take_word(&invalid, "user"))
        rest = invalid;
    struct lt_str user = lt_str_cut(&rest, ' ');
    if (!take_word(&rest, "from"))
        return false;
    struct lt_str address = lt_str_cut(&rest, ' ');
    if (!lt_applog_is_address(address) || !take_word(&rest, "port"))
        return false;
    out->kind = kind;
    out->text[LT_APPLOG_USER] = user;
    out->text[LT_APPLOG_ADDRESS] = address;
    return true;
}

static bool take_sshd(struct lt_str body, struct lt_applog_record *out)
{
    struct lt_str rest = body;
    if (take_word(&rest, "Accepted"))
        return take_login(rest, LT_APPLOG_SSH_LOGIN, out);
    if (take_word(&rest, "Failed"))
        return take_login(rest, LT_APPLOG_SSH_FAILED, out);
    if (!take_word(&rest, "Connection") || !take_word(&rest, "from"))
        return false;
    struct lt_str address = lt_str_cut(&rest, ' ');
    if (!lt_applog_is_address(address))
        return false;
    out->kind = LT_APPLOG_SSH_OPENED;
    out->text[LT_APPLOG_ADDRESS] = address;
    return true;
}

static struct lt_applog_time time_of(const struct lt_syslog *line)
{
    if (line->time.set)
        return (struct lt_applog_time){.time = line->time, .zoned = true};
    return (struct lt_applog_time){.yearless = true, .at = line->at};
}

/* Does the line name who reports? A colon follows the name, except in RFC 5424. */
static bool is_named(struct lt_str line, const struct lt_syslog *parts)
{
    size_t before = parts->body.len ? (size_t)(parts->body.ptr - line.ptr) : line.len;
    size_t stamp = (size_t)(parts->stamp.ptr - line.ptr);
    if (!parts->reporter.len)
        return false;
    return (stamp >= 2 && line.ptr[stamp - 2] == '1') || line.ptr[before - 1] == ':' ||
           (before >= 2 && line.ptr[before - 2] == ':');
}

static bool take(const struct lt_applog_reading *reading, struct lt_str line, struct lt_applog_record *out)
{
    struct lt_syslog parts;
    out->kind = LT_APPLOG_SYSLOG;
    out->text[LT_APPLOG_BODY] = line;
    if (!lt_syslog_parse(line, &parts))
        return false;
    bool named = is_named(line, &parts);
    if (!named && reading->unsure)
        return false;
    out->time = time_of(&parts);
    out->pid = parts.pid;
    out->text[LT_APPLOG_REPORTER] = named ? parts.reporter : LT_STR("");
    struct lt_str after = lt_str_skip(line, (size_t)(parts.stamp.ptr - line.ptr) + parts.stamp.len);
    struct lt_str body = lt_str_trim(named || !parts.reporter.len ? parts.body : after);
    out->text[LT_APPLOG_BODY] = body;
    if (named && !take_cron(body, out) && !take_crond(body, out) && lt_str_starts(parts.reporter, LT_STR("sshd")))
        take_sshd(body, out);
    return true;
}

const struct lt_applog_format lt_applog_syslog = {.name = "syslog", .kind = LT_APPLOG_SYSLOG, .take = take};
