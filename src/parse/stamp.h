// SPDX-License-Identifier: Apache-2.0
/* Text to points in time. */
#ifndef LT_PARSE_STAMP_H
#define LT_PARSE_STAMP_H

#include "../base/clock.h"
#include "../base/err.h"

/* RFC 3339 as Go's RFC3339Nano writes it: "2026-11-23T17:46:04.24833236Z" or with "+01:00"; 0 to 9 digits of a fraction
 * (more are cut). LT_END for Go's zero time, 0001-01-01T00:00:00Z, and for empty text: "no value", never a time.
 * LT_SKIP for anything else that is no valid date, with the text in `err`. */
enum lt_status lt_stamp_rfc3339(struct lt_str text, struct lt_time *out, struct lt_err *err);

/* A time on the command line: a date or RFC 3339 time (a blank for the T, missing parts and a missing zone allowed:
 * UTC),
 * "@" and seconds since 1970 with an optional fraction, or an age such as 90s, 30m, 12h, 3d, 2w before `now`. */
enum lt_status lt_stamp_option(struct lt_str text, struct lt_time now, struct lt_time *out, struct lt_err *err);

#endif
