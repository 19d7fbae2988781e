// SPDX-License-Identifier: Apache-2.0
/* Times that applications write into their own log lines, by their own clock and zone. */
#ifndef LT_PARSE_APPTIME_H
#define LT_PARSE_APPTIME_H

#include "base/clock.h"

struct lt_apptime {
    const char *form;    /* static: "ISO 8601", "syslog", "Apache", "nginx", "Go", "klog", "Java", "ctime", "epoch",
                          * "time of day" */
    struct lt_time time; /* with has_zone the instant, else the local time as if it were UTC */
    bool has_zone;       /* the text states its offset, or is an epoch */
    int32_t offset;      /* with has_zone: seconds east of UTC */
    int64_t unit;        /* nanoseconds that the last digit represents */
    bool no_day;         /* the text has only a time of day; it was placed on the day closest to the host's time */
};

/* Find a time near the start of a log line:
 *
 *   2026-11-23T17:46:04.123Z, 2026-11-23 17:46:04,123 +0100    ISO 8601, Python, log4j, PostgreSQL
 *   2026/11/23 17:46:04 [error], 2026/11/23 17:46:04.123456    nginx's error log; Go's log package
 *   [23/Nov/2026:17:46:04 +0100]                               Apache and nginx access logs, up to byte 256
 *   Nov 23 17:46:04                                            syslog (RFC 3164), without a year
 *   I1123 17:46:04.123456                                      klog and glog, without a year
 *   Mon Nov 23 17:46:04 UTC 2026, Mon, 23 Nov 2026 17:46:04 GMT, 23 Nov 2026 17:46:04.123
 *                                                              date, ctime, RFC 1123, Apache's error log, Redis
 *   Nov 23, 2026 5:46:04 PM                                    java.util.logging
 *   1795455964.123, 1795455964123                              epoch, at the start or after a key such as ts=, "time":
 *   17:46:04.123 x, [17:46:04 INFO] x                          time of day, at the start or after a bracket, if the
 *                                                              line has no other time
 *
 * A missing year or day is chosen to bring the time closest to `host`, the host's time of the line. False: none
 * found. */
bool lt_apptime_find(struct lt_str line, struct lt_time host, struct lt_apptime *out);

/* Move a time without a day to the day that brings it closest to `near`. */
void lt_apptime_place(struct lt_apptime *app, struct lt_time near);

#endif
