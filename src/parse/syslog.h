// SPDX-License-Identifier: Apache-2.0
/* Lines of a host's text logs: what syslog daemons put before a message, and the fields of the messages that Docker's
 * programs write. */
#ifndef LT_PARSE_SYSLOG_H
#define LT_PARSE_SYSLOG_H

#include "base/clock.h"

/* Parts of a line; all text is borrowed from it, and "" where it is not there. */
struct lt_syslog {
    struct lt_str stamp;         /* the time as it stands there */
    struct lt_time time;         /* if the stamp has year and zone, else unset */
    int64_t year;                /* 0: the stamp has none */
    unsigned month, day, second; /* second of the day; local time */
    struct lt_str host, reporter, level, body;
    uint64_t pid; /* 0: none */
};

/* Take the header off a line, in one of these forms; `<30>` may be before them all:
 *
 *   Nov 23 17:46:04 host dockerd[812]: text                              RFC 3164, rsyslog's and syslog-ng's default
 *   Nov 23 17:46:04 host daemon.info dockerd[812]: text                  BusyBox (sysklogd/syslogd.c, 1.36)
 *   2026-11-23T17:46:04.123456+01:00 host dockerd[812]: text             rsyslog's RSYSLOG_FileFormat, Debian 12
 *   1 2026-11-23T17:46:04.123456+01:00 host dockerd 812 - [sd] text      RFC 5424
 *
 * The host may be missing. False: the line begins in no such way. */
bool lt_syslog_parse(struct lt_str line, struct lt_syslog *out);

/* Counts the years that begin from line to line. Initialise with {0}. */
struct lt_years {
    int64_t year; /* of the line before, the first line's being 0 */
    uint32_t at;  /* place of the line before in its year; 0: there is none */
};

/* The same of the next line. A stamp that is more than a month before the last begins a new year (a log is appended to,
 * but a clock may be put back a little); one from the end of a year right after its start belongs to the old one. */
int64_t lt_years_next(struct lt_years *years, const struct lt_syslog *line);

/* Next field of a message as logrus writes it (github.com/sirupsen/logrus text_formatter.go, 1.9): key=value or
 * key="value", whose escapes are left as they are. What is no field is passed over. False: no more. */
bool lt_logfmt_next(struct lt_str *rest, struct lt_str *key, struct lt_str *value);

/* The value of a field of a message in logrus' text form, or at the top of one in its JSON form, as it stands there; ""
 * if there is none. */
struct lt_str lt_log_field(struct lt_str text, const char *name);

/* Where a message names something. */
enum lt_mention_kind {
    LT_MENTION_CONTAINER, /* an ID that can be no other than a container's, by the words before it */
    LT_MENTION_ID,        /* an ID of whatever it may be: container, network, layer, endpoint */
    LT_MENTION_DIGEST,    /* "sha256:..." */
    LT_MENTION_SHORT,     /* twelve hex digits */
};

struct lt_mention {
    enum lt_mention_kind kind;
    struct lt_str text; /* borrowed */
};

/* The next one at or after byte `*at`, which is moved behind it. False: no more. A container's are those of moby's and
 * containerd's wording: container=ID, "Container ID", /containers/ID, moby/ID, moby-UID.GID/ID, id=ID with
 * namespace=moby, /docker/ID, docker-ID.scope. */
bool lt_mention_next(struct lt_str text, size_t *at, struct lt_mention *out);

#endif
