// SPDX-License-Identifier: Apache-2.0
/* Histories of shells and logs of programs, as they lie in containers and volumes. A format is a file of this folder
 * that exports `lt_applog_<name>`, and a line in formats.def. The map:
 *
 *   applog.c   which file may be one, and in which format; a local time
 *   bash.c     .bash_history with times              zsh.c     .zsh_history with times
 *   fish.c     fish_history                          shell.c   any other history, which has no times
 *   web.c      access logs of web servers            syslog.c  what a syslog daemon wrote, cron and sshd too
 *   dpkg.c     dpkg.log                              apt.c     apt/history.log
 *   apk.c      apk.log                               rpm.c     yum.log, dnf.log, dnf.rpm.log
 *   dated.c    any other log whose lines have times
 */
#ifndef LT_PARSE_APPLOG_APPLOG_H
#define LT_PARSE_APPLOG_APPLOG_H

#include "parse/years.h"

/* What a record tells. */
enum lt_applog_kind {
    LT_APPLOG_BASH,
    LT_APPLOG_ZSH,
    LT_APPLOG_FISH,
    LT_APPLOG_SHELL,
    LT_APPLOG_WEB,
    LT_APPLOG_DPKG,
    LT_APPLOG_APT,
    LT_APPLOG_APK,
    LT_APPLOG_RPM,
    LT_APPLOG_SYSLOG,
    LT_APPLOG_CRON,       /* a line of syslog: cron ran a command */
    LT_APPLOG_SSH_LOGIN,  /* by sshd: somebody logged in */
    LT_APPLOG_SSH_FAILED, /* somebody failed to */
    LT_APPLOG_SSH_OPENED, /* a connection came */
    LT_APPLOG_DATED,
    LT_APPLOG_KINDS
};

enum lt_applog_text {
    LT_APPLOG_BODY,
    LT_APPLOG_COMMAND,
    LT_APPLOG_USER,
    LT_APPLOG_ADDRESS, /* IPv4 or IPv6, of a client */
    LT_APPLOG_REPORTER,
    LT_APPLOG_REQUEST,
    LT_APPLOG_REFERER,
    LT_APPLOG_AGENT,
    LT_APPLOG_TEXTS
};

/* A time as the text has it. */
struct lt_applog_time {
    struct lt_time time; /* the instant if `zoned`, else the local time as if it were UTC; unset if it has no time, or
                          * one without a year: */
    bool zoned, yearless;
    struct lt_yearless at; /* if `yearless` */
};

struct lt_applog_record {
    enum lt_applog_kind kind;
    struct lt_applog_time time;
    struct lt_str text[LT_APPLOG_TEXTS]; /* "" if the record has none */
    uint64_t pid;                        /* 0: none */
    unsigned code;                       /* of the response of a web server; 0: none */
};

/* What a format may look at besides the line. */
struct lt_applog_reading {
    struct lt_arena *arena;              /* for text that had to be decoded */
    struct lt_time near;                 /* when the file was last written; may be unset */
    const struct lt_applog_record *open; /* the record that the lines before belong to; NULL: none */
    bool unsure; /* the format is still to be found: only a line that no other program writes begins a record */
};

struct lt_applog_format {
    const char *name;         /* for people: "web server" */
    enum lt_applog_kind kind; /* of a line before the first record */
    bool history;             /* known by the names of its files; each line is a command, or a part of one */
    bool any;                 /* its lines have nothing but a time: for --app-times */
    /* Read a line, without its newline. True: it begins a record, which is `*out`. False: it goes on with the open one,
     * and `*out` has what it adds: texts, and a time if it has one. Texts are borrowed from the line, or live in the
     * arena. `*out` is all zeros before. */
    bool (*take)(const struct lt_applog_reading *reading, struct lt_str line, struct lt_applog_record *out);
};

#define APPLOG(name) extern const struct lt_applog_format lt_applog_##name;
#include "parse/applog/formats.def"
#undef APPLOG

/* What a file may hold, by its name. */
enum lt_applog_name { LT_APPLOG_NO_NAME, LT_APPLOG_HISTORY_NAME, LT_APPLOG_LOG_NAME };

/* Judge a name without its directory. Histories are known by their names (bash, BusyBox and dash's `libedit`, zsh,
 * fish); a log has the word "log" at the end of its name, before what rotation adds (parse/rotation.h). */
enum lt_applog_name lt_applog_judge(struct lt_str name);

/* The format of a file that begins with `sample`; NULL: it has none of them. `any`: a line with a time is enough. */
const struct lt_applog_format *lt_applog_find(struct lt_str sample, bool history, bool any, struct lt_time near);

/* Take "2026-11-23 17:46:04", with any number of spaces in the middle, from the front of `text`: a local time. */
bool lt_applog_local(struct lt_str *text, struct lt_time *out);

/* Take a number of 1 to `most` digits from the front. */
bool lt_applog_number(struct lt_str *text, size_t most, uint64_t *out);

/* Is it "192.0.2.1" or "2001:db8::1", as far as its letters tell? */
bool lt_applog_is_address(struct lt_str text);

#endif
