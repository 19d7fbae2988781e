// SPDX-License-Identifier: Apache-2.0
/* Turn text into points in time. */
#ifndef LT_PARSE_STAMP_H
#define LT_PARSE_STAMP_H

#include "base/clock.h"
#include "base/err.h"

/* Parse RFC 3339 as Go's RFC3339Nano writes it: "2026-11-23T17:46:04.24833236Z" or with "+01:00"; 0 to 9 digits of a
 * fraction (more are dropped). LT_END: Go's zero time, 0001-01-01T00:00:00Z, or empty text; both mean "no value", never
 * a time. LT_SKIP: anything else that is not a valid time, with the text in `err`. */
enum lt_status lt_stamp_rfc3339(struct lt_str text, struct lt_time *out, struct lt_err *err);

/* The same, and store the offset that the text states in `*minutes` east of UTC (0 for Z). */
enum lt_status lt_stamp_zoned(struct lt_str text, struct lt_time *out, int *minutes, struct lt_err *err);

/* Decode a time as Go's time.Time.MarshalBinary() writes it: u8 version (1, or 2 with a byte for the seconds of the
 * zone at the end), i64 seconds since the year 1, i32 nanoseconds, i16 minutes of the zone, all big-endian. LT_END:
 * Go's zero time. LT_SKIP: it is not such a time. */
enum lt_status lt_stamp_go_binary(struct lt_str bytes, struct lt_time *out);

/* Parse a time on the command line: a date or RFC 3339 time (with a space for the T, missing parts, zones such as
 * +0100, +01 or UTC, or no zone, which means UTC), "@" and seconds since 1970 with an optional fraction, "now", or an
 * age before `now`: see lt_stamp_duration(). LT_SKIP (LT_CODE_USAGE): none of these. */
enum lt_status lt_stamp_option(struct lt_str text, struct lt_time now, struct lt_time *out, struct lt_err *err);

/* Parse a duration: 90s, 30m (or 30min), 1h30m, 1.5d, 2w, 250ms. Stores nanoseconds. False: it is not a duration, or
 * exceeds 292 years. */
bool lt_stamp_duration(struct lt_str text, int64_t *nanos);

/* Parse a time on the command line and the distance to both sides of it: TIME±DURATION, TIME+-DURATION or
 * TIME,DURATION. LT_SKIP (LT_CODE_USAGE): none of these. */
enum lt_status lt_stamp_around(struct lt_str text, struct lt_time now, struct lt_time *first, struct lt_time *last,
                               struct lt_err *err);

#endif
