// SPDX-License-Identifier: Apache-2.0
/* The settings of one daemon, from all the files that configure it. They are gathered first because one file decides
 * what a setting in another means: a TCP address in a unit file, TLS in daemon.json. */
#ifndef LT_HOST_DAEMON_SETTINGS_H
#define LT_HOST_DAEMON_SETTINGS_H

#include "host/exposure.h"

enum { LT_MAX_ORIGIN_FACTS = 256 };

/* A file with settings. */
struct lt_origin {
    struct lt_str path;
    struct lt_time written; /* mtime */
    enum lt_rule rule;      /* of the row that summarises the file */
    const char *idle;       /* why nothing in it is in force; NULL: at least some of it is */
    bool damaged;           /* its daemon cannot read it */
    struct lt_list options; /* of struct lt_str *: of daemon.json, those that no flag may set as well */
    struct lt_list facts;   /* of struct lt_str *: its contents, up to LT_MAX_ORIGIN_FACTS */
    size_t more_facts;      /* number left out */
};

/* One setting. Keys are those of daemon.json, or ListenStream, SocketMode and Exec* of a unit. */
struct lt_setting {
    struct lt_str key, value;
    const struct lt_origin *origin;
    unsigned line;                 /* 0 if the format has no line numbers */
    const char *idle;              /* why it is not in force; NULL: it is */
    bool flag;                     /* it is an option of a command line */
    const struct lt_origin *clash; /* who sets it too, for which dockerd refuses to start; NULL: nobody */
};

/* Everything lives in ctx->scratch. */
struct lt_daemon {
    struct lt_ctx *ctx;           /* ctx->fs is the file system with its files */
    const struct lt_owner *owner; /* of the daemon's rows; set by lt_daemon_emit() */
    struct lt_str home;           /* of the user whose daemon it is; "": the system's */
    struct lt_list origins, settings;
    bool rootless;
    bool verifies_clients; /* set by lt_daemon_emit() */
};

/* Read a file and add it to the origins, following links. LT_OK: `text` holds its contents, in scratch. LT_END: it does
 * not exist. LT_SKIP: it cannot be read or is larger than 1 MiB, which is reported. */
enum lt_status lt_daemon_read(struct lt_daemon *daemon, struct lt_str path, enum lt_rule rule, struct lt_str *text,
                              struct lt_origin **origin);

/* Add a file to the origins without reading it. */
struct lt_origin *lt_daemon_origin(struct lt_daemon *daemon, struct lt_str path, const struct lt_node *node,
                                   enum lt_rule rule);

/* Append "<key>=<value>" to the facts of a file, with secrets hidden (parse/redact.h). */
void lt_origin_fact(struct lt_daemon *daemon, struct lt_origin *origin, struct lt_str key, struct lt_str value);

/* Add a setting. It is not in force if its origin is not. Strings are borrowed. */
struct lt_setting *lt_daemon_set(struct lt_daemon *daemon, struct lt_str key, struct lt_str value,
                                 const struct lt_origin *origin, unsigned line);

/* The last value in force of a key; "" if there is none. */
struct lt_str lt_daemon_value(const struct lt_daemon *daemon, const char *key);

/* Add the options of a command line as settings; `idle` as in struct lt_setting. False: a quote is not closed, so
 * nothing is added. */
bool lt_daemon_options(struct lt_daemon *daemon, struct lt_str command, const struct lt_origin *origin, unsigned line,
                       const char *idle);

/* Emit a row for each file, and one for each setting that a rule matches. From now on `ctx` is the daemon's. */
enum lt_status lt_daemon_emit(struct lt_daemon *daemon, struct lt_ctx *ctx, struct lt_err *err);

#endif
