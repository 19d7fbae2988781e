// SPDX-License-Identifier: Apache-2.0
/* Names of rotated logs, whoever rotated them:
 *
 *   LOG.1 LOG.2.gz        Docker and nerdctl by themselves; logrotate (logrotate(8), 3.21)
 *   LOG-20261123          logrotate's dateext. dateformat chooses ".2026-11-23", "-2026112318", "-1795456000"
 *   STEM.1.log            logrotate's extension, which stays at the end; lumberjack does the same with a time,
 *                         "STEM-2026-11-23T18-46-44.106.log" (natefinch/lumberjack v2, backupName)
 *   LOG.old LOG.bak LOG~  by hand, and by other programs
 *
 * Each may end in the suffix of a packing program (compressext). */
#ifndef LT_PARSE_ROTATION_H
#define LT_PARSE_ROTATION_H

#include "base/clock.h"

/* In this order the files of a log are read. */
enum lt_rotation_kind {
    LT_ROTATED_OTHERWISE, /* nothing tells its place among the others, and it may be a copy */
    LT_ROTATED_BY_DATE,
    LT_ROTATED_BY_NUMBER,
    LT_NOT_ROTATED, /* the log itself */
};

struct lt_rotation {
    enum lt_rotation_kind kind;
    uint64_t number; /* if by number: 1 is the newest, with most programs */
    uint64_t date;   /* if by date: grows with it, to be compared only. The leading part is YYYYMMDD, unless `epoch` */
    bool epoch;      /* the date is given in seconds since 1970 */
    struct lt_str way; /* the packing program's suffix, "gz"; "" if there is none. Borrowed from the name */
};

/* How the log named `log` was rotated to the file `name`. False: this is no file of that log. */
bool lt_rotation_parse(struct lt_str name, struct lt_str log, struct lt_rotation *out);

/* The name of the log that was rotated to `name`, as far as `name` alone tells; `name` itself if it does not. It is a
 * part of `name`, of whose file lt_rotation_parse() makes one of that log. */
struct lt_str lt_rotation_base(struct lt_str name);

/* Strip the suffix of a packing program, "gz", and return it; "" if there is none. */
struct lt_str lt_rotation_packing(struct lt_str *name);

/* The older first: negative, 0 (nothing tells) or positive. */
int lt_rotation_cmp(const struct lt_rotation *a, const struct lt_rotation *b);

/* The date by which a log was rotated: the beginning of the day, as if in UTC, or the instant itself. Unset: by none.
 */
struct lt_time lt_rotation_day(const struct lt_rotation *rotation);

/* Does the file `next`, which comes after `before` in that order, go on where it ends? */
bool lt_rotation_follows(const struct lt_rotation *before, const struct lt_rotation *next);

#endif
