// SPDX-License-Identifier: Apache-2.0
/* What a daemon was told, from all places that tell it: gathered first, because it takes all of them to say what a
 * setting means (a TCP address in a unit file, TLS in daemon.json). */
#ifndef LT_HOST_DAEMON_SETTINGS_H
#define LT_HOST_DAEMON_SETTINGS_H

#include "host/exposure.h"

enum { LT_MAX_ORIGIN_FACTS = 256 };

/* A file that tells. */
struct lt_origin {
    struct lt_str path;
    struct lt_time written; /* mtime */
    enum lt_rule rule;      /* of the row that sums it up */
    const char *idle;       /* why nothing in it is in force; NULL: it is, or some of it */
    struct lt_list facts;   /* of struct lt_str *: what it says, up to LT_MAX_ORIGIN_FACTS */
    size_t more_facts;      /* beyond these */
};

/* One thing that it tells; keys are those of daemon.json, or ListenStream, SocketMode and Exec* of a unit. */
struct lt_setting {
    struct lt_str key, value;
    const struct lt_origin *origin;
    unsigned line;    /* 0: the format has none that count */
    const char *idle; /* why it is not in force; NULL: it is */
};

/* Everything lives in scratch. */
struct lt_daemon {
    struct lt_ctx *ctx;           /* ctx->fs is where its files lie */
    const struct lt_owner *owner; /* of its rows */
    struct lt_list origins, settings;
    bool rootless;
    bool verifies_clients; /* set by lt_daemon_emit() */
};

/* Whose the rows of a daemon are: those of the store in its `home` (else ""), else of the system's, else of the host's
 * first one; of the host where it has none. */
const struct lt_owner *lt_daemon_owner(const struct lt_host *host, struct lt_str home);

/* Note a file. LT_OK: `text` holds it, at most 1 MiB. LT_END: there is none. What cannot be read is reported. A link
 * is followed. */
enum lt_status lt_daemon_read(struct lt_daemon *daemon, struct lt_str path, enum lt_rule rule, struct lt_str *text,
                              struct lt_origin **origin);

/* Note a file by its own description, without reading it. */
struct lt_origin *lt_daemon_origin(struct lt_daemon *daemon, struct lt_str path, const struct lt_node *node,
                                   enum lt_rule rule);

/* Append "<key>=<value>" to the facts of a file, secrets hidden (parse/redact.h). */
void lt_origin_fact(struct lt_daemon *daemon, struct lt_origin *origin, struct lt_str key, struct lt_str value);

/* Note a setting; it is not in force if its origin is not. Strings are borrowed. */
struct lt_setting *lt_daemon_set(struct lt_daemon *daemon, struct lt_str key, struct lt_str value,
                                 const struct lt_origin *origin, unsigned line);

/* The value of a key that is in force, the last one; "" if there is none. */
struct lt_str lt_daemon_value(const struct lt_daemon *daemon, const char *key);

/* Note the options of a command line; `idle` as in struct lt_setting. False: a quote in it is not closed, so that it
 * has no meaning. */
bool lt_daemon_options(struct lt_daemon *daemon, struct lt_str command, const struct lt_origin *origin, unsigned line,
                       const char *idle);

/* Emit a row for each file, and one for each setting that a rule is about. */
enum lt_status lt_daemon_emit(struct lt_daemon *daemon, struct lt_err *err);

#endif
