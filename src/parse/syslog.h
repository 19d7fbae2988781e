// SPDX-License-Identifier: Apache-2.0
/* Lines of a host's text logs: what syslog daemons put before a message, and the fields of messages that Docker's
 * programs write. */
#ifndef LT_PARSE_SYSLOG_H
#define LT_PARSE_SYSLOG_H

#include "parse/years.h"

/* The parts of a line. Text is borrowed from the line, and "" if it is missing. */
struct lt_syslog {
    struct lt_str stamp;   /* the time as it is written in the line */
    struct lt_time time;   /* set if the stamp has a year and a zone */
    int64_t year;          /* 0: the stamp has none */
    struct lt_yearless at; /* local time */
    struct lt_str host, reporter, level, body;
    uint64_t pid; /* 0: none */
};

/* Parse the header of a line in one of these forms; `<30>` may come before any of them:
 *
 *   Nov 23 17:46:04 host dockerd[812]: text                              RFC 3164, rsyslog's and syslog-ng's default
 *   Nov 23 17:46:04.123 host dockerd[812]: text                          syslog-ng with frac-digits()
 *   Nov 23 17:46:04 host daemon.info dockerd[812]: text                  BusyBox (sysklogd/syslogd.c, 1.36)
 *   Nov 23 17:46:04: --- last message repeated 3 times ---               macOS
 *   2026-11-23T17:46:04.123456+01:00 host dockerd[812]: text             rsyslog's RSYSLOG_FileFormat, Debian 12
 *   1 2026-11-23T17:46:04.123456+01:00 host dockerd 812 - [sd] text      RFC 5424
 *
 * The host may be missing, except in RFC 5424. False: the line has none of these forms. */
bool lt_syslog_parse(struct lt_str line, struct lt_syslog *out);

/* Does the line begin with a stamp that has a few wrong bytes, but is none? Then `*out` is the line with a stamp of the
 * same form, which means nothing, in its place; it lives in `arena`. */
bool lt_syslog_damaged(struct lt_str line, struct lt_arena *arena, struct lt_str *out);

/* Read the next field of a message as logrus writes it (github.com/sirupsen/logrus text_formatter.go, 1.9): key=value
 * or key="value", whose escapes are kept. Anything else is skipped. False: there are no more. */
bool lt_logfmt_next(struct lt_str *rest, struct lt_str *key, struct lt_str *value);

/* The value of a field of a message in the text form or the JSON form of logrus, as it is written there; "" if it is
 * missing. In JSON it is the first string with that key on any level, up to the next quote. */
struct lt_str lt_log_field(struct lt_str text, const char *name);

/* What a message names. */
enum lt_mention_kind {
    LT_MENTION_CONTAINER, /* the ID of a container, according to the words around it */
    LT_MENTION_ID,        /* an ID of a container, network, layer or endpoint */
    LT_MENTION_DIGEST,    /* "sha256:..." */
    LT_MENTION_SHORT,     /* twelve hex digits */
};

struct lt_mention {
    enum lt_mention_kind kind;
    struct lt_str text; /* borrowed */
};

/* Find the next mention at or after byte `*at`, and move `*at` past it. False: there are no more. An ID is a
 * container's in the wording of moby and containerd: container=ID, "Container ID", /containers/ID, moby/ID,
 * moby-UID.GID/ID, id=ID with namespace=moby, /docker/ID, docker-ID.scope. */
bool lt_mention_next(struct lt_str text, size_t *at, struct lt_mention *out);

#endif
