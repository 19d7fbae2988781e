// SPDX-License-Identifier: Apache-2.0
/* Records of Docker's `local` log driver, which is also the cache of drivers that cannot be read back (moby
 * daemon/logger/local/local.go and internal/logdriver/entry.proto, 20.10 to 28.x). Each follows the one before:
 *
 *   u32 big-endian length | protobuf LogEntry | the same length again
 *
 * LogEntry: 1 source, 2 time_nano (varint, Unix ns), 3 line (no newline), 4 partial, 5 {1 last, 2 id, 3 ordinal}. */
#ifndef LT_PARSE_LOCALLOG_H
#define LT_PARSE_LOCALLOG_H

#include "base/clock.h"
#include "base/err.h"

/* dockerd itself refuses a longer LogEntry. The frame is the two lengths around it. */
enum { LT_LOCALLOG_MAX = 1000000, LT_LOCALLOG_FRAME = 8 };

/* Most bytes of a record as they occur: lines are cut at 16 KiB, for the driver awslogs at 256 (moby daemon/logger/
 * copier.go, daemon/logger/awslogs/cloudwatchlogs.go BufSize). */
enum { LT_LOCALLOG_USUAL = 257 * 1024 };

struct lt_locallog {
    struct lt_str source, line; /* borrowed from the record */
    struct lt_time time;
    bool partial; /* a piece of a line; more pieces follow */
};

/* Length of the whole record, frame included, that begins at `bytes`. LT_END: fewer than four bytes. LT_SKIP: no record
 * begins here. */
enum lt_status lt_locallog_length(struct lt_str bytes, size_t *length);

/* Decode a whole record. LT_SKIP: the frame or the entry in it is damaged. */
enum lt_status lt_locallog_parse(struct lt_str record, struct lt_locallog *out, struct lt_err *err);

/* The next two are about damaged bytes, which begin or end where a record does. A line may hold any bytes, also such as
 * look like a record; so nothing is searched for in them: all places follow from lengths outside of lines.
 *
 * Decode the record that begins at `bytes`, as far as it goes. `line` is what there is of it. Returns the length that
 * it claims, 0 if not even its source is whole. */
size_t lt_locallog_head(struct lt_str bytes, struct lt_locallog *out);

/* Decode the record that ends with `bytes`, whose beginning is lost or damaged. Returns the number of its bytes, 0 if
 * no record ends there. If `time` is not set, that is lost, and `line` may hold other bytes in front. */
size_t lt_locallog_tail(struct lt_str bytes, struct lt_locallog *out);

/* Some record begins at `bytes`. The length of the part of `bytes` that another record ends with, in whose line it
 * lies; 0: none. `at_end`: the file ends with `bytes`. */
size_t lt_locallog_within(struct lt_str bytes, bool at_end);

#endif
